"""Hair, brows, eyes and lips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.scene.bodies.appearance import Appearance
from drivesim.scene.bodies.basis import HEAD, NECK, UPPER_SPINE, Shape
from drivesim.scene.bodies.clothing import tube
from drivesim.scene.bodies.surface import Piece, cut, grid, shell

F64 = NDArray[np.float64]

WHITE = (0.72, 0.70, 0.68)
IRIS = (0.05, 0.035, 0.025)

# Hairline: height above the ear as a share of ear-to-crown height, by how far forward (0 ear, 1 nose, -1 behind).
_FORWARD = np.array([-1.2, -0.55, -0.35, -0.18, 0.22, 0.32, 0.62, 0.9])
_HEIGHT = np.array([-0.42, -0.40, -0.25, 0.30, 0.30, 0.10, 0.50, 0.58])


def _measures(body: Shape) -> tuple[F64, F64, float, float]:
    """Middle of the ears (3,), of the eyes (3,), ear-to-crown height and ear-to-nose depth, m."""
    ears, eyes, nose = body.keypoints[3:5].mean(axis=0), body.keypoints[1:3].mean(axis=0), body.keypoints[0]
    return ears, eyes, float(body.vertices[:, 2].max() - ears[2]), float(nose[0] - ears[0])


def hair_level(body: Shape, look: Appearance) -> F64:
    """> 0 where hair grows (m from the hairline)."""
    ears, _, tall, deep = _measures(body)
    forward = (body.vertices[:, 0] - ears[0]) / deep
    height = (body.vertices[:, 2] - ears[2]) / tall
    sideways = body.vertices[:, 1] / deep
    line = np.interp(forward, _FORWARD, _HEIGHT)
    if look.hair in ("short", "ponytail", "bun"):  # swept off the forehead, higher at the temples
        line = (
            line + np.interp(forward, [0.35, 0.7], [0.0, 0.10]) + 0.10 * np.clip(forward, 0.0, 1.0) * sideways**2 * 4.0
        )
    line = line + 0.018 * np.sin(23.0 * sideways + 9.0 * forward) + 0.012 * np.sin(51.0 * sideways - 17.0 * forward)
    level = height - line
    if look.hair == "bald":
        crown, temple = 0.55 - 0.30 * forward - height, 0.6 * (0.28 - forward)
        level = -np.log(sum(np.exp(-14.0 * edge) for edge in (level, crown, temple))) / 14.0  # a wreath, rounded
    level *= tall
    return np.where(body.weights[:, HEAD] + body.weights[:, NECK] > 0.6, level, -1.0)


def hair(body: Shape, look: Appearance) -> list[Piece]:
    """The cap of hair and what hangs from it."""
    ears, _, tall, _ = _measures(body)
    size = tall / 0.14
    x, y, z = ((body.vertices - ears) / tall).T
    thick = {"short": 0.010, "bald": 0.004, "bun": 0.008, "ponytail": 0.008}.get(look.hair, 0.013) * size
    up = np.clip(z, 0.0, 1.0)
    strands = 0.0022 * size * np.sin(34.0 * y + 5.0 * np.sin(6.0 * z + 4.0 * x))
    strands += 0.0016 * size * np.sin(21.0 * x - 13.0 * y + 4.0 * np.sin(9.0 * z))
    level = hair_level(body, look)
    fringe = np.clip(0.10 + level / (0.30 * tall), 0.10, 1.0)
    columns = np.column_stack(
        [body.vertices, body.weights, fringe * np.maximum(thick * (0.55 + 1.2 * up) + strands, 0.0016 * size)]
    )
    part, triangles = cut(columns, body.triangles, level)
    vertices, triangles, weights = shell(part[:, :3], triangles, part[:, 3:-1], part[:, -1], 4)
    pieces = [Piece.of(vertices, triangles, weights, MaterialId.HAIR, look.hair_colour)]
    back = np.array([body.vertices[body.weights[:, HEAD] > 0.9][:, 0].min(), 0.0, ears[2]])
    if look.hair in ("bob", "long"):
        pieces.append(_curtain(body, look, size))
    elif look.hair == "ponytail":
        t = np.linspace(0.0, 1.0, 10)[:, None]
        start = back + size * np.array([0.006, 0.0, 0.045])
        spine = start + size * (t * (-0.055, 0.0, 0.02) + t**2 * (0.03, 0.0, -0.20))
        radii = size * np.interp(t[:, 0], [0, 0.08, 0.4, 0.8, 1.0], [0.008, 0.013, 0.024, 0.017, 0.003])
        pieces.append(tube(body, spine, radii, HEAD, MaterialId.HAIR, look.hair_colour))
    elif look.hair == "bun":
        t = np.linspace(-1.0, 1.0, 9)
        spine = back + size * np.column_stack([-0.02 - 0.030 * t, 0 * t, 0.065 + 0.018 * t])
        radii = size * 0.032 * np.sqrt(np.maximum(1.0 - t**2, 1e-3))
        pieces.append(tube(body, spine, radii, HEAD, MaterialId.HAIR, look.hair_colour))
    return pieces


def _curtain(body: Shape, look: Appearance, size: float) -> Piece:
    """Hair that falls round the back of the head to the chin or over the shoulders."""
    ears, _, tall, _ = _measures(body)
    skull = body.vertices[body.weights[:, HEAD] > 0.9]
    half_width = np.abs(skull[np.abs(skull[:, 2] - ears[2] - 0.3 * tall) < 0.2 * tall][:, 1]).max()
    back = ears[0] - skull[:, 0].min()
    drop = (0.095 if look.hair == "bob" else 0.20) * size
    rows, columns = 8, 21
    angle = np.linspace(-1.75, 1.75, columns)
    vertices, weights = [], []
    for row in range(rows):
        t = row / (rows - 1)
        flare = 0.90 + 0.22 * np.sin(0.5 * np.pi * min(2.2 * t, 1.0)) - (0.20 if look.hair == "bob" else 0.04) * t * t
        ripple = 1.0 + 0.03 * np.sin(9.0 * angle)
        radius = (flare * ripple + 0.02)[:, None] * np.array([back + 0.012 * size, half_width + 0.014 * size])
        height = ears[2] + 0.5 * tall - t * (0.5 * tall + drop)
        vertices.append(
            np.column_stack(
                [ears[0] - radius[:, 0] * np.cos(angle), -radius[:, 1] * np.sin(angle), np.full(columns, height)]
            )
        )
        weight = np.zeros((columns, body.weights.shape[1]))
        low = np.clip(2.0 * (t - 0.5), 0.0, 1.0)
        weight[:, HEAD], weight[:, NECK], weight[:, UPPER_SPINE] = 1.0 - 0.7 * low, 0.4 * low, 0.3 * low
        weights.append(weight)
    return Piece.of(
        np.concatenate(vertices),
        grid(rows, columns, closed=False),
        np.concatenate(weights),
        MaterialId.HAIR,
        look.hair_colour,
    )


def _foremost(corners: F64, places: F64, *, otherwise: float) -> F64:
    """x (n,) of a surface of triangles (T, 3, 3) where it is hit from the front at ``places`` (n, 2) in y and z."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac = (b - a)[:, 1:], (c - a)[:, 1:]
    twice = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    upright = np.abs(twice) > 1e-12
    scale = np.where(upright, 1.0 / np.where(upright, twice, 1.0), 0.0)
    offset = places[:, None] - a[None, :, 1:]
    u = (offset[..., 0] * ac[:, 1] - offset[..., 1] * ac[:, 0]) * scale
    v = (ab[:, 0] * offset[..., 1] - ab[:, 1] * offset[..., 0]) * scale
    inside = upright & (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1.0 + 1e-9)
    x = a[:, 0] + u * (b - a)[:, 0] + v * (c - a)[:, 0]
    foremost = np.where(inside, x, -np.inf).max(axis=1)
    return np.where(np.isfinite(foremost), foremost, otherwise)


def face(body: Shape, look: Appearance) -> list[Piece]:
    """Brows, irises and lips: thin patches on the face."""
    _, eyes, tall, _ = _measures(body)
    size = tall / 0.14
    in_front = (body.weights[:, HEAD] > 0.8) & ~body.eyeball & (body.vertices[:, 0] > eyes[0] - 0.05 * size)
    front = body.vertices[body.triangles[in_front[body.triangles].all(axis=1)]]
    nose = body.keypoints[0]
    skin = np.asarray(look.skin)

    def patch(center: F64, outline: F64, lift: float, colour: object, arch: float = 0.0) -> Piece:
        """A disc (fan of two rings) over the face; outline (n, 2) in y and z about the centre."""
        rings = np.concatenate([0.02 * outline, 0.6 * outline, outline]) + center[1:]
        rings[:, 1] -= arch * ((rings[:, 0] - center[1]) ** 2) / np.abs(outline[:, 0]).max()
        x = _foremost(front, rings, otherwise=float(center[0])) + lift
        points = np.column_stack([x, rings])
        weights = np.zeros((len(points), body.weights.shape[1]))
        weights[:, HEAD] = 1.0
        return Piece.of(points, grid(3, len(outline), closed=True), weights, MaterialId.SKIN, np.asarray(colour))

    angle = np.linspace(0.0, 2.0 * np.pi, 14, endpoint=False)
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    mouth = np.array([nose[0], 0.0, nose[2] - 0.038 * size])
    lips = patch(mouth, circle * np.array([0.023, 0.0075]) * size, 0.0012 * size, skin * (0.72, 0.42, 0.42))
    pieces = [lips]
    brow_colour = 0.6 * np.asarray(look.hair_colour) + 0.15 * skin
    for side, sign in ((1, 1.0), (2, -1.0)):
        eye = body.keypoints[side]
        ball = body.vertices[body.eyeball & (np.sign(body.vertices[:, 1]) == sign)]
        brow = eye + np.array([0.0, 0.002 * sign, 0.019]) * size
        shape = circle * np.array([0.019, 0.0034]) * size
        pieces.append(patch(brow, shape, 0.0016 * size, brow_colour, arch=0.22))
        radius = 0.5 * float(np.ptp(ball[:, 1]))
        middle = np.array([ball[:, 0].max() - radius, 0.5 * (ball[:, 1].min() + ball[:, 1].max()), ball[:, 2].mean()])
        disc = np.concatenate([0.02 * circle, 0.3 * circle, 0.5 * circle])
        depth = np.sqrt(1.0 - (disc**2).sum(axis=1))
        points = middle + 1.03 * radius * np.column_stack([depth, disc])
        weights = np.zeros((len(points), body.weights.shape[1]))
        weights[:, HEAD] = 1.0
        pieces.append(Piece.of(points, grid(3, len(circle), closed=True), weights, MaterialId.SKIN, IRIS))
    return pieces
