"""Scenarios of little: no vehicle, no map, nobody at all."""

import pytest
from xosc_files import BOX, scenario, write

from drivesim.errors import ScenarioError
from drivesim.simulation import Simulation, as_scenario

STOP = (
    '<StopTrigger><ConditionGroup><Condition name="end" delay="0" conditionEdge="none"><ByValueCondition>'
    '<SimulationTimeCondition value="0.2" rule="greaterThan"/></ByValueCondition></Condition>'
    "</ConditionGroup></StopTrigger>"
)
WALKER = (
    f'<ScenarioObject name="W"><Pedestrian name="w" mass="80" pedestrianCategory="pedestrian">{BOX}</Pedestrian>'
    "</ScenarioObject>"
)


@pytest.mark.parametrize("entities", ["", WALKER], ids=["nobody", "a walker"])
def test_a_scenario_without_vehicle_or_map_plays_without_sensors(tmp_path, entities):
    text = scenario(entities=entities).replace("<StopTrigger/>", STOP)
    with Simulation(as_scenario(write(tmp_path, "bare.xosc", text)), dt=0.1) as simulation:
        frames = list(simulation)
        assert 2 <= len(frames) <= 4
        with pytest.raises(ScenarioError, match="no vehicle"):
            _ = simulation.ego
