"""Resolution cells: which paths a radar cannot tell apart, what their echoes add up to, and what stands out.

Paths live in a space of range, radial velocity, azimuth and, where it is measured, elevation counted in half-cells,
hashed to unit cubes, so that neighbours are found at once. The threshold stands above noise and above clutter: as in
ordered-statistic greatest-of CFAR (Rohling 1983), the larger of the medians of reference cells nearer and farther at
the same angles and Doppler, compared after compensating R^-4 (sensitivity-time control). Evenly spread clutter such as
the road drops out; moving targets are untouched by it.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.streams import hash64

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

_REFERENCE_CELLS = 8
"""Range cells (two cubes each) on either side that clutter is taken from, beyond one guard cell."""


@nb.njit(cache=True, inline="always")
def _slot(keys: I64, key: int) -> int:
    """Where ``key`` is, or belongs, in an open-addressing hash table whose size is a power of two."""
    mask = len(keys) - 1
    slot = int(np.uint64(key) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(20)) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@nb.njit(cache=True, inline="always")
def _cube(r: int, v: int, a: int, e: int) -> int:
    """The key of a unit cube; 17, 17, 15 and 13 bits."""
    return ((r + 65536) << 45) | ((v + 65536) << 28) | ((a + 16384) << 13) | (e + 4096)


@nb.njit(nogil=True, cache=True)
def resolve(
    place: F64, cells: F64, power: F64, path: I64, faintest: float, threshold: float, key: int, cycle: int, up: int
) -> tuple[F64, I64, I64]:
    """Gather, strongest first, the paths within one half-cell in every axis; keep sums above the threshold.

    Args:
        place: (P, 3) range m, radial velocity m/s, azimuth rad, strongest path first.
        cells: (P, 4) the same and elevation in half-cells; power: (P,) SNR, descending; path: (P,) numbers that noise
            is keyed by.
        faintest: SNR below which a path gathers no others.
        threshold: SNR of a detection; key, cycle: random stream and counter.
        up: 1 where elevation is measured, else 0, with no elevation in ``cells``.

    Returns:
        (N, 6) range, velocity, azimuth (centroids), SNR, SNR without noise and fading, and clutter (in noise powers) of
        each detection; (N,) row of its strongest path; (P,) detection that each path is part of, -1 for none.
    """
    count = len(power)
    size = 1024
    while size < 2 * count:
        size *= 2
    keys, head, echo = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64), np.zeros(size)
    following = np.empty(count, dtype=np.int64)
    for i in range(count):
        r0, v0, a0 = int(np.floor(cells[i, 0])), int(np.floor(cells[i, 1])), int(np.floor(cells[i, 2]))
        here = _cube(r0, v0, a0, int(np.floor(cells[i, 3])))
        slot = _slot(keys, here)
        keys[slot] = here
        following[i], head[slot] = head[slot], i
        echo[slot] += power[i] * place[i, 0] ** 4
    owner = np.full(count, -1, dtype=np.int64)
    rows, strongest = np.empty((count, 6)), np.empty(count, dtype=np.int64)
    found = 0
    for seed in range(count):
        if power[seed] < faintest:
            break
        if owner[seed] >= 0:
            continue
        real = imaginary = total = r = v = a = 0.0
        r0, v0, a0 = int(np.floor(cells[seed, 0])), int(np.floor(cells[seed, 1])), int(np.floor(cells[seed, 2]))
        e0 = int(np.floor(cells[seed, 3]))
        for neighbour in range(27 * (1 + 2 * up)):
            level = e0 + neighbour // 27 - up
            near = _cube(r0 + neighbour // 9 % 3 - 1, v0 + neighbour // 3 % 3 - 1, a0 + neighbour % 3 - 1, level)
            i = head[_slot(keys, near)]
            while i >= 0:
                apart = max(
                    abs(cells[i, 0] - cells[seed, 0]),
                    abs(cells[i, 1] - cells[seed, 1]),
                    abs(cells[i, 2] - cells[seed, 2]),
                    abs(cells[i, 3] - cells[seed, 3]),
                )
                if owner[i] < 0 and apart <= 1.0:
                    owner[i] = seed
                    phase = float(hash64(key, cycle, path[i]) >> np.uint64(11)) * (2.0 * np.pi / 9007199254740992.0)
                    amplitude = np.sqrt(power[i])
                    real += amplitude * np.cos(phase)
                    imaginary += amplitude * np.sin(phase)
                    total += power[i]
                    r += power[i] * place[i, 0]
                    v += power[i] * place[i, 1]
                    a += power[i] * place[i, 2]
                i = following[i]
        # Complex receiver noise of unit mean power.
        bits = hash64(key ^ 0x2545F491, cycle, path[seed])
        level = np.sqrt(-np.log((float(bits >> np.uint64(32)) + 0.5) / 4294967296.0))
        angle = float(bits & np.uint64(0xFFFFFFFF)) * (2.0 * np.pi / 4294967296.0)
        snr = (real + level * np.cos(angle)) ** 2 + (imaginary + level * np.sin(angle)) ** 2
        if snr < threshold:
            continue
        clutter = _clutter(keys, echo, r0, v0, a0, e0, up) / place[seed, 0] ** 4
        if snr < threshold * (1.0 + clutter):
            continue
        rows[found, 0], rows[found, 1], rows[found, 2], rows[found, 3] = r / total, v / total, a / total, snr
        rows[found, 4], rows[found, 5] = total, clutter
        strongest[found] = seed
        found += 1
    number = np.full(count, -1, dtype=np.int64)
    for row in range(found):
        number[strongest[row]] = row
    for i in range(count):
        if owner[i] >= 0:
            owner[i] = number[owner[i]]
    return rows[:found], strongest[:found], owner


@nb.njit(nogil=True, cache=True)
def _clutter(keys: I64, echo: F64, r0: int, v0: int, a0: int, e0: int, up: int) -> float:
    """Larger of the medians of the reference cells nearer and farther: SNR times R^4."""
    cells = np.zeros((2, _REFERENCE_CELLS))
    for side in range(2):
        for cell in range(_REFERENCE_CELLS):
            for half in range(2):
                away = 3 + 2 * cell + half
                r = r0 - away if side == 0 else r0 + away
                for neighbour in range(9 * (1 + 2 * up)):
                    level = e0 + neighbour // 9 - up
                    near = _cube(r, v0 + neighbour // 3 % 3 - 1, a0 + neighbour % 3 - 1, level)
                    cells[side, cell] += echo[_slot(keys, near)]
    cells *= (4.0 / 9.0) * (2.0 / 3.0) ** up  # the neighbourhood spans 3 half-cells in every axis, a detection 2
    return max(np.median(cells[0]), np.median(cells[1]))
