"""Clothes as shells over regions of the body, cut where a tailor would cut."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.scene.bodies.appearance import Appearance
from drivesim.scene.bodies.basis import (
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
    UPPER_ARM,
    UPPER_SPINE,
    Shape,
)
from drivesim.scene.bodies.drape import draped
from drivesim.scene.bodies.pattern import patterned
from drivesim.scene.bodies.shoes import shoe
from drivesim.scene.bodies.surface import Piece, cut, grid, shell, smoothed

F64 = NDArray[np.float64]

_OVERLAP = 0.03
_AHEAD = 0.02
"""Where the middle of cloth over the seat is taken, before the pelvis, share of stature."""


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Where a tailor measures, per vertex (V,) or for the body; metres of the body's own size.

    Attributes:
        arm: how far down the arm from the shoulder, negative on the trunk; on_arm: whether it belongs to an arm.
        unit: stature, m.
    """

    arm: F64
    on_arm: NDArray[np.bool_]
    elbow: float
    wrist: float
    neck: F64
    crotch: float
    waist: float
    knee: float
    ankle: float
    unit: float

    @staticmethod
    def of(body: Shape) -> Landmarks:
        joints, vertices = body.joints, body.vertices
        arm = np.full(len(vertices), -1.0)
        on_arm = np.zeros(len(vertices), dtype=bool)
        lengths = np.zeros(2)
        for side in (0, SIDE):
            shoulder, elbow, wrist = joints[UPPER_ARM + side], joints[FOREARM + side], joints[HAND + side]
            lengths = np.linalg.norm([elbow - shoulder, wrist - elbow], axis=1)
            upper, lower = lengths
            along_upper = (vertices - shoulder) @ (elbow - shoulder) / upper
            along_lower = upper + (vertices - elbow) @ (wrist - elbow) / lower
            share = body.weights[:, UPPER_ARM + side : FINGERS + side + 1].sum(axis=1)
            distal = body.weights[:, FOREARM + side : FINGERS + side + 1].sum(axis=1)
            mine = share > 0.5
            on_arm |= mine
            arm[mine] = np.where(distal > 0.5, along_lower, along_upper)[mine]
        hips = joints[THIGH, 2]
        knee, ankle = joints[SHANK, 2], joints[FOOT, 2]
        return Landmarks(
            arm=arm,
            on_arm=on_arm,
            elbow=float(lengths[0]),
            wrist=float(lengths.sum()),
            neck=joints[NECK],
            crotch=float(hips - 0.10 * (hips - knee)),
            waist=float(joints[PELVIS, 2] + 0.75 * (joints[MIDDLE_SPINE, 2] - joints[PELVIS, 2])),
            knee=float(knee),
            ankle=float(ankle),
            unit=float(np.ptp(vertices[:, 2])),
        )


def _garment(
    body: Shape, level: F64, thickness: F64, rounds: int, material: MaterialId, colour: object,
    hung: F64 | None = None, upright: F64 | None = None,
) -> Piece:  # fmt: skip
    hung = body.vertices if hung is None else hung
    upright = np.zeros(len(hung)) if upright is None else upright
    columns = np.column_stack([body.vertices, body.weights, hung, upright, thickness])
    part, triangles = cut(columns, body.triangles, level)
    vertices, triangles, weights = shell(
        part[:, :3], triangles, part[:, 3:-5], part[:, -1], rounds, hung=part[:, -5:-2], upright=part[:, -2]
    )
    return Piece.of(vertices, triangles, weights, material, np.asarray(colour, dtype=np.float64))


def _ramp(low: float, high: float, z: F64) -> F64:
    """0 below ``low``, 1 above ``high`` (or the other way round), smooth between."""
    u = np.clip((z - low) / (high - low), 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u))


def _line(joints: F64, bones: list[int], z: F64) -> F64:
    """x and y (N, 2) of the line through joints at heights ``z``."""
    path = joints[bones][np.argsort(joints[bones, 2])]
    return np.column_stack([np.interp(z, path[:, 2], path[:, axis]) for axis in (0, 1)])


def _folds(vertices: F64, unit: float, depth: float) -> F64:
    """Shallow folds, (V,) m: what keeps cloth from looking like paint."""
    x, y, z = (vertices / unit * 60.0).T
    return (
        depth
        * unit
        * (0.6 * np.sin(1.1 * z + 1.3 * np.sin(0.9 * y + 0.4 * x)) + 0.4 * np.sin(0.7 * z - 1.6 * y + 0.8 * x))
    )


def _neckline(at: Landmarks, kind: str, x: F64) -> F64:
    """Height of the garment's upper edge, m: a plane that falls to the front."""
    collar, fall = {"jacket": (0.022, 0.55), "hoodie": (0.016, 0.62), "shirt": (0.014, 0.68)}.get(kind, (-0.002, 0.72))
    return at.neck[2] + collar * at.unit - fall * (x - at.neck[0])


def _collar(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    """The band round the neck, from ribbing (t-shirt, dress) to a stiff roll (jacket)."""
    kind = "dress" if look.bottom == "dress" else look.top
    x, y, z = body.vertices.T
    near = ~at.on_arm & (np.abs(z - _neckline(at, kind, x)) < 0.018 * at.unit)
    middle = 0.5 * (x[near].max() + x[near].min())
    angle = np.linspace(-np.pi, np.pi, 25)
    around = np.arctan2(y[near], x[near] - middle)
    apart = np.abs((around[None] - angle[:, None] + np.pi) % (2.0 * np.pi) - np.pi)
    closeness = np.exp(-((apart / 0.35) ** 2))
    thick = {"jacket": 0.0085, "hoodie": 0.0070, "shirt": 0.0060}.get(kind, 0.0032) * at.unit
    radius = (closeness * np.hypot(x[near] - middle, y[near])).sum(axis=1) / closeness.sum(axis=1) + 0.6 * thick
    ring_x = middle + radius * np.cos(angle)
    spine = np.column_stack([ring_x, radius * np.sin(angle), _neckline(at, kind, ring_x)])
    colour = look.bottom_colour if kind == "dress" else look.top_colour
    return tube(body, spine, np.full(len(angle), thick), UPPER_SPINE, MaterialId.COTTON, 0.85 * np.asarray(colour))


def _hem(at: Landmarks, kind: str) -> float:
    """Height of the lower edge of an upper garment that hangs over trousers, m."""
    return at.crotch + {"jacket": 0.004, "shirt": 0.02}.get(kind, 0.012) * at.unit


def top_level(body: Shape, at: Landmarks, kind: str, *, tucked: bool = False) -> F64:
    """> 0 (m from the hem) where the upper garment covers; ``tucked`` into a skirt it ends at the waist."""
    z, x = body.vertices[:, 2], body.vertices[:, 0]
    sleeve = {"tshirt": 0.62 * at.elbow, "dress": 0.5 * at.elbow}.get(kind, at.wrist - 0.004 * at.unit)
    hem = at.waist - 0.03 * at.unit if tucked else _hem(at, kind)
    trunk = np.minimum(z - hem, _neckline(at, kind, x) - z)
    return np.where(at.on_arm, sleeve - at.arm, trunk)


def leg_level(body: Shape, at: Landmarks, kind: str) -> F64:
    """> 0 (m from the hem) where trousers or shorts cover; trousers fall lower behind than over the instep."""
    x, _, z = body.vertices.T
    hem = at.knee + 0.02 * at.unit
    if kind == "trousers":
        hem = at.ankle - 0.016 * at.unit + 0.45 * (x - body.joints[FOOT, 0])
    return np.where(at.on_arm, -1.0, np.minimum(z - hem, at.waist - z))


def shoe_level(body: Shape, at: Landmarks) -> F64:
    return at.ankle + 0.004 * at.unit - body.vertices[:, 2]


def _settled(body: Shape, hung: F64) -> F64:
    """Hanging cloth evened out: neighbours move together."""
    return body.vertices + smoothed(hung - body.vertices, body.triangles, 3)


def _swinging(body: Shape, at: Landmarks, upright: F64) -> F64:
    """Skinning weights of cloth that hangs over the hips as one: pelvis, and on each side a little of its thigh."""
    thighs = [THIGH, THIGH + SIDE]
    own = body.weights[:, thighs].sum(axis=1)
    left = 0.5 + 0.5 * np.clip(body.vertices[:, 1] / (0.07 * at.unit), -1.0, 1.0)
    low = np.clip((body.joints[PELVIS, 2] - body.vertices[:, 2]) / (body.joints[PELVIS, 2] - at.crotch), 0.0, 1.0)
    joint = body.weights.copy()
    joint[:, PELVIS] += own
    joint[:, thighs] = 0.0
    pull = 0.45 * low * joint[:, PELVIS]
    joint[:, THIGH], joint[:, THIGH + SIDE] = pull * left, pull * (1.0 - left)
    joint[:, PELVIS] -= pull
    share = upright[:, None]
    return np.asarray((1.0 - share) * body.weights + share * joint)


_FALL = {"tshirt": 0.10, "shirt": 0.14, "jacket": 0.04, "hoodie": 0.05, "dress": 0.45}
"""How much narrower, in m per m downwards, a garment is than what falls straight."""


def _upper(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    kind = "dress" if look.bottom == "dress" else look.top
    z = body.vertices[:, 2]
    base = {"tshirt": 0.0050, "shirt": 0.0048, "jacket": 0.0110, "hoodie": 0.0095, "dress": 0.0042}[kind] * at.unit
    hang = np.clip((at.neck[2] - z) / (at.neck[2] - at.crotch), 0.0, 1.0)
    thickness = base * (0.7 + 0.5 * hang) + _folds(body.vertices, at.unit, 0.0016 if kind != "jacket" else 0.0022)
    material = MaterialId.SYNTHETIC if kind == "jacket" else MaterialId.COTTON
    colour = look.bottom_colour if kind == "dress" else look.top_colour
    chest, tucked = float(body.joints[UPPER_SPINE, 2]), look.bottom in ("skirt", "dress")
    upright = np.where(at.on_arm, 0.0, _ramp(chest + 0.02 * at.unit, chest - 0.05 * at.unit, z))
    under = body.vertices[~at.on_arm & (z < chest + 0.02 * at.unit) & (z > at.crotch - 0.04 * at.unit)]
    everywhere = np.concatenate([body.vertices, under])
    centre = np.tile([body.joints[LOWER_SPINE, 0], 0.0], (len(everywhere), 1))
    taper = 0.45 if tucked else _FALL[kind]
    hung = body.vertices
    for _ in range(2):
        hung = _settled(
            body, draped(hung, under, centre, (chest, at.crotch - 0.03 * at.unit), taper, upright, _AHEAD * at.unit)
        )
    level = top_level(body, at, kind, tucked=tucked)
    weighted = replace(body, weights=_swinging(body, at, upright))
    cloth = _garment(weighted, level, np.maximum(thickness, 0.003 * at.unit), 25, material, colour, hung, upright)
    if kind == "dress":
        return cloth
    return patterned(cloth, look.pattern, float(at.neck[2]), at.crotch, at.unit, look.second_colour)


def _lower(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    kind = "shorts" if look.bottom == "shorts" else "trousers"
    z, joints, unit = body.vertices[:, 2], body.joints, at.unit
    down = np.clip((at.waist - z) / (at.waist - at.ankle), 0.0, 1.0)
    thickness = 0.0042 * unit + _folds(body.vertices, unit, 0.0014) * np.clip(4.0 * down, 0.2, 1.0)
    hem = _hem(at, look.top)
    under_top = np.where(at.on_arm, 0.0, _ramp(hem - 0.01 * unit, hem + 0.03 * unit, z))
    thickness = np.maximum(thickness, 0.0025 * unit) * (1.0 - 0.5 * under_top)
    seat = ~at.on_arm & (z < at.waist) & (z > at.crotch - 0.025 * unit)
    everywhere = np.concatenate([body.vertices, body.vertices[seat]])
    centre = np.tile([joints[PELVIS, 0], 0.0], (len(everywhere), 1))
    share = 0.9 * _ramp(at.crotch - 0.02 * unit, at.crotch + 0.02 * unit, z) * ~at.on_arm * (1.0 - 0.6 * under_top)
    hung = draped(
        body.vertices, body.vertices[seat], centre, (at.waist, at.crotch - 0.02 * unit), 3.0, share, _AHEAD * unit
    )
    top, bottom = (at.crotch - 0.06 * unit, at.knee) if kind == "shorts" else (at.crotch - 0.11 * unit, at.ankle)
    for side in (0, SIDE):
        mine = body.weights[:, [THIGH + side, SHANK + side, FOOT + side]].sum(axis=1) > 0.5
        leg = mine & (z < top) & (body.weights[:, FOOT + side] < 0.5)
        places = np.concatenate([z, z[leg]])
        centre = _line(joints, [THIGH + side, SHANK + side, FOOT + side], places)
        share = mine * _ramp(top + 0.02 * unit, top - 0.05 * unit, z) * _ramp(at.ankle - 0.05 * unit, at.ankle, z)
        hung = draped(hung, hung[leg], centre, (top, bottom), 0.0 if kind == "shorts" else 0.045, share)
    hung = _settled(body, hung)
    upright = _ramp(at.crotch, at.crotch - 0.08 * unit, z)
    level = leg_level(body, at, kind)
    body = replace(body, weights=_swinging(body, at, under_top))  # what a shirt hides moves with it, not through it
    return _garment(body, level, thickness, 5, MaterialId.COTTON, look.bottom_colour, hung, upright)


def _skirt(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    """A bell from waist to above the knee; it swings with both thighs, each pulling its own side."""
    top, bottom = at.waist + 0.006 * at.unit, at.knee + (0.03 if look.age > 14 else 0.06) * at.unit
    rows, columns = 9, 28
    trunk = ~at.on_arm
    points = body.vertices[trunk]
    angle = np.linspace(0.0, 2.0 * np.pi, columns, endpoint=False)
    direction = np.column_stack([np.cos(angle), np.sin(angle)])
    heights = np.linspace(top, bottom, rows)
    center = np.array([body.joints[PELVIS, 0], 0.0])
    reach = np.zeros(columns)
    vertices, weights = [], []
    for row, z in enumerate(heights):
        band = points[np.abs(points[:, 2] - z) < 0.025 * at.unit]
        reach = np.maximum(((band[:, :2] - center) @ direction.T).max(axis=0), reach)
        share = row / (rows - 1)
        radius = reach + (0.013 + 0.030 * share + 0.006 * share * np.sin(7.0 * angle)) * at.unit
        vertices.append(np.column_stack([center + radius[:, None] * direction, np.full(columns, z)]))
        weight = np.zeros((columns, body.weights.shape[1]))
        hang = np.clip(1.25 * (share - 0.25), 0.0, 0.8)
        left = 0.5 + 0.5 * np.clip(1.4 * direction[:, 1], -1.0, 1.0)
        weight[:, THIGH], weight[:, THIGH + SIDE] = hang * left, hang * (1.0 - left)
        weight[:, PELVIS] = (1.0 - hang) * (0.6 + 0.4 * share)
        weight[:, LOWER_SPINE] = (1.0 - hang) * 0.4 * (1.0 - share)
        weights.append(weight)
    for place, scale, rise in ((0, 0.88, -0.006), (-1, 0.96, 0.01)):
        inner = vertices[place].copy()
        inner[:, :2] = center + scale * (inner[:, :2] - center)
        inner[:, 2] += rise * at.unit
        vertices.insert(0 if place == 0 else len(vertices), inner)
        weights.insert(0 if place == 0 else len(weights), weights[place])
    triangles = grid(rows + 2, columns, closed=True)
    return Piece.of(np.concatenate(vertices), triangles, np.concatenate(weights), MaterialId.COTTON, look.bottom_colour)


def _tube(spine: F64, radii: F64, across: int) -> tuple[F64, NDArray[np.int64]]:
    """A closed tube along points (N, 3) with radii (N,)."""
    tangent = np.gradient(spine, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    helper = np.eye(3)[np.argmin(np.abs(tangent).max(axis=0))]  # one for the whole tube: no twist
    side = np.cross(tangent, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(tangent, side)
    angle = np.linspace(0.0, 2.0 * np.pi, across, endpoint=False)
    ring = np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * other[:, None]
    points = (spine[:, None] + radii[:, None, None] * ring).reshape(-1, 3)
    return points, grid(len(spine), across, closed=True)[:, ::-1]


def tube(body: Shape, spine: F64, radii: F64, bone: int, material: MaterialId, colour: object) -> Piece:
    """A tube that moves with one bone."""
    points, triangles = _tube(spine, radii, 10)
    weights = np.zeros((len(points), body.weights.shape[1]))
    weights[:, bone] = 1.0
    return Piece.of(points, triangles, weights, material, np.asarray(colour, dtype=np.float64))


def _hood(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    """A hood laid back: a soft roll round the nape."""
    angle = np.linspace(-2.3, 2.3, 15)
    wide = 0.060 * at.unit
    spine = np.column_stack(
        [
            at.neck[0] - 0.008 * at.unit - wide * np.cos(angle),
            wide * np.sin(angle),
            at.neck[2] + (0.004 - 0.016 * np.cos(angle)) * at.unit,
        ]
    )
    radii = at.unit * (0.006 + 0.016 * np.cos(0.6 * angle) ** 2)
    radii[[0, -1]] = 0.001 * at.unit
    return tube(body, spine, radii, UPPER_SPINE, MaterialId.COTTON, look.top_colour)


def _backpack(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    """A school bag: a rounded block on the back."""
    trunk = body.vertices[~at.on_arm & (body.weights[:, HEAD] < 0.1)]
    low, high = at.waist - 0.02 * at.unit, at.neck[2] - 0.055 * at.unit
    band = trunk[(trunk[:, 2] > low) & (trunk[:, 2] < high) & (np.abs(trunk[:, 1]) < 0.05 * at.unit)]
    size = 0.5 * np.array([0.16 if look.age < 14 else 0.09, 0.155, (high - low) / at.unit]) * at.unit
    size[0] = max(size[0] * 0.55, 0.035 * at.unit)
    center = np.array([band[:, 0].min() - size[0] - 0.008 * at.unit, 0.0, 0.5 * (low + high)])
    u, v = np.meshgrid(np.linspace(0.0, np.pi, 13), np.linspace(0.0, 2 * np.pi, 20, endpoint=False), indexing="ij")
    ball = np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], -1).reshape(-1, 3)
    block = np.sign(ball) * np.abs(ball) ** 0.4
    weights = np.zeros((len(block), body.weights.shape[1]))
    weights[:, UPPER_SPINE], weights[:, MIDDLE_SPINE] = 0.7, 0.3
    return Piece.of(center + size * block, grid(13, 20, closed=True), weights, MaterialId.SYNTHETIC, look.bag_colour)


def _strap(body: Shape, at: Landmarks, look: Appearance, side: float) -> Piece:
    """A strap of the bag: over the shoulder, down the chest, back under the arm."""
    unit, lateral = at.unit, side * 0.052 * at.unit
    trunk = body.vertices[~at.on_arm & (body.weights[:, [HEAD, NECK]].sum(axis=1) < 0.3)]
    slab = trunk[np.abs(trunk[:, 1] - lateral) < 0.02 * unit]
    slab = slab[slab[:, 2] > at.waist]
    top, room = slab[:, 2].max(), 0.018 * unit
    middle = float(slab[slab[:, 2] > top - 0.02 * unit][:, 0].mean())
    points = [(slab[:, 0].min() - room, lateral, top - 0.055 * unit), (middle - 0.03 * unit, lateral, top + 0.5 * room)]
    points.append((middle + 0.015 * unit, lateral, top + 0.7 * room))
    for share in (0.25, 0.5, 0.75):
        z = top - share * 0.75 * (top - at.waist)
        front = slab[np.abs(slab[:, 2] - z) < 0.03 * unit][:, 0].max()
        points.append((front + room, lateral * (1.0 + 0.35 * share), z))
    low = at.waist + 0.02 * unit
    points += [(middle + 0.02 * unit, 1.9 * lateral, low), (slab[:, 0].min(), 1.3 * lateral, low)]
    radii = np.full(len(points), 0.007 * unit)
    return tube(body, np.array(points), radii, UPPER_SPINE, MaterialId.SYNTHETIC, look.bag_colour)


def clothes(body: Shape, at: Landmarks, look: Appearance) -> tuple[list[Piece], F64]:
    """All garments, and how deep under cloth each vertex of the body is, (V,) m (negative: bare)."""
    tucked = look.bottom in ("skirt", "dress")
    top = top_level(body, at, "dress" if look.bottom == "dress" else look.top, tucked=tucked)
    pieces = [
        _upper(body, at, look),
        _collar(body, at, look),
        shoe(body, at.ankle, look, 0),
        shoe(body, at.ankle, look, SIDE),
    ]
    covered = np.maximum(top, shoe_level(body, at))
    if tucked:
        pieces.append(_skirt(body, at, look))
        z = body.vertices[:, 2]
        hidden = np.where(at.on_arm, -1.0, np.minimum(at.waist - z, z - at.knee - 0.12 * at.unit))
        covered = np.maximum(covered, hidden)
    else:
        pieces.append(_lower(body, at, look))
        covered = np.maximum(covered, leg_level(body, at, look.bottom))
    if look.bottom != "dress" and look.top == "hoodie":
        pieces.append(_hood(body, at, look))
    if look.backpack:
        pieces += [_backpack(body, at, look), *(_strap(body, at, look, side) for side in (1.0, -1.0))]
    return pieces, covered - _OVERLAP * at.unit
