"""From a seed to a scenario that is ready to run."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drivesim.behaviors import make_controller
from drivesim.envs.looks import Looks
from drivesim.envs.randomize import randomization
from drivesim.envs.route import lane_route, route_key, straight_route
from drivesim.envs.settings import Settings
from drivesim.errors import DrivesimError, ScenarioError, did_you_mean
from drivesim.opendrive import RoadNetwork, empty_network, read_network
from drivesim.openscenario import Scenario, ScenarioFile, ScenarioPlayer
from drivesim.openscenario.beside import CHOICE, MOUNT, SEED, Beside
from drivesim.openscenario.declarations import Declarations
from drivesim.openscenario.model.conditions import SimulationTimeCondition
from drivesim.scene.city.seasons import foliage_on
from drivesim.simulation import ego_of
from drivesim.types import F64, Actor, WorldState
from drivesim.world import Control, World

PATIENCE = 3.0
"""Time limit over the scenario's own duration: room for a driver who waits."""
_NO_DURATION = 10.0
_REMEMBERED = 64
"""Scenarios kept read, for parameters that come up again."""
_SAMPLES = 32
"""Draws that show where actors may be."""
_MOST_DRAWS = 100
"""Draws for one episode, until the scenario's constraints accept one."""


class Puppet:
    """A controller that does what the environment's action said."""

    wish: Control | None = None

    def step(self, world: World, actor: int, dt: float) -> Control | None:
        return self.wish


class Stage:
    """What all episodes of an environment share: map, actors, what varies, who acts, where it goes.

    Attributes:
        agent: the actor that acts, as in the scenario with default parameters.
        time_limit: seconds.
        mounting: sensors that parameters move, channel and axis.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._file = ScenarioFile(settings.scenario)
        self._declarations = Declarations(self._file.path)
        self._randomization = randomization(settings.distribution, self._declarations)
        self._fixed = {name: str(value) for name, value in settings.parameters.items()}
        plain = self._file.scenario(self._fixed)
        self.duration = _duration(plain)
        self.time_limit = settings.time_limit or PATIENCE * self.duration
        if "duration" in plain.parameters:
            self._fixed["duration"] = self._longer(self.time_limit + 1.0, str(plain.parameters["duration"]))
        self._scenarios: OrderedDict[tuple[tuple[str, str], ...], Scenario] = OrderedDict()
        self.scenario = self._load({})
        self.mounting = set(self.scenario.beside.mounting)
        for corner in self._randomization.corners():
            self.mounting |= set(self._load(corner).beside.mounting)
        road_file = self.scenario.road_file
        self.network: RoadNetwork = read_network(road_file) if road_file else empty_network()
        self.weather = self.scenario.weather(self.network.place())
        self.actors = self.scenario.actors()
        self.agent = _agent(self.actors, settings.agent, self.scenario.path)
        self._routes: dict[tuple[Any, ...], F64] = {}

    def _longer(self, seconds: float, declared: str) -> str:
        """The duration to play with: so long, if the scenario's constraints allow it."""
        wanted = f"{seconds:g}"
        try:
            self._file.scenario({**self._fixed, "duration": wanted})
        except ScenarioError:
            return declared
        return wanted

    def _load(self, values: dict[str, str]) -> Scenario:
        key = tuple(sorted(values.items()))
        known = self._scenarios.get(key)
        if known is None:
            known = self._scenarios[key] = self._file.scenario({**self._fixed, **values})
            if len(self._scenarios) > _REMEMBERED:
                self._scenarios.popitem(last=False)
        return known

    def begin(self, seed: int, batch: World, row: int) -> Episode:
        """Set up one world of a batch for the episode that belongs to a seed."""
        values, scenario = self._drawn(seed)
        if scenario.road_file != self.scenario.road_file:
            raise ScenarioError("the map varies with the parameters", file=scenario.path, element="RoadNetwork",
                                remedy="make one environment per map")  # fmt: skip
        actors, beside = scenario.actors(), scenario.beside
        behavior = beside.seeds.get("behavior", seed)
        world = batch.restart(row, actors, scenario.weather(self.network.place()), behavior)
        world.seeds = beside.seeds
        world.choices = beside.choices_among([actor.name for actor in actors])
        world.district = str(scenario.parameters["district"]) if "district" in scenario.parameters else None
        player = ScenarioPlayer(scenario, world, make_controller)
        if not world.present[0, self.agent.index]:
            raise ScenarioError(f"'{self.agent.name}' is not there at the start", file=scenario.path,
                                remedy="place it in Init, or choose another agent")  # fmt: skip
        puppet = Puppet()
        player.take_over(self.agent.name, puppet)
        looks = Looks(actors, world.district, foliage_on(world.weather.day_of_year), beside.seeds)
        return Episode(seed, values, world, player, puppet, beside, looks)

    def _drawn(self, seed: int) -> tuple[dict[str, str], Scenario]:
        """Parameters of an episode; combinations that the scenario's constraints refuse are drawn again."""
        for attempt in range(_MOST_DRAWS):
            values = self._randomization.draw(seed, attempt)
            try:
                return values, self._load(values)
            except ScenarioError as error:
                if attempt == _MOST_DRAWS - 1 or self._declarations.refusal({**self._fixed, **values}) is None:
                    raise error
        raise AssertionError("the last attempt returns or raises")

    def samples(self) -> Iterator[dict[str, str]]:
        """Parameters that show where actors may start: as they are, at the ends of what varies, and some draws."""
        yield self._fixed
        for corner in self._randomization.corners():
            if not next(iter(corner)).startswith((SEED, MOUNT, CHOICE)):
                yield {**self._fixed, **corner}
        for seed in range(_SAMPLES):
            yield {**self._fixed, **self._drawn(seed)[0]}

    def opening(self, actors: tuple[Actor, ...]) -> WorldState:
        """Where such actors stand at the start with default parameters; scenes are built around it."""
        world = World(self.network, actors, self.weather, 0)
        ScenarioPlayer(self.scenario, world, make_controller)
        return world.snapshot()

    def route(self, world: World) -> tuple[Any, F64]:
        """The agent's way from where it is, with a key that equals that of other worlds on the same way."""
        x, y = world.position[0, self.agent.index, :2].tolist()
        yaw = float(world.orientation[0, self.agent.index, 0])
        if self.agent.kind == "vehicle":
            lane = self.network.lane_from_world(x, y, heading=yaw)
            if lane is not None:
                roads = world.routes.get(self.agent.index, ())
                key = (*route_key(self.network, lane), roads)
                if key not in self._routes:
                    self._routes[key] = lane_route(self.network, lane, roads)
                heading = self.network.world_from_lane(lane.road_id, lane.lane_id, lane.s).heading
                if math.cos(heading - yaw) > 0.0:
                    return key, self._routes[key]
        return None, straight_route(x, y, yaw)

    def goal_distance(self, world: World) -> float:
        """Metres from start to goal."""
        if self.settings.goal_distance is not None:
            return self.settings.goal_distance
        if self.agent.kind == "pedestrian":
            return 10.0
        speed = float(world.speed[0, self.agent.index])
        return max(speed, 1.0) * self.duration


class Episode:
    """One run: its world in the batch and who plays it.

    Attributes:
        beside: seeds of their own and mounting, from the parameters.
        looks: what a scene of it depends on.
        met: collisions already accounted for.
    """

    def __init__(
        self, seed: int, parameters: Mapping[str, str], world: World, player: ScenarioPlayer, puppet: Puppet,
        beside: Beside, looks: Looks,
    ) -> None:  # fmt: skip
        self.seed, self.parameters = seed, parameters
        self.beside, self.looks = beside, looks
        self.world, self.player, self.puppet = world, player, puppet
        self.met = 0
        self.ended = False

    @property
    def noise_seed(self) -> int:
        """Of the sensors' noise and faults."""
        return self.beside.seeds.get("noise", self.seed)


def _agent(actors: tuple[Actor, ...], name: str | None, file: Path) -> Actor:
    if name is None:
        return ego_of(actors)
    for actor in actors:
        if actor.name == name:
            if actor.kind == "misc":
                raise DrivesimError(f"'{name}' cannot act: it is a {actor.category}", file=file, element="agent",
                                    remedy="choose a vehicle or a pedestrian")  # fmt: skip
            return actor
    raise DrivesimError(f"no entity is called '{name}'", file=file, element="agent",
                        remedy=did_you_mean(name, [a.name for a in actors]))  # fmt: skip


def _duration(scenario: Scenario) -> float:
    """Seconds that the scenario means to last."""
    if "duration" in scenario.parameters:
        return float(scenario.parameters["duration"])
    trigger = scenario.storyboard.stop_trigger
    for group in trigger.groups if trigger else ():
        for condition in group.conditions:
            if isinstance(condition.test, SimulationTimeCondition):
                return condition.test.value
    return _NO_DURATION
