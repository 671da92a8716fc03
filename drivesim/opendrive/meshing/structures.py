"""Tunnels and bridges of a map as solids along their roads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.opendrive.meshing.builder import GRASS, Builder, Look, Points, lane_look
from drivesim.opendrive.meshing.lanes import stations
from drivesim.opendrive.model import Structure
from drivesim.opendrive.network import RoadNetwork
from drivesim.opendrive.road import RoadFrame
from drivesim.taxonomy import Tag

CLEARANCE = 4.5
"""Free height over the lanes of a tunnel, m (RABT 2006: "lichte Höhe")."""
WALKWAY = 1.0
"""Between the outermost lanes of a tunnel and its walls, m: the emergency walkway's width (RABT 2006)."""
SHELL = 0.5
"""Thickness of a tunnel's walls and roof, m; assumed."""
DECK = 1.2
"""Thickness of a bridge's deck, m; assumed: a twentieth of common spans."""

_LINING = Look(MaterialId.CONCRETE, Tag.WALL, (0.35, 0.34, 0.33))
_DECKS = {
    "steel": Look(MaterialId.GALVANISED_STEEL, Tag.BRIDGE, (0.30, 0.32, 0.33)),
    "brick": Look(MaterialId.BRICK, Tag.BRIDGE, (0.32, 0.14, 0.09)),
    "wood": Look(MaterialId.WOOD, Tag.BRIDGE, (0.25, 0.17, 0.10)),
}
_CONCRETE = Look(MaterialId.CONCRETE, Tag.BRIDGE, (0.38, 0.37, 0.36))


def structures_mesh(network: RoadNetwork, *, step: float = 2.0) -> Mesh:
    """Linings of tunnels and decks of bridges, in map coordinates; apart from the roads, which they hide from above.

    Args:
        step: longest distance between cross-sections, m.
    """
    builder = Builder()
    for road in network.roads.values():
        frame = network.frame(road.id)
        for tunnel in road.tunnels:
            _tunnel(builder, frame, tunnel, step)
        for bridge in road.bridges:
            _bridge(builder, frame, bridge, step)
    return builder.mesh()


def _tunnel(builder: Builder, frame: RoadFrame, tunnel: Structure, step: float) -> None:
    rows = _edges(frame, tunnel, step, paved=True)
    if not rows:
        return
    inner = _ring(frame, rows, WALKWAY, 0.0, CLEARANCE)
    outer = _ring(frame, rows, WALKWAY + SHELL, 0.0, CLEARANCE + SHELL)
    for (a, b), (far_a, far_b) in zip(pairwise(inner), pairwise(outer), strict=True):
        builder.band(_LINING, b, a)  # seen from inside
        builder.band(_LINING, far_a, far_b)
        for end, first in ((0, True), (-1, False)):
            face = np.stack([far_a[end], a[end], b[end], far_b[end]])
            _face(builder, _LINING, face if first else face[::-1])


def tunnel_axis(frame: RoadFrame, tunnel: Structure, *, step: float = 5.0) -> NDArray[np.float64]:
    """(N, 5) along a tunnel: middle of its floor (3), map coordinates, half its inner width, way from its start, m."""
    rows = _edges(frame, tunnel, step, paved=True)
    out = np.empty((len(rows), 5))
    for number, (s, left, right) in enumerate(rows):
        middle = frame.point(s, 0.5 * (left + right), 0.0)
        out[number] = middle.x, middle.y, middle.z, 0.5 * (left - right) + WALKWAY, s - rows[0][0]
    return out


def _bridge(builder: Builder, frame: RoadFrame, bridge: Structure, step: float) -> None:
    look, rows = _DECKS.get(bridge.type, _CONCRETE), _edges(frame, bridge, step)
    if not rows:
        return
    ring = _ring(frame, rows, 0.0, 0.0, -DECK)
    for a, b in pairwise(ring):
        builder.band(look, b, a)
    for end, first in ((0, True), (-1, False)):
        face = np.stack([chain[end] for chain in ring])
        _face(builder, look, face if first else face[::-1])


def _edges(
    frame: RoadFrame, structure: Structure, step: float, *, paved: bool = False
) -> list[tuple[float, float, float]]:  # fmt: skip
    """s and t of the left and right edge of the lanes, all along a structure; nothing beyond the road's ends.

    Args:
        paved: leave out the verges beside the paved lanes.
    """
    begin, end = max(structure.s, 0.0), min(structure.s + structure.length, frame.length)
    if end - begin < 1e-3:
        return []
    at = {begin, end}
    for section in frame.sections:
        at.update(s for s in stations(frame, section, step) if begin < s < end)
    rows = []
    for s in sorted(at):
        section, offset = frame.section(s), frame.offset.at(s)
        edges = []
        for is_left in (True, False):
            lanes = [(lane, outer) for lane, _, outer in section.side(s, is_left, offset)]
            kept = [t for lane, t in lanes if not paved or lane_look(section.lanes[lane].type) is not GRASS]
            edges.append(kept[-1] if kept else offset)
        rows.append((s, edges[0], edges[1]))
    return rows


def _ring(
    frame: RoadFrame, rows: list[tuple[float, float, float]], beside: float, low: float, high: float
) -> list[Points]:  # fmt: skip
    """Chains of points (N, 3) along a structure: left foot, left top, right top, right foot; heights over the lanes."""
    corners = ((1, beside, low), (1, beside, high), (2, -beside, high), (2, -beside, low))
    chains = []
    for side, more, h in corners:
        points = [frame.point(row[0], row[side] + more, h) for row in rows]
        chains.append(np.array([(p.x, p.y, p.z) for p in points]).reshape(-1, 3))
    return chains


def _face(builder: Builder, look: Look, corners: Points) -> None:
    """A quadrilateral, counter-clockwise from where it is seen."""
    builder.add(look, corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32))
