"""Patches, cracks and covers lie on the road: above its surface, below its paint, and are road to every label."""

import numpy as np
import pytest

from drivesim import content
from drivesim.materials import MaterialId
from drivesim.opendrive import read_network
from drivesim.opendrive.mesh import network_mesh
from drivesim.scene.city import build_city
from drivesim.scene.city.wear import wear
from drivesim.taxonomy import Tag

PAINT = 0.004


def _network(name):
    return read_network(content.find("scenarios", f"{name}.xodr"))


def _above(road, points):
    """How far points (N, 3) are above the road's triangles below or at them, the nearest; nan where there is none."""
    corners = road.vertices[road.triangles].astype(np.float64)
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac = b - a, c - a
    twice = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    result = np.full(len(points), np.nan)
    for number, point in enumerate(points):
        away = point[:2] - a[:, :2]
        u = (away[:, 0] * ac[:, 1] - away[:, 1] * ac[:, 0]) / twice
        v = (ab[:, 0] * away[:, 1] - ab[:, 1] * away[:, 0]) / twice
        over = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
        if over.any():
            z = (a[:, 2] + u * ab[:, 2] + v * ac[:, 2])[over]
            result[number] = point[2] - z[np.argmin(np.abs(z - point[2]))]
    return result


@pytest.mark.parametrize("name", ["residential_street", "rural_road", "motorway"])
def test_wear_lies_on_the_road_and_below_its_paint(name):
    network = _network(name)
    road = network_mesh(network)
    upright = np.abs(road.normals[road.triangles[:, 0], 2]) < 0.5
    asphalt = (road.semantic == Tag.ROADS) & ~upright
    road = type(road)(**{**road.arrays(), **{key: getattr(road, key)[asphalt] for key in
                      ("triangles", "material", "albedo", "semantic", "instance")}})  # fmt: skip
    worn = wear(network, np.random.default_rng(3))
    chosen = np.random.default_rng(0).choice(len(worn.vertices), 250, replace=False)
    lift = _above(road, worn.vertices[chosen].astype(np.float64))
    assert np.isfinite(lift).mean() > 0.99
    assert np.nanmin(lift) > 0.0005
    assert np.nanmax(lift) < PAINT - 0.001
    assert (worn.normals[:, 2] > 0.9).all()


def test_wear_is_road_without_a_number_and_follows_the_seed():
    street = _network("residential_street")
    worn, again, other = (wear(street, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert (worn.semantic == Tag.ROADS).all()
    np.testing.assert_array_equal(worn.vertices, again.vertices)
    assert worn.vertices.shape != other.vertices.shape or (worn.vertices != other.vertices).any()
    city = build_city(street, 0).unique
    assert (city.instance[(city.semantic == Tag.ROADS) & (city.material == MaterialId.ASPHALT)] == 0).all()


def test_towns_have_manholes_and_gullies_and_motorways_have_none():
    town, motorway = (wear(_network(name), np.random.default_rng(3)) for name in ("residential_street", "motorway"))
    assert MaterialId.GALVANISED_STEEL in town.material
    assert MaterialId.BLACK_PLASTIC in town.material
    assert set(motorway.material.tolist()) == {int(MaterialId.ASPHALT)}
