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

F64 = NDArray[np.float64]

GRAVITY = 9.81
_STEP = 1e-4
_DEGREE = math.pi / 180.0


@nb.njit(cache=True)
def _euler(yaw: float, pitch: float, roll: float) -> F64:
    cy, sy, cp, sp, cr, sr = (
        math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch), math.cos(roll), math.sin(roll),
    )  # fmt: skip
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )


@nb.njit(cache=True)
def _cross(a: F64, b: F64) -> F64:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


@nb.njit(cache=True)
def _frame(down: F64, left: F64) -> F64:
    """Rotation that takes -z to ``down`` and y to ``left`` (unit, orthogonal)."""
    forward = _cross(left, -down)
    return np.column_stack((forward, left, -down))


@nb.njit(cache=True)
def two_bones(root: F64, target: F64, toward: F64, a: float, b: float) -> tuple[F64, F64, F64]:
    """Two-bone inverse kinematics.

    Args:
        root, target: (3,) ends of the chain; a target out of reach is approached.
        toward: (3,) the way the middle joint bends.
        a, b: lengths of the bones, m.

    Returns:
        Rotations (3, 3) of both bones from hanging straight down, and the middle joint (3,).
    """
    reach = target - root
    distance = math.sqrt((reach**2).sum())
    along = reach / max(distance, 1e-9)
    distance = min(max(distance, abs(a - b) + 1e-6), (a + b) * 0.9999)
    left = _cross(-along, toward)
    left /= max(math.sqrt((left**2).sum()), 1e-9)
    bend = _cross(left, -along)
    cosine = min(max((a * a + distance * distance - b * b) / (2.0 * a * distance), -1.0), 1.0)
    upper = along * cosine + bend * math.sqrt(1.0 - cosine * cosine)
    middle = root + a * upper
    lower = (root + along * distance - middle) / b
    return _frame(upper, left), _frame(lower, left), middle


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
def _foot_place(
    phase: float, stance: float, stride: float, run: float, effort: float, hip_height: float, leg: F64, foot: F64
) -> tuple[float, float, float]:
    """Ankle x, z (m) and foot pitch (rad) of one leg; hip_height is the hip's mean height."""
    pitch = foot_pitch(phase, stance, run, abs(effort))
    if phase < stance:
        x, z = standing_foot(phase, stance, stride, pitch, foot)
        return x, z, pitch
    # Tables give the shape of the swing; a cubic adds what it takes to leave and meet the ground without a jerk.
    span = 1.0 - stance
    u = (phase - stance) / span
    x, z = _swing_reach(phase, run, effort, leg[0], leg[1])
    x0, z0 = _swing_reach(stance, run, effort, leg[0], leg[1])
    x1, z1 = _swing_reach(1.0, run, effort, leg[0], leg[1])
    xa, za = _swing_reach(stance + _STEP, run, effort, leg[0], leg[1])
    xb, zb = _swing_reach(1.0 - _STEP, run, effort, leg[0], leg[1])
    gx0, gz0 = standing_foot(stance, stance, stride, foot_pitch(stance - 1e-9, stance, run, abs(effort)), foot)
    gxa, gza = standing_foot(stance - _STEP, stance, stride, foot_pitch(stance - _STEP, stance, run, abs(effort)), foot)
    gx1, gz1 = standing_foot(0.0, stance, stride, foot_pitch(0.0, stance, run, abs(effort)), foot)
    gxb, gzb = standing_foot(_STEP, stance, stride, foot_pitch(_STEP, stance, run, abs(effort)), foot)
    h00, h10 = (1 + 2 * u) * (1 - u) ** 2, u * (1 - u) ** 2
    h01, h11 = u * u * (3 - 2 * u), u * u * (u - 1)
    rate = span / _STEP
    x += h00 * (gx0 - x0) + h01 * (gx1 - x1)
    x += rate * (h10 * (gx0 - gxa - xa + x0) + h11 * (gxb - gx1 - x1 + xb))
    z += hip_height + h00 * (gz0 - z0 - hip_height) + h01 * (gz1 - z1 - hip_height)
    z += rate * (h10 * (gz0 - gza - za + z0) + h11 * (gzb - gz1 - z1 + zb))
    floor = clearance(pitch, toe_bend(phase, stance, pitch), foot) + 0.012 * leg[0] / 0.42 * abs(effort) * min(
        1.0, 8.0 * u, 8.0 * (1.0 - u)
    )
    gap = z - floor
    return x, floor + 0.5 * (gap + math.sqrt(gap * gap + 4e-4 * abs(effort) * u * (1.0 - u))), pitch


@nb.njit(cache=True)
def _relative(rotations: F64, positions: F64, joints: F64, bone: int, parent: int) -> None:
    positions[bone] = positions[parent] + rotations[parent] @ (joints[bone] - joints[parent])


@nb.njit(cache=True)
def _place_leg(
    side: int,
    ankle: F64,
    pitch: float,
    toward: F64,
    toes: float,
    joints: F64,
    align: F64,
    rotations: F64,
    positions: F64,
) -> None:
    thigh, shank, foot, toe = THIGH + side, SHANK + side, FOOT + side, TOES + side
    _relative(rotations, positions, joints, thigh, PELVIS)
    a = math.sqrt(((joints[shank] - joints[thigh]) ** 2).sum())
    b = math.sqrt(((joints[foot] - joints[shank]) ** 2).sum())
    upper, lower, _ = two_bones(positions[thigh], ankle, toward, a, b)
    rotations[thigh] = upper @ align[thigh]
    rotations[shank] = lower @ align[shank]
    rotations[foot] = _euler(0.0, pitch, 0.0) @ align[foot]
    rotations[toe] = _euler(0.0, pitch - toes, 0.0) @ align[foot]
    _relative(rotations, positions, joints, shank, thigh)
    _relative(rotations, positions, joints, foot, shank)
    _relative(rotations, positions, joints, toe, foot)


@nb.njit(cache=True)
def _place_trunk(
    pelvis: F64, thorax: F64, gaze: float, nod: float, root: F64, joints: F64, rotations: F64, positions: F64
) -> None:
    """Spine, neck and head; pelvis and thorax are (yaw, pitch, roll), the head keeps level."""
    turn = min(max(gaze, -1.8), 1.8)
    top = thorax.copy()
    top[0] += 0.22 * turn
    rotations[PELVIS] = _euler(pelvis[0], pelvis[1], pelvis[2])
    positions[PELVIS] = root
    parent = PELVIS
    for bone, share in ((LOWER_SPINE, 0.35), (MIDDLE_SPINE, 0.7), (UPPER_SPINE, 1.0)):
        angles = pelvis + share * (top - pelvis)
        rotations[bone] = _euler(angles[0], angles[1], angles[2])
        _relative(rotations, positions, joints, bone, parent)
        parent = bone
    rotations[NECK] = _euler(0.5 * (top[0] + turn), 0.55 * top[1] + 0.5 * nod, 0.5 * top[2])
    _relative(rotations, positions, joints, NECK, UPPER_SPINE)
    rotations[HEAD] = _euler(turn, nod, 0.0)
    _relative(rotations, positions, joints, HEAD, NECK)


@nb.njit(cache=True)
def _place_hand(side: int, joints: F64, align: F64, lower: F64, rotations: F64, positions: F64) -> None:
    forearm, hand, fingers = FOREARM + side, HAND + side, FINGERS + side
    inward = -1.0 if side == 0 else 1.0
    _relative(rotations, positions, joints, hand, forearm)
    rotations[hand] = lower @ align[hand]
    _relative(rotations, positions, joints, fingers, hand)
    rotations[fingers] = lower @ _euler(0.0, 0.0, inward * 0.45) @ align[hand]


@nb.njit(cache=True)
def _place_arm(
    side: int, flexion: float, abduction: float, elbow: float, joints: F64, align: F64, rotations: F64, positions: F64
) -> None:
    clavicle, upper, forearm = CLAVICLE + side, UPPER_ARM + side, FOREARM + side
    out = 1.0 if side == 0 else -1.0
    base = rotations[UPPER_SPINE]
    _relative(rotations, positions, joints, clavicle, UPPER_SPINE)
    rotations[clavicle] = base @ _euler(-out * 0.12 * flexion, 0.0, -out * 0.10)
    _relative(rotations, positions, joints, upper, clavicle)
    hanging = base @ _euler(0.0, -flexion, 0.0) @ _euler(0.0, 0.0, out * abduction)
    rotations[upper] = hanging @ align[upper]
    _relative(rotations, positions, joints, forearm, upper)
    lower = hanging @ _euler(0.0, -elbow, 0.0) @ _euler(0.0, 0.0, -out * (0.5 * abduction + 0.12 * elbow))
    rotations[forearm] = lower @ align[forearm]
    _place_hand(side, joints, align, lower, rotations, positions)


@nb.njit(cache=True)
def _finish(rotations: F64, positions: F64, joints: F64) -> F64:
    """Skinning transforms (24, 3, 4): where rest points of each bone go."""
    out = np.empty((len(joints), 3, 4))
    for bone in range(len(joints)):
        out[bone, :, :3] = rotations[bone]
        out[bone, :, 3] = positions[bone] - rotations[bone] @ joints[bone]
    return out


@nb.njit(cache=True)
def upright(
    speed: float, stride: float, phase: float, gaze: float, fallen: float, time: float, joints: F64, align: F64,
    foot: F64, style: F64,
) -> F64:  # fmt: skip
    """Skinning transforms (24, 3, 4) of someone who stands, walks, runs or falls.

    Args:
        speed: m/s, negative backwards; stride: m per cycle; phase: cycles.
        gaze: head yaw, rad; fallen: 0 .. 1; time: s, for the idle sway.
        joints: (24, 3) rest; align: (24, 3, 3) rotation of each limb bone from rest to straight down.
        foot: (5,) of :func:`~drivesim.scene.bodies.gait.standing_foot`.
        style: (5,) arm swing factor, step width factor, sway phase, fall (1 back, -1 front), arm spread in rad.
    """
    rotations = np.empty((len(joints), 3, 3))
    positions = np.empty((len(joints), 3))
    lengths = np.array(
        [
            math.sqrt(((joints[SHANK] - joints[THIGH]) ** 2).sum()),
            math.sqrt(((joints[FOOT] - joints[SHANK]) ** 2).sum()),
        ]
    )
    leg = lengths[0] + lengths[1] + foot[0]
    upright_share = 1.0 - min(max(fallen, 0.0), 1.0)
    froude = speed * speed / (GRAVITY * leg)
    run = smoothstep(0.42, 0.58, froude)
    way = 1.0 if speed >= 0.0 else -1.0
    signed_stride = way * stride * upright_share
    effort = way * min(1.0, stride / (1.3 * leg)) * smoothstep(0.0, 0.3, abs(speed)) * upright_share
    work = abs(effort)
    stance = duty(run, froude)
    cycle = phase - math.floor(phase)
    swing = 2.0 * math.pi * cycle

    half_hip = 0.5 * (joints[THIGH, 1] - joints[THIGH + SIDE, 1])
    width = half_hip * style[1] * (0.95 - 0.4 * work - 0.25 * run * work)
    below = joints[PELVIS, 2] - joints[THIGH, 2]
    # The highest pelvis from which both legs reach their footprints all through stance.
    highest = 0.995 * (lengths[0] + lengths[1]) + foot[0]
    for i in range(24):
        sample = stance * i / 23.999
        ankle_x, ankle_z = standing_foot(sample, stance, signed_stride, foot_pitch(sample, stance, run, work), foot)
        slack = (0.999 - 0.012 * run) * (lengths[0] + lengths[1])
        across = ankle_x * ankle_x + (half_hip - width) ** 2
        hip_height = ankle_z + math.sqrt(max(slack * slack - across, 0.01))
        highest = min(highest, hip_height - _pelvis_bob(sample, stance, run, work, leg))
    hip_mean = highest
    root = np.array(
        [
            joints[PELVIS, 0] - joints[FOOT, 0],
            0.024 * leg * work * (1.0 - 0.7 * run) * math.sin(swing - 0.1 * math.pi),
            hip_mean + below + _pelvis_bob(cycle, stance, run, work, leg),
        ]
    )
    idle = (1.0 - work) * upright_share
    sway = idle * math.sin(1.7 * time + style[2])
    root[1] += 0.010 * leg * sway
    root[0] += 0.006 * leg * idle * math.sin(1.1 * time + 2.0 * style[2])

    pelvis = np.array(
        [-5.0 * math.cos(swing), 2.0 * run, 3.5 * math.cos(swing - 0.3 * math.pi)]
    ) * (_DEGREE * work)  # fmt: skip
    thorax = (
        np.array(
            [
                (5.0 + 5.0 * run) * math.cos(swing) * work,
                (3.0 + 7.0 * run) * work + 0.4 * idle * math.sin(1.3 * time + style[2]),
                -1.0 * math.cos(swing - 0.3 * math.pi) * work + 0.6 * sway,
            ]
        )
        * _DEGREE
    )
    _place_trunk(pelvis, thorax, gaze, 0.04, root, joints, rotations, positions)

    for number in range(2):
        side = number * SIDE
        out = 1.0 if number == 0 else -1.0
        local = cycle + 0.5 * number
        local -= math.floor(local)
        x, z, pitch = _foot_place(local, stance, signed_stride, run, effort, hip_mean, lengths, foot)
        toward = np.array([1.0, 0.10 * out, 0.0])
        bend = toe_bend(local, stance, pitch)
        _place_leg(
            side, np.array([x, out * width, z]), pitch, toward, bend, joints, align, rotations, positions
        )  # fmt: skip
        forward = -math.cos(2.0 * math.pi * local - 0.25)
        amplitude = (18.0 + 14.0 * run) * style[0]
        flexion = (amplitude * forward - (3.0 + 9.0 * run)) * work
        elbow = 14.0 * (1.0 - run) + 78.0 * run + (11.0 + 6.0 * run) * work * (1.0 + forward)
        abduction = style[4] / _DEGREE + 3.0 * run + 35.0 * (1.0 - upright_share)
        _place_arm(
            side, flexion * _DEGREE, abduction * _DEGREE, elbow * _DEGREE, joints, align, rotations, positions
        )  # fmt: skip

    if fallen > 0.0:
        tip = _euler(0.0, -style[3] * 0.5 * math.pi * (1.0 - upright_share), 0.0)
        for bone in range(len(joints)):
            rotations[bone] = tip @ rotations[bone]
            positions[bone] = tip @ positions[bone]
    return _finish(rotations, positions, joints)


@nb.njit(cache=True)
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
        _place_trunk(
            np.array([0.0, 0.6 * lean, 0.0]), np.array([0.0, lean, 0.0]), gaze, 0.05, root, joints, rotations, positions
        )  # fmt: skip
        _relative(rotations, positions, joints, UPPER_ARM, UPPER_SPINE)
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
        _place_leg(side, ankle, pitch, toward, 0.0, joints, align, rotations, positions)
        _relative(rotations, positions, joints, CLAVICLE + side, UPPER_SPINE)
        rotations[CLAVICLE + side] = rotations[UPPER_SPINE]
        _relative(rotations, positions, joints, UPPER_ARM + side, CLAVICLE + side)
        a = math.sqrt(((joints[FOREARM + side] - joints[UPPER_ARM + side]) ** 2).sum())
        b = math.sqrt(((joints[HAND + side] - joints[FOREARM + side]) ** 2).sum())
        shoulder = positions[UPPER_ARM + side].copy()
        grip = seat[1 + number]
        wrist = grip - (grip - shoulder) / math.sqrt(((grip - shoulder) ** 2).sum()) * (reach - a - b)
        down_out = np.array([-0.3, 0.6 * out, -0.8])
        upper, lower, _ = two_bones(shoulder, wrist, down_out, a, b)
        turn = _euler(math.pi, 0.0, 0.0)  # elbows bend the other way than knees
        rotations[UPPER_ARM + side] = upper @ turn @ align[UPPER_ARM + side]
        rotations[FOREARM + side] = lower @ turn @ align[FOREARM + side]
        _relative(rotations, positions, joints, FOREARM + side, UPPER_ARM + side)
        _place_hand(side, joints, align, lower @ turn, rotations, positions)
    return _finish(rotations, positions, joints)
