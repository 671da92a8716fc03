"""Paths through a junction that get in each other's way."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from drivesim import content
from drivesim.errors import ScenarioError
from drivesim.opendrive import read_network

_LANE = (
    '<lanes><laneSection s="0"><center><lane id="0" type="none"/></center><right><lane id="-1" type="driving"><link>'
    '<predecessor id="-1"/><successor id="-1"/></link><width sOffset="0" a="4" b="0" c="0" d="0"/></lane></right>'
    "</laneSection></lanes>"
)


def path(number, x, y, heading, *, length=40.0, before=0, after=0, height=0.0):
    """A straight path of junction 9 with one lane of 4 m to the right of the line."""
    ends = (("predecessor", before, "end"), ("successor", after, "start"))
    links = "".join(
        f'<{name} elementType="road" elementId="{to}" contactPoint="{end}"/>' for name, to, end in ends if to
    )
    return (
        f'<road id="{number}" length="{length}" junction="9" rule="RHT"><link>{links}</link><planView><geometry s="0" '
        f'x="{x}" y="{y}" hdg="{heading}" length="{length}"><line/></geometry></planView><elevationProfile>'
        f'<elevation s="0" a="{height}" b="0" c="0" d="0"/></elevationProfile>{_LANE}</road>'
    )


def arm(number, x, y, heading):
    return path(number, x, y, heading).replace('junction="9"', 'junction="-1"')


@pytest.fixture
def junction(tmp_path):
    def made(*roads):
        file = tmp_path / "map.xodr"
        file.write_text(
            f'<OpenDRIVE><header revMajor="1" revMinor="6"/>{"".join(roads)}<junction id="9" name=""/></OpenDRIVE>'
        )
        return read_network(file)

    return made


def test_two_paths_at_right_angles_cross_in_a_square(junction):
    (found,) = junction(path(1, -20, 0, 0), path(2, 0, -20, math.pi / 2)).conflicts("9")
    assert found.kind == "crossing"
    assert (found.first.road_id, found.first.lane_id) == ("1", -1)
    assert (found.first.begin, found.first.end) == pytest.approx((20.0, 24.0), abs=1e-6)
    assert (found.second.begin, found.second.end) == pytest.approx((16.0, 20.0), abs=1e-6)


def test_paths_beside_each_other_or_one_above_the_other_do_not(junction):
    assert junction(path(1, 0, 0, 0), path(2, 0, 4, 0)).conflicts("9") == ()
    assert junction(path(1, -20, 0, 0), path(2, 0, -20, math.pi / 2, height=6.0)).conflicts("9") == ()


def test_paths_merge_where_they_leave_by_one_lane_and_diverge_where_they_come_from_one(junction):
    out = arm(5, 40, 0, 0)
    slip = path(2, 40 - 40 * math.cos(0.3), -40 * math.sin(0.3), 0.3, after=5)
    (merging,) = junction(path(1, 0, 0, 0, after=5), slip, out).conflicts("9")
    assert merging.kind == "merging"
    assert merging.first.end == pytest.approx(40.0, abs=0.1)
    into = arm(6, -40, 0, 0)
    (diverging,) = junction(into, path(1, 0, 0, 0, before=6), path(2, 0, 0, 0.3, before=6)).conflicts("9")
    assert diverging.kind == "diverging"
    assert diverging.first.begin == pytest.approx(0.0, abs=0.1)


def test_a_junction_that_is_not_there_is_named(junction):
    with pytest.raises(ScenarioError, match="junction '8'"):
        junction(path(1, 0, 0, 0)).conflicts("8")


def test_crossroads_of_four_arms_have_the_textbooks_conflicts():
    """FHWA, Signalized Intersections: Informational Guide: 16 crossing ones; each arm has three ways out and in, which
    makes three pairs each."""
    network = read_network(content.find("scenarios", "residential_street.xodr"))
    kinds = Counter(conflict.kind for conflict in network.conflicts("1"))
    assert kinds == {"crossing": 16, "merging": 4 * 3, "diverging": 4 * 3}
