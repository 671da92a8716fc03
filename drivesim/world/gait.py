"""How long a stride is, by speed and stature.

Walking: Grieve & Gear 1966 (Ergonomics 9:379, doi 10.1080/00140136608964399), 64.8 (v/h)^0.57 strides a minute for
speed v in statures h a second, so a stride is 0.926 h (v/h)^0.43. Running: Alexander 1976 (Nature 261:129), stride
2.3 l Fr^0.3 with leg length l and Froude number Fr = v2/(g l); people change from one to the other near Fr = 0.5
(Alexander 1989, Physiological Reviews 69:1199). Leg length is 0.530 of stature (Drillis & Contini 1966).
"""

from __future__ import annotations

import numba as nb

GRAVITY = 9.81
LEG_LENGTH = 0.530
"""Height of the hip over stature."""
TRANSITION_FROUDE = 0.5


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
    return 60.0 / 64.8 * stature * (speed / stature) ** 0.43
