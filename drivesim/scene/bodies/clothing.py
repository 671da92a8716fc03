"""Clothes as shells over regions of the body, cut where a tailor would cut."""

from __future__ import annotations

from dataclasses import dataclass

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
    TOES,
    UPPER_ARM,
    UPPER_SPINE,
    Shape,
)
from drivesim.scene.bodies.surface import Piece, cut, shell

F64 = NDArray[np.float64]

SOLE = (0.06, 0.06, 0.06)
_OVERLAP = 0.03


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


def _garment(body: Shape, level: F64, thickness: F64, rounds: int, material: MaterialId, colour: object) -> Piece:
    columns = np.column_stack([body.vertices, body.weights, thickness])
    part, triangles = cut(columns, body.triangles, level)
    vertices, triangles, weights = shell(part[:, :3], triangles, part[:, 3:-1], part[:, -1], rounds)
    return Piece.of(vertices, triangles, weights, material, np.asarray(colour, dtype=np.float64))


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
    collar = {"jacket": 0.022, "hoodie": 0.020, "shirt": 0.018}.get(kind, 0.006)
    return at.neck[2] + collar * at.unit - 0.55 * (x - at.neck[0])


def _collar(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    """The band round the neck, from ribbing (t-shirt, dress) to a stiff roll (jacket)."""
    kind = "dress" if look.bottom == "dress" else look.top
    x, y, z = body.vertices.T
    near = ~at.on_arm & (np.abs(z - _neckline(at, kind, x)) < 0.018 * at.unit)
    middle = 0.5 * (x[near].max() + x[near].min())
    angle = np.linspace(0.0, 2.0 * np.pi, 25)
    around = np.arctan2(y[near], x[near] - middle)
    apart = np.abs((around[None] - angle[:, None] + np.pi) % (2.0 * np.pi) - np.pi)
    closeness = np.exp(-((apart / 0.35) ** 2))
    thick = {"jacket": 0.0085, "hoodie": 0.0075, "shirt": 0.0065}.get(kind, 0.0045) * at.unit
    radius = (closeness * np.hypot(x[near] - middle, y[near])).sum(axis=1) / closeness.sum(axis=1) + 0.6 * thick
    ring_x = middle + radius * np.cos(angle)
    spine = np.column_stack([ring_x, radius * np.sin(angle), _neckline(at, kind, ring_x)])
    colour = look.bottom_colour if kind == "dress" else look.top_colour
    return tube(body, spine, np.full(len(angle), thick), UPPER_SPINE, MaterialId.COTTON, 0.85 * np.asarray(colour))


def top_level(body: Shape, at: Landmarks, kind: str) -> F64:
    """> 0 (m from the hem) where the garment for the upper body covers."""
    z, x = body.vertices[:, 2], body.vertices[:, 0]
    sleeve = {"tshirt": 0.62 * at.elbow, "dress": 0.5 * at.elbow}.get(kind, at.wrist - 0.004 * at.unit)
    hem = at.crotch - {"jacket": 0.02, "hoodie": 0.0, "tshirt": 0.0, "dress": 0.0}.get(kind, -0.01) * at.unit
    neckline = _neckline(at, kind, x) - z
    trunk = np.minimum(z - hem, neckline)
    return np.where(at.on_arm, sleeve - at.arm, trunk)


def leg_level(body: Shape, at: Landmarks, kind: str) -> F64:
    """> 0 (m from the hem) where trousers or shorts cover."""
    z = body.vertices[:, 2]
    hem = at.ankle - 0.012 * at.unit if kind == "trousers" else at.knee + 0.02 * at.unit
    return np.where(at.on_arm, -1.0, np.minimum(z - hem, at.waist - z))


def shoe_level(body: Shape, at: Landmarks) -> F64:
    return at.ankle + 0.004 * at.unit - body.vertices[:, 2]


def _upper(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    kind = "dress" if look.bottom == "dress" else look.top
    base = {"tshirt": 0.0060, "shirt": 0.0055, "jacket": 0.0120, "hoodie": 0.0100, "dress": 0.0050}[kind] * at.unit
    level = top_level(body, at, kind)
    hang = np.clip((at.neck[2] - body.vertices[:, 2]) / (at.neck[2] - at.crotch), 0.0, 1.0)
    thickness = base * (0.6 + 0.7 * hang) + _folds(body.vertices, at.unit, 0.0016 if kind != "jacket" else 0.0022)
    material = MaterialId.SYNTHETIC if kind == "jacket" else MaterialId.COTTON
    colour = look.bottom_colour if kind == "dress" else look.top_colour
    return _garment(body, level, np.maximum(thickness, 0.003 * at.unit), 60, material, colour)


def _lower(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    kind = "shorts" if look.bottom == "shorts" else "trousers"
    z = body.vertices[:, 2]
    down = np.clip((at.waist - z) / (at.waist - at.ankle), 0.0, 1.0)
    loose = 0.0042 + (0.010 * down if kind == "shorts" else 0.0055 * down)
    thickness = loose * at.unit + _folds(body.vertices, at.unit, 0.0014) * np.clip(4.0 * down, 0.2, 1.0)
    return _garment(
        body,
        leg_level(body, at, kind),
        np.maximum(thickness, 0.0025 * at.unit),
        5,
        MaterialId.COTTON,
        look.bottom_colour,
    )


def _skirt(body: Shape, at: Landmarks, look: Appearance) -> Piece:
    """A bell from waist to above the knee; it swings with both thighs, each pulling its own side."""
    top, bottom = at.waist, at.knee + (0.03 if look.age > 14 else 0.06) * at.unit
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
        radius = reach + (0.006 + 0.035 * share + 0.006 * share * np.sin(7.0 * angle)) * at.unit
        vertices.append(np.column_stack([center + radius[:, None] * direction, np.full(columns, z)]))
        weight = np.zeros((columns, body.weights.shape[1]))
        hang = np.clip(1.25 * (share - 0.25), 0.0, 0.8)
        left = 0.5 + 0.5 * np.clip(1.4 * direction[:, 1], -1.0, 1.0)
        weight[:, THIGH], weight[:, THIGH + SIDE] = hang * left, hang * (1.0 - left)
        weight[:, PELVIS] = (1.0 - hang) * (0.6 + 0.4 * share)
        weight[:, LOWER_SPINE] = (1.0 - hang) * 0.4 * (1.0 - share)
        weights.append(weight)
    inner = vertices[-1].copy()
    inner[:, :2] = center + 0.96 * (inner[:, :2] - center)
    inner[:, 2] += 0.01 * at.unit
    vertices.append(inner)
    weights.append(weights[-1])
    triangles = grid(rows + 1, columns, closed=True)
    return Piece.of(np.concatenate(vertices), triangles, np.concatenate(weights), MaterialId.COTTON, look.bottom_colour)


def grid(rows: int, columns: int, *, closed: bool) -> NDArray[np.int64]:
    """Triangles of a grid whose rows go down and columns go left; ``closed`` joins the columns' ends."""
    last = columns if closed else columns - 1
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(last), indexing="ij")
    following = (column + 1) % columns
    a, b = row * columns + column, row * columns + following
    c, d = a + columns, b + columns
    return np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)])


# Cross-section of a shoe: sideways in half widths, height as a share of the upper; the first four points are sole.
_SHOE = np.array(
    [
        (1.04, 0.0), (0.5, -1.0), (-0.5, -1.0), (-1.04, 0.0), (-1.0, 0.08), (-1.0, 0.32), (-0.86, 0.68), (-0.5, 0.92),
        (0.0, 1.0), (0.5, 0.92), (0.86, 0.68), (1.0, 0.32), (1.0, 0.08),
    ]
)  # fmt: skip


def _shoe(body: Shape, at: Landmarks, look: Appearance, side: int) -> Piece:
    """One shoe, lofted over the outline of the foot."""
    bones = [FOOT + side, TOES + side]
    foot = body.vertices[(body.weights[:, bones].sum(axis=1) > 0.5) & (body.vertices[:, 2] < at.ankle)]
    ankle, joint = body.joints[FOOT + side, :2], body.joints[TOES + side, :2]
    ahead = (joint - ankle) / np.linalg.norm(joint - ankle)
    along, across = (foot[:, :2] - ankle) @ ahead, (foot[:, :2] - ankle) @ np.array([-ahead[1], ahead[0]])
    start, length = along.min(), float(np.ptp(along))
    room, sole = 0.004 * at.unit, 0.014 * at.unit
    stations = np.array([0.0, 0.06, 0.18, 0.32, 0.46, 0.6, 0.72, 0.84, 0.94, 1.0])
    roundness = np.array([0.55, 0.85, 1, 1, 1, 1, 1, 1, 0.82, 0.45])
    rings, weights = [], []
    for station, shape in zip(stations, roundness, strict=True):
        place = start + station * length
        band = np.abs(along - place) < 0.12 * length
        left, right = across[band].max(), across[band].min()
        middle, half = 0.5 * (left + right), shape * (0.5 * (left - right) + room)
        top = foot[band & (np.abs(along - place) < 0.09 * length), 2].max() + 1.5 * room
        top = min(top, at.ankle) if station < 0.5 else max(top * (0.75 + 0.25 * shape), 0.024 * at.unit)
        sideways = middle + half * _SHOE[:, 0]
        height = np.where(_SHOE[:, 1] < 0.0, -sole, np.where(_SHOE[:, 1] == 0.0, -0.75 * sole, _SHOE[:, 1] * top))
        spot = ankle + (place + (2.2 * station - 1.0) * room) * ahead
        plan = spot + sideways[:, None] * np.array([-ahead[1], ahead[0]])
        rings.append(np.column_stack([plan, height]))
        weight = np.zeros((len(_SHOE), body.weights.shape[1]))
        bent = float(np.clip((place - np.linalg.norm(joint - ankle)) / (0.12 * length) + 0.5, 0.0, 1.0))
        weight[:, bones] = 1.0 - bent, bent
        weights.append(weight)
    for end, neighbour in ((0, 0), (-1, -1)):
        cap = rings[neighbour] * (0.15, 0.15, 0.6) + rings[neighbour].mean(axis=0) * (0.85, 0.85, 0.4)
        rings.insert(0 if end == 0 else len(rings), cap)
        weights.insert(0 if end == 0 else len(weights), weights[neighbour])
    triangles = grid(len(rings), len(_SHOE), closed=True)
    is_sole = np.all(triangles % len(_SHOE) < 4, axis=1)
    albedo = np.where(is_sole[:, None], np.asarray(SOLE), np.asarray(look.shoe_colour))
    return Piece(np.concatenate(rings), triangles, np.concatenate(weights), MaterialId.LEATHER, albedo)


def _tube(spine: F64, radii: F64, across: int) -> tuple[F64, NDArray[np.int64]]:
    """A closed tube along points (N, 3) with radii (N,)."""
    tangent = np.gradient(spine, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    helper = np.where(np.abs(tangent[:, 1:2]) > 0.9, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
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
    top = top_level(body, at, "dress" if look.bottom == "dress" else look.top)
    pieces = [_upper(body, at, look), _collar(body, at, look), _shoe(body, at, look, 0), _shoe(body, at, look, SIDE)]
    covered = np.maximum(top, shoe_level(body, at))
    if look.bottom in ("skirt", "dress"):
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
