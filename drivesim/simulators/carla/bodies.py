"""Which blueprint stands for a scenario's entity, and where it is put."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from drivesim.errors import SimulatorError
from drivesim.taxonomy import tag_of
from drivesim.transforms import Pose
from drivesim.types import Actor, Axles, BoundingBox, Performance

OWN_BODY = "drivesim.body"
"""Attribute of the blueprints that a drivesim server offers for bodies of any kind: the actor as JSON."""

FAMILY = {"vehicle": "vehicle", "pedestrian": "walker", "misc": "static.prop"}
"""What CARLA's blueprint ids begin with, by kind of actor."""

_SMALLEST, _LARGEST = 0.02, 100.0
"""Sizes of bodies, m."""

_PEDESTRIAN_CHILD = 13.0
"""Years below which a walker is a child to CARLA."""
_CHILD_STATURE = 1.45
_TWO_WHEELERS = {"bicycle": "bicycle", "motorbike": "motorcycle"}
_BASE_TYPES = {
    "car": ("car",), "van": ("van", "car"), "truck": ("truck",), "semitrailer": ("truck",), "trailer": ("truck",),
    "bus": ("bus", "Bus", "truck"), "tram": ("bus", "Bus", "truck"), "train": ("bus", "Bus", "truck"),
    "bicycle": ("bicycle",), "motorbike": ("motorcycle",),
}  # fmt: skip
"""OpenSCENARIO vehicle category to CARLA's ``base_type``, the best first (CARLA documentation, vehicle catalogue)."""

_LENGTHS = {
    "vehicle.mini.cooper_s": 3.81, "vehicle.micro.microlino": 2.21, "vehicle.nissan.micra": 3.63,
    "vehicle.audi.a2": 3.71, "vehicle.citroen.c3": 3.99, "vehicle.audi.tt": 4.18, "vehicle.seat.leon": 4.19,
    "vehicle.toyota.prius": 4.51, "vehicle.volkswagen.t2": 4.48, "vehicle.mercedes.coupe": 5.03,
    "vehicle.tesla.model3": 4.79, "vehicle.audi.etron": 4.86, "vehicle.lincoln.mkz_2020": 4.89,
    "vehicle.dodge.charger_2020": 5.01, "vehicle.chevrolet.impala": 5.36, "vehicle.nissan.patrol_2021": 5.57,
    "vehicle.ford.mustang": 4.72, "vehicle.bmw.grandtourer": 4.61, "vehicle.jeep.wrangler_rubicon": 3.87,
    "vehicle.mercedes.sprinter": 5.92, "vehicle.ford.ambulance": 6.36, "vehicle.carlamotors.carlacola": 5.20,
    "vehicle.carlamotors.firetruck": 8.46, "vehicle.carlamotors.european_hgv": 7.93, "vehicle.tesla.cybertruck": 6.27,
    "vehicle.mitsubishi.fusorosa": 10.27,
}  # fmt: skip
"""m, of bounding boxes (CARLA 0.9.15 documentation, vehicle catalogue): the nearest in length is taken."""

_PROPS = ("static.prop.streetbarrier", "static.prop.box01", "static.prop.trafficcone01")


def blueprint_of(actor: Actor, library: Any) -> Any:
    """The blueprint for an actor, its attributes set.

    A ``model3d`` that names a blueprint wins; then a drivesim server's own kind, which is any body exactly; then what
    is nearest in class and size among CARLA's.

    Raises:
        SimulatorError: the library has nothing of the kind.
    """
    known = {blueprint.id: blueprint for blueprint in library}
    if actor.model in known:
        return _dressed(known[actor.model], actor)
    kind = FAMILY[actor.kind]
    own = known.get(f"{kind}.drivesim.body")
    if own is not None:
        own.set_attribute(OWN_BODY, body_as_text(actor))
        return own
    fitting = {"vehicle": _vehicles, "walker": _walkers}.get(kind, _props)(actor, known.values())
    if not fitting:
        raise SimulatorError(
            f"the CARLA server has no blueprint for '{actor.name}' ({actor.kind}, {actor.category})",
            element="ScenarioObject",
            remedy="name one in the entity's model3d, such as vehicle.tesla.model3",
        )
    return _dressed(fitting[0], actor)


def _dressed(blueprint: Any, actor: Actor) -> Any:
    if blueprint.has_attribute("role_name"):
        blueprint.set_attribute("role_name", actor.name)
    if blueprint.has_attribute("is_invincible"):
        blueprint.set_attribute("is_invincible", "true")
    return blueprint


def _vehicles(actor: Actor, blueprints: Iterable[Any]) -> list[Any]:
    """Of the right type, the nearest in length first."""
    vehicles = sorted((b for b in blueprints if b.id.startswith("vehicle.")), key=lambda b: str(b.id))
    for base in _BASE_TYPES.get(actor.category, ("car",)):
        right = [b for b in vehicles if b.has_attribute("base_type") and str(b.get_attribute("base_type")) == base]
        if right:
            return sorted(right, key=lambda b: abs(_LENGTHS.get(b.id, 4.6) - actor.box.length))
    wheels = 2 if actor.category in _TWO_WHEELERS else 4
    right = [b for b in vehicles if int(b.get_attribute("number_of_wheels")) == wheels]
    return sorted(right, key=lambda b: abs(_LENGTHS.get(b.id, 4.6) - actor.box.length))


def _walkers(actor: Actor, blueprints: Iterable[Any]) -> list[Any]:
    """Of the right age and sex; which of them depends on the actor's name alone."""
    walkers = sorted((b for b in blueprints if b.id.startswith("walker.")), key=lambda b: str(b.id))
    young = actor.age < _PEDESTRIAN_CHILD if actor.age is not None else actor.box.height < _CHILD_STATURE
    aged = [b for b in walkers if str(b.get_attribute("age")) == ("child" if young else "adult")] or walkers
    sex = actor.properties.get("sex", "")
    right = [b for b in aged if sex and str(b.get_attribute("gender")) == sex] or aged
    turn = sum(actor.name.encode()) % max(len(right), 1)
    return right[turn:] + right[:turn]


def _props(_: Actor, blueprints: Iterable[Any]) -> list[Any]:
    known = {b.id: b for b in blueprints}
    return [known[name] for name in _PROPS if name in known] or [b for b in known.values() if "prop" in b.id]


def body_as_text(actor: Actor) -> str:
    """What a drivesim server needs to make the same body: JSON."""
    box, axles = actor.box, actor.axles
    return json.dumps({
        "name": actor.name, "kind": actor.kind, "category": actor.category, "model": actor.model,
        "box": [*box.center, box.length, box.width, box.height], "mass": actor.mass,
        "axles": None if axles is None else
        [axles.front_x, axles.rear_x, axles.wheel_diameter, axles.track_width, axles.max_steering],
        "properties": dict(actor.properties),
    })  # fmt: skip


def body_from_text(text: str, index: int) -> Actor:
    """What :func:`body_as_text` wrote, from anyone.

    Raises:
        ValueError, TypeError, KeyError: it describes no body.
    """
    told = json.loads(text)
    kind, category = told["kind"], str(told["category"])
    if kind not in FAMILY:
        raise ValueError(f"there is no kind '{str(kind)[:40]}'")
    tag_of(category)
    x, y, z, *size = _numbers(told["box"], 6)
    if not all(_SMALLEST <= side <= _LARGEST for side in size) or max(abs(x), abs(y), abs(z)) > _LARGEST:
        raise ValueError(f"a box of {size} m about ({x}, {y}, {z}) is none")
    axles = None if told["axles"] is None else Axles(*_numbers(told["axles"], 5))
    if axles is not None and not (axles.wheel_diameter > _SMALLEST and axles.front_x > axles.rear_x):
        raise ValueError("the axles are none")
    properties = {str(name)[:100]: str(value)[:200] for name, value in dict(told["properties"]).items()}
    if "age" in properties and not 0.0 <= float(properties["age"]) <= 120.0:
        raise ValueError(f"nobody is {properties['age']} years old")
    limits = None if kind != "vehicle" else Performance(55.0, 5.0, 9.0)
    (mass,) = _numbers([told["mass"]], 1)
    return Actor(
        index, str(told["name"])[:200], kind, category, str(told["model"])[:200], BoundingBox((x, y, z), *size), axles,
        limits, mass, properties,
    )  # fmt: skip


def _numbers(values: Any, count: int) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{count} finite numbers are wanted, not {str(values)[:80]}")
    return numbers


def measured(actor: Actor, bounding_box: Any) -> tuple[Actor, Pose]:
    """The actor with the size of the body that CARLA gave it, and ``reference_from_carla``: its box keeps the middle
    and the underside that the scenario says, whatever CARLA's origin is.

    Args:
        bounding_box: ``carla.BoundingBox`` in the actor's own axes.
    """
    location, extent = bounding_box.location, bounding_box.extent
    x, y, z = actor.box.center
    low = z - actor.box.height / 2.0
    size = (2.0 * extent.x, 2.0 * extent.y, 2.0 * extent.z)
    if min(size) < 0.02:  # bicycles of some versions have no box of their own
        size = (actor.box.length, actor.box.width, actor.box.height)
    box = BoundingBox((x, y, low + size[2] / 2.0), *size)
    place = np.array((x - location.x, y + location.y, low + size[2] / 2.0 - location.z))
    return replace(actor, box=box), Pose(place, np.eye(3))
