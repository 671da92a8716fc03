"""Pieces of clothing are cut along level lines and evened out."""

import numpy as np
import pytest

from drivesim.scene.bodies.coarse import coarsened
from drivesim.scene.bodies.surface import Piece, boundary, cut, grid, smoothed


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
