"""Doppler ambiguity: what one chirp sequence folds, and what staggered ones unfold.

A ramp measures radial velocity modulo lambda / 2T. One ramp folds what lies outside its span without a trace. A cycle
of several ramps of different spans measures each velocity several times; the one velocity that folds to all of them
within their errors is it (a Chinese remainder in the presence of noise).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from drivesim.sensors.radar.device import RadarScan
from drivesim.streams import stream

F64 = NDArray[np.float64]

_AGREES = 4.0
"""Standard deviations within which ramps agree."""
_CONFIRMED = 0.25
"""Share of the detection threshold that a single ramp must reach at a place known from all of them (6 dB less: one cell
is looked at instead of all)."""


class Ambiguity(IntEnum):
    """nuScenes ``ambig_state`` (ARS408 ``Cluster_AmbigState``)."""

    INVALID = 0
    AMBIGUOUS = 1
    STAGGERED_RAMP = 2
    UNAMBIGUOUS = 3
    STATIONARY_CANDIDATE = 4


def unfold(
    velocity: F64,
    snr: F64,
    deviation: F64,
    real: NDArray[np.bool_],
    scan: RadarScan,
    threshold: float,
    standing: F64,
    key: int,
    cycle: int,
) -> tuple[F64, NDArray[np.uint8]]:
    """Radial velocities as a scan reports them, m/s, and their :class:`Ambiguity`.

    One ramp: folded into its span; ambiguous (1) where the truth lies outside, which the device cannot know. Staggered
    ramps: unfolded; 2 where one of them did not confirm the echo, 1 where another velocity fits as well (4 where one of
    those that fit is that of a standing thing, which is then taken), 0 where none does.

    Args:
        velocity: (N,) as measured over the whole cycle, not folded; snr: (N,) power ratio of the whole cycle;
            deviation: (N,) standard deviation of ``velocity``.
        real: (N,) False for noise, whose ramps have nothing in common.
        threshold: SNR of a detection; standing: (N,) radial velocity of something that stands there, m/s;
            key, cycle: random stream and counter.
    """
    low, span = scan.min_velocity, scan.velocity_span
    folded = (velocity - low) % span + low
    state = np.where(np.abs(folded - velocity) < 1e-9, Ambiguity.UNAMBIGUOUS, Ambiguity.AMBIGUOUS)
    if scan.velocity_spans and len(velocity):
        folded, state = _staggered(velocity, snr, deviation, real, scan, threshold, standing, key, cycle)
    return folded, np.where(real, state, Ambiguity.INVALID).astype(np.uint8)


def _staggered(
    velocity: F64,
    snr: F64,
    deviation: F64,
    real: NDArray[np.bool_],
    scan: RadarScan,
    threshold: float,
    standing: F64,
    key: int,
    cycle: int,
) -> tuple[F64, NDArray[np.int64]]:
    random = stream(key, "ramps", cycle)
    spans = np.array(scan.velocity_spans)
    ramps = len(spans)
    # Each ramp has its share of the cycle's energy: more noise, and noise of its own; together they give the whole.
    errors = random.standard_normal((len(velocity), ramps)) * deviation[:, None] * np.sqrt(ramps)
    errors -= errors.mean(axis=1, keepdims=True)
    scattered = random.uniform(0.0, 1.0, (len(velocity), ramps)) * spans
    each = np.where(real[:, None], (velocity[:, None] + errors) % spans, scattered)
    turns = np.arange(np.floor(scan.min_velocity / spans[0]) - 1, np.ceil(scan.max_velocity / spans[0]) + 1)
    candidates = each[:, :1] + turns * spans[0]
    apart = np.abs((candidates[:, :, None] - each[:, None, 1:] + spans[1:] / 2.0) % spans[1:] - spans[1:] / 2.0)
    worst = apart.max(axis=2, initial=0.0)
    worst[(candidates < scan.min_velocity) | (candidates > scan.max_velocity)] = np.inf
    order = np.argsort(worst, axis=1, kind="stable")
    rows = np.arange(len(velocity))
    best, second = worst[rows, order[:, 0]], worst[rows, order[:, min(1, len(turns) - 1)]]
    limit = _AGREES * np.sqrt(2.0 * ramps) * deviation
    state = np.full(len(velocity), int(Ambiguity.UNAMBIGUOUS))
    noise = random.standard_normal((len(velocity), ramps, 2)) * np.sqrt(0.5)
    alone = (np.sqrt(snr / ramps)[:, None] + noise[..., 0]) ** 2 + noise[..., 1] ** 2
    state[(alone < _CONFIRMED * threshold).any(axis=1)] = Ambiguity.STAGGERED_RAMP
    state[second <= limit] = Ambiguity.AMBIGUOUS
    state[best > limit] = Ambiguity.INVALID
    choice = order[:, 0]
    stands = (worst <= limit[:, None]) & (np.abs(candidates - standing[:, None]) <= limit[:, None])
    candidate = (state == Ambiguity.AMBIGUOUS) & stands.any(axis=1)
    state[candidate] = Ambiguity.STATIONARY_CANDIDATE
    choice = np.where(candidate, np.argmax(stands, axis=1), choice)
    chosen = candidates[rows, choice] - errors[:, 0]
    return np.where(real, chosen, velocity), state
