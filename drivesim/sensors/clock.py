"""When sensors fire: the k-th measurement of a sensor is due at ``phase + k / rate``, whatever the tick.

Every instant is rounded to whole nanoseconds once, by :func:`nanoseconds`, and compared as an integer; so the end of
one tick is exactly the start of the next and nothing is missed or fired twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator


def nanoseconds(seconds: float) -> int:
    """Seconds since scenario start as integer nanoseconds."""
    return round(seconds * 1e9)


def stamp(k: int, rate_hz: float, phase: float) -> int:
    """When the k-th measurement is due, ns."""
    return nanoseconds(phase + k / rate_hz)


def due(before_ns: int, after_ns: int, rate_hz: float, phase: float) -> Iterator[int]:
    """Numbers k >= 0 of the measurements due in (before, after], ascending."""
    k = max(0, math.floor((before_ns * 1e-9 - phase) * rate_hz) - 1)
    while (time := stamp(k, rate_hz, phase)) <= after_ns:
        if time > before_ns:
            yield k
        k += 1
