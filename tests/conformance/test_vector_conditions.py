"""Vectors for conditions (OpenSCENARIO XML 1.3, 7.6 "Conditions")."""

import pytest
from stage import Stage, act, at_lane, by_entity, event, speed


def fires(tmp_path, condition, *acts, init=None, until=12.0, **asked):
    """When an event that waits for the condition starts, s; None where it never does."""
    waiting = act(event("asked", speed(10), when=by_entity(condition, **asked)))
    stage = Stage(tmp_path, waiting, *acts, **({"init": init} if init else {})).until(until)
    times = stage.times("asked")
    return times[0] if times else None


@pytest.mark.parametrize("tolerance", [0.5, 2.0])
def test_a_position_is_reached_at_its_tolerance_exactly(tmp_path, tolerance):
    """ReachPositionCondition: "within a given tolerance"; the reference point is at 100 m and does 10 m/s."""
    condition = f'<ReachPositionCondition tolerance="{tolerance}">{at_lane(-1, 130)}</ReachPositionCondition>'
    assert fires(tmp_path, condition) == pytest.approx((30 - tolerance) / 10)
