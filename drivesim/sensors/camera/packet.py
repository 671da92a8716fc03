"""What the camera's passes over a packet of sixteen rays hand to each other, and the numbers they share.

Scratch memory has a row of sixteen lanes for every quantity; rows that belong together (the three parts of a vector or
of a colour) follow each other.

Only the whole kernel is cached on disk: clear ``__pycache__`` after editing one of its passes, Numba does not notice.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.embree import DIR_X, GEOM_ID, MASK, NO_HIT, ORG_X, T_FAR, T_NEAR, TIME
from drivesim.scene.lane_memory import put, row
from drivesim.scene.lanes import inlined, spread
from drivesim.scene.raycast import EVERYONE

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

HALF: Any = np.float32(0.5)
ONE: Any = np.float32(1.0)
TWO: Any = np.float32(2.0)
ZERO: Any = np.float32(0.0)
TINY: Any = np.float32(1e-12)
FAR: Any = np.float32(5000.0)
PER_PI: Any = np.float32(1.0 / math.pi)
FAINT: Any = np.float32(0.01)
UNORM: Any = np.float32(1.0 / 65535.0)

# Real numbers. NORMAL: towards the viewer; COLOUR: albedo; POINT: where, relative to the scene's origin; LAID: texture
# coordinates (first the place in the object's frame); SKY: radiance where nothing was hit; BODY, GLOW: light with and
# without occlusion by near surfaces; POWER: of a light, GAIN: what of it arrives; IMAGE: place in the picture, then a
# direction; SUNNY: light of the sun where nothing shades it; AHEAD: cosine of a ray to its own row's optical axis, of a
# camera that is carried on while its rows are read, and BACK, REST: sine, and 1 less the cosine, of the angle back.
NORMAL, COLOUR, POINT, LAID, SKY, BODY, GLOW, POWER, IMAGE = range(0, 27, 3)
ROUGH, METAL, OPAQUE, LEAF, WETS, ALONG, PER_METRE, VARIES, BIG_U, BIG_V = range(27, 37)
MIRROR, FACING, DIFFUSE, GAIN, DEPTH, SUNNY = range(37, 43)
AHEAD, BACK, REST = 45, 46, 47
SCRATCH = 48

# Whole numbers: where a result goes, what was hit; HIT, INSIDE: -1 for lanes that hit something, that have a pixel;
# SEEN: whether the sun is; CURVED, MOVING: -1 where vertex normals count, where the instance has a transform.
TARGET, TRIANGLE, PART, MATERIAL, PATTERN, GROUP, INSTANCE, SEMANTIC, HIT, INSIDE, SEEN, CURVED, MOVING = range(13)
WHOLE_SCRATCH = 13


@inlined
def three(memory: Any, first: int) -> Any:
    """Three rows in turn."""
    return row(memory, first), row(memory, first + 1), row(memory, first + 2)


@inlined
def put_three(memory: Any, first: int, x: Any, y: Any, z: Any) -> None:
    """Write three rows in turn."""
    put(memory, first, x)
    put(memory, first + 1, y)
    put(memory, first + 2, z)


@inlined
def ready(packet: Any, near: Any, far: Any, time: Any) -> None:
    """Make a packet's rays ready to be traced to the nearest hit, seeing everything but the ego's own body."""
    put(packet, T_NEAR, near)
    put(packet, T_FAR, far)
    put(packet, TIME, time)
    put(packet, MASK, spread(EVERYONE))
    put(packet, GEOM_ID, spread(NO_HIT))


@inlined
def origin_of(packet: Any) -> Any:
    """Where rays start, three lanes."""
    return three(packet, ORG_X)


@inlined
def direction_of(packet: Any) -> Any:
    """Where rays go, three lanes."""
    return three(packet, DIR_X)
