"""Procedural surface textures: tileable colour modulations with mipmaps, made once per process.

Each is a square of ``SIZE`` texels, four bytes each; a byte of 128 leaves the surface's albedo as it is. Random
fields come from filtered noise in the frequency domain, which tiles by construction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.cache import cached
from drivesim.materials import Texture
from drivesim.scene.lane_memory import gather
from drivesim.scene.lanes import floor, inlined, real, spread, whole
from drivesim.streams import stream

F64 = NDArray[np.float64]

SIZE = 512
LEVELS = 10
VARIATION = len(Texture)
"""Index of the large-scale variation that breaks the repetition of all others."""

STRIDE = (4 * SIZE * SIZE - 1) // 3 + 1
"""Texels of one texture with its mip levels."""

_OFFSETS = np.cumsum([0, *((SIZE >> level) ** 2 for level in range(LEVELS - 1))])


class TextureTable(NamedTuple):
    """Textures for kernels.

    Attributes:
        texels: (K * STRIDE,) uint32, one texture after the other, each with its mip levels; red in the low byte.
        scale: (K,) float32, tiles per metre.
        variation: (K,) float32, strength of the large-scale variation.
        along: (K,) uint8, 1 where walls take the direction along the wall (courses stay level and unsheared).
    """

    texels: NDArray[np.uint32]
    scale: NDArray[np.float32]
    variation: NDArray[np.float32]
    along: NDArray[np.uint8]


@nb.njit(error_model="numpy", inline="always")
def _corners(u: Any, v: Any, kind: Any, level: Any) -> tuple[Any, ...]:
    """Four texel places and their weights of 256 for a bilinear look-up at tile coordinates. No branches: runs in
    vector instructions, and even coordinates that are not numbers stay within the texture."""
    size = np.int64(SIZE) >> level
    offset = kind * STRIDE + (4 * SIZE * SIZE - 4 * size * size) // 3
    x = (u - np.float32(math.floor(u))) * np.float32(size)
    y = (v - np.float32(math.floor(v))) * np.float32(size)
    i, j = np.int64(x), np.int64(y)
    a, b = np.int64((x - np.float32(i)) * np.float32(256.0)), np.int64((y - np.float32(j)) * np.float32(256.0))
    w11 = (a * b) >> 8
    i0, j0 = i & (size - 1), (j & (size - 1)) * size + offset
    i1, j1 = (i + 1) & (size - 1), ((j + 1) & (size - 1)) * size + offset
    return (
        np.uint64(j0 + i0), np.uint64(j0 + i1), np.uint64(j1 + i0), np.uint64(j1 + i1),
        256 - a - b + w11, a - w11, b - w11, w11,
    )  # fmt: skip


@nb.njit(error_model="numpy", inline="always")
def texel_green(texels: Any, kind: Any, u: Any, v: Any, level: Any) -> Any:
    """The green factor of :func:`texel` alone: grey textures need no more."""
    p00, p10, p01, p11, w00, w10, w01, w11 = _corners(u, v, kind, level)
    low = ((np.int64(texels[p00]) >> 8) & 255) * w00 + ((np.int64(texels[p10]) >> 8) & 255) * w10
    high = ((np.int64(texels[p01]) >> 8) & 255) * w01 + ((np.int64(texels[p11]) >> 8) & 255) * w11
    return np.float32(low + high) * np.float32(1.0 / (128.0 * 256.0))


@inlined
def texels_at(texels: Any, kind: Any, u: Any, v: Any, level: Any) -> tuple[Any, Any, Any]:
    """Bilinear colour factors of lanes of textures at tile coordinates on mip levels, 8 bit weights; even coordinates
    that are not numbers stay within the texture."""
    size = spread(SIZE) >> level
    start = kind * STRIDE + (4 * SIZE * SIZE - size * size * 4) // 3
    x, y = (u - floor(u)) * real(size), (v - floor(v)) * real(size)
    i, j = whole(x), whole(y)
    a, b = whole((x - real(i)) * np.float32(256.0)), whole((y - real(j)) * np.float32(256.0))
    w11 = (a * b) >> 8
    w10, w01, w00 = a - w11, b - w11, 256 - a - b + w11
    i0, i1 = i & (size - 1), (i + 1) & (size - 1)
    j0, j1 = (j & (size - 1)) * size + start, ((j + 1) & (size - 1)) * size + start
    t00, t10, t01, t11 = (
        gather(texels, j0 + i0), gather(texels, j0 + i1), gather(texels, j1 + i0), gather(texels, j1 + i1),
    )  # fmt: skip
    outer = (t00 & 0xFF00FF) * w00 + (t10 & 0xFF00FF) * w10 + (t01 & 0xFF00FF) * w01 + (t11 & 0xFF00FF) * w11
    inner = ((t00 >> 8) & 255) * w00 + ((t10 >> 8) & 255) * w10 + ((t01 >> 8) & 255) * w01 + ((t11 >> 8) & 255) * w11
    unit = np.float32(1.0 / (128.0 * 256.0))
    return real(outer & 0xFFFF) * unit, real(inner) * unit, real(outer >> 16) * unit


@inlined
def nearest_texels(texels: Any, kind: Any, u: Any, v: Any, level: Any) -> Any:
    """The green factor of the nearest texels: enough for what is smooth over several."""
    size = spread(SIZE) >> level
    start = kind * STRIDE + (4 * SIZE * SIZE - size * size * 4) // 3
    i, j = whole((u - floor(u)) * real(size)) & (size - 1), whole((v - floor(v)) * real(size)) & (size - 1)
    return real((gather(texels, j * size + start + i) >> 8) & 255) * np.float32(1.0 / 128.0)


def field(name: str, exponent: float, low: float = 1.0, high: float = SIZE / 2, size: int = SIZE) -> F64:
    """A tileable random field (size, size), zero mean, unit variance, spectrum 1/f^exponent between two frequencies
    (cycles per tile)."""
    white = np.fft.rfft2(stream(0, "texture", name).standard_normal((size, size)))
    fy, fx = np.fft.fftfreq(size)[:, None] * size, np.fft.rfftfreq(size)[None] * size
    radius = np.hypot(fx, fy)
    gain = np.where((radius >= low) & (radius <= high), np.maximum(radius, 1.0) ** (-exponent / 2 - 0.5), 0.0)
    values = np.fft.irfft2(white * gain, s=(size, size))
    return (values - values.mean()) / values.std()


def _grey(values: F64, tint: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> F64:
    return values[..., None] * np.array(tint)


def _ridges(name: str, low: float, high: float, width: float) -> F64:
    """Thin wandering lines (cracks): 1 on a line, 0 away from it."""
    values = field(name, 2.4, low, high)
    return np.exp(-((values / width) ** 2))


def _cells(columns: int, rows: int, gap: float, *, bond: float) -> tuple[F64, NDArray[np.int64]]:
    """Masonry: (joint mask 0..1, cell number) of ``columns`` x ``rows`` blocks, each second row shifted by ``bond``."""
    v, u = np.meshgrid((np.arange(SIZE) + 0.5) / SIZE, (np.arange(SIZE) + 0.5) / SIZE, indexing="ij")
    row = np.floor(v * rows)
    x = (u * columns + bond * (row % 2)) % columns
    column = np.floor(x)
    du = np.minimum(x - column, column + 1 - x) / columns
    dv = np.minimum(v * rows - row, row + 1 - v * rows) / rows
    edge = np.minimum(du, dv)
    return np.clip(1.5 - edge / gap, 0.0, 1.0), (row * columns + column).astype(np.int64)


def _per_cell(name: str, cells: NDArray[np.int64]) -> F64:
    return stream(0, "texture", name).standard_normal(int(cells.max()) + 1)[cells]


def _asphalt() -> F64:
    grain = 1.0 + 0.20 * field("asphalt grain", 0.2, 60) + 0.07 * field("asphalt blotch", 1.6, 1, 40)
    stones = np.clip(field("asphalt stones", 0.3, 90, 220) - 1.6, 0.0, 1.0)
    crack = _ridges("asphalt crack", 1, 24, 0.018) * np.clip(field("asphalt crack place", 2.5, 1, 4), 0.0, 1.0)
    return _grey((grain + 0.5 * stones) * (1.0 - 0.45 * crack), (1.0, 0.995, 0.985))


def _concrete() -> F64:
    return _grey(
        1.0 + 0.05 * field("concrete fine", 0.6, 30) + 0.07 * field("concrete stain", 2.2, 1, 30), (1, 0.99, 0.97)
    )


def _paving() -> F64:
    joint, cells = _cells(6, 6, 0.0022, bond=0.5)
    slab = 1.0 + 0.055 * _per_cell("paving slab", cells) + 0.06 * field("paving fine", 0.5, 40)
    slab += 0.05 * field("paving stain", 2.0, 1, 20)
    return _grey(slab * (1.0 - 0.45 * joint))


def _grass() -> F64:
    blades, patches = field("grass blades", 0.5, 40), field("grass patches", 2.0, 1, 30)
    value = 1.0 + 0.30 * blades + 0.14 * patches
    dry = np.clip(0.5 + 0.35 * field("grass dry", 2.0, 1, 20), 0.0, 1.0)[..., None]
    return value[..., None] * ((1 - dry) * np.array([0.85, 1.06, 0.8]) + dry * np.array([1.18, 1.0, 0.95]))


def _brick() -> F64:
    joint, cells = _cells(8, 26, 0.0028, bond=0.5)
    tone = 1.0 + 0.13 * _per_cell("brick tone", cells) + 0.08 * field("brick fine", 0.5, 40)
    red = 0.05 * _per_cell("brick red", cells)
    face = np.stack([tone + red, tone, tone - red], axis=-1)
    return face * (1 - joint[..., None]) + np.array([1.15, 1.35, 1.5]) * joint[..., None]


def _plaster() -> F64:
    fine = 1.0 + 0.035 * field("plaster fine", 0.4, 60) + 0.04 * field("plaster stain", 2.4, 1, 12)
    return _grey(fine, (1.0, 0.995, 0.985))


def _foliage() -> F64:
    leaves = field("leaves", 0.8, 8, 90)
    tint = 0.10 * field("leaf tint", 1.0, 4, 40)
    value = np.clip(1.0 + 0.42 * leaves, 0.25, 2.0)
    return np.stack([value * (1 + tint), value, value * (0.9 - tint)], axis=-1)


def _bark() -> F64:
    stretched = np.repeat(field("bark", 1.0, 6, 80)[: SIZE // 4], 4, axis=0)
    return _grey(1.0 + 0.28 * stretched + 0.08 * field("bark fine", 0.5, 40))


def _roof_tiles() -> F64:
    joint, cells = _cells(8, 8, 0.004, bond=0.0)
    v = (np.arange(SIZE) + 0.5) / SIZE * 8 % 1.0
    u = (np.arange(SIZE) + 0.5) / SIZE * 8 % 1.0
    curve = (
        0.75 + 0.35 * np.sin(np.pi * u)[None, :] * np.ones((SIZE, 1)) - 0.3 * np.clip(v - 0.85, 0, 1)[:, None] / 0.15
    )
    value = curve * (1.0 + 0.10 * _per_cell("roof tone", cells) + 0.05 * field("roof fine", 0.7, 30))
    return _grey(value * (1 - 0.3 * joint))


def _fabric() -> F64:
    t = np.arange(SIZE) / SIZE * 2 * np.pi * 96
    weave = 0.06 * (np.sin(t)[:, None] + np.sin(t)[None, :])
    return _grey(1.0 + weave + 0.05 * field("fabric folds", 2.2, 1, 12))


def _road_paint() -> F64:
    worn = np.clip(field("paint worn", 1.0, 10, 200) * 0.5 + field("paint patches", 2.4, 1, 12) * 0.45 - 0.85, 0.0, 1.0)
    dirt = 1.0 + 0.04 * field("paint dirt", 1.5, 2, 60)
    return _grey(dirt * (1.0 - 0.75 * worn))


def _skin() -> F64:
    return _grey(1.0 + 0.02 * field("skin", 1.5, 2, 60))


def _hair() -> F64:
    strands = np.repeat(field("hair", 0.6, 8, 250)[:1], SIZE, axis=0)
    return _grey(1.0 + 0.22 * strands + 0.1 * field("hair clumps", 2.0, 2, 30))


def _soil() -> F64:
    return _grey(1.0 + 0.16 * field("soil", 1.0, 10) + 0.10 * field("soil patches", 2.0, 1, 20), (1.0, 0.97, 0.93))


def _wood() -> F64:
    """Boards, planed or painted: fine upright grain that wanders a little."""
    grain = field("wood grain", 0.8, 6, 200)[0]
    wandering = (np.arange(SIZE)[None] + 5.0 * field("wood wander", 2.4, 1, 6)).astype(np.int64) % SIZE
    return _grey(1.0 + 0.07 * grain[wandering] + 0.02 * field("wood fine", 0.5, 40))


def _variation() -> F64:
    return _grey(1.0 + 0.16 * field("variation", 2.0, 1, 60))


def _plain() -> F64:
    return np.ones((SIZE, SIZE, 3))


_Recipe = tuple[Callable[[], F64], float, float, bool]

_RECIPES: dict[int, _Recipe] = {  # what, metres per tile, strength of variation, along walls
    Texture.NONE: (_plain, 1.0, 0.0, False),
    Texture.ASPHALT: (_asphalt, 4.1, 1.0, False),
    Texture.CONCRETE: (_concrete, 3.7, 0.6, True),
    Texture.PAVING: (_paving, 3.0, 0.6, False),
    Texture.GRASS: (_grass, 3.3, 1.3, False),
    Texture.BRICK: (_brick, 2.0, 0.4, True),
    Texture.PLASTER: (_plaster, 4.0, 0.45, True),
    Texture.FOLIAGE: (_foliage, 1.7, 0.5, False),
    Texture.BARK: (_bark, 0.8, 0.3, False),
    Texture.ROOF_TILES: (_roof_tiles, 2.4, 0.5, True),
    Texture.FABRIC: (_fabric, 0.35, 0.0, False),
    Texture.ROAD_PAINT: (_road_paint, 4.3, 0.5, False),
    Texture.SKIN: (_skin, 0.5, 0.0, False),
    Texture.HAIR: (_hair, 0.25, 0.0, False),
    Texture.SOIL: (_soil, 3.1, 1.0, False),
    Texture.WOOD: (_wood, 0.8, 0.3, True),
    VARIATION: (_variation, 41.0, 0.0, False),
}


@cache
def textures() -> TextureTable:
    """All textures, packed."""
    rows = [_RECIPES[number] for number in range(len(_RECIPES))]
    return TextureTable(
        texels=cached("textures", (), ("sensors/camera/textures.py", "streams.py"), _packed)["texels"],
        scale=np.array([1.0 / row[1] for row in rows], dtype=np.float32),
        variation=np.array([row[2] for row in rows], dtype=np.float32),
        along=np.array([row[3] for row in rows], dtype=np.uint8),
    )


def _packed() -> dict[str, NDArray[np.uint32]]:
    """Every recipe with its mip levels."""
    texels = np.zeros((len(_RECIPES), STRIDE), dtype=np.uint32)
    for number, (recipe, *_rest) in _RECIPES.items():
        level = recipe()
        for offset in _OFFSETS:
            byte = np.clip(level * 128.0 + 0.5, 0, 255).astype(np.uint32)
            packed = byte[..., 0] | byte[..., 1] << 8 | byte[..., 2] << 16
            texels[number, offset : offset + packed.size] = packed.ravel()
            half = len(level) // 2
            if half:
                level = level.reshape(half, 2, half, 2, 3).mean(axis=(1, 3))
    return {"texels": texels.reshape(-1)}


@nb.njit(error_model="numpy")
def facet_tilt(x: Any, y: Any) -> Any:
    """How wet ground leans at a place, -1 to 1 and mostly little: grains of a centimetre, each for itself."""
    a, b = np.int64(math.floor(x * np.float32(100.0))), np.int64(math.floor(y * np.float32(100.0)))
    bits = np.uint64(a * 73856093 ^ b * 19349663)
    bits = (bits ^ (bits >> np.uint64(15))) * np.uint64(0x2C1B3C6D)
    bits = (bits ^ (bits >> np.uint64(12))) * np.uint64(0x297A2D39)
    high, low = (bits >> np.uint64(16)) & np.uint64(0xFF), (bits >> np.uint64(24)) & np.uint64(0xFF)
    return (np.float32(high) + np.float32(low)) * np.float32(1.0 / 255.0) - np.float32(1.0)
