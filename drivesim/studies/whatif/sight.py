"""Whether a straight line from a sensor to a target's middle is free, seen from above."""

from __future__ import annotations

import math

import numpy as np

from drivesim.types import F64, Actor, WorldState


def line_of_sight(state: WorldState, actors: tuple[Actor, ...], ego: int, target: int, mount: F64) -> bool:
    """Whether nothing that moves or is parked as an actor stands between a sensor and the target's middle.

    Args:
        mount: (3,) the sensor in the ego frame. An obstacle counts where the line meets its box below its top.
    """
    start = state.pose(ego).apply(mount)
    middle = state.pose(target).apply(np.array(actors[target].box.center))
    for actor in actors:
        if actor.index in (ego, target) or not state.present[0, actor.index]:
            continue
        into = state.pose(actor.index).inverse()
        a, b = into.apply(start) - actor.box.center, into.apply(middle) - actor.box.center
        half = np.array([actor.box.length, actor.box.width, actor.box.height]) / 2
        if _meets(a, b, half):
            return False
    return True


def _meets(a: F64, b: F64, half: F64) -> bool:
    """Whether the segment from a to b passes through a box about the origin (slabs)."""
    enter, leave = 0.0, 1.0
    for start, end, size in zip(a, b, half, strict=True):
        step = end - start
        if abs(step) < 1e-12:
            if abs(start) > size:
                return False
            continue
        t0, t1 = sorted(((-size - start) / step, (size - start) / step))
        enter, leave = max(enter, t0), min(leave, t1)
    return not math.isclose(enter, leave) and enter < leave
