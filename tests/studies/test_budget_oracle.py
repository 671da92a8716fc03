"""With ideal sensors and a fixed latency, the child crossing's outcome is that of the closed form.

Geometry and figures of Euro NCAP CPNCO-50: obstruction 1 m beside the car and 1 m before the child, sensor 1.5 m behind
the bumper, 9 m/s2 at once after the latency.
"""

import dataclasses
import math

import numpy as np
import pytest
from ego_scenes_for_studies import SEEING, IdealDetector, ideal_parameters, mark

from drivesim.ego import EgoChain
from drivesim.ego.emergency import Geometry
from drivesim.openscenario import load_scenario
from drivesim.simulation import Simulation
from drivesim.studies.whatif.driver import EgoDriver
from drivesim.studies.whatif.outcome import impact_speed
from drivesim.studies.whatif.sight import line_of_sight

DT = 0.01


def crossing(speed_kmh, latency, child_kmh=5.0):
    """(time to collision at first sight, impact speed km/h) of a run with an ideal sensor."""
    values = {"ego_speed": str(speed_kmh), "child_speed": str(child_kmh), "child_behavior": "protocol"}
    simulation = Simulation(load_scenario("child_crossing", values), None, dt=DT)
    # The table brakes with 9 m/s2, more than the tyres of a dry road give here.
    simulation.world.weather = dataclasses.replace(simulation.world.weather, friction_scale=1.1)
    car, target = simulation.ego, simulation.world.index("Child")
    front = car.box.center[0] + car.box.length / 2
    mount = np.array([front - 1.5, 0.0, 0.577])
    chain = EgoChain({"camera": IdealDetector()}, Geometry(front, car.box.width), ideal_parameters(latency))
    simulation.player.take_over(car.name, EgoDriver(chain))
    before, first = simulation.world.snapshot(), math.nan
    for frame in simulation:
        state = frame.state
        if frame.collisions:
            return first, 3.6 * impact_speed(frame.collisions[0], before, state, car.index)
        if line_of_sight(state, simulation.actors, car.index, target, mount):
            if math.isnan(first):
                gap = state.position[0, target, 0] - simulation.actors[target].box.width / 2
                first = (gap - state.position[0, car.index, 0] - front) / (speed_kmh / 3.6)
            chain.receive({SEEING: mark(state, car.index, target)})
        before = state
        if state.speed[0, car.index] == 0.0:
            break
    return first, 0.0


HALF_WIDTH = 0.149
"""Of the child's box along the road, m."""


def first_sight(speed, child, lag=HALF_WIDTH):
    """TTC at which the line to the child's middle clears the obstruction's corner, s; speeds in m/s.

    With the bumper d metres from the child's near side, the sensor is D = d + 1.5 + 0.149 from its middle, and the
    child is child * (d + lag) / speed from the car's centre line, which it reaches when the bumper would be ``lag``
    beyond its near side. The corner is 1 m before the near side, W/2 + 1 m to the side.
    """
    edge = 1.815 / 2 + 1.0
    low, high = 0.0, 60.0
    for _ in range(80):
        d = 0.5 * (low + high)
        distance = d + 1.5 + HALF_WIDTH
        visible = child * (d + lag) / speed <= edge * distance / (distance - 1.0 - HALF_WIDTH)
        low, high = (d, high) if visible else (low, d)
    return low / speed


def impact_after(speed, ttc, latency):
    """Impact speed, m/s, of braking with 9 m/s2 from ``latency`` s after a sight ``ttc`` s before."""
    return math.sqrt(max(speed * speed - 2 * 9.0 * max(speed * (ttc - latency), 0.0), 0.0))


@pytest.mark.parametrize(("speed", "child"), [(20, 5), (40, 5), (60, 5), (40, 8)])
def test_first_sight_agrees_with_the_closed_form(speed, child):
    seen, _ = crossing(speed, 9.0, child)
    assert seen == pytest.approx(first_sight(speed / 3.6, child / 3.6), abs=0.015)


@pytest.mark.parametrize("speed", [30, 40, 50, 60])
@pytest.mark.parametrize("latency", [0.5, 0.7, 0.9, 1.0])
def test_impact_speed_agrees_with_the_closed_form_within_one_kilometre_per_hour(speed, latency):
    _, impact = crossing(speed, latency)
    # Sight comes with the tick after the moment of the closed form, half a tick later on average.
    seen = first_sight(speed / 3.6, 5 / 3.6) - DT / 2
    late, early = (3.6 * impact_after(speed / 3.6, seen + shift, latency) for shift in (-DT / 2, DT / 2))
    assert early - 1.0 <= impact <= late + 1.0


def test_the_closed_form_gives_the_published_table():
    """TTC at first sight by speed, and impact speed at 60 km/h by latency; its child meets the bumper on the line."""
    sights = {20: 1.55, 30: 1.49, 40: 1.47, 50: 1.45, 60: 1.44}
    found = {speed: first_sight(speed / 3.6, 5 / 3.6, 0.0) for speed in sights}
    assert found == pytest.approx(sights, abs=0.01)
    impacts = {0.5: 0.0, 0.6: 18.6, 0.7: 27.1, 0.8: 33.5, 0.9: 38.9, 1.0: 43.6}
    assert {t: 3.6 * impact_after(60 / 3.6, found[60], t) for t in impacts} == pytest.approx(impacts, abs=1.0)
