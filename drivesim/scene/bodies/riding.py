"""The place of every bone of someone on a two-wheeler: hands on the bar, feet on the pedals."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.basis import CLAVICLE, FINGERS, FOREARM, HAND, PELVIS, SIDE, THIGH, UPPER_ARM, UPPER_SPINE
from drivesim.scene.bodies.linkage import (
    along,
    euler,
    length,
    matrix_of,
    minus,
    norm,
    over,
    product,
    put_matrix,
    two_bones,
    vector_of,
)
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
    crotch = 0.5 * (joints[THIGH, 2] + joints[THIGH + SIDE, 2])
    root = (seat[0, 0] + 0.02, seat[0, 1], seat[0, 2] + (0.045 + joints[PELVIS, 2] - crotch))
    arm = length(joints, FOREARM, FOREARM - 1) + length(joints, HAND, HAND - 1)
    reach = arm + 0.3 * length(joints, FINGERS, HAND)
    low, high = 0.0, 1.3
    for _ in range(12):  # the upright-most lean from which slightly bent arms reach the bar
        lean = 0.5 * (low + high)
        place_trunk((0.0, 0.6 * lean, 0.0), (0.0, lean, 0.0), gaze, 0.05, root, joints, rotations, positions)
        relative(rotations, positions, joints, UPPER_ARM, UPPER_SPINE)
        if norm(minus(vector_of(seat, 1), vector_of(positions, UPPER_ARM))) > 0.94 * reach:
            low = lean
        else:
            high = lean
    for number in range(2):
        side = number * SIDE
        out = 1.0 if number == 0 else -1.0
        angle = 2.0 * math.pi * (turns + 0.5 * number)
        radius = seat[5, 0]
        pitch = 0.12 + (0.2 * math.sin(angle) if radius > 0.0 else 0.0)
        sole = along(vector_of(seat, 3 + number), radius, (math.sin(angle), 0.0, math.cos(angle)))
        c, s = math.cos(pitch), math.sin(pitch)
        ankle = (sole[0] + (-foot[1] * c + foot[0] * s), sole[1], sole[2] + (foot[1] * s + foot[0] * c))
        toward = (1.0, out * seat[6, 0], 0.25)
        place_leg(side, ankle, pitch, 0.0, toward, 0.0, joints, align, rotations, positions)
        relative(rotations, positions, joints, CLAVICLE + side, UPPER_SPINE)
        put_matrix(rotations, CLAVICLE + side, matrix_of(rotations, UPPER_SPINE))
        relative(rotations, positions, joints, UPPER_ARM + side, CLAVICLE + side)
        a = length(joints, FOREARM + side, UPPER_ARM + side)
        b = length(joints, HAND + side, FOREARM + side)
        shoulder, grip = vector_of(positions, UPPER_ARM + side), vector_of(seat, 1 + number)
        forth = minus(grip, shoulder)
        wrist = along(grip, -(reach - a - b), over(forth, norm(forth)))
        upper, lower = two_bones(shoulder, wrist, (-0.3, 0.6 * out, -0.8), a, b)
        turn = euler(math.pi, 0.0, 0.0)  # elbows bend the other way than knees
        put_matrix(rotations, UPPER_ARM + side, product(product(upper, turn), matrix_of(align, UPPER_ARM + side)))
        relative(rotations, positions, joints, FOREARM + side, UPPER_ARM + side)
        place_hand(side, 0.0, joints, align, product(lower, turn), rotations, positions)
    return finish(rotations, positions, joints)
