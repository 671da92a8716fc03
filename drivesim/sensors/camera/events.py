"""An event camera: pixels that report, by themselves, when the logarithm of their light has changed by a threshold.

Between two exposures the logarithm of a pixel's luminance changes evenly, so events come at their own times, not at
those of exposures. After an event a pixel rests for its refractory period and starts afresh from the light it finds
then; thresholds differ from pixel to pixel (Gallego et al. 2020, "Event-based vision: a survey"; Hu, Liu & Delbruck
2021, "v2e").
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.camera.device import EventPixels
from drivesim.streams import hash64, normal32
from drivesim.types import F32, F64, CameraEvents

_DARK = 0.01
"""Light that a pixel sees in the dark by its own leakage, cd/m2: what is far below changes nothing."""
_LEAST = 0.01
"""Smallest threshold that a pixel can have."""


class EventSensor:
    """The pixels of one camera, row by row; they remember the light since their last event.

    Args:
        key: random stream of the camera; decides which pixels are how sensitive.
    """

    def __init__(self, settings: EventPixels, width: int, height: int, key: int) -> None:
        self._width = width
        self._rest = settings.refractory_us * 1e-6
        self._threshold = _thresholds(width * height, settings.threshold, settings.mismatch, key)
        self._reference: F64 | None = None
        self._last = np.empty(0)
        self._rests_until = np.full(width * height, -np.inf)
        self._time_ns = 0

    def expose(self, radiance: F32, time_ns: int) -> CameraEvents | None:
        """Events since the exposure before, in order of time; None for the first.

        Args:
            radiance: (P, 3) linear, cd/m2; time_ns: of this exposure.
        """
        luminance = radiance @ np.array([0.2126, 0.7152, 0.0722])
        level = np.log(np.maximum(luminance, 0.0) + _DARK)
        before, start = self._last, self._time_ns
        self._last, self._time_ns = level, time_ns
        if self._reference is None:
            self._reference = level.copy()
            return None
        span = (time_ns - start) * 1e-9
        state = (self._threshold, self._rest, span)
        counts = np.zeros(len(level), np.int64)
        nothing = np.empty(0)
        _fire(before, level, *state, self._reference.copy(), self._rests_until.copy(), counts, counts, nothing, nothing)
        first = np.concatenate([[0], np.cumsum(counts)])
        time, polarity = np.empty(first[-1]), np.empty(first[-1])
        _fire(before, level, *state, self._reference, self._rests_until, counts, first, time, polarity)
        pixel = np.repeat(np.arange(len(level)), counts)
        order = np.argsort(time, kind="stable")
        y, x = np.divmod(pixel[order], self._width)
        return CameraEvents(
            time_ns=start + np.rint(time[order] * 1e9).astype(np.int64),
            x=x.astype(np.uint16),
            y=y.astype(np.uint16),
            polarity=polarity[order].astype(np.int8),
        )


@nb.njit(cache=True)
def _thresholds(count: int, threshold: float, mismatch: float, key: int) -> F64:
    """Each pixel's own, normally distributed about ``threshold``."""
    made = np.empty(count)
    for pixel in range(count):
        spread = normal32(hash64(key, 0xE7E47, pixel) >> np.uint64(32))
        made[pixel] = max(threshold * (1.0 + mismatch * spread), _LEAST)
    return made


@nb.njit(parallel=True, nogil=True, error_model="numpy", cache=True)
def _fire(
    before: F64,
    after: F64,
    threshold: F64,
    rest: float,
    span: float,
    reference: F64,
    rests_until: F64,
    counts: NDArray[np.int64],
    first: NDArray[np.int64],
    time: F64,
    polarity: F64,
) -> None:
    """Let every pixel live through an interval; times count from its start, s.

    Args:
        before, after: (P,) logarithm of light at its ends; reference: (P,) that since the last event, updated;
        rests_until: (P,) end of rest, s, updated: counted from the interval's end.
        counts: (P,) written. first: (P + 1,) where each pixel's events go; time, polarity: (N,), written unless empty.
    """
    writes = len(time) > 0
    for pixel in nb.prange(len(before)):
        slope = (after[pixel] - before[pixel]) / span
        now: Any = 0.0
        level, busy, count = reference[pixel], rests_until[pixel], 0
        if busy > 0.0:
            now = busy
            level = before[pixel] + slope * min(busy, span)
        while now < span and slope != 0.0:
            step = threshold[pixel] if slope > 0.0 else -threshold[pixel]
            at = max((level + step - before[pixel]) / slope, now)
            if at > span:
                break
            if writes:
                time[first[pixel] + count] = at
                polarity[first[pixel] + count] = 1.0 if slope > 0.0 else -1.0
            count += 1
            now, level, busy = at, level + step, -1.0
            if rest > 0.0:
                now = busy = at + rest
                level = before[pixel] + slope * min(busy, span)
        reference[pixel], rests_until[pixel] = level, busy - span
        if not writes:
            counts[pixel] = count
