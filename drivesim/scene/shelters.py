"""Where the sky does not reach: the insides of tunnels, for cameras."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drivesim.opendrive import RoadNetwork
from drivesim.opendrive.meshing.structures import CLEARANCE, tunnel_axis

F64 = NDArray[np.float64]

LIT_FROM, USUAL = 80.0, 0.5
"""m from which on tunnels are lit by day (RABT 2006), and how much where the map does not say."""

SHELTER_COLUMNS = 12
NO_SHELTERS = np.zeros((0, SHELTER_COLUMNS))
"""Rows of :func:`shelters` where there is no tunnel."""


def shelters(network: RoadNetwork) -> F64:
    """(K, 12) float64, a row for every straight piece of a tunnel, map coordinates: start and end of its floor's middle
    (3 + 3), half width and height, m, distance of its start from the first portal and length of the tunnel, m, and
    shares of full lighting, and of daylight all along."""
    rows = []
    for road in network.roads.values():
        frame = network.frame(road.id)
        for tunnel in road.tunnels:
            axis = tunnel_axis(frame, tunnel)
            if len(axis) < 2:
                continue
            long = axis[-1, 4]
            lighting = tunnel.lighting if tunnel.lighting is not None else USUAL * (long > LIT_FROM)
            rows += [
                [*a[:3], *b[:3], max(a[3], b[3]), CLEARANCE, a[4], long, lighting, tunnel.daylight or 0.0]
                for a, b in pairwise(axis)
            ]
    return np.array(rows, dtype=np.float64).reshape(-1, SHELTER_COLUMNS)
