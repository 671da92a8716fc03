"""How long before it matters sensing must begin: what was sensed earlier leaves no trace in what the car does."""

import pytest
from ego_scenes import CAR, ego_at, sweep

from drivesim.ego import OwnState, ego_parameters
from drivesim.ego.chain import EgoChain
from drivesim.ego.lidar import LidarDetector
from drivesim.studies.whatif.sensing import LEAD, horizon

SPEED, ARRIVAL = 12.0, 4.9
"""m/s, and when the car would reach who crosses, s."""
PARKED = [(x, 3.2 * side, 4.4, 1.8, 1.5) for x in (15.0, 24.0, 33.0, 42.0, 51.0) for side in (-1.0, 1.0)]
POSTS = [(x, -4.6, 0.3, 0.3, 2.0) for x in (20.0, 29.0, 38.0, 47.0)]


def acts(since: float, late: float) -> list[tuple[str, float]]:
    """Warnings and brakes with their times on a street of parked cars and posts, sensed from a time on.

    Args:
        late: how much later a child steps out, s.
    """
    chain = EgoChain({"lidar": LidarDetector()}, CAR, ego_parameters("aeb"))
    for tick in range(1, 90):
        time = 0.05 * tick
        chain.decide(OwnState(time, ego_at(SPEED * time), SPEED), 0.05)
        if tick % 2 == 0 and time >= since:
            child = (62.0, -4.0 + 1.4 * (time - 2.0 - late), 0.4, 0.4, 1.15)
            chain.receive({"LIDAR": sweep(time, SPEED * time, [*PARKED, *POSTS, child])})
    return [(event.kind, event.time) for event in chain.events if event.kind in ("warning", "brake")]


@pytest.mark.parametrize("late", [0.0, 0.35])
def test_sensing_from_the_start_changes_nothing_that_the_car_does(late):
    opening = ARRIVAL - horizon(SPEED, ego_parameters("aeb"))
    assert opening > 0.5
    full = acts(0.0, late)
    assert [kind for kind, _ in full] == ["warning", "brake"]
    assert acts(opening, late) == full
    assert acts(opening + LEAD / 4, late) == full  # a quarter of it is left over
    assert acts(opening + 0.9 * LEAD, late) != full  # and without any, it warns late
