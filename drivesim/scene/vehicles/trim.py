"""Small parts of cars that show from near: plates, the tailgate's seams, rear wiper, reflectors, high brake lamp."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.scene.vehicles.assembly import BLACK, BRAKE_LAMP, GAP, PLATE, REFLECTOR, Assembly, Finish
from drivesim.scene.vehicles.shapes import Shape, box, grid, join, rounded_box, tube
from drivesim.scene.vehicles.shell import LEVELS, Lattice, Shell

F64 = NDArray[np.float64]

_INK = Finish(MaterialId.NUMBER_PLATE, (0.02, 0.02, 0.02))
_BAND = Finish(MaterialId.NUMBER_PLATE, (0.01, 0.04, 0.22))
_PLATE = (0.012, 0.52, 0.11)
"""Depth, width and height of a European plate, m (Directive 70/222/EEC leaves room for 520 x 120 mm)."""
_GLYPH, _WIDE, _STROKE, _APART = 0.075, 0.040, 0.010, 0.0565
"""Height, width and stroke of its characters and from one to the next, m (close to DIN 1451 middle script)."""
_SLOTS = (0, 2, 3, 5, 6, 7)
"""Where characters stand: a letter, two letters, three figures."""
_BARS = (
    (0.0, 1.0, 1.0, 1.0), (1.0, 0.5, 1.0, 1.0), (1.0, 0.0, 1.0, 0.5), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 0.5),
    (0.0, 0.5, 0.0, 1.0), (0.0, 0.5, 1.0, 0.5),
)  # fmt: skip
"""Seven bars that characters are made of, from and to, as shares of width and height."""
_CHARACTERS: tuple[tuple[int, ...], ...] = (
    (0, 1, 2, 4, 5, 6), (3, 4, 5), (0, 4, 5, 6), (1, 2, 4, 5, 6), (1, 2), (0, 1, 6, 4, 3), (0, 1, 6, 2, 3),
    (5, 6, 1, 2), (0, 5, 6, 2, 3), (0, 1, 2),
)  # fmt: skip
"""Which bars: letters such as A, L, F and H, and figures."""
_SEAM, _SEAM_LEVEL = 0.009, 0.335
"""Width of a seam, m, and the level of that between bumper and tailgate."""
_LIFT = 0.003


def add_trim(assembly: Assembly, shell: Shell, draw: np.random.Generator) -> None:
    """All of it; ``draw`` picks what is on the plates."""
    characters = [_CHARACTERS[int(n)] for n in draw.integers(0, len(_CHARACTERS), len(_SLOTS))]
    ahead = shell.sill + 0.40 * (shell.nose_top - shell.sill)
    astern = shell.sill + 0.44 * (shell.tail_top - shell.sill)
    _add_plate(assembly, shell.nose_x(ahead) + 0.008, ahead, 1.0, characters)
    _add_plate(assembly, shell.tail_x(astern) - 0.008, astern, -1.0, characters)
    lower = shell.lower()
    columns = np.arange(len(lower.column), dtype=np.float64)
    seam = float(np.interp(_SEAM_LEVEL, LEVELS, np.arange(len(LEVELS))))
    end = max(x for x in (shell.frame.rear_axle, *shell.arches) if x <= shell.frame.rear_axle) - shell.arch_radius
    behind = columns[shell.frame.front - lower.column * shell.frame.length <= end - 0.02]
    _add_strip(assembly, lower, np.full(len(behind), seam), behind, _SEAM, GAP)
    gate = 0.0 if shell.style.panel else 0.96 * min(shell.style.taillamp[2], 0.75)
    rows = np.concatenate([[seam], np.arange(np.ceil(seam), len(LEVELS) - 1)])
    _add_strip(assembly, lower, rows, np.full(len(rows), np.round(_column(shell, lower, gate))), _SEAM, GAP)
    low = float(np.interp(0.2, LEVELS, np.arange(len(LEVELS))))
    across = np.unique(np.round([_column(shell, lower, share) for share in (0.70, 0.58)]))
    _add_strip(assembly, lower, np.full(len(across), low), across, 0.03, REFLECTOR)
    window, _ = shell.greenhouse(lower.points[-1])
    _add_high_lamp(assembly, window)
    if shell.style.rear_glass and not shell.style.panel and shell.style.back > 0.95:
        _add_wiper(assembly, window)
    if not shell.style.panel:
        handle = rounded_box((0.035, 0.58, 0.04), 0.012, 2)
        assembly.add(handle.moved((shell.tail_x(astern + 0.085) - 0.004, 0.0, astern + 0.085)), BLACK)


def _column(shell: Shell, lower: Lattice, share: float) -> float:
    """Which column of the side, counted in fractions, lies at a share of the half width in the tail."""
    place = float(shell.plan_share(share, tail=True))
    return float(np.interp(place, lower.column, np.arange(len(lower.column))))


def _add_plate(assembly: Assembly, x: float, z: float, way: float, characters: list[tuple[int, ...]]) -> None:
    """A plate that faces ``way`` along x."""
    depth, wide, high = _PLATE
    assembly.add(box((depth - 0.002, wide + 0.024, high + 0.022)).moved((x - 0.003 * way, 0.0, z)), BLACK)
    assembly.add(box(_PLATE).moved((x, 0.0, z)), PLATE)
    face = x + way * (0.5 * depth + 0.0006)
    left = 0.5 * wide - 0.062
    bars = []
    for slot, character in zip(_SLOTS, characters, strict=True):
        for number in character:
            u0, v0, u1, v1 = _BARS[number]
            start, low = left - slot * _APART, -0.5 * _GLYPH
            bars.append((start - u0 * _WIDE, start - u1 * _WIDE - _STROKE, low + v0 * (_GLYPH - _STROKE),
                         low + v1 * (_GLYPH - _STROKE) + _STROKE))  # fmt: skip
    assembly.add(_labels(bars, face, z, way), _INK)
    band = (0.5 * wide - 0.003, 0.5 * wide - 0.042, -0.5 * high + 0.004, 0.5 * high - 0.004)
    assembly.add(_labels([band], face, z, way), _BAND)


def _labels(bars: list[tuple[float, float, float, float]], x: float, z: float, way: float) -> Shape:
    """Flat rectangles on a plate, each from its reader's left to right and from low to high, m from its middle."""
    shapes = []
    for left, right, low, high in bars:
        y0, y1 = -way * left, -way * right  # who reads it sees y the other way round from either side
        corners = np.array([[(x, y0, z + low), (x, y1, z + low)], [(x, y0, z + high), (x, y1, z + high)]])
        shapes.append(grid(corners))
    return join(shapes)


def _add_strip(assembly: Assembly, side: Lattice, rows: F64, columns: F64, width: float, finish: Finish) -> None:
    """A strip along a path over the body's side, in fractional rows and columns, and its mirror image.

    Lines of the lattice are the only ones that lie in the body wherever its cells are twisted: columns are whole.
    """
    middle, outward = side.at(rows, columns), side.across(rows, columns)
    along = np.gradient(middle, axis=0)
    aside = np.cross(outward, along)
    aside *= 0.5 * width / np.linalg.norm(aside, axis=1, keepdims=True)
    points = np.stack([middle - aside, middle + aside]) + _LIFT * outward
    points[..., 1] = np.maximum(points[..., 1], 0.0)
    shape = grid(points)
    assembly.add_both(shape, finish)


def _add_high_lamp(assembly: Assembly, window: Lattice) -> None:
    """The third brake lamp, in the middle of the rear window's upper frame."""
    row, column = (
        np.array([np.interp(0.957, window.row, np.arange(len(window.row)))]),
        np.array([len(window.column) - 1.0]),
    )
    place = window.at(row, column)[0] - (0.004, 0.0, 0.0)
    assembly.add(rounded_box((0.02, 0.30, 0.018), 0.006, 1).moved(place), BRAKE_LAMP)


def _add_wiper(assembly: Assembly, window: Lattice) -> None:
    """A blade at rest on the rear window, on one side of its middle."""
    columns = np.interp([3.0, 2.72, 2.42], window.column, np.arange(len(window.column)))
    path = window.at(np.array([1.2, 2.6, 3.1]), columns) - (0.014, 0.0, -0.006)
    assembly.add(tube([tuple(point) for point in path], 0.009, 5), GAP)
