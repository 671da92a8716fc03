"""Vectors for relative positions (OpenSCENARIO XML 1.3, ``RelativeLanePosition``, ``RelativeRoadPosition``).

Two roads of 100 m one after the other along x, two lanes of 4 m each; s of the second runs the other way.
"""

import math

import pytest
from stage import Stage, private, teleport
from two_roads import BRIDGE, FACING


def lane(road, lane, s, heading=None):
    turned = "" if heading is None else f'<Orientation type="relative" h="{heading}"/>'
    return f'<Position><LanePosition roadId="{road}" laneId="{lane}" s="{s}">{turned}</LanePosition></Position>'


def placed(tmp_path, other, position, road=FACING):
    init = private("Other", teleport(other)) + private("Ego", teleport(f"<Position>{position}</Position>"))
    return Stage(tmp_path, init=init, road=road)


@pytest.mark.parametrize(
    ("other", "position", "x", "y"),
    [
        (lane(1, -1, 50), '<RelativeLanePosition entityRef="Other" dLane="0" dsLane="20"/>', 70, -2),
        (lane(1, 1, 50), '<RelativeLanePosition entityRef="Other" dLane="0" dsLane="20"/>', 30, 2),
        (lane(1, 1, 50), '<RelativeLanePosition entityRef="Other" dLane="0" ds="20"/>', 70, 2),
        (lane(1, 1, 50), '<RelativeLanePosition entityRef="Other" dLane="-1" ds="20" offset="0.5"/>', 70, -1.5),
        (lane(1, 1, 50, math.pi), '<RelativeLanePosition entityRef="Other" dLane="0" dsLane="20"/>', 70, 2),
        (lane(1, -1, 50), '<RelativeLanePosition entityRef="Other" dLane="1" dsLane="20" offset="0.5"/>', 70, 2.5),
        (lane(1, 1, 50), '<RelativeLanePosition entityRef="Other" dLane="1" dsLane="20" offset="0.5"/>', 30, -2.5),
        (lane(1, -1, 90), '<RelativeLanePosition entityRef="Other" dLane="0" dsLane="20" offset="0.5"/>', 110, -1.5),
        (lane(1, -1, 90), '<RelativeLanePosition entityRef="Other" dLane="1" ds="20"/>', 110, 2),
        (lane(2, 1, 90), '<RelativeLanePosition entityRef="Other" dLane="0" dsLane="20"/>', 130, -2),
        (lane(1, -1, 50), '<RelativeRoadPosition entityRef="Other" ds="20" dt="0.5"/>', 70, -1.5),
        (lane(1, 1, 90), '<RelativeRoadPosition entityRef="Other" ds="20" dt="0"/>', 110, 2),
        (lane(2, -1, 90), '<RelativeRoadPosition entityRef="Other" ds="20" dt="0"/>', 90, 2),
    ],
)  # fmt: skip
def test_positions_relative_to_an_entity_go_along_first_and_across_then(tmp_path, other, position, x, y):
    """``dsLane``: "in the direction the reference entity is facing"; ``ds``: along the road reference line, then to
    "the target lane by adding dLane to that of the reference entity"."""
    stage = placed(tmp_path, other, position)
    assert (stage.x(), stage.y()) == (pytest.approx(x), pytest.approx(y))


@pytest.mark.parametrize("road", [1, 2])
def test_an_entity_stays_on_its_road_where_another_crosses_above(tmp_path, road):
    stage = placed(tmp_path, lane(road, -1, 50), '<RelativeRoadPosition entityRef="Other" ds="20" dt="0"/>', BRIDGE)
    height = [stage.world.position[0, i, 2] for i in (0, 1)]
    assert height == pytest.approx([6.0 * (road - 1)] * 2)
