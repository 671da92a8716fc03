"""Where the air behind moving vehicles is that carries what their wheels throw up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drivesim.types import Actor, WorldState

F64 = NDArray[np.float64]

_SLOWEST = 3.0
"""m/s below which tyres throw nothing up that stays in the air."""

WAKE_COLUMNS = 10
NO_WAKES = np.zeros((0, WAKE_COLUMNS))
"""Rows of :func:`wakes` where nobody drives."""


def wakes(actors: Sequence[Actor], state: WorldState) -> F64:
    """(K, 10) float64 for K moving vehicles: middle of the rear end on the ground (3, world frame, m), unit direction
    backwards along the way (3), width and height of the body, m, speed, m/s, and how many tyre tracks it leaves."""
    rows = []
    for actor in actors:
        speed = float(state.speed[0, actor.index])
        if actor.kind != "vehicle" or not state.present[0, actor.index] or abs(speed) < _SLOWEST:
            continue
        pose, way = state.pose(actor.index), 1.0 if speed > 0.0 else -1.0
        end = (actor.box.center[0] - way * 0.5 * actor.box.length, actor.box.center[1], 0.0)
        tracks = 1 if actor.category in {"bicycle", "motorbike"} else 2
        rows.append(
            [*pose.apply(end), *(-way * pose.rotation[:, 0]), actor.box.width, actor.box.height, abs(speed), tracks]
        )
    return np.array(rows, dtype=np.float64).reshape(-1, WAKE_COLUMNS)
