"""Actors stand on the road: its height, its slope, and the pavement beside it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from builders import at, car, child

from drivesim import content
from drivesim.opendrive import read_network
from drivesim.transforms import rotation_from_ypr
from drivesim.world import VehicleControl, WalkerControl


class TiltedPlane:
    """A network that is one plane through the origin, of a road with this heading, pitch and roll."""

    def __init__(self, heading, pitch, roll):
        self.ypr = heading, pitch, roll
        self.normal = rotation_from_ypr(self.ypr)[:, 2]

    def elevation(self, x, y):
        return -(self.normal[0] * x + self.normal[1] * y) / self.normal[2]

    def lane_from_world(self, x, y, *, hint=None):
        return SimpleNamespace(road_id="1", lane_id=-1, s=x, offset=y)

    def world_from_lane(self, road_id, lane_id, s, offset):
        heading, pitch, roll = self.ypr
        return SimpleNamespace(z=self.elevation(s, offset), heading=heading, pitch=pitch, roll=roll)


@pytest.mark.parametrize("yaw", [-2.0, 0.0, 0.7, 3.0])
@pytest.mark.parametrize("road", [(0.3, -0.1, 0.05), (2.0, 0.08, -0.06), (-1.0, 0.0, 0.1)])
def test_a_car_stands_square_on_a_tilted_road_whichever_way_it_heads(make_world, road, yaw):
    plane = TiltedPlane(*road)
    world = make_world(car(), network=plane)
    world.place(0, at(yaw=yaw), speed=5.0)
    for _ in range(20):
        world.command(0, VehicleControl(0.0, 0.0))
        world.step(0.05)
    x, y, z = world.position[0, 0]
    assert z == pytest.approx(plane.elevation(x, y))
    assert rotation_from_ypr(world.orientation[0, 0])[:, 2] == pytest.approx(plane.normal)


def test_people_stay_upright_on_a_slope(make_world):
    world = make_world(child(), network=TiltedPlane(0.0, 0.1, 0.1))
    world.place(0, at())
    for _ in range(20):
        world.command(0, WalkerControl((1.0, 0.0)))
        world.step(0.05)
    assert world.orientation[0, 0, 1:] == pytest.approx((0.0, 0.0))


def test_a_child_steps_down_from_the_kerb(make_world):
    network = read_network(content.find("scenarios", "residential_street.xodr"))
    world = make_world(child(), network=network)
    world.place(0, at(x=50.0, y=-7.5, z=0.12))
    heights = []
    for _ in range(80):
        world.command(0, WalkerControl((0.0, 1.5)))
        world.step(0.05)
        heights.append(world.position[0, 0, 2])
    assert heights[0] == pytest.approx(0.12)
    assert heights[-1] == pytest.approx(0.0)
