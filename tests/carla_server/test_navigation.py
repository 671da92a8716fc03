"""The navigation mesh that clients' crowds walk on, against the map it is made of."""

import struct
from pathlib import Path

import numpy as np
import pytest

from drivesim import content
from drivesim.carla_server.navigation import file_name, navigation_mesh
from drivesim.carla_server.navigation.areas import RADIUS, Area, walkable
from drivesim.carla_server.navigation.detour import neighbours
from drivesim.opendrive import read_network


@pytest.fixture(scope="module")
def network():
    return read_network(content.shipped("scenarios") / "residential_street.xodr")


@pytest.fixture(scope="module")
def mesh(network):
    return walkable(network)


def areas_of(mesh):
    a, b, c = (mesh.points[mesh.triangles[:, k], :2] for k in range(3))
    return 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])


def test_triangles_turn_left_and_lie_on_lanes_of_their_kind(network, mesh):
    area = areas_of(mesh)
    assert (area > 0.0).all()
    assert {Area(kind) for kind in np.unique(mesh.area)} == set(Area)
    middle = mesh.points[mesh.triangles].mean(axis=1)
    for kind, (x, y, _), size in zip(mesh.area, middle, area, strict=True):
        if size < 0.5 or kind == Area.CROSSWALK:
            continue
        place = network.lane_from_world(x, y)
        paved = network.lane_type(place.road_id, place.lane_id, place.s) == "sidewalk"
        assert paved == (kind == Area.SIDEWALK), (x, y)


def test_pavements_keep_their_area_less_what_a_body_needs_at_the_edge(network, mesh):
    """2 m of pavement beside a road are walked on in full towards the road, and less the body's radius away from it."""
    inside = mesh.area == Area.SIDEWALK
    whole = sum(
        network.lane_width(road.id, lane, 0.5 * road.length) * road.length
        for road in network.roads.values()
        if road.junction is None
        for lane in network.lanes(road.id, 0.5 * road.length)
        if network.lane_type(road.id, lane, 0.5 * road.length) == "sidewalk"
    )
    share = areas_of(mesh)[inside].sum() / whole
    assert 0.75 < share < 1.1
    assert RADIUS == 0.3  # the client's crowd has bodies of that size


def test_neighbours_know_each_other_and_share_two_corners(mesh):
    beside = neighbours(mesh.triangles)
    assert (beside > 0).sum() > 2 * len(beside)
    for one in range(len(beside)):
        for edge, other in enumerate(beside[one]):
            if other:
                assert one + 1 in beside[other - 1]
                ends = {mesh.triangles[one][edge], mesh.triangles[one][(edge + 1) % 3]}
                assert ends <= set(mesh.triangles[other - 1])


def test_the_file_says_how_long_it_is(network, mesh):
    data = navigation_mesh(network)
    magic, version, tiles = struct.unpack_from("<4sii", data)
    assert (magic[::-1], version, tiles) == (b"MSET", 1, 1)
    reference, size = struct.unpack_from("<Ii", data, 40)
    assert reference > len(mesh.triangles)
    assert size == len(data) - 48
    magic, version, _, _, _, _, polygons, corners = struct.unpack_from("<4s7i", data, 48)
    assert (magic[::-1], version, polygons, corners) == (b"DNAV", 7, len(mesh.triangles), len(mesh.points))


def test_a_map_without_pavements_still_has_roads_to_cross():
    bare = read_network(Path(__file__).parent / "maps" / "crossing_with_lights.xodr")
    assert set(walkable(bare).area.tolist()) == {Area.ROAD}


def test_a_changed_map_has_a_file_of_its_own():
    assert file_name(b"one") != file_name(b"other")
