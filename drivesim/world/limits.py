"""What each actor can do, as one record per actor for the compiled integrator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.types import Actor, Performance
from drivesim.world.single_track import CORNERING_STIFFNESS, UNDERSTEER

LIMITS = np.dtype(
    [
        ("walks", np.bool_),
        ("topples", np.bool_),
        ("wheelbase", np.float64),
        ("wheel_radius", np.float64),
        ("max_steering", np.float64),
        ("steering_rate", np.float64),
        ("max_speed", np.float64),
        ("max_acceleration", np.float64),
        ("max_deceleration", np.float64),
        ("acceleration_rate", np.float64),
        ("deceleration_rate", np.float64),
        ("transfer", np.float64),
        ("stature", np.float64),
        ("slips", np.bool_),
        ("mass_behind", np.float64),
        ("stiffness", np.float64),
        ("understeer", np.float64),
        ("cycle", np.float64),
        ("mass", np.float64),
    ]
)
"""One actor's constants: SI units; ``cycle`` is the distance per crank turn of a bicycle, 0 for others; ``transfer`` is
the height of the centre of mass over its distance from the front axle, ``mass_behind``, by which braking unloads the
rear axle; ``slips`` chooses the single-track model, whose tyres have a ``stiffness`` over load, 1/rad, and whose front
axle gives way by ``understeer`` more, rad per g."""

MODELS = ("kinematic", "single_track")
"""Values of an entity's property ``dynamics``, the first where it has none."""
_DEFAULT_PERFORMANCE = Performance(max_speed=60.0, max_acceleration=5.0, max_deceleration=9.5)
_WHEELBASE_OVER_LENGTH = 0.6
_BICYCLE_DEVELOPMENT = 4.5
"""Metres a bicycle rolls per turn of its cranks: 60 turns a minute at 16 km/h."""
_WHEEL_RADIUS = 0.32
_MAX_STEERING = 0.6
_STEERING_RATE = 0.4
"""rad/s at the road wheels (CommonRoad vehicle models, Althoff et al. 2017, vehicles 1 to 3)."""
_MASS_HEIGHT = 0.37
"""Of the centre of mass over that of the body: cars have 0.52 to 0.56 m at 1.45 m (NHTSA's inertia database, Heydinger
et al. 1999, SAE 1999-01-1336)."""
_MASS_SHARE = 0.3
"""Of the wheelbase that the centre of mass lies at least behind the front axle."""
_LEAST_WHEELBASE, _STATURE, _MASS = 0.1, 1.7, 75.0
"""m, m and kg where a scenario gives a box without size."""
_DENSITY = 120.0
"""kg/m3 of a bounding box, for actors without a mass: a 1300 kg car in its box."""


def limits_of(actors: Sequence[Actor]) -> NDArray[Any]:
    """One :data:`LIMITS` record per actor."""
    table = np.zeros(len(actors), dtype=LIMITS)
    for record, actor in zip(table, actors, strict=True):
        performance = actor.performance or _DEFAULT_PERFORMANCE
        axles = actor.axles
        two_wheeled = actor.category in ("bicycle", "motorbike")
        record["walks"] = actor.kind == "pedestrian"
        record["topples"] = actor.kind == "pedestrian" or two_wheeled
        wheelbase = axles.front_x - axles.rear_x if axles else _WHEELBASE_OVER_LENGTH * actor.box.length
        record["wheelbase"] = max(wheelbase, _LEAST_WHEELBASE)
        record["wheel_radius"] = axles.wheel_diameter / 2 if axles and axles.wheel_diameter > 0 else _WHEEL_RADIUS
        record["max_steering"] = axles.max_steering if axles else _MAX_STEERING
        told = axles.max_steering_rate if axles else None
        record["steering_rate"] = _STEERING_RATE if told is None else told
        record["max_speed"] = performance.max_speed
        record["max_acceleration"] = performance.max_acceleration
        record["max_deceleration"] = performance.max_deceleration
        record["acceleration_rate"] = performance.max_acceleration_rate
        record["deceleration_rate"] = performance.max_deceleration_rate
        front = axles.front_x if axles else record["wheelbase"]
        behind = max(front - actor.box.center[0], _MASS_SHARE * record["wheelbase"])
        record["mass_behind"] = behind
        record["slips"] = _slips(actor)
        record["stiffness"] = _number(actor, "corneringStiffness", CORNERING_STIFFNESS)
        record["understeer"] = math.radians(_number(actor, "understeerGradient", math.degrees(UNDERSTEER)))
        record["transfer"] = 0.0 if two_wheeled else _MASS_HEIGHT * actor.box.height / behind
        record["stature"] = actor.box.height if actor.box.height > 0 else _STATURE
        record["cycle"] = _BICYCLE_DEVELOPMENT if actor.category == "bicycle" else 0.0
        mass = actor.mass or _DENSITY * actor.box.length * actor.box.width * actor.box.height
        record["mass"] = mass if mass > 0 else _MASS
    return table


def _slips(actor: Actor) -> bool:
    """Whether the entity's property ``dynamics`` asks for tyres that slip."""
    asked = actor.properties.get("dynamics", MODELS[0])
    if asked not in MODELS:
        raise ScenarioError(f"'{actor.name}' has dynamics '{asked}'", element="Property dynamics",
                            remedy=did_you_mean(asked, MODELS))  # fmt: skip
    return asked == MODELS[1] and actor.category not in ("bicycle", "motorbike")


def _number(actor: Actor, name: str, otherwise: float) -> float:
    """A property of an entity that is a number above zero, if it has it.

    Raises:
        ScenarioError: it is none.
    """
    said = actor.properties.get(name)
    if said is None:
        return otherwise
    try:
        value = float(said)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise ScenarioError(f"'{said}' of '{actor.name}' is no number above zero", element=f"Property {name}",
                            remedy="write a decimal number or leave the property out")  # fmt: skip
    return value
