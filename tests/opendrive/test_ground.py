"""The compiled ground says what the network says, on every shipped map and on made ones."""

from __future__ import annotations

import maps
import numpy as np
import pytest

from drivesim import content
from drivesim.opendrive import read_network
from drivesim.opendrive.ground import LEFT, RIGHT, curvature_at, ground_of, lane_point, locate, section_at, surface_at

MAPS = sorted(content.shipped("scenarios").glob("*.xodr"))


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_same_lane_height_and_slope_as_the_network(path):
    network = read_network(path)
    ground = ground_of(network)
    assert ground is not None
    ids = list(network.roads)
    x0, y0, x1, y1 = network.bounds()
    rng = np.random.default_rng(1)
    on_roads = []
    for road in network.roads.values():
        for s in rng.uniform(0.0, road.length, 30):
            point = network.world_from_road(road.id, float(s), float(rng.uniform(-9.0, 9.0)))
            on_roads.append((point.x, point.y))
    points = [*on_roads, *rng.uniform((x0, y0), (x1, y1), (150, 2)).tolist()]
    compared = 0
    for x, y in points:
        expected = network.lane_from_world(x, y)
        road, s, t, lane = locate(ground, x, y, -1, 0.0)
        if expected is None:
            assert road == -1
            continue
        if expected.road_id != ids[road]:  # roads that overlap equally well: either is right
            continue
        compared += 1
        assert s == pytest.approx(expected.s, abs=1e-9)
        assert t == pytest.approx(expected.t, abs=1e-9)
        assert ground.lanes[lane, 0] == expected.lane_id
        point = network.world_from_lane(expected.road_id, expected.lane_id, expected.s, expected.offset)
        z, heading, pitch, roll = surface_at(ground, road, s, t, lane)
        assert z == pytest.approx(point.z, abs=1e-9)
        assert (pitch, roll) == pytest.approx((point.pitch, point.roll), abs=1e-9)
        assert np.cos(heading - point.heading) == pytest.approx(1.0, abs=1e-12)
    assert compared > 0.9 * len(on_roads)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_knowing_where_one_was_finds_the_same_place_in_driving_lanes(path):
    network = read_network(path)
    ground = ground_of(network)
    rng = np.random.default_rng(2)
    for index, road in enumerate(network.roads.values()):
        for s in rng.uniform(2.0, max(road.length - 2.0, 2.1), 10):
            for lane_id in network.lanes(road.id, float(s)):
                if network.lane_type(road.id, lane_id, float(s)) != "driving":
                    continue
                point = network.world_from_lane(road.id, lane_id, float(s))
                hint = network.position(road.id, lane_id, float(s))
                expected = network.lane_from_world(point.x, point.y, hint=hint)
                found = locate(ground, point.x, point.y, index, float(s) + 0.5)
                assert found[0] == list(network.roads).index(expected.road_id)
                assert found[1:3] == pytest.approx((expected.s, expected.t), abs=1e-6)


CURVES = {
    "line": "<line/>",
    "arc": '<arc curvature="-0.01"/>',
    "spiral": '<spiral curvStart="-0.02" curvEnd="0.03"/>',
    "poly3": '<poly3 a="0" b="0.1" c="0.004" d="-3e-5"/>',
    "normalized": '<paramPoly3 pRange="normalized" aU="0" bU="55" cU="3" dU="1" aV="0" bV="0" cV="9" dV="-2"/>',
    "arc length": '<paramPoly3 pRange="arcLength" aU="0" bU="1" cU="0" dU="-1e-5" aV="0" bV="0" cV="0.004" dV="0"/>',
}


@pytest.mark.parametrize("shape", CURVES.values(), ids=CURVES.keys())
def test_every_shape_of_reference_line_is_covered(tmp_path, shape):
    network = maps.network(tmp_path, maps.road(shape, 60.0))
    ground = ground_of(network)
    for s in np.linspace(0.0, 60.0, 31).tolist():
        expected = network.world_from_lane("1", -1, s)
        lane = ground.sections[section_at(ground, 0, s), RIGHT]
        found = lane_point(ground, 0, s, -1.75, lane)
        assert found[:3] == pytest.approx((expected.x, expected.y, expected.z), abs=1e-9)
        assert np.cos(found[3] - expected.heading) == pytest.approx(1.0, abs=1e-12)
        assert curvature_at(ground, 0, s) == pytest.approx(network.frame("1").line.at(s)[3], abs=1e-9)


CROSS = """<lateralProfile>
<crossfall side="left" s="0" a="0.02" b="0.001" c="0" d="0"/>
<shape s="0" t="-4" a="0.1" b="-0.02" c="0" d="0"/><shape s="0" t="-1" a="0.04" b="0.01" c="0.002" d="0"/>
<shape s="20" t="-4" a="-0.1" b="0.03" c="0" d="0.001"/>
<shape s="45" t="-4" a="0.2" b="0" c="0.004" d="0"/><shape s="45" t="0" a="0" b="-0.05" c="0" d="0"/>
</lateralProfile>"""


@pytest.mark.parametrize(
    "tilt", ["", '<superelevation s="0" a="0.05" b="0.001" c="0" d="0"/>'], ids=["level", "tilted"]
)
def test_lateral_shapes_are_covered(tmp_path, tilt):
    profile = CROSS.replace("<lateralProfile>", f"<lateralProfile>{tilt}")
    climb = '<elevationProfile><elevation s="0" a="5" b="0.03" c="0" d="0"/></elevationProfile>'
    network = maps.network(tmp_path, maps.road('<arc curvature="0.01"/>', 60.0, extra=climb + profile))
    ground = ground_of(network)
    for s in [0.0, 19.999, 20.0, 33.0, 45.0, 59.0]:
        for lane_id, first in ((1, LEFT), (-1, RIGHT)):
            lane = ground.sections[section_at(ground, 0, s), first]
            for offset in (-1.7, -0.3, 0.0, 1.1):
                expected = network.world_from_lane("1", lane_id, s, offset)
                x, y, z, heading, pitch, roll = lane_point(ground, 0, s, 1.75 * lane_id + offset, lane)
                assert (x, y, z) == pytest.approx((expected.x, expected.y, expected.z), abs=1e-9)
                assert (pitch, roll) == pytest.approx((expected.pitch, expected.roll), abs=1e-9)
                assert np.cos(heading - expected.heading) == pytest.approx(1.0, abs=1e-12)
    assert network.world_from_road("1", 32.5, -4.0).z != network.world_from_road("1", 32.5, -2.0).z


def test_a_lateral_shape_is_what_the_file_says(tmp_path):
    """OpenDRIVE, "Lateral profile": heights over t, straight between the cross-sections at two s."""
    network = maps.network(tmp_path, maps.road("<line/>", 60.0, extra=CROSS.replace("crossfall", "ignored")))
    ground = ground_of(network)
    lane = ground.sections[section_at(ground, 0, 32.5), RIGHT]
    at_20, at_45 = -0.1 + 0.03 * 2.0 + 0.001 * 8.0, 0.2 + 0.004 * 4.0
    assert lane_point(ground, 0, 32.5, -2.0, lane)[2] == pytest.approx(0.5 * (at_20 + at_45), abs=1e-12)
    assert lane_point(ground, 0, 59.0, -2.0, lane)[2] == pytest.approx(at_45, abs=1e-12)
