"""Vectors for trailers (OpenSCENARIO XML 1.3, ``Trailer``, ``ConnectTrailerAction``, ``DisconnectTrailerAction``)."""

import math

import pytest
from stage import DT, Stage, act, after, at_lane, event, private, speed, teleport
from xosc_files import CAR

from drivesim.errors import ScenarioError

TRAILER = CAR.replace('name="car" vehicleCategory="car"', 'name="t" vehicleCategory="trailer"').replace(
    "</Axles>", '</Axles><TrailerCoupler dx="3"/>'
)
TOW = CAR.replace("</Axles>", '</Axles><TrailerHitch dx="-1"/>')
CONNECT = '<TrailerAction><ConnectTrailerAction trailerRef="Trailer"/></TrailerAction>'
DISCONNECT = "<TrailerAction><DisconnectTrailerAction/></TrailerAction>"
INIT = private("Ego", teleport(at_lane(-1, 100)), speed(10)) + private("Trailer", teleport(at_lane(-1, 80)))


def entities(tow=TOW, trailer=TRAILER):
    return f'<ScenarioObject name="Ego">{tow}</ScenarioObject><ScenarioObject name="Trailer">{trailer}</ScenarioObject>'


def test_a_trailer_is_taken_along_from_where_it_is_connected_to_where_it_is_left(tmp_path):
    """The trailer is moved to the tow's hitch, 1 m behind; its coupler is 3 m before its axle."""
    drive = act(event("on", CONNECT, when=after(1)), event("off", DISCONNECT, when=after(3)))
    stage = Stage(tmp_path, drive, init=INIT, entities=entities()).until(0.9)
    assert stage.x("Trailer") == pytest.approx(80)
    stage.until(2)
    assert stage.x("Trailer") == pytest.approx(stage.x() - 4, abs=1e-6)
    assert stage.speed("Trailer") == pytest.approx(10)
    left = stage.until(3.01).x("Trailer")
    assert stage.until(5).x("Trailer") == pytest.approx(left)
    assert stage.speed("Trailer") == 0
    assert not stage.world.collisions


def test_an_axle_follows_the_hitch_without_slipping(tmp_path):
    """On a circle of radius R a tow's hitch runs on sqrt(R2 + 1), and the trailer's axle on sqrt(R2 + 1 - 9)."""
    radius = 20.0
    circle = (
        f'<RoutingAction><FollowTrajectoryAction><TrajectoryRef><Trajectory name="t" closed="false"><Shape><Clothoid '
        f'curvature="{1 / radius}" curvaturePrime="0" length="{2 * math.tau * radius}"><Position><WorldPosition x="0" '
        'y="500" h="0"/></Position></Clothoid></Shape></Trajectory></TrajectoryRef>'
        "<TimeReference><None/></TimeReference>"
        '<TrajectoryFollowingMode followingMode="position"/></FollowTrajectoryAction></RoutingAction>'
    )
    stage = Stage(tmp_path, act(event("on", CONNECT, circle)), init=INIT, entities=entities()).until(20)
    x, y = stage.x("Trailer"), stage.y("Trailer")
    assert math.hypot(x, y - 520) == pytest.approx(math.sqrt(radius**2 + 1 - 9), abs=0.02)


def test_a_declared_trailer_is_behind_from_the_start(tmp_path):
    inside = f'<Trailer><Trailer name="Behind">{TRAILER}</Trailer></Trailer>'
    tow = TOW.replace("</Vehicle>", f"{inside}</Vehicle>")
    stage = Stage(tmp_path, init=private("Ego", teleport(at_lane(-1, 100)), speed(10)), entities=entities(tow))
    stage.until(2)
    assert stage.x("Behind") == pytest.approx(stage.x() - 4, abs=1e-6)


def test_a_trailer_is_pushed_back(tmp_path):
    back = act(event("on", CONNECT), event("back", speed(-2)))
    stage = Stage(tmp_path, back, init=INIT, entities=entities()).until(2)
    assert stage.x("Trailer") == pytest.approx(stage.x() - 4, abs=1e-6)
    assert stage.speed("Trailer") == pytest.approx(-2)


def test_what_has_no_hitch_tows_nothing(tmp_path):
    stage = Stage(tmp_path, act(event("on", CONNECT)), init=INIT, entities=entities(tow=CAR))
    with pytest.raises(ScenarioError, match="cannot tow"):
        stage.until(10 * DT)
