"""From speed and phase to the place of every bone: gait, gaze and balance, with leg inverse kinematics.

Everything is in the actor's frame: x forward, y left, z up, origin on the ground under the body.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies.basis import (
    CLAVICLE,
    FINGERS,
    FOOT,
    FOREARM,
    HAND,
    HEAD,
    LOWER_SPINE,
    MIDDLE_SPINE,
    NECK,
    PELVIS,
    SHANK,
    SIDE,
    THIGH,
    TOES,
    UPPER_ARM,
    UPPER_SPINE,
)
from drivesim.scene.bodies.gait import (
    RUN_HIP,
    RUN_KNEE,
    WALK_HIP,
    WALK_KNEE,
    clearance,
    curve,
    duty,
    foot_pitch,
    smoothstep,
    standing_foot,
    toe_bend,
)
from drivesim.scene.bodies.linkage import (
    Matrix,
    Vector,
    about_x,
    about_y,
    about_z,
    along,
    euler,
    length,
    matrix_of,
    minus,
    product,
    put_matrix,
    put_vector,
    turned,
    two_bones,
    vector_of,
)
from drivesim.scene.bodies.posture import (
    ARM_SPREAD,
    ARM_SWING,
    BAR,
    FALL,
    HOLD,
    LEAN,
    LEFT_ARM,
    NOD,
    RIGHT_ARM,
    STEP_WIDTH,
    STOOP,
    SWAY,
    TOE_OUT,
    UMBRELLA,
)

F64 = NDArray[np.float64]

GRAVITY = 9.81
SPEED, FALLEN, RUN, STANCE, STRIDE, EFFORT, HIPS, WIDTH, UPPER_LEG, LOWER_LEG, ENDS = range(11)
GAIT_COLUMNS = 19
"""Columns of a gait: the speed, m/s, and share fallen that it is of; share of running; of stance; signed stride, m; how
much of a full gait it is, signed; mean height of the hips, m; half width of a step, m; lengths of thigh and shank, m;
and eight from ENDS on, :func:`_swing_ends`."""
_STEP = 1e-4
_DEGREE = math.pi / 180.0
_CURL = 0.75
"""Bend of fingers at rest, rad: 40 to 45 degrees at the knuckles of a hand that hangs loose."""
_TWIST = 0.25
"""Turn of a hanging hand from the model's rest, its back to the front, towards its back to the side, rad."""


@nb.njit(cache=True)
def _swing_reach(phase: float, run: float, effort: float, a: float, b: float) -> tuple[float, float]:
    """Ankle (x, z) relative to the hip from the angle tables."""
    hip = effort * (curve(WALK_HIP, phase) * (1.0 - run) + curve(RUN_HIP, phase) * run)
    lift = 0.4 + 0.6 * abs(effort) if effort != 0.0 else 0.0
    knee = lift * (curve(WALK_KNEE, phase) * (1.0 - run) + curve(RUN_KNEE, phase) * run)
    return a * math.sin(hip) + b * math.sin(hip - knee), -a * math.cos(hip) - b * math.cos(hip - knee)


@nb.njit(cache=True)
def _pelvis_bob(phase: float, stance: float, run: float, effort: float, leg: float) -> float:
    walk = -0.026 * math.cos(4.0 * math.pi * (phase - 0.05))
    bounce = -0.034 * math.cos(4.0 * math.pi * (phase - 0.5 * stance))
    return leg * effort * (walk + run * (bounce - walk))


@nb.njit(cache=True)
def _swing_ends(
    stance: float, stride: float, run: float, effort: float, hip_height: float, a: float, b: float, foot: F64, out: F64
) -> None:
    """Write how far the tables' swing is from the ground's foot where it begins and ends: (8,) x, z at the one and the
    other, m, then what the speeds differ by, m in :data:`_STEP` cycles."""
    x0, z0 = _swing_reach(stance, run, effort, a, b)
    x1, z1 = _swing_reach(1.0, run, effort, a, b)
    xa, za = _swing_reach(stance + _STEP, run, effort, a, b)
    xb, zb = _swing_reach(1.0 - _STEP, run, effort, a, b)
    gx0, gz0 = standing_foot(stance, stance, stride, foot_pitch(stance - 1e-9, stance, run, abs(effort)), foot)
    gxa, gza = standing_foot(stance - _STEP, stance, stride, foot_pitch(stance - _STEP, stance, run, abs(effort)), foot)
    gx1, gz1 = standing_foot(0.0, stance, stride, foot_pitch(0.0, stance, run, abs(effort)), foot)
    gxb, gzb = standing_foot(_STEP, stance, stride, foot_pitch(_STEP, stance, run, abs(effort)), foot)
    out[0], out[1], out[2], out[3] = gx0 - x0, gz0 - z0 - hip_height, gx1 - x1, gz1 - z1 - hip_height
    out[4], out[5] = gx0 - gxa - xa + x0, gz0 - gza - za + z0
    out[6], out[7] = gxb - gx1 - x1 + xb, gzb - gz1 - z1 + zb


@nb.njit(cache=True)
def _foot_place(phase: float, gait: F64, foot: F64) -> tuple[float, float, float]:
    """Ankle x, z (m) and foot pitch (rad) of one leg."""
    stance, stride, run, effort, hip_height = gait[STANCE], gait[STRIDE], gait[RUN], gait[EFFORT], gait[HIPS]
    pitch = foot_pitch(phase, stance, run, abs(effort))
    if phase < stance:
        x, z = standing_foot(phase, stance, stride, pitch, foot)
        return x, z, pitch
    # Tables give the shape of the swing; a cubic adds what it takes to leave and meet the ground without a jerk.
    span = 1.0 - stance
    u = (phase - stance) / span
    x, z = _swing_reach(phase, run, effort, gait[UPPER_LEG], gait[LOWER_LEG])
    h00, h10 = (1 + 2 * u) * (1 - u) ** 2, u * (1 - u) ** 2
    h01, h11 = u * u * (3 - 2 * u), u * u * (u - 1)
    rate, ends = span / _STEP, gait[ENDS:]
    x += h00 * ends[0] + h01 * ends[2]
    x += rate * (h10 * ends[4] + h11 * ends[6])
    z += hip_height + h00 * ends[1] + h01 * ends[3]
    z += rate * (h10 * ends[5] + h11 * ends[7])
    floor = clearance(pitch, toe_bend(phase, stance, pitch), foot) + 0.012 * gait[UPPER_LEG] / 0.42 * abs(effort) * min(
        1.0, 8.0 * u, 8.0 * (1.0 - u)
    )
    gap = z - floor
    return x, floor + 0.5 * (gap + math.sqrt(gap * gap + 4e-4 * abs(effort) * u * (1.0 - u))), pitch


@nb.njit(cache=True)
def relative(rotations: F64, positions: F64, joints: F64, bone: int, parent: int) -> None:
    r = rotations[parent]
    x, y, z = (
        joints[bone, 0] - joints[parent, 0],
        joints[bone, 1] - joints[parent, 1],
        joints[bone, 2] - joints[parent, 2],
    )
    for i in range(3):
        positions[bone, i] = positions[parent, i] + (r[i, 0] * x + r[i, 1] * y + r[i, 2] * z)


@nb.njit(cache=True)
def place_leg(
    side: int, ankle: Vector, pitch: float, yaw: float, toward: Vector, toes: float, joints: F64, align: F64,
    rotations: F64, positions: F64,
) -> None:  # fmt: skip
    thigh, shank, foot, toe = THIGH + side, SHANK + side, FOOT + side, TOES + side
    relative(rotations, positions, joints, thigh, PELVIS)
    a, b = length(joints, shank, thigh), length(joints, foot, shank)
    upper, lower = two_bones(vector_of(positions, thigh), ankle, toward, a, b)
    put_matrix(rotations, thigh, product(upper, matrix_of(align, thigh)))
    put_matrix(rotations, shank, product(lower, matrix_of(align, shank)))
    put_matrix(rotations, foot, product(euler(yaw, pitch, 0.0), matrix_of(align, foot)))
    put_matrix(rotations, toe, product(euler(yaw, pitch - toes, 0.0), matrix_of(align, foot)))
    relative(rotations, positions, joints, shank, thigh)
    relative(rotations, positions, joints, foot, shank)
    relative(rotations, positions, joints, toe, foot)


@nb.njit(cache=True)
def place_trunk(
    pelvis: Vector, thorax: Vector, gaze: float, nod: float, root: Vector, joints: F64, rotations: F64, positions: F64
) -> None:
    """Spine, neck and head; pelvis and thorax are (yaw, pitch, roll), the head keeps level."""
    turn = min(max(gaze, -1.8), 1.8)
    top = (thorax[0] + 0.22 * turn, thorax[1], thorax[2])
    put_matrix(rotations, PELVIS, euler(pelvis[0], pelvis[1], pelvis[2]))
    put_vector(positions, PELVIS, root)
    parent = PELVIS
    for bone, share in ((LOWER_SPINE, 0.35), (MIDDLE_SPINE, 0.7), (UPPER_SPINE, 1.0)):
        yaw, pitch, roll = along(pelvis, share, minus(top, pelvis))
        put_matrix(rotations, bone, euler(yaw, pitch, roll))
        relative(rotations, positions, joints, bone, parent)
        parent = bone
    put_matrix(rotations, NECK, euler(0.5 * (top[0] + turn), 0.55 * top[1] + 0.5 * nod, 0.5 * top[2]))
    relative(rotations, positions, joints, NECK, UPPER_SPINE)
    put_matrix(rotations, HEAD, euler(turn, nod, 0.0))
    relative(rotations, positions, joints, HEAD, NECK)


@nb.njit(cache=True)
def place_hand(side: int, twist: float, joints: F64, align: F64, lower: Matrix, rotations: F64, positions: F64) -> None:
    """``twist``: of the forearm, rad, that turns the back of the hand outwards."""
    forearm, hand, fingers = FOREARM + side, HAND + side, FINGERS + side
    inward = -1.0 if side == 0 else 1.0
    put_matrix(rotations, forearm, product(product(lower, about_z(-0.5 * inward * twist)), matrix_of(align, forearm)))
    relative(rotations, positions, joints, hand, forearm)
    palm = product(lower, about_z(-inward * twist))
    put_matrix(rotations, hand, product(palm, matrix_of(align, hand)))
    relative(rotations, positions, joints, fingers, hand)
    put_matrix(rotations, fingers, product(product(palm, about_x(inward * _CURL)), matrix_of(align, hand)))


@nb.njit(cache=True)
def _place_arm(
    side: int, flexion: float, abduction: float, elbow: float, inward: float, joints: F64, align: F64, rotations: F64,
    positions: F64,
) -> None:  # fmt: skip
    clavicle, upper, forearm = CLAVICLE + side, UPPER_ARM + side, FOREARM + side
    out = 1.0 if side == 0 else -1.0
    base = matrix_of(rotations, UPPER_SPINE)
    relative(rotations, positions, joints, clavicle, UPPER_SPINE)
    put_matrix(rotations, clavicle, product(base, euler(-out * 0.12 * flexion, 0.0, -out * 0.10)))
    relative(rotations, positions, joints, upper, clavicle)
    hanging = product(product(base, about_y(-flexion)), about_x(out * abduction))
    put_matrix(rotations, upper, product(hanging, matrix_of(align, upper)))
    relative(rotations, positions, joints, forearm, upper)
    bent = product(hanging, about_z(-out * inward))
    lower = product(product(bent, about_y(-elbow)), about_x(-out * (0.5 * abduction + 0.12 * elbow)))
    place_hand(side, _TWIST, joints, align, lower, rotations, positions)


@nb.njit(cache=True)
def finish(rotations: F64, positions: F64, joints: F64) -> F64:
    """Skinning transforms (24, 3, 4): where rest points of each bone go."""
    out = np.empty((len(joints), 3, 4))
    for bone in range(len(joints)):
        r, x, y, z = rotations[bone], joints[bone, 0], joints[bone, 1], joints[bone, 2]
        for i in range(3):
            out[bone, i, 0], out[bone, i, 1], out[bone, i, 2] = r[i, 0], r[i, 1], r[i, 2]
            out[bone, i, 3] = positions[bone, i] - (r[i, 0] * x + r[i, 1] * y + r[i, 2] * z)
    return out


@nb.njit(cache=True)
def gait_of(speed: float, stride: float, fallen: float, joints: F64, foot: F64, style: F64, out: F64) -> None:
    """Write what of a gait does not change while it goes on, (GAIT_COLUMNS,) from :data:`SPEED` on; arguments as of
    :func:`upright`."""
    thigh, shank = length(joints, SHANK, THIGH), length(joints, FOOT, SHANK)
    leg = thigh + shank + foot[0]
    upright_share = 1.0 - min(max(fallen, 0.0), 1.0)
    froude = speed * speed / (GRAVITY * leg)
    run = smoothstep(0.42, 0.58, froude)
    way = 1.0 if speed >= 0.0 else -1.0
    signed_stride = way * stride * upright_share
    effort = way * min(1.0, stride / (1.3 * leg)) * smoothstep(0.0, 0.3, abs(speed)) * upright_share
    work = abs(effort)
    stance = duty(run, froude)
    half_hip = 0.5 * (joints[THIGH, 1] - joints[THIGH + SIDE, 1])
    width = half_hip * style[STEP_WIDTH] * (0.95 - 0.4 * work - 0.25 * run * work)
    # The highest pelvis from which both legs reach their footprints all through stance.
    highest = 0.995 * (thigh + shank) + foot[0]
    for i in range(24):
        sample = stance * i / 23.999
        ankle_x, ankle_z = standing_foot(sample, stance, signed_stride, foot_pitch(sample, stance, run, work), foot)
        slack = (0.999 - 0.012 * run) * (thigh + shank)
        across = ankle_x * ankle_x + (half_hip - width) ** 2
        hip_height = ankle_z + math.sqrt(max(slack * slack - across, 0.01))
        highest = min(highest, hip_height - _pelvis_bob(sample, stance, run, work, leg))
    out[SPEED], out[FALLEN], out[RUN], out[STANCE], out[STRIDE], out[EFFORT] = (
        speed, fallen, run, stance, signed_stride, effort,
    )  # fmt: skip
    out[HIPS], out[WIDTH], out[UPPER_LEG], out[LOWER_LEG] = highest, width, thigh, shank
    _swing_ends(stance, signed_stride, run, effort, highest, thigh, shank, foot, out[ENDS:])


@nb.njit(cache=True, nogil=True)
def upright(
    speed: float, stride: float, phase: float, gaze: float, fallen: float, time: float, joints: F64, align: F64,
    foot: F64, style: F64, gait: F64,
) -> F64:  # fmt: skip
    """Skinning transforms (24, 3, 4) of someone who stands, walks, runs or falls.

    Args:
        speed: m/s, negative backwards; stride: m per cycle; phase: cycles.
        gaze: head yaw, rad; fallen: 0 .. 1; time: s, for the idle sway.
        joints: (24, 3) rest; align: (24, 3, 3) rotation of each limb bone from rest to straight down.
        foot: (5,) of :func:`~drivesim.scene.bodies.gait.standing_foot`.
        style: (20,) columns of :mod:`~drivesim.scene.bodies.posture`.
        gait: (GAIT_COLUMNS,) of :func:`gait_of` for this body at some speed; NaN before the first time. Written anew
            when the speed is another.
    """
    if gait[SPEED] != speed or gait[FALLEN] != fallen:
        gait_of(speed, stride, fallen, joints, foot, style, gait)
    rotations = np.empty((len(joints), 3, 3))
    positions = np.empty((len(joints), 3))
    run, stance, width, hip_mean = gait[RUN], gait[STANCE], gait[WIDTH], gait[HIPS]
    leg = gait[UPPER_LEG] + gait[LOWER_LEG] + foot[0]
    upright_share = 1.0 - min(max(fallen, 0.0), 1.0)
    work = abs(gait[EFFORT])
    cycle = phase - math.floor(phase)
    swing = 2.0 * math.pi * cycle

    idle = (1.0 - work) * upright_share
    sway = idle * math.sin(1.7 * time + style[SWAY])
    stand = idle * style[LEAN] * (0.75 + 0.25 * math.sin(0.35 * time + style[SWAY]))  # weight on one leg
    root = (
        joints[PELVIS, 0] - joints[FOOT, 0] + 0.006 * leg * idle * math.sin(1.1 * time + 2.0 * style[SWAY]),
        0.024 * leg * work * (1.0 - 0.7 * run) * math.sin(swing - 0.1 * math.pi)
        + leg * (0.006 * sway + 0.035 * stand),
        hip_mean + (joints[PELVIS, 2] - joints[THIGH, 2]) + _pelvis_bob(cycle, stance, run, work, leg)
        - 0.0012 * leg * abs(stand),
    )  # fmt: skip
    moved, stood = _DEGREE * work, idle * style[LEAN]
    pelvis = (
        -5.0 * math.cos(swing) * moved + stood * 0.04,
        2.0 * run * moved,
        3.5 * math.cos(swing - 0.3 * math.pi) * moved + stood * 0.05,
    )
    thorax = (
        (5.0 + 5.0 * run) * math.cos(swing) * work * _DEGREE,
        ((3.0 + 7.0 * run) * work + 0.4 * idle * math.sin(1.3 * time + style[SWAY])) * _DEGREE + style[STOOP],
        (-1.0 * math.cos(swing - 0.3 * math.pi) * work + 0.6 * sway) * _DEGREE + -0.04 * idle * style[LEAN],
    )
    place_trunk(
        pelvis, thorax, gaze, 0.04 + 0.25 * style[STOOP] + idle * style[NOD], root, joints, rotations, positions
    )

    for number in range(2):
        side = number * SIDE
        out = 1.0 if number == 0 else -1.0
        local = cycle + 0.5 * number
        local -= math.floor(local)
        x, z, pitch = _foot_place(local, gait, foot)
        bend = toe_bend(local, stance, pitch)
        place_leg(
            side, (x, out * width, z), pitch, out * style[TOE_OUT], (1.0, 0.10 * out, 0.0), bend, joints, align,
            rotations, positions,
        )  # fmt: skip
        forward = -math.cos(2.0 * math.pi * local - 0.25)
        amplitude = (18.0 + 14.0 * run) * style[ARM_SWING]
        flexion = (amplitude * forward - (3.0 + 9.0 * run)) * work
        elbow = 14.0 * (1.0 - run) + 78.0 * run + (11.0 + 6.0 * run) * work * (1.0 + forward)
        abduction = style[ARM_SPREAD] / _DEGREE + 3.0 * run + 35.0 * (1.0 - upright_share)
        arm = LEFT_ARM if number == 0 else RIGHT_ARM
        hold = upright_share if style[HOLD] == BAR or (style[HOLD] == UMBRELLA and number == 1) else 0.0
        flexion *= 1.0 - hold
        elbow += hold * (14.0 - elbow)
        share = max(idle, hold)
        _place_arm(
            side, flexion * _DEGREE + share * style[arm], abduction * _DEGREE + share * style[arm + 1],
            elbow * _DEGREE + share * style[arm + 2], share * style[arm + 3], joints, align, rotations, positions,
        )  # fmt: skip

    if fallen > 0.0:
        tip = euler(0.0, -style[FALL] * 0.5 * math.pi * (1.0 - upright_share), 0.0)
        for bone in range(len(joints)):
            put_matrix(rotations, bone, product(tip, matrix_of(rotations, bone)))
            put_vector(positions, bone, turned(tip, vector_of(positions, bone)))
    return finish(rotations, positions, joints)
