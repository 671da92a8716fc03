"""A walkable mesh as a file of the Detour library (recastnavigation, tile format 7), which the client's crowd reads.

Layout: that library's public headers (``DetourNavMesh.h``, "dtMeshHeader" and following) and the set of tiles that its
demonstration writes ("MSET", one tile here). Detour's axes are CARLA's x, z, y.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from drivesim.carla_server.navigation.areas import RADIUS, Area, Walkable

I64 = NDArray[np.int64]

_SET_MAGIC, _SET_VERSION = int.from_bytes(b"MSET", "big"), 1
_TILE_MAGIC, _TILE_VERSION = int.from_bytes(b"DNAV", "big"), 7
_HEIGHT, _CLIMB = 1.8, 0.4
"""Of a walker, and of the highest kerb, m."""
_CELLS = 10.0
"""Per metre, of the grid that boxes are rounded to, where 16 bits are enough for the map."""
_FLAGS = {Area.SIDEWALK: 0x02, Area.CROSSWALK: 0x04, Area.ROAD: 0x08}
"""The client's bits for kinds of ground (CARLA's LibCarla, ``nav::SamplePolyFlags``)."""
_LAST_EDGE = 0b010101
"""All three edges of a triangle of the surface are its polygon's own (``DT_DETAIL_EDGE_BOUNDARY``)."""

_POLYGON = np.dtype([
    ("first", "<u4"), ("corners", "<u2", 6), ("beside", "<u2", 6), ("flags", "<u2"), ("count", "u1"), ("area", "u1"),
])  # fmt: skip
_DETAIL = np.dtype([("points", "<u4"), ("triangles", "<u4"), ("extra", "u1"), ("count", "u1"), ("_", "<u2")])
_NODE = np.dtype([("low", "<u2", 3), ("high", "<u2", 3), ("next", "<i4")])
_LINK_SIZE = 12


def packed(mesh: Walkable) -> bytes:
    """The file."""
    points = np.column_stack([mesh.points[:, 0], mesh.points[:, 2], -mesh.points[:, 1]]).astype("<f4")
    low, high = points.min(axis=0) - 1.0, points.max(axis=0) + 1.0
    tile = _tile(points, mesh, low, high)
    bits = max(len(mesh.triangles) - 1, 1).bit_length()
    width, depth = (float(high[axis] - low[axis]) + 1.0 for axis in (0, 2))
    head = struct.pack("<iii3fffii", _SET_MAGIC, _SET_VERSION, 1, *low, width, depth, 1, 1 << bits)
    reference = 1 << bits  # the first life of tile 0
    return head + struct.pack("<Ii", reference, len(tile)) + tile


def neighbours(triangles: I64) -> I64:
    """(T, 3) the triangle beyond each edge, from a corner to the next, counted from 1; 0 for none."""
    beside = np.zeros_like(triangles)
    open_edges: dict[tuple[int, int], tuple[int, int]] = {}
    for number, corners in enumerate(triangles.tolist()):
        for edge in range(3):
            here, there = corners[edge], corners[(edge + 1) % 3]
            other = open_edges.pop((there, here), None)
            if other is None:
                open_edges[here, there] = number, edge
            else:
                beside[number, edge] = other[0] + 1
                beside[other] = number + 1
    return beside


def _tile(points: NDArray[np.float32], mesh: Walkable, low: NDArray[np.float32], high: NDArray[np.float32]) -> bytes:
    count = len(mesh.triangles)
    beside = neighbours(mesh.triangles)
    polygons = np.zeros(count, dtype=_POLYGON)
    polygons["corners"][:, :3], polygons["beside"][:, :3] = mesh.triangles, beside
    polygons["flags"] = np.array([0, *_FLAGS.values()])[mesh.area]
    polygons["count"], polygons["area"] = 3, mesh.area
    details = np.zeros(count, dtype=_DETAIL)
    details["triangles"], details["count"] = np.arange(count), 1
    surface = np.tile(np.array([0, 1, 2, _LAST_EDGE], dtype=np.uint8), (count, 1))
    links = int(np.count_nonzero(beside))
    cells = min(_CELLS, 65_000.0 / float((high - low).max()))
    tree = _tree(points[mesh.triangles], low, cells)
    head = struct.pack(
        "<15i10f", _TILE_MAGIC, _TILE_VERSION, 0, 0, 0, 0, count, len(points), max(links, 1), count, 0, count,
        len(tree), 0, count, _HEIGHT, RADIUS, _CLIMB, *low, *high, cells,
    )  # fmt: skip
    parts = (points, polygons, bytes(max(links, 1) * _LINK_SIZE), details, surface, tree)
    return head + b"".join(part if isinstance(part, bytes) else part.tobytes() for part in parts)


def _tree(corners: NDArray[np.float32], low: NDArray[np.float32], cells: float) -> NDArray[np.void]:
    """Bounding boxes, each before what it holds; a leaf says its polygon, the others how many follow with them."""
    scaled = (corners - low) * cells
    lows, highs = np.floor(scaled.min(axis=1)).astype(int), np.ceil(scaled.max(axis=1)).astype(int)
    nodes = np.zeros(2 * len(corners) - 1, dtype=_NODE)
    middle = lows + highs
    used = 0
    waiting: list[tuple[I64 | None, int]] = [(np.arange(len(corners)), 0)]
    while waiting:
        members, node = waiting.pop()
        if members is None:  # everything below it has been written
            nodes["next"][node] = -(used - node)
            continue
        node, used = used, used + 1
        nodes["low"][node], nodes["high"][node] = lows[members].min(axis=0), highs[members].max(axis=0)
        if len(members) == 1:
            nodes["next"][node] = members[0]
            continue
        axis = int(np.argmax(np.ptp(middle[members], axis=0)))
        order = members[np.argsort(middle[members, axis], kind="stable")]
        half = len(order) // 2
        waiting += [(None, node), (order[half:], 0), (order[:half], 0)]
    return nodes
