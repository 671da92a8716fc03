"""Boxes by the cell of a grid that they reach into: a point finds those near it without asking all."""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_CELL = 25.0
"""Shortest side of a cell, m: a few chords of a street."""
_CELLS_A_BOX = 4.0
"""Most cells for each box, so that a long road across an empty plain needs no more than a dense town."""


def grid_of(boxes: F64, margin: float) -> tuple[F64, I64, I64]:
    """A grid over boxes (N, 4) x0, y0, x1, y1, each widened by ``margin``.

    Returns:
        x and y of its corner, side of a cell, columns and rows; per cell the first of its entries in the next
        table, and one more for the end; the boxes of each cell, ascending.
    """
    x0, y0 = boxes[:, :2].min(axis=0) - margin
    x1, y1 = boxes[:, 2:].max(axis=0) + margin
    side = max(_CELL, math.sqrt((x1 - x0) * (y1 - y0) / (_CELLS_A_BOX * len(boxes))))
    columns, rows = int((x1 - x0) / side) + 1, int((y1 - y0) / side) + 1
    frame = np.array((x0, y0, side, columns, rows), dtype=np.float64)
    return frame, *_filled(boxes, margin, frame)


@nb.njit(cache=True)
def _filled(boxes: Any, margin: float, frame: Any) -> tuple[Any, Any]:
    x, y, side, columns, rows = frame[0], frame[1], frame[2], int(frame[3]), int(frame[4])
    first = np.zeros(columns * rows + 1, np.int64)
    entries = np.empty(0, np.int64)
    for fills in (False, True):
        for b in range(boxes.shape[0]):
            left, right = int((boxes[b, 0] - margin - x) / side), int((boxes[b, 2] + margin - x) / side)
            low, high = int((boxes[b, 1] - margin - y) / side), int((boxes[b, 3] + margin - y) / side)
            for row in range(max(low, 0), min(high, rows - 1) + 1):
                for column in range(max(left, 0), min(right, columns - 1) + 1):
                    cell = row * columns + column
                    if fills:
                        entries[first[cell]] = b
                        first[cell] += 1
                    else:
                        first[cell + 1] += 1
        if not fills:
            for cell in range(columns * rows):
                first[cell + 1] += first[cell]
            entries = np.empty(first[-1], np.int64)
    for cell in range(columns * rows, 0, -1):  # filling has moved every beginning to its end
        first[cell] = first[cell - 1]
    first[0] = 0
    return first, entries


@nb.njit(cache=True)
def cell_at(frame: Any, x: float, y: float) -> int:
    """The cell that holds a point; -1 outside the grid."""
    column, row = math.floor((x - frame[0]) / frame[2]), math.floor((y - frame[1]) / frame[2])
    if column < 0 or row < 0 or column >= frame[3] or row >= frame[4]:
        return -1
    return int(row * int(frame[3]) + column)
