"""What signals show, for eyes and drivers alike."""

from __future__ import annotations

import math

import pytest

from drivesim.world.signals import AMBER, GREEN, RED, group_of, shown


def test_the_scenarios_word_comes_before_the_programme():
    assert shown("7", 0, {"7": "red"}, 1.0) == RED
    assert [shown("7", 0, {}, t) for t in (1.0, 13.0, 20.0, 31.5)] == [GREEN, AMBER, RED, RED | AMBER]


@pytest.mark.parametrize("heading", [0.0, 0.3, 2.0, -3.0])
def test_crossing_roads_take_turns(heading):
    assert group_of(heading) == group_of(heading + math.pi) != group_of(heading + math.pi / 2)
