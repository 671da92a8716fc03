"""Random numbers that do not depend on the order in which they are asked for.

One scenario seed; every consumer derives its own stream by name, so adding an actor or a sensor changes no
other's draws. Inside kernels a counter-based hash takes the place of a generator: the same (key, counters)
give the same number on any thread.
"""

from __future__ import annotations

import hashlib
import math

import numba as nb
import numpy as np


def stream_key(seed: int, *names: str | int) -> int:
    """A 63-bit key for the stream ``names`` of a scenario ``seed``, stable across processes and platforms."""
    text = "\x1f".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A NumPy generator of its own for the stream ``names``."""
    return np.random.Generator(np.random.Philox(key=stream_key(seed, *names)))


@nb.njit(cache=True, inline="always")
def hash64(key: int, a: int, b: int) -> np.uint64:
    """64 mixed bits of a key and two counters (SplitMix64 finaliser, Steele et al. 2014)."""
    z = np.uint64(key) + np.uint64(a) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z += np.uint64(b) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return z ^ (z >> np.uint64(31))


@nb.njit(cache=True, inline="always")
def uniform01(key: int, a: int, b: int) -> float:
    """A float64 in (0, 1) of a key and two counters."""
    return (float(hash64(key, a, b) >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@nb.njit(cache=True)
def normal01(key: int, a: int, b: int) -> float:
    """A standard normal float64 of a key and two counters (Box-Muller)."""
    radius = math.sqrt(-2.0 * math.log(uniform01(key, a, b)))
    return radius * math.cos(2.0 * math.pi * uniform01(key ^ 0x5DEECE66D, a, b))
