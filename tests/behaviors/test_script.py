"""Scripts: what they calculate, set and refuse; in trees."""

from __future__ import annotations

import pytest
from lxml import etree

from drivesim import content
from drivesim.behaviors import TreeController
from drivesim.behaviors.board import Board
from drivesim.behaviors.nodes import CHOICES, CONTROL, DECORATORS, NODES, SWITCHES
from drivesim.behaviors.script import compile_script
from drivesim.behaviors.tree import read_tree, write_tree
from drivesim.errors import DrivesimError
from tests.builders import at, car, child


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("-2 * -3", 6.0),
        ("8 / 2 / 2", 2.0),
        ("1 < 2 && 3 >= 3", 1.0),
        ("!(1 < 2) || false", 0.0),
        ("'a' == 'a' && 'a' != 'b'", 1.0),
        ("two == 2", 1.0),
        ("mood == 'shy' ? 1 : 2", 1.0),
        ("'is ' .. mood", "is shy"),
        ("a := 1; a += 2; a *= 5; a", 15.0),
        ("true", 1.0),
    ],
)
def test_scripts_calculate(code, value):
    assert compile_script(code)(Board({"two": "2", "mood": "shy"})) == value


def test_scripts_set_the_blackboard():
    board = Board({"count": "1"})
    compile_script("count += 1; where := 'kerb'; share := count / 8")(board)
    assert [board[key] for key in ("count", "where", "share")] == ["2", "kerb", "0.25"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 +", "ends too early"),
        ("", "says nothing"),
        ("1 $ 2", "cannot be read at '$ 2'"),
        ("(1", "ends too early"),
        ("1 2", "where ';' is wanted"),
    ],
)
def test_what_cannot_be_read_is_refused_when_the_tree_is_read(tmp_path, code, said):
    file = tmp_path / "tree.xml"
    file.write_text(f'<root BTCPP_format="4"><BehaviorTree ID="M">\n<Script code="{code}"/></BehaviorTree></root>')
    with pytest.raises(DrivesimError, match=r"tree\.xml:2") as caught:
        read_tree(file)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"), [("x + 1", "reads 'x', which nothing has set"), ("x = 1", "nothing has set"), ("1 / 0", "zero"),
                       ("'a' - 1", "cannot be calculated")]
)  # fmt: skip
def test_what_cannot_be_run_is_said(code, said):
    with pytest.raises(DrivesimError, match=said):
        compile_script(code)(Board({}))


@pytest.fixture
def world(make_world):
    world = make_world(car(0), child(1))
    world.place(0, at(-60.0), 10.0)
    world.place(1, at(0.0, -4.0, yaw=1.570796))
    return world


TREE = """<root BTCPP_format="4" main_tree_to_execute="Main">
<BehaviorTree ID="Main"><Sequence>
<Script code="looks := 0"/>
<Repeat num_cycles="3"><Script code="looks += 1"/></Repeat>
<Switch2 variable="{looks}" case_1="2" case_2="3">
<CheckEquals name="two" a="1" b="1"/><CheckEquals name="three" a="1" b="1"/><AlwaysFailure/></Switch2>
<CheckEquals name="never" a="1" b="1" _skipIf="looks == 3"/>
<ScriptCondition name="asked" code="looks == 3 &amp;&amp; mood == 'shy'"/>
<SubTree ID="Inner" _autoremap="true" _failureIf="mood == 'rash'" _onFailure="mood := 'lost'"/>
</Sequence></BehaviorTree>
<BehaviorTree ID="Inner"><CheckEquals name="inner" a="{mood}" b="shy" _post="mood := 'done'"/></BehaviorTree></root>"""


def test_a_tree_with_scripts_runs(tmp_path, world):
    file = tmp_path / "tree.xml"
    file.write_text(TREE)
    controller = TreeController(str(file), {"mood": "shy"}, world, 1)
    controller.step(world, 1, 0.05)
    answers = {node.rsplit(".", 1)[-1]: status for _, node, status in controller.trace}
    assert answers["three"] == "SUCCESS"
    assert answers["Inner"] == "SUCCESS"
    assert "two" not in answers
    assert "never" not in answers


def plain(text):
    root = etree.fromstring(text.encode(), etree.XMLParser(remove_comments=True, remove_blank_text=True))
    return etree.tostring(root, method="c14n")


def test_trees_survive_writing_and_reading(tmp_path):
    files = [content.find("behaviors", name) for name in content.available("behaviors")]
    scripted = tmp_path / "tree.xml"
    scripted.write_text(TREE)
    for file in (*files, scripted):
        tree = read_tree(file)
        again = tmp_path / "again.xml"
        again.write_text(write_tree(tree))
        assert plain(again.read_text()) == plain(file.read_text())
        assert write_tree(read_tree(again)) == write_tree(tree)


def element(kind):
    """A node with every port that it knows, and as many children as it wants."""
    made = etree.Element(kind, name=f"a {kind}", **dict.fromkeys(NODES[kind].ports, "1"))
    made.set("_post", "seen := 1")
    wanted = 2 if kind in CONTROL else int(kind in DECORATORS)
    for _ in range(SWITCHES.get(kind, wanted - 1) + 1):
        etree.SubElement(made, "AlwaysSuccess")
    for port, choices in CHOICES.items():
        if port in NODES[kind].ports:
            made.set(port, choices[-1])
    return made


@pytest.mark.parametrize("kind", NODES)
def test_every_node_survives_writing_and_reading(tmp_path, kind):
    root = etree.Element("root", BTCPP_format="4", main_tree_to_execute="M")
    etree.SubElement(root, "BehaviorTree", ID="M").append(element(kind))
    file = tmp_path / "tree.xml"
    file.write_bytes(etree.tostring(root))
    tree = read_tree(file)
    assert plain(write_tree(tree)) == plain(file.read_text())
    node = tree.trees["M"]
    assert (node.kind, set(node.ports), node.scripts) == (kind, set(NODES[kind].ports), {"_post": "seen := 1"})
