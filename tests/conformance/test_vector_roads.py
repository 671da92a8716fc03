"""Vectors for road geometry (OpenDRIVE 1.8, "Road elevation" and "Superelevation"), against closed forms."""

import math

import numpy as np
import pytest

from drivesim.opendrive import read_network
from drivesim.transforms import Pose

SLOPE, ROLL, HEADING = 0.6, 0.3, 0.5
"""dz/ds, rad, rad: steeper than any street, so that nothing is small."""
_LANE = '<lane id="{}" type="driving"><width sOffset="0" a="4" b="0" c="0" d="0"/></lane>'  # 4 m wide
TILTED = (
    '<OpenDRIVE><header revMajor="1" revMinor="8"/><road id="1" length="100" junction="-1"><planView><geometry s="0" '
    f'x="5" y="7" hdg="{HEADING}" length="100"><line/></geometry></planView><elevationProfile><elevation s="0" a="2" '
    f'b="{SLOPE}" c="0" d="0"/></elevationProfile><lateralProfile><superelevation s="0" a="{ROLL}" b="0" c="0" d="0"/>'
    '</lateralProfile><lanes><laneSection s="0"><left>' + _LANE.format(1) + '</left><center><lane id="0" type="none"/>'
    "</center><right>" + _LANE.format(-1) + "</right></laneSection></lanes></road></OpenDRIVE>"
)


@pytest.fixture
def tilted(tmp_path):
    path = tmp_path / "tilted.xodr"
    path.write_text(TILTED)
    return read_network(path)


@pytest.mark.parametrize("t", [-3.5, -1.0, 0.0, 2.0])
def test_a_tilted_road_turns_about_its_climbing_reference_line(tilted, t):
    """Heading, then pitch, then roll: t lies across the tangent as it climbs, not across its shadow on the plane."""
    turned = Pose.from_ypr((0, 0, 0), (HEADING, -math.atan(SLOPE), ROLL)).rotation
    start = np.array([5 + 40 * math.cos(HEADING), 7 + 40 * math.sin(HEADING), 2 + 40 * SLOPE])
    wanted = start + turned @ (0.0, t, 0.0)
    found = tilted.world_from_road("1", 40.0, t)
    assert (found.x, found.y, found.z) == pytest.approx(tuple(wanted), abs=1e-9)


@pytest.mark.parametrize(("s", "t"), [(40.0, -3.5), (10.0, 2.0), (90.0, -0.5)])
def test_the_way_back_from_the_world_is_the_same(tilted, s, t):
    point = tilted.world_from_road("1", s, t)
    found = tilted.lane_from_world(point.x, point.y)
    assert (found.s, found.t) == pytest.approx((s, t), abs=1e-6)
    assert tilted.elevation(point.x, point.y) == pytest.approx(point.z, abs=1e-6)


def test_those_who_drive_by_themselves_stand_on_the_same_surface(tilted, make_world):
    from drivesim.types import Actor, Axles, BoundingBox, Performance
    from drivesim.world import VehicleControl

    car = Actor(
        0, "car", "vehicle", "car", "car", BoundingBox((1.4, 0.0, 0.75), 4.5, 1.8, 1.5),
        Axles(2.8, 0.0, 0.6, 1.6, 0.5), Performance(60.0, 5.0, 9.0), 1500.0,
    )  # fmt: skip
    world = make_world(car, network=tilted)
    point = tilted.world_from_lane("1", -1, 30.0)
    world.place(0, Pose.from_ypr((point.x, point.y, point.z), (point.heading, point.pitch, point.roll)), 5.0)
    for _ in range(10):
        world.command(0, VehicleControl(0.0, 0.0))
        world.step(0.05)
    x, y, z = world.position[0, 0]
    assert z == pytest.approx(tilted.elevation(float(x), float(y)), abs=1e-6)
