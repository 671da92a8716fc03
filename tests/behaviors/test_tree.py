"""Tree files: what is refused and how; blackboards, subtrees, inputs."""

from __future__ import annotations

import pytest

from drivesim import content
from drivesim.behaviors import TreeController, make_controller
from drivesim.behaviors.nodes import NODES
from drivesim.behaviors.tree import read_tree
from drivesim.errors import DrivesimError
from drivesim.openscenario.controller import ControllerModel
from tests.builders import at, car, child


@pytest.fixture
def write(tmp_path):
    def make(body, main="Main", head='BTCPP_format="4"'):
        path = tmp_path / "tree.xml"
        path.write_text(f'<root {head} main_tree_to_execute="{main}">\n{body}\n</root>')
        return path

    return make


@pytest.fixture
def world(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(-60.0), 10.0)
    world.place(1, at(0.0, -4.0, yaw=1.570796))
    return world


def main(body):
    return f'<BehaviorTree ID="Main">\n{body}\n</BehaviorTree>'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (main("<Sequense/>"), "tree.xml:3: <Sequense>: unknown node. Did you mean 'Sequence'?"),
        (main('<Sleep sec="1"/>'), "tree.xml:3: <Sleep>: unknown port 'sec'"),
        (main("<Sleep/>"), "tree.xml:3: <Sleep>: port 'msec' is missing"),
        (main('<Sleep msec="soon"/>'), "port 'msec' is not a number but 'soon'"),
        (main('<GapAccept mode="size" threshold="3"/>'), "port 'mode' cannot be 'size'"),
        (main('<Sleep msec="{delay}"/>'), "port 'msec' reads 'delay', which nothing sets. Add a controller property"),
        (main("<WaitForMaster/>"), "needs either a time or a distance"),
        (main("<Inverter/>"), "has 0 children"),
        (main("<IfThenElse><Stand/></IfThenElse>"), "Give it two or three children"),
        (main('<SubTree ID="Mane"/>'), "no tree 'Mane' in the file. Did you mean 'Main'?"),
        (main('<SubTree ID="Main"/>'), "contains itself"),
        (main("<Stand/><Stand/>"), "has 2 root nodes"),
        ('<BehaviorTree ID="Other"><Stand/></BehaviorTree>', "main tree 'Main' is not in the file"),
        ("<oops>", "not well-formed XML"),
    ],
)
def test_mistakes_are_named_with_place_and_remedy(write, world, body, said):
    with pytest.raises(DrivesimError) as caught:
        TreeController(str(write(body)), {}, world, 1)
    assert said in str(caught.value)
    assert "tree.xml" in str(caught.value)


def test_another_format_is_refused(write):
    with pytest.raises(DrivesimError, match=r"not a BehaviorTree\.CPP 4 file"):
        read_tree(write(main("<Stand/>"), head='BTCPP_format="3"'))


def test_groot_metadata_and_explicit_node_types_are_read(write):
    path = write(
        main('<Control ID="Sequence" name="all" _uid="1"><Action ID="Sleep" msec="10"/></Control>')
        + '<TreeNodesModel><Action ID="Sleep"><input_port name="msec"/></Action></TreeNodesModel>'
    )
    root = read_tree(path).trees["Main"]
    assert (root.kind, root.name, root.children[0].kind) == ("Sequence", "all", "Sleep")


def outcome(path, world, **inputs):
    """How the leaves answered in one tick, by name."""
    controller = TreeController(str(path), inputs, world, 1)
    controller.step(world, 1, 0.05)
    return {node.rsplit(".", 1)[-1]: status for _, node, status in controller.trace}


def test_inputs_and_remapped_subtree_ports_reach_the_leaves(write, world):
    path = write(
        main('<SubTree ID="Inner" word="{mood}" other="bold"/>')
        + '<BehaviorTree ID="Inner"><Sequence><CheckEquals name="input" a="{word}" b="shy"/>'
        '<CheckEquals name="literal" a="{other}" b="bold"/></Sequence></BehaviorTree>'
    )
    assert outcome(path, world, mood="shy") == {"input": "SUCCESS", "literal": "SUCCESS"}
    assert outcome(path, world, mood="rash") == {"input": "FAILURE"}


def test_subtrees_have_boards_of_their_own_unless_remapped(write, world):
    inner = '<BehaviorTree ID="Inner"><Sequence><CheckEquals a="{mood}" b="shy"/></Sequence></BehaviorTree>'
    with pytest.raises(DrivesimError, match="reads 'mood', which nothing sets"):
        outcome(write(main('<SubTree ID="Inner"/>') + inner), world, mood="shy")
    path = write(main('<SubTree ID="Inner" _autoremap="true"/>') + inner)
    assert outcome(path, world, mood="shy") == {"CheckEquals": "SUCCESS"}


def test_a_key_set_in_a_subtree_is_read_outside_through_its_port(write, world):
    path = write(
        main(
            '<Sequence><SetBlackboard value="none" output_key="result"/><SubTree ID="Inner" out="{result}"/>'
            '<CheckEquals a="{result}" b="done"/></Sequence>'
        )
        + '<BehaviorTree ID="Inner"><SetBlackboard value="done" output_key="{out}"/></BehaviorTree>'
    )
    assert outcome(path, world) == {"CheckEquals": "SUCCESS"}


def test_shipped_trees_read():
    for name in content.available("behaviors"):
        assert read_tree(content.find("behaviors", name)).trees


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"driver": "atentive"}, "unknown driver 'atentive' of Ego. Did you mean 'attentive'?"),
        ({"behaviorTree": "child_crosing.xml"}, "Did you mean 'child_crossing'?"),
        ({"behaviorTree": "child_crossing.xml", "master": "Eggo"}, "Did you mean 'Ego'?"),
    ],
)
def test_controllers_that_do_not_exist_are_named(world, properties, said):
    with pytest.raises(DrivesimError) as caught:
        make_controller(ControllerModel("brain", "", properties), world.actors[0], world)
    assert said in str(caught.value)


def test_a_controller_of_another_player_leaves_the_actor_alone(world):
    controller = make_controller(ControllerModel("brain", "", {"module": "external"}), world.actors[0], world)
    assert controller.step(world, 0, 0.05) is None


def test_every_node_is_documented():
    text = (content.shipped("behaviors").parent / "docs" / "behaviors.md").read_text()
    assert [name for name, node in NODES.items() if f"| `{name}` |" not in text or node.says not in text] == []


def test_a_tree_built_again_behaves_as_the_first_time():
    """The first run of a file makes every node; later ones make subtrees when they are ticked. Nobody can tell."""
    from drivesim.behaviors import tree as tree_module
    from drivesim.simulation import Simulation, as_scenario

    def traces(fresh):
        found = []
        for seed in range(6):
            if fresh:
                tree_module._read.cache_clear()
            with Simulation(as_scenario("child_crossing"), None, seed=seed, duration=8.0) as simulation:
                for _ in simulation:
                    pass
                found.append(simulation.player._controllers["Child"].trace)
        return found

    assert traces(fresh=True) == traces(fresh=False)


@pytest.mark.parametrize("tree", ["child_crossing.xml", "adult_crossing.xml"])
def test_somebody_else_changes_nobodys_draws(make_world, tree):
    """Traces of ten seeds, alone and with two others beside, who decide for themselves."""
    inputs = {"child_behavior": "natural", "behavior": "natural", "looks": "maybe", "speed": "1.5"}
    inputs |= {"start_distance": "4", "crossing_distance": "8", "acceleration_distance": "1"}

    def trace(seed, others):
        people = [child(1, "Child"), *(child(2 + i, f"Other {i}") for i in range(others))]
        world = make_world(car(0), *people, seed=seed)
        world.falls = False
        world.place(0, at(-70.0, 6.0), 10.0)
        for person in people:
            world.place(person.index, at(40.0 * (person.index - 1), -4.0, yaw=1.570796))
        minds = [TreeController(content.find("behaviors", tree), inputs, world, p.index) for p in reversed(people)]
        for _ in range(240):
            for mind, person in zip(minds, reversed(people), strict=True):
                world.command(person.index, mind.step(world, person.index, 0.05))
            world.step(0.05)
        return minds[-1].trace

    alone = [trace(seed, 0) for seed in range(10)]
    assert alone == [trace(seed, 2) for seed in range(10)]
    assert len({str(found) for found in alone}) > 3
