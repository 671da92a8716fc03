"""A scenario file, read and resolved."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from drivesim import content
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario import weather as weather_module
from drivesim.openscenario.beside import Beside, split
from drivesim.openscenario.catalogs import Catalogs
from drivesim.openscenario.controller import ControllerModel
from drivesim.openscenario.documents import open_as
from drivesim.openscenario.expressions import Value
from drivesim.openscenario.folders import Folders
from drivesim.openscenario.model.actions import EnvironmentAction
from drivesim.openscenario.model.base import Unsupported
from drivesim.openscenario.model.definition import FileHeader, ScenarioDefinition
from drivesim.openscenario.model.entities import (
    Controller,
    Entities,
    ExternalObjectReference,
    Pedestrian,
    ScenarioObject,
    Vehicle,
)
from drivesim.openscenario.model.storyboard import Storyboard
from drivesim.openscenario.model.traffic import TrafficAction
from drivesim.openscenario.reader import Reader, Reference
from drivesim.openscenario.stock import stock
from drivesim.openscenario.towing import Coupling
from drivesim.types import Actor, Axles, BoundingBox, Performance, Weather
from drivesim.xmlfile import Node, stamp

_LOG = logging.getLogger(__name__)

_UNKNOWN_BOX = BoundingBox((0.0, 0.0, 0.5), 1.0, 1.0, 1.0)
"""Of an object that only something outside the scenario knows."""


@dataclass(frozen=True, slots=True)
class Extra:
    """An entity that a traffic action can let out: its action's identity, and its controller if it has one."""

    thing: ScenarioObject
    action: int
    driver: Controller | None


@dataclass(frozen=True)
class Scenario:
    """A scenario with its parameters resolved.

    Attributes:
        parameters: declared parameters with the values of this run.
        beside: seeds and mounting, see :mod:`drivesim.openscenario.beside`.
        definition: the file as typed classes.
        road_file: the OpenDRIVE map; None where the scenario has none.
        unsupported: elements that are read past; a player refuses to start with any.
        notes: what was read although it is not as the standard has it; also logged as warnings.
        dangling: references to entities that there are not; a player refuses to start with any.
    """

    path: Path
    header: FileHeader
    parameters: Mapping[str, Value]
    definition: ScenarioDefinition
    road_file: Path | None
    unsupported: tuple[Unsupported, ...]
    notes: tuple[ScenarioError, ...] = ()
    dangling: tuple[ScenarioError, ...] = ()
    beside: Beside = Beside()

    @property
    def entities(self) -> Entities:
        return self.definition.entities

    @property
    def storyboard(self) -> Storyboard:
        return self.definition.storyboard

    @property
    def left_handed(self) -> bool:
        """Whether world coordinates are CARLA's left-handed ones (y to the right, angles clockwise)."""
        return self.header.description.startswith("CARLA:")

    def objects(self) -> tuple[ScenarioObject, ...]:
        """All entities in the order of the file, trailers declared within their vehicles too."""
        return tuple(_with_trailers(self.entities.objects))

    def actors(self) -> tuple[Actor, ...]:
        """Everything that moves, in the order of :meth:`objects`; then what traffic actions may let out."""
        things = [*self.objects(), *(extra.thing for extra in self.traffic())]
        return tuple(_actor(i, thing) for i, thing in enumerate(things))

    def traffic(self) -> tuple[Extra, ...]:
        """The entities of traffic actions."""
        found: list[Extra] = []
        taken: set[str] = set()
        for action in self.storyboard.all_actions():
            if isinstance(action, TrafficAction):
                label = action.traffic_name or "traffic"
                label = label if label not in taken else f"{label} {len(taken) + 1}"
                taken.add(label)
                found += [Extra(thing, id(action.traffic), driver) for thing, driver in stock(label, action.traffic)]
        return tuple(found)

    def trailers(self) -> dict[str, str]:
        """The trailer that each towing entity has from the start, by name."""
        found = {tow: thing.name for thing, tow in _convoys(self.entities.objects) if tow is not None}
        for thing in self.objects():
            held = thing.entity.trailer if isinstance(thing.entity, Vehicle) else None
            if held is not None and held.trailer_ref is not None and held.trailer_ref.entity_ref:
                found[thing.name] = held.trailer_ref.entity_ref
        return found

    def couplings(self) -> dict[str, Coupling]:
        """Where each entity tows and is towed."""
        return {thing.name: _coupling(thing) for thing in self.objects()}

    def controllers(self, entity: str) -> tuple[ControllerModel, ...]:
        """The controllers an entity is declared with."""
        for thing in self.objects():
            if thing.name == entity:
                held = [c.controller for c in thing.controllers if c.controller]
                return tuple(_controller(c) for c in held)
        return tuple(_controller(e.driver) for e in self.traffic() if e.thing.name == entity and e.driver is not None)

    def controllers_by_name(self, entity: str) -> dict[str, ControllerModel]:
        """The controllers an entity is declared with, by their own names and by those of their ObjectControllers."""
        held = [c for thing in self.objects() if thing.name == entity for c in thing.controllers]
        own = {c.controller.name: _controller(c.controller) for c in held if c.controller}
        return own | {c.name: _controller(c.controller) for c in held if c.controller and c.name}

    def weather(self, place: tuple[float, float] | None = None) -> Weather:
        """Weather and light as the Init's EnvironmentAction sets them.

        Args:
            place: latitude and longitude in degrees, where the scenario's map knows them.
        """
        made = Weather()
        for action in self.storyboard.init.actions.globals:
            if isinstance(action, EnvironmentAction):
                made = weather_module.apply(action.environment, made, place)
        return made


def _controller(made: Controller) -> ControllerModel:
    return ControllerModel(made.name, made.controller_type or "", made.properties.as_dict() if made.properties else {})


def _with_trailers(things: Iterable[ScenarioObject]) -> Iterator[ScenarioObject]:
    return (thing for thing, _ in _convoys(things))


def _convoys(things: Iterable[ScenarioObject]) -> Iterator[tuple[ScenarioObject, str | None]]:
    """Entities with those declared as their trailers, and who tows them.

    A name that is taken, as of two trucks from one catalogue entry, becomes the tow's with a +.
    """
    listed = list(things)
    taken = {thing.name for thing in listed}
    for thing in listed:
        yield thing, None
        tow = thing
        while isinstance(tow.entity, Vehicle) and tow.entity.trailer and tow.entity.trailer.trailer:
            trailer = tow.entity.trailer.trailer
            if trailer.name in taken:
                trailer = replace(trailer, name=f"{tow.name}+")
            taken.add(trailer.name)
            yield trailer, tow.name
            tow = trailer


def _coupling(thing: ScenarioObject) -> Coupling:
    entity = thing.entity
    if not isinstance(entity, Vehicle):
        return Coupling()
    hitch, coupler = entity.trailer_hitch, entity.trailer_coupler
    return Coupling(hitch.dx if hitch else None, coupler.dx if coupler else None)


def _actor(index: int, thing: ScenarioObject) -> Actor:
    entity = thing.entity
    if isinstance(entity, ExternalObjectReference):
        return Actor(index, thing.name, "misc", "external", entity.name, _UNKNOWN_BOX, None, None, 0.0)
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
        limits = entity.performance
        performance = Performance(
            limits.max_speed, limits.max_acceleration, limits.max_deceleration,
            limits.max_acceleration_rate or math.inf, limits.max_deceleration_rate or math.inf,
        )  # fmt: skip
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
        parameters: values for declared parameters, in place of their defaults; ``seed.*`` and ``mount.*`` too.

    Raises:
        ScenarioError: the file, a catalogue or a parameter is not as it should be.
    """
    path = content.find("scenarios", name)
    return _opened(path, stamp(path)).scenario(parameters)


@lru_cache(maxsize=8)
def _opened(path: Path, digest: bytes) -> ScenarioFile:
    """A scenario's file, kept while it stays as it is, for its next instance."""
    return ScenarioFile(path)


class ScenarioFile:
    """A file parsed once, to be read many times with other parameters; what depends on none is read only once.

    Args:
        name: a path, or the name of a shipped scenario.

    Raises:
        ScenarioError: not an OpenSCENARIO 1.0 to 1.3 scenario.
    """

    def __init__(self, name: str | Path) -> None:
        self._document = open_as(content.find("scenarios", name), "Storyboard")
        self._constants = Reader.memory(_constant(self._document.root))

    @property
    def path(self) -> Path:
        return self._document.path

    def scenario(self, parameters: Mapping[str, str] | None = None) -> Scenario:
        """The scenario with these values for declared parameters.

        Raises:
            ScenarioError: an element, a catalogue or a parameter is not as it should be.
        """
        path, root = self._document.path, self._document.root
        reader = Reader(path, constants=self._constants)
        given, beside = split({key: str(value) for key, value in (parameters or {}).items()})
        reader.declare(root.find("ParameterDeclarations"), given, root)
        folders = Folders(path)
        reader.catalogs = Catalogs(folders)
        for place in root.iterfind("CatalogLocations/*/Directory"):
            reader.catalogs.add(reader.attribute(place, "path", str) or ".", place)
        definition = reader.fill(ScenarioDefinition, root)
        scenario = Scenario(
            path=path,
            header=definition.file_header,
            parameters=MappingProxyType(reader.names),
            definition=definition,
            road_file=_road_file(definition, folders, root),
            unsupported=(*reader.unsupported, *_external(definition)),
            notes=tuple(reader.notes),
            dangling=tuple(_dangling(reader.references, definition.entities)),
            beside=beside,
        )
        for note in scenario.notes:
            _LOG.warning("%s", note)
        return scenario


def _constant(root: Node) -> list[Node]:
    """Elements in which nothing refers to a parameter or a catalogue."""
    varying: set[Node] = set()
    nodes = list(root.iter())
    for node in nodes:
        if node.tag == "CatalogReference" or any("$" in str(text) for text in node.attrib.values()):
            varying.update((node, *node.iterancestors()))
    return [node for node in nodes if node not in varying]


def _road_file(definition: ScenarioDefinition, folders: Folders, root: Node) -> Path | None:
    logic, node = definition.road_network.logic_file, root.find("RoadNetwork/LogicFile")
    if logic is None or node is None or not logic.filepath:
        return None
    return folders.map(logic.filepath, node)


def _external(definition: ScenarioDefinition) -> Iterator[Unsupported]:
    """Objects that only something outside the scenario knows, as entities or in traffic."""
    things = [thing.entity for thing in definition.entities.objects]
    for action in definition.storyboard.all_actions():
        spread = getattr(action.traffic, "traffic_distribution", None) if isinstance(action, TrafficAction) else None
        things += [one.template.entity for entry in (spread.entries if spread else ()) for one in entry.entities]
    for thing in things:
        if isinstance(thing, ExternalObjectReference):
            yield Unsupported(name="ExternalObjectReference", source=thing.source)


def _dangling(references: Iterable[Reference], entities: Entities) -> Iterator[ScenarioError]:
    """An error for every reference to an entity that there is not."""
    names = {thing.name for thing in _with_trailers(entities.objects)}
    names |= {selection.name for selection in entities.selections}
    for name, source, element in references:
        if name not in names:
            yield ScenarioError(
                f"no entity is called '{name}'", file=source.file, line=source.line, element=element,
                remedy=did_you_mean(name, names) if names else "declare it",
            )  # fmt: skip
