"""The vehicles of traffic that a scenario describes by category only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from drivesim.openscenario.model import traffic as model
from drivesim.openscenario.model.entities import (
    Axle,
    Axles,
    BoundingBox,
    Center,
    Controller,
    Dimensions,
    Performance,
    Role,
    ScenarioObject,
    Vehicle,
    VehicleCategory,
)

_SIZES = {
    "bicycle": (1.8, 0.6, 1.75, 1.05, 95.0), "motorbike": (2.2, 0.8, 1.5, 1.45, 280.0),
    "car": (4.5, 1.8, 1.5, 2.65, 1400.0), "van": (5.9, 2.0, 2.6, 3.65, 2500.0),
    "truck": (8.0, 2.5, 3.5, 4.8, 12_000.0), "bus": (12.0, 2.55, 3.0, 5.9, 13_000.0),
    "tram": (30.0, 2.4, 3.4, 20.0, 40_000.0), "train": (27.0, 2.9, 4.0, 19.0, 45_000.0),
}  # fmt: skip
"""Length, width, height, wheelbase, m, and mass, kg: typical European vehicles (UN ECE R.E.3 categories; lengths within
Directive 96/53/EC; a compact car, a 3.5 t panel van, a solo bus)."""
_PERFORMANCE = {
    "bicycle": (9.0, 1.5, 5.0), "truck": (25.0, 1.2, 6.0), "bus": (28.0, 1.2, 6.0), "tram": (22.0, 1.2, 2.7),
    "train": (44.0, 0.8, 1.2),
}  # fmt: skip
"""m/s, m/s2 of speeding up and of braking where they differ from a car's (60, 4, 9)."""
_TOWED = {"trailer", "semitrailer"}
"""Categories that do not drive by themselves and so are no traffic."""
_RATE_SECONDS = 60.0
"""A source has as many vehicles as it lets out in this time; it uses those again that have left the roads."""
MOST = 60
"""Vehicles of one action, at most."""

T = TypeVar("T")

Traffic = (
    model.TrafficSourceAction | model.TrafficSinkAction | model.TrafficSwarmAction | model.TrafficAreaAction
    | model.TrafficStopAction
)  # fmt: skip


def capacity(action: Traffic) -> int:
    """How many entities an action needs at a time."""
    if isinstance(action, model.TrafficSourceAction):
        return min(int(action.rate * _RATE_SECONDS) + 1, MOST)
    if isinstance(action, model.TrafficSwarmAction):
        return min(action.number_of_vehicles, MOST)
    return min(action.number_of_entities, MOST) if isinstance(action, model.TrafficAreaAction) else 0


def stock(name: str, action: Traffic) -> Iterator[tuple[ScenarioObject, Controller | None]]:
    """The entities that an action can let out, by the weights of its distributions, each with its controller; cars
    where it says nothing of them."""
    count = capacity(action)
    if count == 0 or isinstance(action, (model.TrafficSinkAction, model.TrafficStopAction)):
        return
    definition = None if isinstance(action, model.TrafficAreaAction) else action.traffic_definition
    if action.traffic_distribution is not None:
        entries = [
            (entry.weight * one.weight, one.template)
            for entry in action.traffic_distribution.entries for one in entry.entities
        ]  # fmt: skip
        for i, template in enumerate(shared(entries, count)):
            own = [held.controller for held in template.controllers if held.controller]
            yield ScenarioObject(name=f"{name} {i + 1}", entity=template.entity), own[0] if own else None
    elif not isinstance(action, model.TrafficAreaAction):
        cars: list[VehicleCategory] = ["car"] * count
        nobody: list[Controller | None] = [None] * count
        civil: list[Role] = ["civil"] * count
        drives = [entry for entry in definition.categories if entry.category not in _TOWED] if definition else []
        held = definition.controllers if definition else ()
        ranks = definition.roles if definition else ()
        kinds = shared([(entry.weight, entry.category) for entry in drives], count) or cars
        drivers = shared([(entry.weight, entry.controller) for entry in held], count) or nobody
        roles = shared([(entry.weight, entry.role) for entry in ranks], count) or civil
        for i, (kind, driver, role) in enumerate(zip(kinds, drivers, roles, strict=True)):
            yield ScenarioObject(name=f"{name} {i + 1}", entity=_vehicle(kind, role)), driver


def shared(entries: Sequence[tuple[float, T]], count: int) -> list[T]:
    """``count`` values in the proportions of their weights, evenly mixed."""
    total = sum(weight for weight, _ in entries)
    if total <= 0.0:
        return []
    given = [0] * len(entries)
    made = []
    for k in range(1, count + 1):
        behind = [weight / total * k - done for (weight, _), done in zip(entries, given, strict=True)]
        chosen = behind.index(max(behind))
        given[chosen] += 1
        made.append(entries[chosen][1])
    return made


def _vehicle(category: VehicleCategory, role: Role) -> Vehicle:
    length, width, height, base, mass = _SIZES[category]
    top, faster, slower = _PERFORMANCE.get(category, (60.0, 4.0, 9.0))
    wheel, track = (0.7, 0.0) if category in ("bicycle", "motorbike") else (0.68, 0.85 * width)
    front = Axle(max_steering=0.6, wheel_diameter=wheel, track_width=track, position_x=base, position_z=wheel / 2)
    rear = Axle(max_steering=0.0, wheel_diameter=wheel, track_width=track, position_x=0.0, position_z=wheel / 2)
    size = Dimensions(width=width, length=length, height=height)
    return Vehicle(
        name=category, vehicle_category=category, role=role, mass=mass,
        bounding_box=BoundingBox(center=Center(x=base / 2, y=0.0, z=height / 2), dimensions=size),
        performance=Performance(max_speed=top, max_acceleration=faster, max_deceleration=slower),
        axles=Axles(front_axle=front, rear_axle=rear),
    )  # fmt: skip
