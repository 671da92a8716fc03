"""How fast people like to walk, by age, and how long a stride is, by speed and stature.

Walking: Grieve & Gear 1966 (Ergonomics 9:379, doi 10.1080/00140136608964399), 64.8 (v/h)^0.57 strides a minute for
speed v in statures h a second, so a stride is 0.926 h (v/h)^0.43; small children step shorter than that, as Sutherland
et al. 1980 (J Bone Joint Surg Am 62:336) measured. Running: Alexander 1976 (Nature 261:129), stride 2.3 l Fr^0.3 with
leg length l and Froude number Fr = v2/(g l); people change from one to the other near Fr = 0.5 (Alexander 1989,
Physiological Reviews 69:1199). Leg length is 0.530 of stature (Drillis & Contini 1966).
"""

from __future__ import annotations

import numba as nb
import numpy as np

GRAVITY = 9.81
LEG_LENGTH = 0.530
"""Height of the hip over stature."""
TRANSITION_FROUDE = 0.5
_STATURE = np.array([0.75, 0.865, 0.95, 1.03, 1.09, 1.22, 1.70])
_CHILDS_STEP = np.array([0.67, 0.74, 0.79, 0.83, 0.845, 0.87, 1.0])
"""Measured over predicted stride by stature in m: of ages 1, 2, 3, 4, 5, 7 (Sutherland et al. 1980), 1 for adults."""

_YOUNG = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
_YOUNG_SPEED = np.array([0.635, 0.716, 0.855, 0.998, 1.078, 1.089, 1.143])
"""Years and m/s (Sutherland et al. 1980)."""
_GROWN = np.array([20.0, 25.0, 35.0, 45.0, 55.0, 65.0, 75.0, 85.0])
_MENS_SPEED = np.array([1.36, 1.36, 1.43, 1.43, 1.43, 1.34, 1.26, 0.97])
_WOMENS_SPEED = np.array([1.34, 1.34, 1.34, 1.39, 1.31, 1.24, 1.13, 0.94])
"""Middles of decades and m/s (Bohannon & Williams Andrews 2011, Physiotherapy 97:182, 41 studies)."""


def comfortable_speed(age: float, female: float) -> float:
    """How fast someone of ``age`` years walks when nothing hurries them, m/s; ``female`` 0 man .. 1 woman."""
    grown = _MENS_SPEED + female * (_WOMENS_SPEED - _MENS_SPEED)
    return float(np.interp(age, np.concatenate([_YOUNG, _GROWN]), np.concatenate([_YOUNG_SPEED, grown])))


def is_extrapolated(age: float) -> bool:
    """Whether :func:`comfortable_speed` has no measurement at an age in years and goes by its neighbours."""
    return not (_YOUNG[0] <= age <= _YOUNG[-1] or _GROWN[0] <= age <= 99.0)


@nb.njit(cache=True)
def is_running(speed: float, stature: float) -> bool:
    """Whether a person of ``stature`` metres runs rather than walks at ``speed`` m/s."""
    return speed * speed > TRANSITION_FROUDE * GRAVITY * LEG_LENGTH * stature


@nb.njit(cache=True)
def stride_length(speed: float, stature: float) -> float:
    """Length of a full gait cycle (two steps), m, at ``speed`` m/s for ``stature`` m; 0 when standing."""
    speed = abs(speed)
    if is_running(speed, stature):
        leg = LEG_LENGTH * stature
        return 2.3 * leg * (speed * speed / (GRAVITY * leg)) ** 0.3
    return 60.0 / 64.8 * stature * (speed / stature) ** 0.43 * np.interp(stature, _STATURE, _CHILDS_STEP)
