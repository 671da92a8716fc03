"""What people push along: a pram, a walking frame, an empty wheelchair; one entity, whose box holds both."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from drivesim.errors import ScenarioError
from drivesim.types import Actor, BoundingBox

PUSHES = "pushes"
"""Property of a pedestrian that names the thing."""
_GRIP = 0.33
"""Metres from the middle of a person to the back of what they push: a forearm and a bent upper arm."""
_SIZES = {
    "pram": (0.58, 1.08), "stroller": (0.58, 1.08), "pushchair": (0.58, 1.08), "buggy": (0.58, 1.08),
    "walking_frame": (0.60, 0.93), "rollator": (0.60, 0.93), "wheelchair": (0.66, 0.95),
}  # fmt: skip
"""Width and height, m, as on the sheet of ``drivesim show things``."""
_SHORTEST = 0.4


def pushed_thing(actor: Actor) -> Actor:
    """The thing as an actor of its own, where it stands in the frame of the one who pushes it.

    Raises:
        ScenarioError: it is none of these things, or the box has no room for it.
    """
    name = actor.properties[PUSHES].lower()
    if name not in _SIZES:
        raise ScenarioError(f"'{actor.name}' cannot push a '{name}'", element=f"Property {PUSHES}",
                            remedy=f"one of {', '.join(_SIZES)}")  # fmt: skip
    width, height = _SIZES[name]
    length = actor.box.center[0] + 0.5 * actor.box.length - _GRIP
    if length < _SHORTEST:
        raise ScenarioError(
            f"the box of '{actor.name}' has no room for the {name}", element="BoundingBox",
            remedy="the person stands at the reference point and pushes what is before it: Dimensions length 1.6, "
            "Center x 0.5",
        )  # fmt: skip
    box = BoundingBox((_GRIP + 0.5 * length, actor.box.center[1], 0.5 * height), length, width, height)
    return replace(actor, kind="misc", category="obstacle", model=name, box=box, properties=MappingProxyType({}))
