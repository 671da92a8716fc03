"""How people walk and run: angles over the gait cycle, and where the foot is.

Hip and knee, walking: after the normative curves of Winter 1991 (The Biomechanics and Motor Control of Human Gait,
natural cadence); running: after Novacheck 1998 (Gait & Posture 7:77), both sampled every 5 % of the cycle from foot
contact and rounded. Arms: amplitudes of Murray et al. 1967 (Am J Phys Med 46:290). Pelvis and trunk: Perry 1992 (Gait
Analysis). Stance takes (64.2 - 3.5 v) % of the cycle in walking at v m/s (Kirtley, Whittle & Jefferson 1985, J Biomed
Eng 7:282: 59 % at 1.4 m/s), legs of other lengths at the same Froude number, and 40 .. 28 % in running.

The tables move the swinging leg. The standing leg follows from its foot, which rolls over heel and ball without
sliding: the ground under a body that moves forward at speed v moves back at v, so foot and ground agree exactly.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

WALK_HIP = np.radians([20, 18, 15, 11, 6, 2, -2, -6, -9, -11, -11, -9, -4, 4, 12, 18, 21, 22.5, 22, 21])
WALK_KNEE = np.radians([4, 12, 17, 19, 17, 13, 9, 6, 5, 6, 11, 21, 36, 52, 63, 64, 55, 38, 18, 5])
RUN_HIP = np.radians([38, 36, 31, 24, 16, 8, 1, -5, -8, -6, 0, 9, 20, 31, 40, 46, 49, 48, 45, 41])
RUN_KNEE = np.radians([16, 30, 39, 42, 38, 30, 22, 17, 19, 32, 50, 68, 83, 93, 95, 88, 72, 48, 25, 14])
"""Flexion positive, rad, (20,) at 0, 5, ... 95 % of the cycle."""


_STANCE_LOSS = 0.035 * math.sqrt(9.81 * 0.92)
"""3.5 % of the cycle per m/s, for an adult's leg of 0.92 m."""


@nb.njit(cache=True)
def curve(table: F64, phase: float) -> float:
    """A periodic table at ``phase`` cycles (Catmull-Rom, continuous slope)."""
    n = len(table)
    place = (phase - math.floor(phase)) * n
    i = int(place) % n
    u = place - math.floor(place)
    a, b, c, d = table[i - 1], table[i], table[(i + 1) % n], table[(i + 2) % n]
    return b + 0.5 * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)))


@nb.njit(cache=True)
def smoothstep(low: float, high: float, x: float) -> float:
    u = min(max((x - low) / (high - low), 0.0), 1.0)
    return u * u * (3.0 - 2.0 * u)


@nb.njit(cache=True)
def duty(run: float, froude: float) -> float:
    """Share of the cycle that a foot is on the ground."""
    pace = math.sqrt(froude)
    walking = 0.642 - _STANCE_LOSS * min(pace, 0.8)
    running = 0.40 - 0.12 * min(max((pace - 0.7) / 1.5, 0.0), 1.0)
    return walking + run * (running - walking)


@nb.njit(cache=True)
def foot_pitch(phase: float, stance: float, run: float, effort: float) -> float:
    """Pitch of the foot, rad, toes down positive, at ``phase`` in [0, 1)."""
    touch = -effort * (0.35 + run * (0.12 - 0.35))
    push = effort * (1.05 + run * (0.95 - 1.05))
    if phase < stance:
        s = phase / stance
        flat, rise = 0.15, 0.56 - 0.12 * run
        if s < flat:
            return touch * (1.0 - s / flat) ** 2
        return push * (max(s - rise, 0.0) / (1.0 - rise)) ** 1.8
    u = (phase - stance) / (1.0 - stance)
    rise = 1.0 + 0.25 * run
    if u < 0.2:
        return push * (1.0 + (rise - 1.0 + 0.06) * math.sin(math.pi * u / 0.4))
    end = push * (rise + 0.06)
    if u < 0.72:
        return end + (0.8 * touch - end) * smoothstep(0.2, 0.72, u)
    return 0.8 * touch + 0.2 * touch * smoothstep(0.72, 1.0, u)


@nb.njit(cache=True)
def standing_foot(phase: float, stance: float, stride: float, pitch: float, foot: F64) -> tuple[float, float]:
    """Ankle (x, z) of a foot on the ground that rolls over its heel and, toes flat, over the ball.

    Args:
        foot: (5,) ankle height; x of ball joint and heel relative to the ankle; height of the ball joint; length of
            the toes beyond it, m.
    """
    flat = stride * (0.37 * stance - phase)
    c, s = math.cos(pitch), math.sin(pitch)
    pivot, height = (foot[1], foot[3]) if pitch > 0.0 else (foot[2], 0.0)
    return flat + pivot - pivot * c + (foot[0] - height) * s, height + pivot * s + (foot[0] - height) * c


@nb.njit(cache=True)
def clearance(pitch: float, toes: float, foot: F64) -> float:
    """Ankle height at which the lowest of heel, ball and toe tip touches the ground; ``toes`` is their bend, rad."""
    c, s = math.cos(pitch), math.sin(pitch)
    heel = foot[0] * c + foot[2] * s
    lift = foot[1] * s + (foot[0] - foot[3]) * c
    tip = foot[3] * math.cos(pitch - toes) + foot[4] * math.sin(pitch - toes)
    return max(heel, lift + max(foot[3], tip))


@nb.njit(cache=True)
def toe_bend(phase: float, stance: float, pitch: float) -> float:
    """Bend of the toes, rad: they stay flat while the heel rises and straighten early in the swing."""
    bend = min(max(pitch, 0.0), 1.1)
    return bend if phase < stance else bend * (1.0 - smoothstep(0.0, 0.35, (phase - stance) / (1.0 - stance)))
