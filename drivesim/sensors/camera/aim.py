"""Which ray belongs to which pixel: tiles of 4 x 4 pixels, or single samples of some."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivesim.scene.embree import DIR_X, GEOM_ID, LANES, MASK, NO_HIT, ORG_X, T_FAR, T_NEAR, TIME
from drivesim.scene.lane_memory import put, row
from drivesim.scene.lanes import all_of, highest, inlined, lowest, spread, sqrt
from drivesim.scene.raycast import EVERYONE
from drivesim.sensors.camera.gaze import AT_ONCE
from drivesim.sensors.camera.packet import (
    AHEAD,
    BACK,
    F32,
    FAR,
    HALF,
    I32,
    IMAGE,
    INSIDE,
    ONE,
    REST,
    TARGET,
    TINY,
    ZERO,
    three,
)

_NEAR: Any = np.float32(0.05)
"""Rays start this far from the camera, m."""
_SIXTH, _PER_24, _PER_120, _PER_720 = (np.float32(1.0 / n) for n in (6, 24, 120, 720))
_IN_TILE = np.array([[lane & 3 for lane in range(LANES)], [lane >> 2 for lane in range(LANES)]], dtype=np.float32)
"""Pixels of a tile, across and down."""


@inlined
def prepare(packet: F32, camera: F32) -> None:
    """What all rays of an image have in common, where the camera stays; tracing leaves it as it is."""
    for axis in range(3):
        put(packet, ORG_X + axis, spread(camera[axis, 3]))
    put(packet, T_NEAR, spread(_NEAR))
    put(packet, MASK, spread(EVERYONE))


@inlined
def aim(
    packet: F32, valid: I32, s: F32, k: I32, left: int, top: int, pixels: F32, rows: I32, camera: F32, lens: F32,
    times: Any, width: int,
) -> int:  # fmt: skip
    """Make a packet of rays ready that was prepared.

    Args:
        s, k: scratch memory; left, top: first pixel of the packet's tile, or (left) the first of its samples; the
            others as for the kernel.

    Returns:
        the upper left pixel of a tile that lies in the image whole; else -1, and the lanes' pixels are in ``k``.
    """
    height = int(camera[4, 1])
    first = -1
    if len(rows) == 0:
        x = row(_IN_TILE, 0) + np.float32(left) + HALF
        y = row(_IN_TILE, 1) + np.float32(top) + HALF
        inside = (x < np.float32(width)) & (y < np.float32(height))
        put(k, INSIDE, inside)
        put(valid, 0, inside)
        if all_of(inside):
            first = top * width + left
        else:
            for lane in range(LANES):
                k[TARGET, lane] = (top + (lane >> 2)) * width + left + (lane & 3)
    else:
        for lane in range(LANES):
            sample = min(left + lane, len(rows) - 1)
            k[INSIDE, lane] = -1 if left + lane < len(rows) else 0
            valid[lane] = k[INSIDE, lane]
            k[TARGET, lane] = rows[sample]
            s[IMAGE, lane], s[IMAGE + 1, lane] = pixels[sample, 0], pixels[sample, 1]
        x, y = row(s, IMAGE), row(s, IMAGE + 1)
    cx, cy = (x - camera[3, 2]) * (ONE / camera[3, 0]), (y - camera[3, 3]) * (ONE / camera[3, 1])
    cz = spread(ONE)
    if len(lens) > 0:
        put(s, IMAGE, x)
        put(s, IMAGE + 1, y)
        _through(lens, s, valid, width, height)
        cx, cy, cz = three(s, IMAGE)
    scale = ONE / sqrt(highest(cx * cx + cy * cy + cz * cz, TINY))
    for axis in range(3):
        ahead = camera[axis, 0] * cx + camera[axis, 1] * cy + camera[axis, 2] * cz
        put(packet, DIR_X + axis, ahead * scale)
    if len(camera) > AT_ONCE:
        _carry(packet, s, camera, cx, cy, cz, scale, y)
    span = (times[1] - times[0]) / np.float32(height)
    put(packet, TIME, lowest(highest(times[0] + span * y, ZERO), ONE))
    put(packet, T_FAR, spread(FAR))
    put(packet, GEOM_ID, spread(NO_HIT))
    return first


@inlined
def _carry(packet: F32, s: F32, camera: F32, cx: Any, cy: Any, cz: Any, scale: Any, y: Any) -> None:
    """Move and turn rays back to where the camera was when their rows ``y`` were read, by the table of
    :meth:`~drivesim.sensors.camera.gaze.Gaze.table`. The series of sine and cosine hold to 1e-6 up to half a radian."""
    back = ONE - y * (ONE / camera[4, 1])
    angle = back * camera[8, 3]
    square = angle * angle
    sine = angle * (ONE - square * (_SIXTH - square * _PER_120))
    rest = square * (HALF - square * (_PER_24 - square * _PER_720))
    for axis in range(3):
        turned = sine * (camera[5 + axis, 0] * cx + camera[5 + axis, 1] * cy + camera[5 + axis, 2] * cz)
        turned += rest * (camera[8 + axis, 0] * cx + camera[8 + axis, 1] * cy + camera[8 + axis, 2] * cz)
        put(packet, DIR_X + axis, row(packet, DIR_X + axis) + turned * scale)
        put(packet, ORG_X + axis, spread(camera[axis, 3]) + back * camera[5 + axis, 3])
    put(s, AHEAD, cz * scale)
    put(s, BACK, sine)
    put(s, REST, rest)


@inlined
def _through(lens: F32, s: F32, valid: I32, width: int, height: int) -> None:
    """Replace places in the image by directions from a table of them at pixel corners; lanes outside of the image
    circle go off."""
    for lane in range(LANES):
        x, y = s[IMAGE, lane], s[IMAGE + 1, lane]
        column, line = min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1)
        a, b = x - np.float32(column), y - np.float32(line)
        w00, w10, w01, w11 = (ONE - a) * (ONE - b), a * (ONE - b), (ONE - a) * b, a * b
        square = ZERO
        for axis in range(3):
            ahead = w00 * lens[line, column, axis] + w10 * lens[line, column + 1, axis]
            ahead += w01 * lens[line + 1, column, axis] + w11 * lens[line + 1, column + 1, axis]
            s[IMAGE + axis, lane] = ahead
            square += ahead * ahead
        if valid[lane] != 0 and square < np.float32(0.9):
            valid[lane] = 0
