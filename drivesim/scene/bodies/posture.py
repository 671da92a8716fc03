"""How someone holds themselves: drawn from the actor's name, like clothes, never from role or behaviour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim import streams
from drivesim.scene.bodies.appearance import Appearance

F64 = NDArray[np.float64]

ARM_SWING, STEP_WIDTH, SWAY, FALL, ARM_SPREAD, TOE_OUT, STOOP, LEAN, NOD, LEFT_ARM = range(10)
RIGHT_ARM, HOLD, PHONE, COLUMNS = 14, 18, 19, 20
"""Columns of a posture: factor on the arms' swing; factor on the steps' width; phase of the idle sway, rad; how they
fall, 1 back, -1 front; spread of the arms, rad; toe-out of the feet, rad; stoop of the trunk, rad; which leg takes the
weight when standing, -1 right .. 1 left; nod when standing, rad; and four each from LEFT_ARM and RIGHT_ARM on, what the
arm adds when standing: flexion, spread, elbow, inward turn, rad; what the arms do all the time, walking or not:
:data:`UMBRELLA` or :data:`BAR`; 1 or 2 for a telephone in the left or right hand."""

UMBRELLA, BAR = 1.0, 2.0
"""The right arm holds an umbrella up; both hands are on the bar of a pram or a walking frame."""

_UMBRELLA, _BAR = (0.20, 0.10, 1.75, 0.25), (0.42, -0.05, 0.80, 0.10)
_TOE_OUT = 0.12
"""Murray, Drought & Kory 1964 (J Bone Joint Surg Am 46:335): 6.7 degrees out on average."""
_HANGING, _POCKET, _PHONE, _HIP = (
    (-0.07, 0.02, -0.04, 0.12),  # elbows bent 12 degrees, upper arms 4 back: hands hang beside the thighs
    (-0.30, 0.16, 0.62, 0.35),
    (0.45, 0.0, 1.55, 0.55),
    (-0.25, 0.55, 1.35, 1.0),
)


def posture(name: str, seed: int, look: Appearance, *, holds: float = 0.0) -> F64:
    """The posture of an actor in the scenario seed's world, (20,); ``holds``: value of the column HOLD."""
    random = streams.stream(seed, "gait style", name)
    out = np.zeros(COLUMNS)
    out[ARM_SWING] = np.exp(random.normal(0.0, 0.18))
    out[STEP_WIDTH] = np.exp(random.normal(0.0, 0.12))
    out[SWAY] = random.uniform(0.0, 2.0 * np.pi)
    out[FALL] = random.choice([-1.0, 1.0])
    out[ARM_SPREAD] = 0.10 + 0.08 * look.weight
    out[TOE_OUT] = np.clip(random.normal(_TOE_OUT, 0.05), 0.0, 0.3)
    out[STOOP] = max(0.0, 0.005 * (look.age - 62.0)) + abs(random.normal(0.0, 0.02))
    leaning = random.uniform(-1.0, 1.0)
    out[LEAN] = np.copysign(0.5 + 0.5 * abs(leaning), leaning)  # nobody stands on both legs alike for long
    habit, side = random.uniform(), int(random.integers(2))
    arms = [np.array(_HANGING) for _ in range(2)]
    if look.age > 8.0 and habit < 0.14:
        arms[side], out[NOD], out[PHONE] = np.array(_PHONE), 0.38, 1.0 + side
    elif habit < 0.30:
        arms = [np.array(_POCKET), np.array(_POCKET)]
    elif habit < 0.40:
        arms[side] = np.array(_POCKET)
    elif habit < 0.46:
        arms[side] = np.array(_HIP)
    out[HOLD] = holds
    if holds == UMBRELLA:
        arms[1] = np.array(_UMBRELLA)
        out[NOD] *= out[PHONE] == 1.0
        out[PHONE] *= out[PHONE] == 1.0
    elif holds == BAR:
        arms, out[NOD], out[PHONE] = [np.array(_BAR), np.array(_BAR)], 0.0, 0.0
    spread = 0.1 if holds != BAR else 0.02  # hands stay on the bar
    for start, arm in zip((LEFT_ARM, RIGHT_ARM), arms, strict=True):
        out[start : start + 4] = arm * np.exp(random.normal(0.0, spread, 4))
    return out
