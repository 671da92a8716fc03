"""What an emergency brake must leave alone, and how it is drawn."""

import numpy as np
import pytest

from drivesim.openscenario import load_scenario
from drivesim.simulation import Simulation
from drivesim.studies.target import target_of
from drivesim.studies.whatif.negative import KERB, SCENARIOS, negative_instance


@pytest.mark.parametrize(("speed", "stands"), [(30.0, 0.5), (55.0, 2.0), (80.0, 3.0)])
def test_the_child_at_the_kerb_stands_still_in_time_and_a_metre_beside_the_car(speed, stands):
    simulation = Simulation(load_scenario(KERB, {"ego_speed": str(speed), "stands": str(stands)}))
    car, child = simulation.ego, target_of(simulation.actors, simulation.ego, "Target")
    front = car.box.center[0] + car.box.length / 2
    walked, left = False, None
    for frame in simulation:
        state = frame.state
        gap, aside, _ = state.position[0, child.index] - state.position[0, car.index]
        pace = float(np.linalg.norm(state.velocity[0, child.index]))
        walked |= pace > 1.3
        if walked and pace < 1e-6 and left is None:
            left = (gap - front) / (speed / 3.6)
            assert abs(aside) - car.box.width / 2 == pytest.approx(1.1, abs=0.1)
    assert left == pytest.approx(stands, abs=0.06)  # a tick


def test_speeds_and_standing_times_of_the_negative_set_cover_their_ranges_each_in_its_own_order():
    drawn = [negative_instance(KERB, number, 12) for number in range(12)]
    speeds, stands = (np.array([float(values[name]) for values in drawn]) for name in ("ego_speed", "stands"))
    assert np.allclose(np.diff(speeds), 50.0 / 12, atol=0.11)
    assert np.abs(np.sort(stands) - np.linspace(0.6, 2.9, 12)).max() < 0.25
    assert abs(np.corrcoef(speeds, stands)[0, 1]) < 0.3
    assert all(negative_instance(name, 3, 12).keys() == {"ego_speed"} for name in SCENARIOS if name != KERB)
