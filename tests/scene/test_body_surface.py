"""Pieces of clothing are cut along level lines and evened out."""

from dataclasses import replace

import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.scene.bodies.appearance import appearance
from drivesim.scene.bodies.body import Body
from drivesim.scene.bodies.coarse import coarsened
from drivesim.scene.bodies.pattern import banded
from drivesim.scene.bodies.posture import posture
from drivesim.scene.bodies.surface import Piece, boundary, cut, grid, smoothed
from drivesim.taxonomy import Tag
from drivesim.types import Actor, BoundingBox


def sheet(rows=6, columns=7):
    """A flat sheet of unit squares: places (V, 3) and triangles."""
    down, along = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    places = np.stack([along.ravel(), -down.ravel(), np.zeros(rows * columns)], axis=1).astype(float)
    return places, grid(rows, columns, closed=False)


def area(places, triangles):
    a, b, c = (places[triangles[:, k], :3] for k in range(3))
    return 0.5 * np.cross(b - a, c - a)[:, 2]


@pytest.mark.parametrize("angle", np.linspace(0.1, 6.2, 9))
def test_a_cut_leaves_what_is_inside_with_its_edge_on_the_line(angle):
    places, triangles = sheet()
    level = (places[:, :2] - [2.71, -2.13]) @ [np.cos(angle), np.sin(angle)]
    kept, faces = cut(np.column_stack([places, level]), triangles, level)
    gone, others = cut(np.column_stack([places, level]), triangles, -level)
    assert kept[:, 3].min() >= -1e-12
    assert area(kept, faces).min() > 0.0  # all the same way round
    assert area(kept, faces).sum() + area(gone, others).sum() == pytest.approx(30.0)
    assert len(np.unique(np.round(kept, 9), axis=0)) == len(kept)  # neighbours share the vertices of the edge
    rim = np.unique(boundary(faces))
    inner = (np.abs(kept[:, :2] - [3.0, -2.5]) < [2.999, 2.499]).all(axis=1)
    assert np.abs(kept[rim][inner[rim], 3]).max() < 1e-12


def test_what_a_line_misses_is_kept_or_dropped_whole():
    places, triangles = sheet()
    kept, faces = cut(places, triangles, np.ones(len(places)))
    assert np.array_equal(kept[faces], places[triangles])
    assert len(cut(places, triangles, -np.ones(len(places)))[1]) == 0


def test_the_boundary_runs_round_a_sheet_once():
    places, triangles = sheet()
    edges = boundary(triangles)
    assert len(edges) == 2 * (5 + 6)
    assert np.array_equal(np.sort(edges[:, 0]), np.sort(edges[:, 1]))
    assert np.linalg.norm(places[edges[:, 0]] - places[edges[:, 1]], axis=1).max() == pytest.approx(1.0)


def test_smoothing_moves_half_way_to_the_mean_of_neighbours():
    _, triangles = sheet(9, 9)
    values = np.random.default_rng(3).normal(size=(81, 2))
    once = smoothed(values, triangles, 1)
    for vertex in (20, 40, 42, 60):  # away from the edge, where others count
        near = np.setdiff1d(triangles[(triangles == vertex).any(axis=1)], [vertex])
        assert len(near) == 6
        assert once[vertex] == pytest.approx(0.5 * values[vertex] + 0.5 * values[near].mean(axis=0))
    assert np.array_equal(smoothed(once, triangles, 2), smoothed(values, triangles, 3))


def test_one_vertex_stands_for_all_of_a_cube():
    places, triangles = sheet(9, 9)
    weights = np.tile(np.eye(24)[:1], (81, 1))
    few = coarsened(Piece.of(places + [0.25, -0.25, 0.0], triangles, weights, 0, (0.5, 0.5, 0.5)), 2.0)
    assert len(few.vertices) == 25
    assert few.vertices[:, :2] == pytest.approx(np.floor(few.vertices[:, :2] / 2.0) * 2.0 + 1.0, abs=1.0)
    assert len(np.unique(np.sort(few.triangles, axis=1), axis=0)) == len(few.triangles)


@pytest.mark.parametrize("heights", [[-2.4], [-3.7, -1.2], np.arange(-4.83, 0.0, 0.31)])
def test_bands_of_another_colour_are_exact_and_leave_the_surface_as_it_was(heights):
    """Also where bands are narrower than the triangles they cross."""
    places, triangles = sheet()
    weights = np.full((len(places), 24), 1.0 / 24.0)
    down = np.column_stack([places[:, 0], np.zeros(len(places)), places[:, 1]])  # upright, falling along z
    own, other = np.array([0.1, 0.2, 0.3]), np.array([0.7, 0.6, 0.5])
    cloth = banded(Piece.of(down, triangles, weights, MaterialId.COTTON, own), np.array(heights), other)
    corners = cloth.vertices[cloth.triangles][..., 2]
    number = np.searchsorted(heights, corners.mean(axis=1))
    edges = np.array([-np.inf, *heights, np.inf])
    assert (corners.min(axis=1) > edges[number] - 1e-6).all()
    assert (corners.max(axis=1) < edges[number + 1] + 1e-6).all()
    np.testing.assert_array_equal(cloth.albedo, np.where((number % 2 == 1)[:, None], other, own))
    flat = cloth.vertices[:, [0, 2, 1]]
    assert area(flat, cloth.triangles).sum() == pytest.approx(30.0)
    assert cloth.weights.sum(axis=1) == pytest.approx(1.0)
    assert np.linalg.norm(cloth.normals, axis=1) == pytest.approx(1.0)


def test_people_wear_two_colours_and_are_no_larger_for_it():
    """Stripes change a person's colours, not the outline."""
    actor = Actor(0, "striped", "pedestrian", "pedestrian", "walker", BoundingBox((0.0, 0.0, 0.85), 0.5, 0.6, 1.7))
    look = replace(appearance(actor, 3), top="tshirt", bottom="trousers", second_colour=(0.6, 0.1, 0.3))
    style = np.zeros_like(posture("striped", 3, look, holds=0.0))
    worn = [Body(replace(look, pattern=name), 1.7, Tag.PEDESTRIAN, style).mesh for name in ("plain", "stripes")]
    second = [(np.abs(mesh.albedo - np.float32((0.6, 0.1, 0.3))).max(axis=1) < 1e-6).sum() for mesh in worn]
    assert second[0] == 0
    assert second[1] > 300
    for one, other in zip(*(mesh.bounds() for mesh in worn), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert len(worn[1].triangles) < 1.35 * len(worn[0].triangles)
