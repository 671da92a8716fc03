"""The place of every bone of someone on a two-wheeler: hands on the bar, feet on the pedals."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.basis import CLAVICLE, FINGERS, FOREARM, HAND, PELVIS, SIDE, THIGH, UPPER_ARM, UPPER_SPINE
from drivesim.scene.bodies.linkage import euler, product, two_bones
from drivesim.scene.bodies.motion import finish, place_hand, place_leg, place_trunk, relative

F64 = NDArray[np.float64]


@nb.njit(cache=True, nogil=True)
def seated(seat: F64, turns: float, gaze: float, joints: F64, align: F64, foot: F64) -> F64:
    """Skinning transforms (24, 3, 4) of a rider.

    Args:
        seat: (7, 3) saddle, left and right grip, left and right centre of the pedal's circle, (crank radius, 0, 0),
            (knee spread, 0, 0), vehicle frame, m.
        turns: crank turns since start.
    """
    rotations = np.empty((len(joints), 3, 3))
    positions = np.empty((len(joints), 3))
    crotch = 0.5 * (joints[THIGH] + joints[THIGH + SIDE])
    root = seat[0] + np.array([0.02, 0.0, 0.045 + joints[PELVIS, 2] - crotch[2]])
    arm = 0.0
    for bone in (FOREARM, HAND):
        arm += math.sqrt(((joints[bone] - joints[bone - 1]) ** 2).sum())
    reach = arm + 0.3 * math.sqrt(((joints[FINGERS] - joints[HAND]) ** 2).sum())
    low, high = 0.0, 1.3
    for _ in range(12):  # the upright-most lean from which slightly bent arms reach the bar
        lean = 0.5 * (low + high)
        place_trunk(
            np.array([0.0, 0.6 * lean, 0.0]), np.array([0.0, lean, 0.0]), gaze, 0.05, root, joints, rotations, positions
        )  # fmt: skip
        relative(rotations, positions, joints, UPPER_ARM, UPPER_SPINE)
        if math.sqrt(((seat[1] - positions[UPPER_ARM]) ** 2).sum()) > 0.94 * reach:
            low = lean
        else:
            high = lean
    for number in range(2):
        side = number * SIDE
        out = 1.0 if number == 0 else -1.0
        angle = 2.0 * math.pi * (turns + 0.5 * number)
        radius = seat[5, 0]
        pitch = 0.12 + (0.2 * math.sin(angle) if radius > 0.0 else 0.0)
        sole = seat[3 + number] + radius * np.array([math.sin(angle), 0.0, math.cos(angle)])
        c, s = math.cos(pitch), math.sin(pitch)
        ankle = sole + np.array([-foot[1] * c + foot[0] * s, 0.0, foot[1] * s + foot[0] * c])
        toward = np.array([1.0, out * seat[6, 0], 0.25])
        place_leg(side, ankle, pitch, 0.0, toward, 0.0, joints, align, rotations, positions)
        relative(rotations, positions, joints, CLAVICLE + side, UPPER_SPINE)
        rotations[CLAVICLE + side] = rotations[UPPER_SPINE]
        relative(rotations, positions, joints, UPPER_ARM + side, CLAVICLE + side)
        a = math.sqrt(((joints[FOREARM + side] - joints[UPPER_ARM + side]) ** 2).sum())
        b = math.sqrt(((joints[HAND + side] - joints[FOREARM + side]) ** 2).sum())
        shoulder = positions[UPPER_ARM + side].copy()
        grip = seat[1 + number]
        wrist = grip - (grip - shoulder) / math.sqrt(((grip - shoulder) ** 2).sum()) * (reach - a - b)
        down_out = np.array([-0.3, 0.6 * out, -0.8])
        upper, lower, _ = two_bones(shoulder, wrist, down_out, a, b)
        turn = euler(math.pi, 0.0, 0.0)  # elbows bend the other way than knees
        rotations[UPPER_ARM + side] = product(product(upper, turn), align[UPPER_ARM + side])
        relative(rotations, positions, joints, FOREARM + side, UPPER_ARM + side)
        place_hand(side, 0.0, joints, align, product(lower, turn), rotations, positions)
    return finish(rotations, positions, joints)
