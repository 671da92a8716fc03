"""From a scenario's Controller properties to whoever decides for the actor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, get_args

from drivesim import content
from drivesim.behaviors.automated.cruise import AdaptiveCruise
from drivesim.behaviors.automated.looming import LoomingDriver
from drivesim.behaviors.automated.model import SafetyModel
from drivesim.behaviors.automated.models import Fuzzy, Regulation, Responsible
from drivesim.behaviors.automated.reference_driver import ReferenceDriver
from drivesim.behaviors.driver import CarFollowingDriver, Mode
from drivesim.errors import ScenarioError, did_you_mean
from drivesim.transforms import Pose
from drivesim.types import Actor
from drivesim.world import Control, Kinematic, World

if TYPE_CHECKING:
    from drivesim.behaviors.traffic import TrafficDriver

_LOG = logging.getLogger(__name__)
_DRIVERS: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}
_TRAFFIC = "traffic"
EXTERNAL = "ExternalController"
"""The name under which scenarios leave an entity to a program outside the player: in ASAM's own example
``EndOfTrafficJam`` of 1.3, and as the property ``esminiController`` ("The entity will not be moved by the scenario.
Instead its state is expected to be reported from external simulator", esmini user guide, "ExternalController")."""


CRUISING = ("ACCController", "ALKSController")
"""Names of an adaptive cruise control in scenarios: of ASAM's and openMSL's ALKS files, and esmini's."""

LOOMING = "LoomingController"
"""Name of a driver who steers by sight."""
SAFETY = "ALKS_R157SM_Controller"
"""Name of the safety models of UN R157; the property ``model`` chooses one."""
SAFETY_MODELS: Mapping[str, type[SafetyModel]] = {
    "Regulation": Regulation, "ReferenceDriver": ReferenceDriver, "RSS": Responsible, "FSM": Fuzzy,
}  # fmt: skip


class Declared(Protocol):
    """What a scenario says of a controller (structurally an OpenSCENARIO Controller)."""

    @property
    def name(self) -> str: ...
    @property
    def properties(self) -> Mapping[str, str]: ...


class Idle:
    """Leaves every tick to the default controller; for controllers meant for other players."""

    def step(self, world: World, actor: int, dt: float) -> Control | None:
        return None


class External:
    """Waits for a program outside: the scenario does not move the actor, which stands until somebody takes it over
    (``ScenarioPlayer.take_over``, an ego, an agent) or the storyboard puts it elsewhere."""

    def __init__(self) -> None:
        self._waits = False

    def step(self, world: World, actor: int, dt: float) -> Control:
        if not self._waits:
            name = world.actors[actor].name
            _LOG.warning("'%s' is left to a program outside, as its scenario says: it stands until one drives it", name)
            self._waits = True
        return Kinematic(Pose.from_ypr(world.position[0, actor], world.orientation[0, actor]), 0.0)


class TreeController:
    """A behaviour tree in charge of one actor.

    Attributes:
        trace: (seconds, node, status) of every change: why the child ran.
    """

    def __init__(self, file: str, inputs: Mapping[str, str], world: World, actor: int) -> None:
        from drivesim.behaviors.agent import Agent
        from drivesim.behaviors.control import SUCCESS
        from drivesim.behaviors.runtime import build
        from drivesim.behaviors.tree import read_tree

        tree = read_tree(content.find("behaviors", file))
        master = _master(inputs.get("master", "Ego"), world)
        self._agent = Agent(world, actor, master)
        self._root = build(tree, self._agent, inputs)
        self.trace = self._agent.trace
        self._success = SUCCESS

    def step(self, world: World, actor: int, dt: float) -> Control | None:
        agent = self._agent
        if world.fallen[0, actor] > 0.0:
            agent.stand()
            return agent.wish
        agent.dt = dt
        agent.wish = None
        if self._root.status is not self._success:
            self._root.tick_once()
        if agent.wish is None:
            agent.stand()
        return agent.wish


def _master(name: str, world: World) -> int:
    names = [actor.name for actor in world.actors]
    if name not in names:
        raise ScenarioError(
            f"no entity '{name}' to react to", element="Property master", remedy=did_you_mean(name, names)
        )
    return world.index(name)


def make_controller(
    model: Declared, actor: Actor, world: World
) -> (
    CarFollowingDriver | TrafficDriver | TreeController | AdaptiveCruise | LoomingDriver | SafetyModel | External | Idle
):
    """The controller that a scenario asks for: by its properties ``behaviorTree`` or ``driver``, or an external one.

    Raises:
        ScenarioError: an unknown driver or tree, or a tree whose inputs are missing.
    """
    properties = model.properties
    if "behaviorTree" in properties:
        return TreeController(properties["behaviorTree"], properties, world, actor.index)
    if "driver" in properties:
        mode = properties["driver"]
        if mode in _DRIVERS:
            return CarFollowingDriver(_DRIVERS[mode])
        if mode == _TRAFFIC:
            from drivesim.behaviors.traffic import TrafficDriver

            return TrafficDriver(world)
        raise ScenarioError(
            f"unknown driver '{mode}' of {actor.name}",
            element="Property driver",
            remedy=did_you_mean(mode, [*_DRIVERS, _TRAFFIC]),
        )
    if EXTERNAL in (model.name, properties.get("esminiController")) and properties.get("mode") != "additive":
        return External()
    wanted = properties.get("esminiController") or model.name
    if wanted in CRUISING:
        return AdaptiveCruise(properties, world, actor.index)
    if wanted == LOOMING:
        return LoomingDriver(properties, world, actor.index)
    if wanted == SAFETY:
        return _safety_model(properties, world, actor.index)
    return Idle()


def _safety_model(properties: Mapping[str, str], world: World, actor: int) -> SafetyModel:
    name = properties.get("model", "")
    if name not in SAFETY_MODELS:
        raise ScenarioError(f"there is no safety model '{name}'", element="Property model",
                            remedy=did_you_mean(name, SAFETY_MODELS))  # fmt: skip
    return SAFETY_MODELS[name](properties, world, actor)
