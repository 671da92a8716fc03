import pytest

from drivesim.errors import ScenarioError
from drivesim.opendrive import read_network
from drivesim.openscenario import ScenarioFile, ScenarioPlayer, load_scenario
from drivesim.openscenario.expressions import evaluate
from drivesim.world import World


class Idle:
    def step(self, world, actor, dt):
        return None


def play(name, **parameters):
    scenario = load_scenario(name, parameters)
    world = World(read_network(scenario.road_file), scenario.actors(), scenario.weather(), 1)
    player = ScenarioPlayer(scenario, world, lambda model, actor, world: Idle())
    while not player.finished and world.time < 60:
        player.step(0.05)
    return world, player


def test_a_storyboard_ends_when_its_stop_trigger_fires():
    world, player = play("child_crossing", duration="2")
    assert player.finished
    assert world.time == pytest.approx(2.0)


def test_an_unknown_parameter_is_named_with_the_closest_one():
    with pytest.raises(ScenarioError, match="Did you mean 'ego_speed'"):
        load_scenario("child_crossing", {"ego_sped": "30"})


def test_a_value_outside_its_constraints_is_refused():
    with pytest.raises(ScenarioError, match="ego_speed"):
        load_scenario("child_crossing", {"ego_speed": "700"})


@pytest.mark.parametrize(
    ("source", "value"), [("1 + 2 * 3", 7), ("-$a / 2", -2.0), ("pow(2, 3) % 5", 3), ("not ($a > 3) or false", False)]
)
def test_expressions(source, value):
    assert evaluate(source, {"a": 4.0}) == value


def test_a_file_read_again_with_other_parameters_is_as_if_read_anew():
    file = ScenarioFile("child_crossing")
    file.scenario({"ego_speed": "20"})
    again, fresh = file.scenario({"ego_speed": "50"}), load_scenario("child_crossing", {"ego_speed": "50"})
    assert again.definition == fresh.definition
    assert again.parameters == fresh.parameters
    assert again.definition != file.scenario({"ego_speed": "20"}).definition
