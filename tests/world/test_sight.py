"""Lines of sight past other actors."""

from __future__ import annotations

import pytest
from builders import at, car, child

from drivesim.types import BoundingBox

VAN = {"category": "van", "box": BoundingBox((1.4, 0.0, 1.2), 5.0, 2.0, 2.4)}


def crossing(make_world, child_y, **parked):
    """A child beside a parked vehicle at (10, -3), the ego coming from behind it at the origin."""
    world = make_world(car(), child(1), car(2, "Parked", **parked))
    world.place(0, at())
    world.place(1, at(x=15.5, y=child_y))
    world.place(2, at(x=10.0, y=-3.0))
    return world


def test_a_van_hides_the_child_until_the_sight_ray_clears(make_world):
    assert not crossing(make_world, -3.0, **VAN).sees(1, 0)
    assert crossing(make_world, -1.0, **VAN).sees(1, 0)


def test_a_low_box_hides_nobody(make_world):
    kerb = {"kind": "misc", "box": BoundingBox((1.4, 0.0, 0.1), 5.0, 2.0, 0.2)}
    assert crossing(make_world, -3.0, **kerb).visible_share(1, 0) == 1.0


def test_nobody_sees_who_is_not_there(make_world):
    world = crossing(make_world, -1.0)
    world.remove(0)
    assert not world.sees(1, 0)


def test_share_grows_as_the_child_steps_out(make_world):
    shares = [crossing(make_world, y, **VAN).visible_share(0, 1) for y in (-3.0, -2.0, -1.5, 0.0)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0)
