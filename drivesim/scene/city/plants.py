"""Trees, hedges and bushes made of leaves: thousands of small triangles with softly turned normals."""

from __future__ import annotations

import numpy as np

from drivesim.materials import MaterialId, linear_rgb
from drivesim.mesh import Mesh, merge
from drivesim.scene.city.parts import Finish, boxes, tube
from drivesim.taxonomy import Tag

_STEM = Finish(MaterialId.WOOD, linear_rgb("#4d3c30"), Tag.VEGETATION)
"""Of evergreens: seasons undress what has bark."""
BARK = Finish(MaterialId.BARK, linear_rgb("#5a4a3c"), Tag.VEGETATION)
LEAF_COLOURS = ("#4d6b2c", "#5c7a35", "#3f5c2a", "#6a8240", "#52702f")
NEEDLE_COLOURS = ("#2c4529", "#324d33", "#3a5630")
HEDGE_COLOURS = ("#3c5a2b", "#466331", "#354f28")


HOLLOW = 0.7
"""Share of a cluster's radius within which no leaves grow: too little light gets there, and what is inside is shed, so
that a tree's crown is a shell (Horn 1971, The Adaptive Geometry of Trees). Shrubs are too thin for it."""


def leaves(
    centres: np.ndarray, outward: np.ndarray, size: float, random: np.random.Generator, colour: str, sprig: int = 2,
    grown: np.ndarray | None = None,
) -> Mesh:  # fmt: skip
    """Sprigs of ``sprig`` leaves, a triangle each, at ``centres`` (L, 3), shaded as if their normal were ``outward``
    (L, 3); ``size``: about half a sprig's length, m; ``grown`` (L,): which of them there are.

    Shading with the canopy's normal instead of the leaves' own keeps the canopy soft, as light scattered between
    leaves does.
    """
    count = len(centres)
    facing = outward + random.normal(0, 0.6, (count, 3))
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    side = np.cross(facing, random.normal(0, 1, (count, 3)))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(facing, side)
    scale = size * random.uniform(0.7, 1.3, (count, 1))
    own = np.random.default_rng(count)  # apart from the street's draws: more leaves move no houses
    along = np.where(np.arange(sprig)[:, None, None] % 2, -1.0, 1.0) * side
    leaf = np.stack([0.3 * along - 0.62 * up, 0.35 * up + along, -along], axis=2)
    leaf = leaf * scale[:, None] * np.sqrt(1.4 / sprig)
    shift = own.normal(0.0, 0.6 * size, (sprig, count, 1, 3))
    corners = (leaf + centres[:, None] + shift).transpose(1, 0, 2, 3)
    shade = random.uniform(0.7, 1.25, (count, 1)) * random.normal(1, 0.05, (count, 3))
    albedo = np.repeat(np.array(linear_rgb(colour)) * shade, sprig, axis=0)
    albedo *= own.uniform(0.85, 1.15, (sprig * count, 1))
    if grown is not None:  # after all draws: what is missing moves no other
        corners, albedo, outward = corners[grown], albedo[np.repeat(grown, sprig)], outward[grown]
        count = len(corners)
    return Mesh.build(
        corners.reshape(-1, 3),
        np.arange(3 * sprig * count).reshape(-1, 3),
        material=MaterialId.FOLIAGE,
        albedo=np.clip(albedo, 0.005, 0.9),
        semantic=Tag.VEGETATION,
        normals=np.repeat(outward, 3 * sprig, axis=0),
    )


def _on_ellipsoids(
    centres: np.ndarray, radii: np.ndarray, count: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points near the surfaces of ellipsoids, their outward unit normals, and which of them light gets to."""
    which = random.integers(0, len(centres), count)
    direction = random.normal(0, 1, (count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    depth = 1 - 0.45 * random.random((count, 1)) ** 2
    points = centres[which] + direction * radii[which] * depth
    normal = direction / radii[which]
    depths = np.linalg.norm((points[:, None] - centres) / radii, axis=2)
    return points, normal / np.linalg.norm(normal, axis=1, keepdims=True), depths.min(axis=1) >= HOLLOW


def tree(random: np.random.Generator, height: float, leaf_count: int = 2600) -> Mesh:
    """A broad-leaved tree: bent trunk, a few limbs and a canopy of leaf clusters; trunk foot at the origin."""
    trunk_top = 0.42 * height
    radius = 0.02 * height + 0.05
    bend = random.normal(0, 0.03 * height, (3, 2))
    path = np.array([[0, 0, -0.2], [*bend[0] * 0.3, 0.5 * trunk_top], [*bend[1], trunk_top], [*bend[2], 0.75 * height]])
    parts = [tube(path, [radius * 1.25, radius, radius * 0.75, radius * 0.25], BARK, sides=9)]
    clusters = int(random.integers(7, 11))
    angle = np.arange(clusters) * 2.4 + random.uniform(0, 6.28)
    reach = 0.24 * height * np.sqrt(random.uniform(0.15, 1.0, clusters))
    level = random.uniform(0.48, 0.88, clusters) * height
    centres = np.stack([bend[1, 0] + reach * np.cos(angle), bend[1, 1] + reach * np.sin(angle), level], axis=1)
    radii = height * random.uniform(0.11, 0.17, (clusters, 1)) * np.array([[1.15, 1.15, 0.9]])
    for centre in centres[: clusters // 2]:
        start = np.array([*bend[1] * 0.9, trunk_top * random.uniform(0.85, 1.1)])
        middle = (start + centre) / 2 - [0, 0, 0.04 * height]
        parts.append(
            tube(np.array([start, middle, centre]), [radius * 0.45, radius * 0.3, radius * 0.1], BARK, sides=6)
        )
    for number, centre in enumerate(centres[clusters // 2 :]):  # thinner ones, that winter shows
        start = np.array([*bend[1] * 0.9, trunk_top * (0.9 + 0.06 * number)])
        parts.append(tube(np.array([start, centre]), [radius * 0.3, radius * 0.08], BARK, sides=5))
    points, normals, lit = _on_ellipsoids(centres, radii, leaf_count, random)
    parts.append(leaves(points, normals, 0.13 + 0.012 * height, random, str(random.choice(LEAF_COLOURS)), 3, lit))
    return merge(parts)


def poplar(random: np.random.Generator, height: float, leaf_count: int = 1300) -> Mesh:
    """A slender broad-leaved tree: a column of leaves round one stem."""
    lean = random.normal(0, 0.012 * height, 2)
    path = np.array([[0, 0, -0.2], [*lean * 0.5, 0.5 * height], [*lean, 0.9 * height]])
    radius = 0.014 * height + 0.04
    level = np.linspace(0.2, 0.92, 8)
    centres = np.column_stack([random.normal(0, 0.025 * height, (8, 2)) + lean * level[:, None], level * height])
    broad = 0.10 * np.sin(np.pi * np.linspace(0.18, 0.9, 8)) ** 0.7 + 0.012
    radii = height * np.column_stack([broad, broad, np.full(8, 0.10)])
    points, normals, lit = _on_ellipsoids(centres, radii, leaf_count, random)
    crown = leaves(points, normals, 0.11 + 0.010 * height, random, str(random.choice(LEAF_COLOURS)), 3, lit)
    return merge([tube(path, [radius * 1.2, radius * 0.7, radius * 0.2], BARK, sides=8), crown])


def conifer(random: np.random.Generator, height: float, leaf_count: int = 1300) -> Mesh:
    """A spruce or fir: whorls of drooping branches on a straight stem, green all year."""
    radius = 0.012 * height + 0.05
    share = 1.0 - np.sqrt(random.random(leaf_count))  # as many as the cone's surface has room for
    whorl = share * random.integers(9, 13) % 1.0
    reach = (
        (0.03 + 0.20 * (1.0 - share)) * height * (0.62 + 0.45 * (1.0 - whorl)) * random.uniform(0.75, 1.0, leaf_count)
    )
    angle = random.uniform(0, 2 * np.pi, leaf_count)
    around = np.column_stack([np.cos(angle), np.sin(angle)])
    level = (0.10 + 0.90 * share) * height - 0.16 * reach
    points = np.column_stack([around * reach[:, None], level])
    normals = np.column_stack([around, np.full(leaf_count, 0.45)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    needles = leaves(points, normals, 0.10 + 0.012 * height, random, str(random.choice(NEEDLE_COLOURS)), 3)
    stem = tube(np.array([[0, 0, -0.2], [0, 0, 0.8 * height]]), [radius, 0.1 * radius], _STEM, sides=8)
    return merge([stem, needles])


def country_tree(random: np.random.Generator, height: float, leaf_count: int) -> Mesh:
    """A tree of some habit: mostly spreading, here and there a spruce or a poplar."""
    kind = random.random()
    if kind < 0.60:
        return tree(random, height, leaf_count)
    return conifer(random, 1.15 * height, leaf_count) if kind < 0.85 else poplar(random, 1.4 * height, leaf_count)


def bush(random: np.random.Generator, size: float) -> Mesh:
    """A round garden shrub."""
    centres = np.column_stack([random.normal(0, 0.25 * size, (4, 2)), random.uniform(0.3, 0.55, 4) * size])
    points, normals, _ = _on_ellipsoids(centres, np.full((4, 3), 0.4 * size), 420, random)
    points[:, 2] = np.abs(points[:, 2])
    return leaves(points, normals, 0.07, random, str(random.choice(LEAF_COLOURS)))


def hedge(random: np.random.Generator, length: float, height: float = 1.2, thickness: float = 0.6) -> Mesh:
    """A clipped hedge along +x from the origin."""
    core = Finish(MaterialId.FOLIAGE, linear_rgb("#22331a"), Tag.VEGETATION)
    inner = boxes((0.0, -thickness / 2 + 0.08, 0.0), (length, thickness / 2 - 0.08, height - 0.08), core)
    count = int(170 * length)
    points = random.uniform([0, -thickness / 2, 0], [length, thickness / 2, height], (count, 3))
    face = random.integers(0, 3, count)
    normals = np.zeros((count, 3))
    side = np.where(random.random(count) < 0.5, -1.0, 1.0)
    jitter = random.normal(0, 0.025, count)
    points[face < 2, 1] = (side * thickness / 2 + jitter)[face < 2]
    normals[face < 2, 1] = side[face < 2]
    points[face == 2, 2] = (height + jitter)[face == 2]
    normals[face == 2, 2] = 1.0
    normals[:, 2] += 0.35
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return merge([inner, leaves(points, normals, 0.075, random, str(random.choice(HEDGE_COLOURS)))])
