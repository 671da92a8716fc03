"""A scenario file, read and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from drivesim import content
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario import weather as weather_module
from drivesim.openscenario.controller import ControllerModel
from drivesim.openscenario.expressions import Value
from drivesim.openscenario.model.actions import EnvironmentAction
from drivesim.openscenario.model.base import Unsupported
from drivesim.openscenario.model.entities import Entities, Pedestrian, ScenarioObject, Vehicle
from drivesim.openscenario.model.storyboard import FileHeader, Storyboard
from drivesim.openscenario.reader import Node, Reader, parse
from drivesim.types import Actor, Axles, BoundingBox, Performance, Weather


@dataclass(frozen=True)
class Scenario:
    """A scenario with its parameters resolved.

    Attributes:
        parameters: declared parameters with the values of this run.
        road_file: the OpenDRIVE map.
        unsupported: elements that are read past; a player refuses to start with any.
    """

    path: Path
    header: FileHeader
    parameters: Mapping[str, Value]
    entities: Entities
    storyboard: Storyboard
    road_file: Path
    unsupported: tuple[Unsupported, ...]

    def actors(self) -> tuple[Actor, ...]:
        """Everything that moves, in the order of the file."""
        return tuple(_actor(i, thing) for i, thing in enumerate(self.entities.objects))

    def controllers(self, entity: str) -> tuple[ControllerModel, ...]:
        """The controllers an entity is declared with."""
        for thing in self.entities.objects:
            if thing.name == entity:
                held = [c.controller for c in thing.controllers if c.controller]
                return tuple(
                    ControllerModel(c.name, c.controller_type or "", c.properties.as_dict() if c.properties else {})
                    for c in held
                )
        return ()

    def weather(self) -> Weather:
        """Weather and light as the Init's EnvironmentAction sets them."""
        made = Weather()
        for action in self.storyboard.init.actions.globals:
            if isinstance(action, EnvironmentAction):
                made = weather_module.apply(action.environment, made)
        return made


def _actor(index: int, thing: ScenarioObject) -> Actor:
    entity = thing.entity
    center, size = entity.bounding_box.center, entity.bounding_box.dimensions
    box = BoundingBox((center.x, center.y, center.z), size.length, size.width, size.height)
    properties = entity.properties.as_dict() if entity.properties else {}
    axles = performance = None
    kind, category, model = "misc", "", entity.model3d
    if isinstance(entity, Vehicle):
        kind, category = "vehicle", entity.vehicle_category
        rear = entity.axles.rear_axle
        front = entity.axles.front_axle or rear
        axles = Axles(front.position_x, rear.position_x, front.wheel_diameter, front.track_width, front.max_steering)
        if entity.performance:
            limits = entity.performance
            performance = Performance(limits.max_speed, limits.max_acceleration, limits.max_deceleration)
        if entity.role:
            properties["role"] = entity.role
    elif isinstance(entity, Pedestrian):
        kind, category, model = "pedestrian", entity.pedestrian_category, entity.model3d or entity.model
    else:
        category = entity.misc_object_category
    return Actor(
        index, thing.name, kind, category, model or entity.name, box, axles, performance, entity.mass or 0.0,
        MappingProxyType(properties),
    )  # fmt: skip


def load_scenario(name: str | Path, parameters: Mapping[str, str] | None = None) -> Scenario:
    """Read an OpenSCENARIO 1.0 to 1.3 file.

    Args:
        name: a path, or the name of a shipped scenario.
        parameters: values for declared parameters, in place of their defaults.

    Raises:
        ScenarioError: the file, a catalogue or a parameter is not as it should be.
    """
    path = content.find("scenarios", name)
    root = parse(path)
    if root.tag != "OpenSCENARIO":
        raise ScenarioError("not an OpenSCENARIO file", file=path, line=root.sourceline, element=str(root.tag),
                            remedy="the outermost element must be OpenSCENARIO")  # fmt: skip
    unsupported: list[Unsupported] = []
    reader = Reader(path, {}, {}, unsupported)
    header = _header(reader, root)
    declared = root.find("ParameterDeclarations")
    given = {key: str(value) for key, value in (parameters or {}).items()}
    known = [] if declared is None else [p.get("name", "") for p in declared]
    for key in given:
        if key not in known:
            remedy = did_you_mean(key, known) if known else "the scenario declares no parameters"
            raise ScenarioError(f"no parameter is called '{key}'", file=path, remedy=remedy)
    if declared is not None:
        reader.declare(declared, given)
    reader.catalogs = _catalogs(reader, root)
    entities = reader.read(Entities, _need(reader, root, "Entities"))
    storyboard = reader.read(Storyboard, _need(reader, root, "Storyboard"))
    logic = root.find("RoadNetwork/LogicFile")
    if logic is None:
        raise reader.fail(root, "there is no RoadNetwork/LogicFile", "name the OpenDRIVE map")
    road = content.find("scenarios", reader.attribute(logic, "filepath", str), beside=path.parent)
    scenario = Scenario(path, header, MappingProxyType(reader.names), entities, storyboard, road, tuple(unsupported))
    _check_references(scenario)
    return scenario


def _need(reader: Reader, root: Node, tag: str) -> Node:
    found = root.find(tag)
    if found is None:
        kinds = {"Catalog": "a catalogue", "ParameterValueDistribution": "a parameter value distribution"}
        other = next((words for kind, words in kinds.items() if root.find(kind) is not None), None)
        problem = f"this is {other}, not a scenario" if other else f"'{tag}' is missing"
        raise reader.fail(root, problem, "name a scenario file" if other else "add it")
    return found


def _header(reader: Reader, root: Node) -> FileHeader:
    header = reader.read(FileHeader, _need(reader, root, "FileHeader"))
    if header.rev_major != 1 or not 0 <= header.rev_minor <= 3:
        raise reader.fail(
            _need(reader, root, "FileHeader"),
            f"OpenSCENARIO {header.rev_major}.{header.rev_minor} is not read", "convert the file to 1.0 .. 1.3",
        )  # fmt: skip
    return header


def _catalogs(reader: Reader, root: Node) -> dict[tuple[str, str], tuple[Path, Node]]:
    found: dict[tuple[str, str], tuple[Path, Node]] = {}
    for place in root.iterfind("CatalogLocations/*/Directory"):
        folder = reader.file.parent / reader.attribute(place, "path", str)
        for file in sorted(folder.glob("*.xosc")) if folder.is_dir() else [folder] if folder.is_file() else []:
            catalog = parse(file).find("Catalog")
            if catalog is not None:
                for entry in catalog.iterfind("*[@name]"):
                    found[catalog.get("name", ""), entry.get("name", "")] = (file, entry)
    return found


def _check_references(scenario: Scenario) -> None:
    names = [thing.name for thing in scenario.entities.objects]
    names += [selection.name for selection in scenario.entities.selections]
    for private in scenario.storyboard.init.actions.privates:
        if private.entity_ref not in names:
            raise ScenarioError(
                f"no entity is called '{private.entity_ref}'", file=scenario.path,
                line=private.source.line if private.source else None, element="Private",
                remedy=did_you_mean(private.entity_ref, names),
            )  # fmt: skip
