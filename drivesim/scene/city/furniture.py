"""Street furniture: lamps, signs, barriers, fences, bins. Each stands at the origin, x along the road."""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.scene.city.parts import Finish, boxes, icosphere, quads, tube
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

STEEL = linear_rgb("#8d9294")
POLE = Finish(MaterialId.GALVANISED_STEEL, STEEL, Tag.POLE)
LAMP_HEAD = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#3a3d3f"), Tag.POLE)
LAMP_LIGHT = Finish(MaterialId.STREET_LAMP, linear_rgb("#e9e6dc"), Tag.POLE)
RAIL = Finish(MaterialId.GALVANISED_STEEL, STEEL, Tag.GUARD_RAIL)
SIGN_BACK = Finish(MaterialId.GALVANISED_STEEL, STEEL, Tag.TRAFFIC_SIGN)
WHITE_SHEET = Finish(MaterialId.SIGN_SHEET, linear_rgb("#f4f4f0"), Tag.TRAFFIC_SIGN)
RED_SHEET = Finish(MaterialId.SIGN_SHEET, linear_rgb("#b3202a"), Tag.TRAFFIC_SIGN)
BLACK_SHEET = Finish(MaterialId.SIGN_SHEET, linear_rgb("#1a1a1a"), Tag.TRAFFIC_SIGN)
_UNLIT = 0.25
"""Brightness of a signal's lens in daylight while its lamp is off, of its colour."""
FENCE_COLOURS = ("#6b4f35", "#8a6a48", "#e6e2d8", "#4d4a45")
BIN_COLOURS = ("#2b4d36", "#2f3438", "#3d4b66")


def street_lamp(height: float = 6.5, reach: float = 1.2) -> Mesh:
    """A lamp post whose arm reaches towards +y (over the road)."""
    bend = np.array(
        [[0, 0, 0], [0, 0, 0.6 * height], [0, 0, height - 0.6], [0, 0.25 * reach, height - 0.12], [0, reach, height]]
    )
    post = tube(bend, [0.085, 0.07, 0.055, 0.045, 0.04], POLE, sides=10)
    base = boxes((-0.14, -0.14, 0.0), (0.14, 0.14, 0.25), POLE)
    head = boxes((-0.12, reach - 0.05, height - 0.03), (0.12, reach + 0.6, height + 0.07), LAMP_HEAD)
    light = boxes((-0.09, reach + 0.05, height - 0.05), (0.09, reach + 0.5, height - 0.03), LAMP_LIGHT)
    return merge([post, base, head, light])


def disc(radius: float, y: float, finish: Finish, sides: int = 28) -> Mesh:
    """A flat round plate facing -x, centred at height 0."""
    angle = np.arange(sides) * 2 * np.pi / sides
    rim = np.stack([np.full(sides, y), -radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    centre = np.array([[y, 0.0, 0.0]])
    faces = [(0, 1 + i, 1 + (i + 1) % sides) for i in range(sides)]
    return Mesh.build(
        np.concatenate([centre, rim]), faces, material=finish.material, albedo=finish.albedo, semantic=finish.semantic
    )


_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc", "7": "abc",
    "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip
_STROKES = {
    "a": (0.0, 1.0, 1.0, 1.0), "b": (1.0, 0.5, 1.0, 1.0), "c": (1.0, 0.0, 1.0, 0.5), "d": (0.0, 0.0, 1.0, 0.0),
    "e": (0.0, 0.0, 0.0, 0.5), "f": (0.0, 0.5, 0.0, 1.0), "g": (0.0, 0.5, 1.0, 0.5),
}  # fmt: skip


def _digits(text: str, height: float, x: float) -> Mesh:
    """Figures made of bars on a plate that faces -x, centred."""
    width, gap, stroke = 0.5 * height, 0.28 * height, 0.17 * height
    total = len(text) * width + (len(text) - 1) * gap
    bars = []
    for number, character in enumerate(text):
        left = -total / 2 + number * (width + gap)
        for name in _SEGMENTS[character]:
            u0, v0, u1, v1 = _STROKES[name]
            a, b = left + u0 * width - stroke / 2, left + u1 * width + stroke / 2
            low, high = (v0 - 0.5) * height - stroke / 2, (v1 - 0.5) * height + stroke / 2
            bars.append([(x, -a, low), (x, -b, low), (x, -b, high), (x, -a, high)])
    return quads(bars, BLACK_SHEET)


def speed_limit_sign(value: str, height: float = 2.2, size: float = 0.6) -> Mesh:
    """A round speed-limit sign on a pole; traffic driving towards +x reads it."""
    r = size / 2
    face = [disc(r, -0.05, RED_SHEET), disc(r * 0.8, -0.054, WHITE_SHEET), _digits(value, 0.75 * r, -0.058)]
    back = disc(r, 0.0, SIGN_BACK)
    plate = [m.placed(_lift(height + r)) for m in (*face, _flipped(back))]
    return merge([tube([[0.03, 0, 0], [0.03, 0, height + size]], [0.03, 0.03], POLE), *plate])


def generic_sign(height: float = 2.2, size: float = 0.6) -> Mesh:
    """A plain plate for signs this version does not draw, so that every sensor still sees one."""
    half = size / 2
    lower, upper = (-0.05, -half, height), (-0.04, half, height + size)
    return merge([tube([[0, 0, 0], [0, 0, height + size]], [0.03, 0.03], POLE), boxes(lower, upper, WHITE_SHEET)])


def traffic_light(height: float = 3.4) -> Mesh:
    """A three-lamp signal head on a pole; traffic driving towards +x reads it."""
    housing = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#1d2221"), Tag.TRAFFIC_LIGHT)
    parts = [
        tube([[0, 0, 0], [0, 0, height]], [0.06, 0.05], POLE),
        boxes((-0.22, -0.16, height - 0.95), (-0.02, 0.16, height), housing),
    ]
    for number, colour in enumerate(("#c0241c", "#d9a514", "#1f9a55")):
        red, green, blue = (_UNLIT * channel for channel in linear_rgb(colour))
        lamp = Finish(MaterialId.SIGNAL_LIGHT, (red, green, blue), Tag.TRAFFIC_LIGHT)
        parts.append(disc(0.1, -0.225, lamp).placed(_lift(height - 0.16 - 0.31 * number)))
    return merge(parts)


def guard_rail(line: np.ndarray, height: float = 0.75, post_spacing: float = 4.0) -> Mesh:
    """A W-beam barrier along a polyline (N, 3) on the ground; both sides are shaped alike."""
    profile = height - np.array([0.31, 0.27, 0.2, 0.155, 0.11, 0.04, 0.0])
    bulge = np.array([0.0, 0.04, 0.04, 0.0, 0.04, 0.04, 0.0])
    tangent = np.gradient(line[:, :2], axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0], np.zeros(len(line))])
    parts = []
    for side in (1.0, -1.0):
        rows = line[:, None] + normal[:, None] * (side * (0.05 + bulge))[None, :, None]
        rows[..., 2] += profile
        a, b, c, d = rows[:-1, :-1], rows[1:, :-1], rows[1:, 1:], rows[:-1, 1:]
        order = [b, a, d, c] if side > 0 else [a, b, c, d]
        parts.append(quads(np.stack(order, axis=2).reshape(-1, 4, 3), RAIL))
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    stations = np.arange(0.5, along[-1], post_spacing)
    posts = np.column_stack([np.interp(stations, along, line[:, axis]) for axis in range(3)])
    parts.append(boxes(posts - [0.05, 0.05, 0.1], posts + [0.05, 0.05, height - 0.05], RAIL))
    return merge(parts)


def picket_fence(length: float, random: np.random.Generator, height: float = 1.0) -> Mesh:
    """A wooden garden fence along +x."""
    colour = linear_rgb(str(random.choice(FENCE_COLOURS)))
    wood = Finish(MaterialId.WOOD, colour, Tag.FENCE)
    start = np.arange(0.0, length - 0.05, 0.14)
    lower = np.column_stack([start, np.full_like(start, -0.012), np.full_like(start, 0.06)])
    upper = lower + [0.085, 0.024, height - 0.06]
    upper[:, 2] += random.normal(0, 0.006, len(start))
    rails = boxes(
        [(0, 0.012, 0.25), (0, 0.012, height - 0.25)], [(length, 0.05, 0.33), (length, 0.05, height - 0.17)], wood
    )
    posts_x = np.arange(0.0, length + 0.01, 2.0)
    posts = np.column_stack([posts_x, np.full_like(posts_x, 0.05), np.zeros_like(posts_x)])
    return merge([boxes(lower, upper, wood), rails, boxes(posts, posts + [0.09, 0.09, height + 0.05], wood)])


def garden_wall(length: float, random: np.random.Generator, height: float = 0.9) -> Mesh:
    """A low brick wall with a coping along +x."""
    brick = Finish(MaterialId.BRICK, linear_rgb(str(random.choice(("#8d4b3a", "#9a5d48", "#a07a5c")))), Tag.WALL)
    coping = Finish(MaterialId.CONCRETE, linear_rgb("#a5a29b"), Tag.WALL)
    return merge(
        [
            boxes((0, -0.12, 0), (length, 0.12, height), brick),
            boxes((0, -0.16, height), (length, 0.16, height + 0.06), coping),
        ]
    )


def wheelie_bin(random: np.random.Generator) -> Mesh:
    """A 240 l refuse bin, 1.07 x 0.58 x 0.73 m (EN 840-1)."""
    body = Finish(MaterialId.BLACK_PLASTIC, linear_rgb(str(random.choice(BIN_COLOURS))), Tag.STATIC)
    wheel = Finish(MaterialId.RUBBER, linear_rgb("#222222"), Tag.STATIC)
    low, high = np.array([(-0.22, -0.26), (0.22, 0.26)])
    rim = np.array([(-0.29, -0.365), (0.29, 0.365)])
    bottom = [(low[0], low[1], 0.06), (high[0], low[1], 0.06), (high[0], high[1], 0.06), (low[0], high[1], 0.06)]
    top = [
        (rim[0][0], rim[0][1], 0.98),
        (rim[1][0], rim[0][1], 0.98),
        (rim[1][0], rim[1][1], 0.98),
        (rim[0][0], rim[1][1], 0.98),
    ]
    sides = [[bottom[i], bottom[(i + 1) % 4], top[(i + 1) % 4], top[i]] for i in range(4)]
    lid = boxes((rim[0][0] - 0.02, rim[0][1] - 0.02, 0.98), (rim[1][0] + 0.02, rim[1][1] + 0.04, 1.07), body)
    wheels = tube([[-0.26, 0.28, 0.1], [0.26, 0.28, 0.1]], [0.1, 0.1], wheel, sides=12)
    return merge([quads(sides, body), lid, wheels])


def bollard() -> Mesh:
    """A steel bollard with a round cap."""
    dark = Finish(MaterialId.GALVANISED_STEEL, linear_rgb("#3c4043"), Tag.POLE)
    points, faces = icosphere(1)
    cap = Mesh.build(
        points * 0.06 + [0, 0, 0.9],
        faces,
        material=dark.material,
        albedo=dark.albedo,
        semantic=dark.semantic,
        smooth=True,
    )
    return merge([tube([[0, 0, 0], [0, 0, 0.9]], [0.06, 0.06], dark, sides=12), cap])


def _lift(z: float) -> Pose:
    return Pose.from_ypr([0, 0, z], [0, 0, 0])


def _flipped(mesh: Mesh) -> Mesh:
    return mesh.placed(Pose.from_ypr([0, 0, 0], [np.pi, 0, 0]))


def delineator() -> Mesh:
    """A white roadside post with a dark band and reflector, 1 m high (Germany, VwV-StVO sign 620)."""
    white = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#eeeeea"), Tag.POLE)
    black = Finish(MaterialId.BLACK_PLASTIC, linear_rgb("#161616"), Tag.POLE)
    cat_eye = Finish(MaterialId.RETROREFLECTOR, linear_rgb("#f2f2ee"), Tag.POLE)
    return merge(
        [
            boxes([(-0.05, -0.06, 0), (-0.05, -0.06, 0.92)], [(0.05, 0.06, 0.67), (0.05, 0.06, 1.0)], white),
            boxes((-0.052, -0.062, 0.67), (0.052, 0.062, 0.92), black),
            boxes((-0.06, -0.02, 0.71), (0.06, 0.02, 0.88), cat_eye),
        ]
    )
