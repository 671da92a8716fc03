"""A person as sensors see one: a dressed body that walks, runs, stands, looks, rides and falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivesim import streams
from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.bodies import basis
from drivesim.scene.bodies.appearance import Appearance, appearance, expected_stature
from drivesim.scene.bodies.clothing import Landmarks, clothes
from drivesim.scene.bodies.head import WHITE, face, hair
from drivesim.scene.bodies.motion import upright
from drivesim.scene.bodies.posture import posture
from drivesim.scene.bodies.rider import RiderSeat
from drivesim.scene.bodies.riding import seated
from drivesim.scene.bodies.skinning import skin
from drivesim.scene.bodies.surface import Piece, cut, normals_of
from drivesim.taxonomy import Tag
from drivesim.types import Actor
from drivesim.world.gait import stride_length

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_PHASE_STEP = 2e-3
_DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A body at one instant in the actor's frame.

    Attributes:
        vertices, normals: (V, 3) float32, m and unit; keypoints: (17, 3) float64, COCO's joints in COCO's order.
    """

    vertices: F32
    normals: F32
    keypoints: F64


class Body:
    """One person. Make it with :meth:`for_actor`.

    Attributes:
        appearance: who it is; stature: m, hair and soles included.
        mesh: standing at rest, labelled; its triangles, materials, colours and classes hold for every pose.
    """

    def __init__(self, look: Appearance, stature: float, tag: Tag, style: F64) -> None:
        shape = basis.shape(look.age, look.female, look.weight, look.muscle)
        pieces = _dressed(shape, look)
        points = np.concatenate([piece.vertices for piece in pieces])
        floor, top = points[:, 2].min(), points[:, 2].max()
        scale = stature / (top - floor)
        ground = np.array([0.0, 0.0, floor])

        self.appearance = look
        self.stature = stature
        self._style = style
        self._joints: F64 = (shape.joints - ground) * scale
        self._keypoints: F64 = (shape.keypoints - ground) * scale
        self._align = _alignment(self._joints)
        self._foot = self._foot_measures((shape.heels - ground) * scale)
        self._vertices = ((points - ground) * scale).astype(np.float32)
        self._normals = np.concatenate(
            [normals_of(p.vertices, p.triangles) if p.normals is None else p.normals for p in pieces]
        ).astype(np.float32)
        weights = np.concatenate([piece.weights for piece in pieces])
        order = np.argsort(-weights, axis=1, kind="stable")[:, :4]
        best = np.take_along_axis(weights, order, axis=1)
        self._bones = order.astype(np.uint8)
        self._weights = (best / best.sum(axis=1, keepdims=True)).astype(np.float32)
        starts = np.cumsum([0, *(len(piece.vertices) for piece in pieces)])
        triangles = np.concatenate([p.triangles + s for p, s in zip(pieces, starts, strict=False)]).astype(np.int32)
        material = np.concatenate([np.full(len(p.triangles), int(p.material), np.uint8) for p in pieces])
        standing = self.pose(0.0, 0.0)
        self.mesh = Mesh(
            vertices=standing.vertices,
            triangles=triangles,
            normals=standing.normals,
            material=material,
            albedo=np.concatenate([piece.albedo for piece in pieces]).astype(np.float32),
            semantic=np.full(len(triangles), int(tag), np.uint8),
            instance=np.zeros(len(triangles), np.int32),
        )

    @staticmethod
    def for_actor(actor: Actor, seed: int, *, stature: float | None = None) -> Body:
        """The body of a pedestrian (or, for a two-wheeler, of its rider).

        Args:
            seed: of the scenario.
            stature: m; the box's height for pedestrians, a drawn adult's for riders.
        """
        look = appearance(actor, seed)
        rides = actor.kind != "pedestrian"
        if stature is None:
            drawn = streams.stream(seed, "rider", actor.name).normal(1.765 - 0.13 * look.female, 0.06)
            stature = float(drawn) if rides else expected_stature(actor, look)
        return Body(look, stature, Tag.RIDER if rides else Tag.PEDESTRIAN, posture(actor.name, seed, look))

    def pose(self, speed: float, gait_phase: float, gaze: float = 0.0, fallen: float = 0.0, time: float = 0.0) -> Posed:
        """Standing, walking, running or fallen.

        Args:
            speed: m/s along x; gait_phase: cycles; gaze: head yaw, rad; fallen: 0 .. 1; time: s, for the idle sway.
        """
        transforms = self._transforms(speed, gait_phase, gaze, fallen, time)
        return self._posed(transforms, settle=fallen > 0.0)

    def pose_riding(self, seat: RiderSeat, gait_phase: float, gaze: float = 0.0) -> Posed:
        """On a two-wheeler, in its frame; ``gait_phase`` counts crank turns."""
        return self._posed(seated(_seat_points(seat), gait_phase, gaze, self._joints, self._align, self._foot))

    def velocity(self, speed: float, gait_phase: float, gaze: float = 0.0, time: float = 0.0) -> F32:
        """Velocity of every vertex relative to the actor's frame, (V, 3) float32 m/s: the gait at constant speed."""
        stride = stride_length(speed, self.stature)
        if stride <= 0.0:
            return np.zeros_like(self._vertices)
        rate = abs(speed) / stride
        after = self._posed(self._transforms(speed, gait_phase + _PHASE_STEP, gaze, 0.0, time)).vertices
        before = self._posed(self._transforms(speed, gait_phase - _PHASE_STEP, gaze, 0.0, time)).vertices
        return (after - before) * np.float32(rate / (2.0 * _PHASE_STEP))

    def velocity_riding(self, seat: RiderSeat, gait_phase: float, turns_per_second: float, gaze: float = 0.0) -> F32:
        """Velocity of every vertex of a rider relative to the vehicle, (V, 3) float32 m/s."""
        after = self.pose_riding(seat, gait_phase + _PHASE_STEP, gaze).vertices
        before = self.pose_riding(seat, gait_phase - _PHASE_STEP, gaze).vertices
        return (after - before) * np.float32(turns_per_second / (2.0 * _PHASE_STEP))

    def joints(self, speed: float, gait_phase: float, gaze: float = 0.0, fallen: float = 0.0, time: float = 0.0) -> F64:
        """Where each of :data:`~drivesim.scene.bodies.basis.BONES` begins, (24, 3) m."""
        transforms = self._transforms(speed, gait_phase, gaze, fallen, time)
        return np.einsum("bij,bj->bi", transforms[:, :, :3], self._joints) + transforms[:, :, 3]

    def _transforms(self, speed: float, phase: float, gaze: float, fallen: float, time: float) -> F64:
        stride = stride_length(float(speed), self.stature)
        return upright(
            float(speed), float(stride), float(phase), float(gaze), float(fallen), float(time),
            self._joints, self._align, self._foot, self._style,
        )  # fmt: skip

    def _posed(self, transforms: F64, *, settle: bool = False) -> Posed:
        vertices, normals = np.empty_like(self._vertices), np.empty_like(self._normals)
        skin(
            self._vertices, self._normals, self._bones, self._weights, transforms.astype(np.float32), vertices, normals
        )  # fmt: skip
        own = transforms[_KEYPOINT_BONES]
        keypoints = np.einsum("kij,kj->ki", own[:, :, :3], self._keypoints) + own[:, :, 3]
        if settle:
            rise = -vertices[:, 2].min()
            vertices[:, 2] += rise
            keypoints[:, 2] += rise
        return Posed(vertices, normals, keypoints)

    def _foot_measures(self, heels: F64) -> F64:
        """The measures of :func:`~drivesim.scene.bodies.gait.standing_foot`, (5,) m."""
        ankle, toes = self._joints[basis.FOOT], self._joints[basis.TOES]
        ball = toes[0] - ankle[0]
        return np.array([ankle[2], ball, heels[0, 0] - ankle[0], toes[2], 0.38 * ball])


_KEYPOINT_BONES = np.array(
    [basis.HEAD] * 5
    + [bone + side for bone in (basis.UPPER_ARM, basis.FOREARM, basis.HAND) for side in (0, basis.SIDE)]
    + [bone + side for bone in (basis.THIGH, basis.SHANK, basis.FOOT) for side in (0, basis.SIDE)]
)


def _dressed(shape: basis.Shape, look: Appearance) -> list[Piece]:
    """Skin where it shows, clothes, hair and face, at the shape's own size."""
    pieces, hidden = clothes(shape, Landmarks.of(shape), look)
    columns = np.column_stack(
        [shape.vertices, shape.weights, normals_of(shape.vertices, shape.triangles), shape.eyeball]
    )
    bare, triangles = cut(columns, shape.triangles, -hidden)
    albedo = np.where(np.all(bare[triangles][:, :, -1] > 0.5, axis=1, keepdims=True), WHITE, np.asarray(look.skin))
    body = Piece(bare[:, :3], triangles, bare[:, 3:-4], MaterialId.SKIN, albedo, bare[:, -4:-1])
    return [body, *pieces, *hair(shape, look), *face(shape, look)]


def _alignment(joints: F64) -> F64:
    """Rotation (24, 3, 3) of each limb bone from its rest direction to straight down; identity elsewhere."""
    out = np.tile(np.eye(3), (len(joints), 1, 1))
    for side in (0, basis.SIDE):
        for bone in (basis.UPPER_ARM, basis.FOREARM, basis.HAND, basis.THIGH, basis.SHANK):
            along = joints[bone + 1 + side] - joints[bone + side]
            along = along / np.linalg.norm(along)
            axis = np.cross(along, _DOWN)
            k = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
            out[bone + side] = np.eye(3) + k + k @ k / (1.0 + along @ _DOWN)
    return out


def _seat_points(seat: RiderSeat) -> F64:
    """The array :func:`~drivesim.scene.bodies.riding.seated` takes."""
    x, y, z = seat.pedal_axis
    rows = [
        seat.saddle,
        seat.left_grip,
        seat.right_grip,
        (x, y + seat.pedal_half_width, z),
        (x, y - seat.pedal_half_width, z),
        (seat.crank_radius, 0.0, 0.0),
        (seat.knee_spread, 0.0, 0.0),
    ]
    return np.array(rows, dtype=np.float64)
