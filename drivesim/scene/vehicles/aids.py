"""What helps people along: wheelchair, pram, walking frame; x forward, y left, z up, origin on the ground."""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.scene.vehicles.assembly import BLACK, CHROME, RUBBER, STEEL, Assembly, Finish
from drivesim.scene.vehicles.shapes import Shape, grid, join, lathe, ring, rounded_box, tube

_CANVAS = Finish(MaterialId.SYNTHETIC, linear_rgb("#23262b"))
_CUSHION = Finish(MaterialId.SYNTHETIC, linear_rgb("#15171a"))
_FRAME = Finish(MaterialId.GALVANISED_STEEL, linear_rgb("#55606e"))
_HOOD = Finish(MaterialId.SYNTHETIC, linear_rgb("#3b5a78"))
_LINING = Finish(MaterialId.COTTON, linear_rgb("#c9c2b4"))
_GREY = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#8a8f96"))

CHAIR_SEAT = 0.50
"""Height of a wheelchair's seat, m; the chair is 1.05 m long and 0.66 m wide (DIN EN 12183: at most 1.3 by 0.7 m)."""


def _wheel(radius: float, width: float, spokes: int) -> tuple[Shape, Shape]:
    """Tyre and rim with spokes about the y axis."""
    tyre = ring((0.0, 0.0, 0.0), radius - width / 2, width / 2, 28, 6)
    hub = lathe([(-0.04, 0.0), (-0.04, 0.03), (0.04, 0.03), (0.04, 0.0)], 10)
    angles = np.linspace(0.0, 2.0 * np.pi, spokes, endpoint=False)
    ends = np.column_stack([np.cos(angles), 0.0 * angles, np.sin(angles)])
    fan = [
        tube([0.02 * end + (0, 0.02 * (-1) ** i, 0), (radius - width) * end], 0.0022, 4) for i, end in enumerate(ends)
    ]
    rim = ring((0.0, 0.0, 0.0), radius - 1.15 * width, 0.3 * width, 28, 6)
    return tyre, join([hub, rim, *fan])


def wheelchair(assembly: Assembly) -> None:
    """A manual chair: big wheels with hand rims behind, castors and foot plates before."""
    seat = CHAIR_SEAT
    for side in (1.0, -1.0):
        tyre, spokes = _wheel(0.305, 0.028, 16)
        for shape, finish in ((tyre, RUBBER), (spokes, CHROME)):
            assembly.add(shape.moved((-0.13, side * 0.29, 0.305)), finish)
        assembly.add(ring((-0.13, side * 0.325, 0.305), 0.26, 0.009, 28, 6), CHROME)
        castor, disc = _wheel(0.085, 0.03, 5)
        for shape, finish in ((castor, RUBBER), (disc, _GREY)):
            assembly.add(shape.moved((0.27, side * 0.235, 0.085)), finish)
        y = side * 0.225
        back = [(-0.24, y, 0.30), (-0.27, y, 0.70), (-0.29, y, 0.93), (-0.42, y, 0.95)]
        assembly.add(tube(back, 0.012, 8), _FRAME)
        assembly.add(tube([(-0.33, y, 0.94), (-0.43, y, 0.95)], 0.017, 8), RUBBER)
        assembly.add(
            tube([(-0.25, y, seat - 0.04), (0.24, y, seat - 0.04), (0.34, y, 0.36), (0.40, y, 0.17)], 0.012, 8), _FRAME
        )
        assembly.add(tube([(-0.24, y, 0.30), (0.18, y, 0.30), (0.27, side * 0.235, 0.17)], 0.011, 8), _FRAME)
        assembly.add(rounded_box((0.34, 0.055, 0.035), 0.015, 2).moved((-0.05, side * 0.245, seat + 0.20)), _CUSHION)
        assembly.add(rounded_box((0.36, 0.012, 0.19), 0.005, 1).moved((-0.05, side * 0.235, seat + 0.09)), _CANVAS)
        assembly.add(rounded_box((0.17, 0.14, 0.018), 0.008, 1).moved((0.45, side * 0.11, 0.13)), BLACK)
    assembly.add(rounded_box((0.42, 0.43, 0.055), 0.02, 2).moved((0.0, 0.0, seat - 0.02)), _CUSHION)
    assembly.add(rounded_box((0.02, 0.43, 0.38), 0.008, 2).turned(1, -0.06).moved((-0.265, 0.0, 0.72)), _CANVAS)
    for a, b in ((1.0, -1.0), (-1.0, 1.0)):
        assembly.add(tube([(-0.05, a * 0.22, 0.30), (-0.05, b * 0.22, seat - 0.05)], 0.010, 8), _FRAME)


def pram(assembly: Assembly) -> None:
    """A pram: carry-cot with a hood, four wheels, a bar to push, a basket below."""
    for x, radius in ((0.33, 0.13), (-0.27, 0.15)):
        for side in (1.0, -1.0):
            tyre, spokes = _wheel(radius, 0.04, 8)
            for shape, finish in ((tyre, RUBBER), (spokes, _GREY)):
                assembly.add(shape.moved((x, side * 0.26, radius)), finish)
        assembly.add(tube([(x, 0.26, radius), (x, -0.26, radius)], 0.011, 8), STEEL)
    for side in (1.0, -1.0):
        y = side * 0.22
        assembly.add(tube([(0.33, y, 0.14), (-0.05, y, 0.50), (-0.36, y, 0.86), (-0.50, y, 1.02)], 0.013, 8), _FRAME)
        assembly.add(tube([(-0.27, y, 0.16), (0.02, y, 0.46), (0.16, y, 0.56)], 0.013, 8), _FRAME)
    assembly.add(tube([(-0.50, 0.23, 1.02), (-0.52, 0.0, 1.03), (-0.50, -0.23, 1.02)], 0.017, 8), RUBBER)
    assembly.add(_cot().moved((0.06, 0.0, 0.0)), _HOOD)
    assembly.add(rounded_box((0.68, 0.34, 0.06), 0.03, 2).moved((0.06, 0.0, 0.755)), _LINING)
    assembly.add(_hood().moved((-0.12, 0.0, 0.76)), _HOOD)
    assembly.add(rounded_box((0.46, 0.38, 0.15), 0.04, 2).moved((0.0, 0.0, 0.29)), _CANVAS)


def _cot() -> Shape:
    """A tub, 0.82 m by 0.40 m, 0.24 m deep, narrower below, open above."""
    rings = []
    for z, share in ((0.53, 0.72), (0.56, 0.85), (0.64, 0.95), (0.76, 1.0), (0.78, 0.97), (0.74, 0.93)):
        angle = np.linspace(0.0, 2.0 * np.pi, 28, endpoint=False)
        c, s = np.cos(angle), np.sin(angle)
        x, y = np.sign(c) * np.abs(c) ** 0.5, np.sign(s) * np.abs(s) ** 0.5
        rings.append(np.column_stack([0.41 * share * x, 0.20 * share * y, np.full(28, z)]))
    bottom = np.tile((0.0, 0.0, 0.53), (28, 1))
    return grid([bottom, *rings], wrap=True)


def _hood() -> Shape:
    """A folding hood: a quarter of an ellipsoid with ribs that opens forward."""
    rows = []
    for lift in np.linspace(0.0, 0.62 * np.pi, 8):
        across = np.linspace(0.0, np.pi, 15)
        bulge = 1.0 + 0.02 * np.cos(8.0 * lift)
        radius = 0.33 * bulge * np.sin(across) + 1e-3
        x, z = -radius * np.cos(lift), radius * np.sin(lift)
        rows.append(np.column_stack([x, 0.205 * np.cos(across), z]))
    outer = grid(rows)
    inside = Shape(outer.points * (0.97, 0.98, 0.97), outer.triangles[:, ::-1])
    return join([outer, inside])


def walking_frame(assembly: Assembly) -> None:
    """A rollator: four small wheels, a seat to rest on, brakes on the handles."""
    for x, radius in ((0.28, 0.10), (-0.26, 0.10)):
        for side in (1.0, -1.0):
            tyre, disc = _wheel(radius, 0.035, 5)
            for shape, finish in ((tyre, RUBBER), (disc, _GREY)):
                assembly.add(shape.moved((x, side * 0.27, radius)), finish)
    for side in (1.0, -1.0):
        y = side * 0.25
        assembly.add(tube([(0.28, y, 0.12), (0.10, y, 0.55), (-0.10, y, 0.86)], 0.014, 8), _FRAME)
        assembly.add(tube([(-0.26, y, 0.12), (-0.14, y, 0.50), (0.06, y, 0.62)], 0.014, 8), _FRAME)
        assembly.add(tube([(-0.10, y, 0.86), (-0.14, y, 0.90), (-0.34, y, 0.91)], 0.012, 8), _FRAME)
        assembly.add(tube([(-0.22, y, 0.91), (-0.35, y, 0.91)], 0.018, 8), RUBBER)
        assembly.add(tube([(-0.16, y, 0.875), (-0.28, y, 0.85)], 0.006, 6), BLACK)
    assembly.add(rounded_box((0.24, 0.44, 0.03), 0.012, 2).moved((-0.03, 0.0, 0.60)), _CUSHION)
    assembly.add(rounded_box((0.18, 0.36, 0.20), 0.05, 2).moved((0.14, 0.0, 0.45)), _CANVAS)
    assembly.add(
        tube([(-0.06, 0.25, 0.80), (0.06, 0.12, 0.82), (0.06, -0.12, 0.82), (-0.06, -0.25, 0.80)], 0.010, 8), _FRAME
    )
