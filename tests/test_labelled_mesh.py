import weakref

import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh, gathered, merge
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose

TETRAHEDRON = (
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
)
PAINT = {"material": MaterialId.CAR_PAINT, "albedo": (0.5, 0.1, 0.1), "semantic": Tag.CAR}


def test_flat_shading_splits_vertices_and_points_outwards():
    mesh = Mesh.build(*TETRAHEDRON, **PAINT)
    assert mesh.vertices.shape == (12, 3)
    centres = mesh.vertices[mesh.triangles].mean(axis=1) - 0.25
    normals = mesh.normals[mesh.triangles[:, 0]]
    assert (np.einsum("ij,ij->i", centres, normals) > 0).all()


def test_smooth_shading_shares_vertices():
    mesh = Mesh.build(*TETRAHEDRON, smooth=True, **PAINT)
    assert mesh.vertices.shape == (4, 3)
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(np.ones(4))


def test_placing_moves_vertices_and_turns_normals():
    mesh = Mesh.build(*TETRAHEDRON, **PAINT).placed(Pose.from_ypr([10, 0, 0], [np.pi / 2, 0, 0]), scale=2.0)
    lower, upper = mesh.bounds()
    assert lower == pytest.approx([8, 0, 0], abs=1e-6)
    assert upper == pytest.approx([10, 2, 2], abs=1e-6)
    assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(np.ones(12), abs=1e-6)


def test_merging_keeps_labels_per_triangle():
    car = Mesh.build(*TETRAHEDRON, **PAINT)
    tree = Mesh.build(
        *TETRAHEDRON, material=MaterialId.FOLIAGE, albedo=(0, 0.3, 0), semantic=Tag.VEGETATION, instance=7
    )
    both = merge([car, tree])
    assert both.triangles.max() == 23
    assert both.semantic.tolist() == [Tag.CAR] * 4 + [Tag.VEGETATION] * 4
    assert both.instance.tolist() == [0] * 4 + [7] * 4
    assert merge([]).triangles.shape == (0, 3)


def test_a_stream_is_merged_without_being_held():
    rng = np.random.default_rng(3)
    meshes = [
        Mesh.build(
            rng.normal(size=(3 * count, 3)), np.arange(3 * count), **{**PAINT, "albedo": rng.uniform(size=(count, 3))},
            instance=number, smooth=number % 2 == 0,
        )
        for number, count in enumerate([0, 7, 40_000, 3, 0, 90_000, 20_000])
    ]  # fmt: skip
    copied: list[weakref.ref[np.ndarray]] = []

    def stream():
        for mesh in meshes:
            assert sum(vertices() is not None for vertices in copied) <= 1
            fresh = mesh.placed(Pose.identity())
            copied.append(weakref.ref(fresh.vertices))
            yield fresh
            del fresh

    whole, expected = gathered(stream()), merge(meshes)
    for name, values in expected.arrays().items():
        found = whole.arrays()[name]
        assert found.dtype == values.dtype
        assert np.array_equal(found, values), name
    assert not gathered([]).triangles.size
