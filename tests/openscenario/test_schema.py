"""Every element and attribute of ASAM's schemas 1.0 to 1.3.1 is read; every action and condition is played."""

import importlib.util

import pytest
from schema import VERSIONS, Schema

from drivesim.openscenario.actions.instant import GLOBAL, PRIVATE
from drivesim.openscenario.conditions import BY_ENTITY, BY_VALUE
from drivesim.openscenario.layout import layout_of, tag_of
from drivesim.openscenario.model import definition
from drivesim.openscenario.model.actions import ActivateControllerAction, AssignControllerAction
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.model.distributions import ParameterValueDistribution
from drivesim.openscenario.player import RUNNING
from drivesim.openscenario.reader import TRANSPARENT

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("schemas") is None, reason="scenariogeneration has the schemas"
)

ROOTS = {
    "ScenarioDefinition": definition.ScenarioDefinition,
    "Catalog": definition.Catalog,
    "FileHeader": definition.FileHeader,
    "ParameterValueDistribution": ParameterValueDistribution,
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("root", ROOTS)
def test_every_element_and_attribute_of_the_schema_is_read(version, root):
    schema = Schema(version)
    if not schema.type(root).elements:
        pytest.skip(f"{version} has no {root}")
    found = schema.gaps(root, ROOTS[root])
    assert found.unread == set()
    assert found.unplayed == set()
    assert len(found.visited) > (0 if root == "FileHeader" else 20)


def test_a_walk_finds_what_a_class_does_not_read():
    class Speedy(Element):
        pass

    found = Schema("1_3_1").gaps("SpeedAction", Speedy)
    assert found.unread == {"SpeedAction/SpeedActionDynamics", "SpeedAction/SpeedActionTarget"}


WRAPPERS = TRANSPARENT | {
    "EntityAction", "InfrastructureAction", "MonitorAction", "ParameterAction", "TrafficAction", "TrafficSignalAction",
    "VariableAction", "SetAction", "ModifyAction", "Action", "ByEntityCondition", "Condition", "EntityCondition",
    "RoadCondition",
}  # fmt: skip
"""Elements that hold an action or a condition, or whose content says which; and the state of the road."""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_action_and_condition_has_something_that_plays_it(version):
    played = {tag_of(cls) for table in (GLOBAL, PRIVATE, RUNNING, BY_ENTITY, BY_VALUE) for cls in table}
    played |= {tag_of(cls) for cls in (ActivateControllerAction, AssignControllerAction)}
    played |= {inner for cls in GLOBAL for inner in _inside(layout_of(cls).scope)}
    schema = Schema(version)
    asked = {*schema.names("Action"), *schema.names("Condition")} - WRAPPERS
    assert len(asked) > 30
    assert asked - played == set()


def _inside(scope):
    """What one of the wrappers of global actions may hold."""
    for wrapper in scope.wrappers.values():
        yield from _inside(wrapper)
    yield from scope.elements
