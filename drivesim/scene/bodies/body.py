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
from drivesim.scene.bodies.carried import telephone, umbrella
from drivesim.scene.bodies.clothing import Landmarks, clothes
from drivesim.scene.bodies.coarse import CELLS, coarsened
from drivesim.scene.bodies.head import WHITE, face, hair
from drivesim.scene.bodies.helmet import Helmet, helmet_of
from drivesim.scene.bodies.motion import GAIT_COLUMNS, upright
from drivesim.scene.bodies.order import along_curve, by_bones
from drivesim.scene.bodies.posture import BAR, HOLD, PHONE, UMBRELLA, posture
from drivesim.scene.bodies.rider import RiderSeat
from drivesim.scene.bodies.riding import seated
from drivesim.scene.bodies.skinning import Skin, settled, skin_normals, skin_points
from drivesim.scene.bodies.surface import Piece, cut, normals_of
from drivesim.scene.chance import Chance
from drivesim.scene.pushing import PUSHES
from drivesim.taxonomy import Tag
from drivesim.types import Actor
from drivesim.world.gait import stride_length

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_BONES = (4, 4, 2, 2)
"""As many bones, at most, does a vertex of each of :attr:`Body.skins` follow."""
PHASE_STEP = 1e-3
"""Cycles over which velocities are differences of poses."""
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

    Args:
        look: who it is; stature: m; tag: class; style: how they hold themselves (:func:`posture`).
        helmet: on the head; it does not count for the stature.

    Attributes:
        appearance: who it is; stature: m, hair and soles included.
        skins: the mesh that follows the bones, from that in full to one with a twentieth of the triangles.
        near, far: the first of them, and one with a fifth of the triangles.
    """

    def __init__(self, look: Appearance, stature: float, tag: Tag, style: F64, helmet: Helmet | None = None) -> None:
        shape = basis.shape(look.age, look.female, look.weight, look.muscle)
        pieces = _dressed(shape, look)
        heights = np.concatenate([piece.vertices[:, 2] for piece in pieces])
        floor, top = heights.min(), heights.max()
        scale = stature / (top - floor)
        pieces += helmet.pieces(shape) if helmet else []
        ground = np.array([0.0, 0.0, floor])

        self.appearance = look
        self.stature = stature
        self._style = style
        self._joints: F64 = (shape.joints - ground) * scale
        self._keypoints: F64 = (shape.keypoints - ground) * scale
        self._align = _alignment(self._joints)
        self._foot = self._foot_measures((shape.heels - ground) * scale)
        bones = self.bones(0.0, 0.0)
        pieces += [piece.placed(ground, scale) for piece in self._carried(bones)]
        standing = bones.astype(np.float32)
        made = [pieces, *([coarsened(piece, cell * (top - floor)) for piece in pieces] for cell in CELLS)]
        self.skins = tuple(
            _skin(some, ground, scale, tag, standing, most) for some, most in zip(made, _BONES, strict=True)
        )
        self.near, self.far = self.skins[0], self.skins[2]

    def _carried(self, standing: F64) -> list[Piece]:
        """What the hands hold, at the body's size."""
        style, pieces = self._style, []
        if style[PHONE] > 0.0:
            pieces.append(telephone(self._joints, 0 if style[PHONE] == 1.0 else basis.SIDE))
        if style[HOLD] == UMBRELLA:
            trunk = standing[basis.UPPER_SPINE]
            palm = self.joints_of(standing)[basis.FINGERS + basis.SIDE]
            hand = trunk[:, :3].T @ (palm - trunk[:, 3])
            pieces += umbrella(hand, self.stature, self.appearance.bag_colour)
        return pieces

    @property
    def mesh(self) -> Mesh:
        """Standing at rest, labelled; its triangles, materials, colours and classes hold for every pose."""
        return self.near.mesh

    @staticmethod
    def for_actor(actor: Actor, seed: int | Chance, *, stature: float | None = None) -> Body:
        """The body of a pedestrian (or, for a two-wheeler, of its rider).

        Args:
            seed: of the scenario; or that of bodies with seeds of clothing and posture.
            stature: m; the box's height for pedestrians, a drawn adult's for riders.
        """
        chance = seed if isinstance(seed, Chance) else Chance(seed)
        look = appearance(actor, chance)
        rides = actor.kind != "pedestrian"
        if stature is None:
            drawn = streams.stream(chance.seed, "rider", actor.name).normal(1.765 - 0.13 * look.female, 0.06)
            stature = float(drawn) if rides else expected_stature(actor, look)
        held = posture(actor.name, chance.seed_of("posture"), look, holds=_held(actor) if not rides else 0.0)
        if rides or actor.category == "wheelchair":
            held[PHONE] = 0.0  # both hands are at work
        helmet = helmet_of(actor, chance.seed_of("clothing"), look)
        return Body(look, stature, Tag.RIDER if rides else Tag.PEDESTRIAN, held, helmet)

    @property
    def measures(self) -> tuple[F64, F64, F64, F64]:
        """What :func:`~drivesim.scene.bodies.motion.upright` wants of a body: joints, alignment, foot, style."""
        return self._joints, self._align, self._foot, self._style

    def bones(self, speed: float, gait_phase: float, gaze: float = 0.0, fallen: float = 0.0, time: float = 0.0) -> F64:
        """Skinning transforms (24, 3, 4) of standing, walking, running or falling.

        Args:
            speed: m/s along x; gait_phase: cycles; gaze: head yaw, rad; fallen: 0 .. 1; time: s, for the idle sway.
        """
        stride = stride_length(float(speed), self.stature)
        return upright(
            float(speed), float(stride), float(gait_phase), float(gaze), float(fallen), float(time),
            self._joints, self._align, self._foot, self._style, np.full(GAIT_COLUMNS, np.nan),
        )  # fmt: skip

    def bones_riding(self, seat: RiderSeat, gait_phase: float, gaze: float = 0.0) -> F64:
        """Skinning transforms (24, 3, 4) on a two-wheeler, in its frame; ``gait_phase`` counts crank turns."""
        return seated(seat_points(seat), gait_phase, gaze, self._joints, self._align, self._foot)

    def pose(self, speed: float, gait_phase: float, gaze: float = 0.0, fallen: float = 0.0, time: float = 0.0) -> Posed:
        """Standing, walking, running or fallen; arguments as of :meth:`bones`."""
        return self._posed(self.bones(speed, gait_phase, gaze, fallen, time), settle=fallen > 0.0)

    def pose_riding(self, seat: RiderSeat, gait_phase: float, gaze: float = 0.0) -> Posed:
        """On a two-wheeler, in its frame; ``gait_phase`` counts crank turns."""
        return self._posed(self.bones_riding(seat, gait_phase, gaze))

    def gait_rate(self, speed: float) -> float:
        """Gait cycles per second at ``speed`` m/s."""
        stride = stride_length(float(speed), self.stature)
        return abs(speed) / stride if stride > 0.0 else 0.0

    def velocity(self, speed: float, gait_phase: float, gaze: float = 0.0, time: float = 0.0) -> F32:
        """Velocity of every vertex relative to the actor's frame, (V, 3) float32 m/s: the gait at constant speed."""
        out = np.empty_like(self.near.vertices)
        ahead = self.bones(speed, gait_phase + PHASE_STEP, gaze, 0.0, time)
        moving(self.near, self.bones(speed, gait_phase, gaze, 0.0, time), ahead, self.gait_rate(speed), out)
        return out

    def velocity_riding(self, seat: RiderSeat, gait_phase: float, turns_per_second: float, gaze: float = 0.0) -> F32:
        """Velocity of every vertex of a rider relative to the vehicle, (V, 3) float32 m/s."""
        out = np.empty_like(self.near.vertices)
        ahead = self.bones_riding(seat, gait_phase + PHASE_STEP, gaze)
        moving(self.near, self.bones_riding(seat, gait_phase, gaze), ahead, turns_per_second, out)
        return out

    def joints(self, speed: float, gait_phase: float, gaze: float = 0.0, fallen: float = 0.0, time: float = 0.0) -> F64:
        """Where each of :data:`~drivesim.scene.bodies.basis.BONES` begins, (24, 3) m."""
        return self.joints_of(self.bones(speed, gait_phase, gaze, fallen, time))

    def joints_of(self, transforms: F64) -> F64:
        """The same for skinning transforms (24, 3, 4)."""
        return np.asarray((transforms[:, :, :3] @ self._joints[:, :, None])[:, :, 0] + transforms[:, :, 3])

    def keypoints_of(self, transforms: F64, *, settle: bool = False) -> F64:
        """COCO's joints (17, 3), m, for skinning transforms (24, 3, 4), of those who lie (``settle``) on the ground."""
        rise = shaped(self.far, transforms, np.empty_like(self.far.vertices), settle=True) if settle else 0.0
        return self._keypoints_at(transforms, rise)

    def _keypoints_at(self, transforms: F64, rise: float) -> F64:
        own = transforms[_KEYPOINT_BONES]
        keypoints: F64 = np.einsum("kij,kj->ki", own[:, :, :3], self._keypoints) + own[:, :, 3]
        keypoints[:, 2] += rise
        return keypoints

    def _posed(self, transforms: F64, *, settle: bool = False) -> Posed:
        vertices, normals = np.empty_like(self.near.vertices), np.empty_like(self.near.normals)
        rise = shaped(self.near, transforms, vertices, settle=settle)
        turned(self.near, transforms, normals)
        return Posed(vertices, normals, self._keypoints_at(transforms, rise))

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


def shaped(skin: Skin, transforms: F64, out: F32, *, settle: bool = False) -> float:
    """Write the vertices (V, 3) of a pose, of those who lie (``settle``) on the ground; how far that raised them, m."""
    skin_points(skin.vertices, skin.bones, skin.weights, transforms.astype(np.float32), out)
    return float(settled(out)) if settle else 0.0


def turned(skin: Skin, transforms: F64, out: F32) -> None:
    """Write the unit normals (V, 3) of a pose."""
    skin_normals(skin.normals, skin.bones, skin.weights, transforms.astype(np.float32), out)


def moving(skin: Skin, transforms: F64, ahead: F64, cycles_per_second: float, out: F32) -> None:
    """Write the vertices' velocity (V, 3), m/s; ``ahead`` is :data:`PHASE_STEP` cycles after ``transforms``."""
    rates = ((ahead - transforms) * (cycles_per_second / PHASE_STEP)).astype(np.float32)
    skin_points(skin.vertices, skin.bones, skin.weights, rates, out)


def _skin(pieces: list[Piece], ground: F64, scale: float, tag: Tag, standing: F32, most: int) -> Skin:
    """Pieces of the shape's own size as one mesh of the body's, whose vertices follow ``most`` bones."""
    vertices = ((np.concatenate([piece.vertices for piece in pieces]) - ground) * scale).astype(np.float32)
    normals = np.concatenate([normals_of(p.vertices, p.triangles) if p.normals is None else p.normals for p in pieces])
    weights = np.concatenate([piece.weights for piece in pieces])
    order = np.argsort(-weights, axis=1, kind="stable")[:, :4]
    best = np.take_along_axis(weights, order, axis=1)
    best[:, most:] = 0.0
    bones, shares = order.astype(np.uint8), (best / best.sum(axis=1, keepdims=True)).astype(np.float32)
    starts = np.cumsum([0, *(len(piece.vertices) for piece in pieces)])
    triangles = np.concatenate([p.triangles + s for p, s in zip(pieces, starts, strict=False)])
    rows, place = by_bones(bones, shares), along_curve(vertices[triangles].mean(axis=1))
    vertices, bones, shares, rest = vertices[rows], bones[rows], shares[rows], normals[rows].astype(np.float32)
    row_of = np.empty_like(rows)
    row_of[rows] = np.arange(len(rows))
    posed, shaded = np.empty_like(vertices), np.empty_like(rest)
    skin_points(vertices, bones, shares, standing, posed)
    skin_normals(rest, bones, shares, standing, shaded)
    mesh = Mesh(
        vertices=posed,
        triangles=row_of[triangles[place]].astype(np.int32),
        normals=shaded,
        material=np.concatenate([np.full(len(p.triangles), int(p.material), np.uint8) for p in pieces])[place],
        albedo=np.concatenate([piece.albedo for piece in pieces]).astype(np.float32)[place],
        semantic=np.full(len(triangles), int(tag), np.uint8),
        instance=np.zeros(len(triangles), np.int32),
    )
    return Skin(mesh, vertices, rest, bones, shares)


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


def _held(actor: Actor) -> float:
    """What both hands of a pedestrian are for, as :mod:`~drivesim.scene.bodies.posture` says it; 0: nothing."""
    if actor.properties.get(PUSHES):
        return BAR
    return UMBRELLA if "umbrella" in actor.properties.get("carries", "").lower() else 0.0


def seat_points(seat: RiderSeat) -> F64:
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
