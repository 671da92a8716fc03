"""What every scenario takes beside the parameters that it declares: chance, mounting and choices.

``seed.NAME`` gives one kind of random draws a seed of its own; every other kind keeps the scenario seed, so that looks,
city, decisions and noise can be varied one at a time. ``mount.CHANNEL.AXIS`` moves a sensor from where its rig has it.
``choice.ACTOR.K`` gives the quantile, 0 to 1, of the K-th draw that an actor's behaviour makes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.model.parameters import ParameterDeclaration

SEED, MOUNT, CHOICE = "seed.", "mount.", "choice."
SEEDS: Mapping[str, str] = MappingProxyType({
    "city": "buildings, and the following three where they have no seed of their own",
    "vegetation": "shapes, sizes and leaves of trees, bushes and hedges",
    "distractors": "things on pavements, bins in gardens, parked cars that belong to nobody's story",
    "textures": "materials and colours of walls, roofs, doors and shop fronts",
    "bodies": "bodies and faces of people and riders, and the following two where they have no seed of their own",
    "clothing": "clothes, shoes, bags and helmets of people and riders",
    "posture": "how people hold themselves and their arms, and their style of walking",
    "vehicles": "styles, shapes and paint of vehicles, and things",
    "behavior": "what people and drivers decide",
    "noise": "noise and faults of sensors",
})  # fmt: skip
"""What has a seed of its own, and what it decides."""
AXES: Mapping[str, str] = MappingProxyType(dict.fromkeys("xyz", "m") | dict.fromkeys(("yaw", "pitch", "roll"), "deg"))
"""Offsets of a sensor along and about the vehicle's axes, and their units."""
_MOST_SEED = 2**63
_MOST_OFFSET = {"m": 30.0, "deg": 360.0}


@dataclass(frozen=True)
class Beside:
    """Values given beside declared parameters.

    Attributes:
        seeds: by kind of chance. mounting: offsets by channel (``all`` for every one) and axis, m and degrees.
        choices: quantiles of draws that behaviours make, by actor and number of the draw.
    """

    seeds: Mapping[str, int] = field(default_factory=dict)
    mounting: Mapping[tuple[str, str], float] = field(default_factory=dict)
    choices: Mapping[tuple[str, int], float] = field(default_factory=dict)

    def choices_among(self, actors: Sequence[str]) -> Mapping[tuple[str, int], float]:
        """``choices``, all of which must be of these actors.

        Raises:
            ScenarioError: one is somebody else's.
        """
        for actor, number in self.choices:
            if actor not in actors:
                raise ScenarioError(f"no actor '{actor}' could choose", element=f"{CHOICE}{actor}.{number}",
                                    remedy=did_you_mean(actor, actors))  # fmt: skip
        return self.choices


def split(given: Mapping[str, str]) -> tuple[dict[str, str], Beside]:
    """Values for declared parameters, and those beside them.

    Raises:
        ScenarioError: a kind of chance or an axis that there is not, or a value that is none.
    """
    parameters: dict[str, str] = {}
    seeds: dict[str, int] = {}
    mounting: dict[tuple[str, str], float] = {}
    choices: dict[tuple[str, int], float] = {}
    for name, value in given.items():
        if name.startswith(SEED):
            seeds[_kind(name)] = _seed(name, value)
        elif name.startswith(MOUNT):
            mounting[_place(name)] = _offset(name, value)
        elif name.startswith(CHOICE):
            choices[_draw(name)] = _quantile(name, value)
        else:
            parameters[name] = value
    return parameters, Beside(seeds, mounting, choices)


def declaration(name: str) -> ParameterDeclaration | None:
    """The type of a value beside declared parameters; None for any other name.

    Raises:
        ScenarioError: as :func:`split`.
    """
    if name.startswith(SEED):
        _kind(name)
        return ParameterDeclaration(name=name, parameter_type="integer", value="0")
    if name.startswith(MOUNT):
        _place(name)
        return ParameterDeclaration(name=name, parameter_type="double", value="0")
    if name.startswith(CHOICE):
        _draw(name)
        return ParameterDeclaration(name=name, parameter_type="double", value="0.5")
    return None


def _kind(name: str) -> str:
    kind = name.removeprefix(SEED)
    if kind not in SEEDS:
        raise ScenarioError(f"nothing has a seed of its own called '{kind}'", element=name,
                            remedy=did_you_mean(name, [SEED + each for each in SEEDS]))  # fmt: skip
    return kind


def _seed(name: str, value: str) -> int:
    number = _number(value)
    if not (number.is_integer() and 0 <= number < _MOST_SEED):
        raise ScenarioError(f"'{value}' is no seed", element=name, remedy="give a whole number from 0 on")
    return int(value) if value.isdecimal() else int(number)


def _place(name: str) -> tuple[str, str]:
    channel, _, axis = name.removeprefix(MOUNT).rpartition(".")
    if not channel or axis not in AXES:
        raise ScenarioError(f"'{name}' names no way to move a sensor", element=name,
                            remedy=f"write mount.CHANNEL.AXIS, AXIS one of {', '.join(AXES)}")  # fmt: skip
    return channel, axis


def _offset(name: str, value: str) -> float:
    number, unit = _number(value), AXES[_place(name)[1]]
    if not abs(number) <= _MOST_OFFSET[unit]:
        raise ScenarioError(f"'{value}' is no offset", element=name,
                            remedy=f"give {unit} within {_MOST_OFFSET[unit]:g}")  # fmt: skip
    return number


def _draw(name: str) -> tuple[str, int]:
    actor, _, number = name.removeprefix(CHOICE).rpartition(".")
    if not actor or not number.isdecimal():
        raise ScenarioError(f"'{name}' names no draw of an actor's behaviour", element=name,
                            remedy="write choice.ACTOR.K, K counts its draws from 0")  # fmt: skip
    return actor, int(number)


def _quantile(name: str, value: str) -> float:
    number = _number(value)
    if not 0.0 <= number <= 1.0:
        raise ScenarioError(f"'{value}' is no quantile", element=name, remedy="give a number from 0 to 1")
    return number


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan
