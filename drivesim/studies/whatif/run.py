"""One instance under one rig: play it, listen to the chain, note when what happened."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from drivesim.ego import Detector, EgoChain, EgoParameters
from drivesim.ego.chain import Answers, ChainEvent, EventKind
from drivesim.ego.emergency import Geometry, time_to_collision
from drivesim.ego.registry import DEFAULTS, REPEATABLE, make_detector
from drivesim.errors import RigError
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.suite import ONCE
from drivesim.simulation import DEFAULT_DT, Simulation
from drivesim.studies.target import target_of
from drivesim.studies.whatif.driver import EgoDriver
from drivesim.studies.whatif.outcome import (
    POINTS,
    euro_ncap_colour,
    hit_point,
    impact_speed,
    in_way,
    serious_injury_risk,
)
from drivesim.studies.whatif.sensing import GatedSimulator, Stage
from drivesim.studies.whatif.sight import line_of_sight
from drivesim.types import CameraImage, Collision, Frame, WorldState

if TYPE_CHECKING:
    from drivesim.openscenario import Scenario
    from drivesim.scene import Scene
    from drivesim.sensors.rig import Rig, Sensor
    from drivesim.simulators import Simulator
    from drivesim.world import World

NEAR_TARGET = 1.5
"""A detection this close to the target's box counts as a detection of it, m; used for metrics only."""
CAMERA_DEPTH = (2.0, 0.2)
"""A warning or brake that rests on cameras alone counts for the target if it lies in its direction, no farther from it
along the line of sight than this, m and share of its distance: cameras err along that line, by 8 % with a long tail.
Twice what counts as found in ``docs/camera_detector.md``, as for false people there; for metrics only."""
IN_DIRECTION = 0.5
"""How far beside the target's body that may be, m."""
AFTERMATH = 5.0
"""A run ends when the car has passed the target by this, m, and is not slower."""
_NOTED: tuple[EventKind, ...] = ("detection", "confirmation", "warning", "brake")
STANDING = 0.5
"""A run ends after the car has stood still for this long, s."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """When something first happened: seconds since start, distance to the target and TTC then; NaN if never."""

    time: float = math.nan
    distance: float = math.nan
    ttc: float = math.nan


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes:
        impact_speed: km/h, 0 when avoided. closing_speed: km/h along the contact normal.
        hit_point: share of the car's width from the right; NaN without contact.
        colour, points: Euro NCAP 2026, by the initial speed.
        risk: of MAIS3+F; caveat: why to doubt it.
        in_way: whether the car, untouched, was in the way of a target that still moved when the run ended.
        false_triggers: brakes for something that was not the target.
        reaction_tick: first tick whose motion the rig influenced; hashes: of the world after every tick.
    """

    rig: str
    test_speed: float
    collided: bool
    impact_speed: float
    closing_speed: float
    hit_point: float
    colour: str
    points: float
    risk: float
    caveat: str
    in_way: bool
    sight: Milestone
    first_return: Milestone
    detection: Milestone
    confirmation: Milestone
    warning: Milestone
    brake: Milestone
    brake_sensors: str
    false_triggers: int
    minimum_distance: float
    duration: float
    reaction_tick: int
    hashes: tuple[str, ...] = field(repr=False, default=())


def detectors_for(rig: Rig, seed: int, chosen: Mapping[str, str] = MappingProxyType({})) -> dict[str, Detector]:
    """Detectors for the kinds of sensors a rig has: those ``chosen`` by kind, else the shipped ones."""
    kinds = sorted({sensor.kind for sensor in rig.sensors})
    return {kind: make_detector(kind, chosen.get(kind, DEFAULTS[kind]), seed) for kind in kinds}


def looks_ahead(rig: Rig) -> bool:
    """Whether some sensor of the rig sees straight ahead."""
    return any(_sees_ahead(sensor) for sensor in rig.sensors)


def _sees_ahead(sensor: Sensor) -> bool:
    rotation, device = sensor.ego_from_sensor.rotation, sensor.device
    if isinstance(device, LidarDevice) and device.pattern is None:  # it turns
        if device.azimuth_window_deg is None:
            return True
        first, last = device.azimuth_window_deg
        ahead = math.degrees(math.atan2(rotation[0, 1], rotation[0, 0]))  # the ego's x axis in the sensor's frame
        return (ahead - first) % 360.0 <= (last - first) % 360.0
    axis = rotation[:, 2 if sensor.kind == "camera" else 0]
    return bool(axis[0] > math.cos(math.radians(30.0)))


class Run:
    """One scenario instance with one rig on the ego.

    Args:
        detectors: by kind of sensor; None takes :func:`detectors_for` the rig.
        full: sense from the start, see :mod:`drivesim.studies.whatif.sensing`.
        stage: shared by the runs of one instance.

    Raises:
        RigError: the rig does not look ahead.
    """

    def __init__(
        self,
        scenario: Scenario,
        rig: Rig,
        *,
        parameters: EgoParameters,
        seed: int = 0,
        dt: float = DEFAULT_DT,
        target: str | None = None,
        detectors: Mapping[str, Detector] | None = None,
        full: bool = False,
        stage: Stage | None = None,
    ) -> None:
        if not looks_ahead(rig):
            raise RigError("no sensor of this rig looks ahead", file=rig.path, remedy="add a forward camera or lidar")

        self._gate: GatedSimulator

        def make(world: World, equipment: Rig | None, ego: int, run_seed: int) -> Simulator:
            aim = target_of(world.actors, world.actors[ego], target).index
            self._gate = GatedSimulator(world, equipment, ego, run_seed, aim, None if full else parameters, stage)
            return self._gate

        self.simulation = Simulation(scenario, rig, seed=seed, dt=dt, simulator=make)
        self.rig, self.parameters, self.full = rig, parameters, full
        self.car = self.simulation.ego
        self.target = target_of(self.simulation.actors, self.car, target)
        box = self.car.box
        self.front = box.center[0] + box.length / 2
        body = self.target.box
        reach = math.hypot(body.center[0], body.center[1]) + math.hypot(body.length / 2, body.width / 2)
        self._about = 2.0 * (NEAR_TARGET + reach)
        """Farther from the target's reference point nothing counts as the target, however it leans (60 degrees), m."""
        chosen = detectors if detectors is not None else detectors_for(rig, seed)
        answers: dict[str, Answers] = {}
        if stage is not None:
            shared = [kind for kind, each in chosen.items() if kind in ONCE and type(each) in REPEATABLE]
            answers = {kind: stage.answers.setdefault(kind, {}) for kind in shared}
        self.chain = EgoChain(chosen, Geometry(self.front, box.width), parameters, answers=answers)
        self._cameras = {sensor.channel for sensor in rig.sensors if sensor.kind == "camera"}
        self._firsts: dict[EventKind, Milestone] = {}
        self._looked = 0
        """How many of the chain's events have been looked at for the first of each kind."""
        self.driver = EgoDriver(self.chain)
        self.simulation.player.take_over(self.car.name, self.driver, as_activated=True)

    @property
    def scene(self) -> Scene:
        """What the sensors look at, as of the last frame that sensed."""
        scene = self._gate.scene
        assert scene is not None
        return scene

    def play(self, watch: Callable[[Frame], bool] | None = None) -> Outcome:
        """The outcome; the run's scene is released.

        Args:
            watch: is shown every frame; the run ends when it says so.
        """
        with self.simulation:
            return self._play(watch)

    def _play(self, watch: Callable[[Frame], bool] | None) -> Outcome:
        simulation, ego = self.simulation, self.car.index
        before = simulation.world.snapshot()
        test_speed = float(before.speed[0, ego])
        states: list[WorldState] = [before]
        hashes: list[str] = []
        sight = returned = Milestone()
        mount = self.rig.sensors[0].ego_from_sensor.translation
        nearest, standing, reaction = math.inf, 0.0, -1
        hit: Collision | None = None
        for frame in simulation:
            state = frame.state
            hashes.append(_digest(state))
            states.append(state)
            if reaction < 0 and self.driver.braking_since is not None:
                reaction = frame.index
            if math.isnan(sight.time) and line_of_sight(state, simulation.actors, ego, self.target.index, mount):
                sight = self._milestone(state)
            if math.isnan(returned.time) and self._returns(frame):
                returned = self._milestone(state)
            nearest = min(nearest, self._distance(state)) if self._beside(state) else nearest
            hit = next((c for c in frame.collisions if {c.first, c.second} == {self.car.name, self.target.name}), None)
            if hit is not None:
                break
            if self._gate.promised is not None:
                self.chain.promise(self._gate.promised)
            else:
                self.chain.receive(frame.measurements)
            if watch is not None and watch(frame):
                break
            standing = standing + simulation.dt if abs(float(state.speed[0, ego])) < 0.01 else 0.0
            self._gate.later = watch is None and not self.full and self._decided(standing > 0.0, returned, states)
            if standing > STANDING or self._passed(state):
                break
        return self._outcome(test_speed, states, hashes, sight, returned, nearest, reaction, hit)

    def _decided(self, stands: bool, returned: Milestone, states: list[WorldState]) -> bool:
        """Whether nothing that is sensed changes an outcome while the brakes are held: the car stands, or what can be
        noted of the target until then is noted. Nobody is warned twice meanwhile, nor are brakes that are held put on.
        """
        if stands or not self.chain.braking:
            return stands and self.chain.braking
        noted = self._noted(states)
        return self.chain.warned and not math.isnan(returned.time) and {"detection", "confirmation"} <= noted.keys()

    def _outcome(
        self, test_speed: float, states: list[WorldState], hashes: list[str], sight: Milestone, returned: Milestone,
        nearest: float, reaction: int, hit: Collision | None,
    ) -> Outcome:  # fmt: skip
        speed = 3.6 * impact_speed(hit, states[-2], states[-1], self.car.index) if hit else 0.0
        colour = euro_ncap_colour(3.6 * test_speed, speed)
        risk = serious_injury_risk(speed, self.target.age) if self.target.kind == "pedestrian" else None
        brakes = [event for event in self.chain.events if event.kind == "brake"]
        ours = [event for event in brakes if self._about_target(event, states)]
        first = {kind: Milestone() for kind in _NOTED} | self._noted(states)
        return Outcome(
            rig=self.rig.name, test_speed=3.6 * test_speed, collided=hit is not None, impact_speed=speed,
            closing_speed=3.6 * hit.closing_speed if hit else 0.0,
            hit_point=hit_point(hit, states[-1], self.car) if hit else math.nan,
            colour=colour, points=POINTS[colour], risk=risk.probability if risk else math.nan,
            caveat=risk.caveat if risk else "no curve for this kind of target",
            in_way=hit is None and in_way(states[-1], self.car, self.target), sight=sight, first_return=returned,
            detection=first["detection"], confirmation=first["confirmation"], warning=first["warning"],
            brake=first["brake"], brake_sensors=ours[0].sensor if ours else "", false_triggers=len(brakes) - len(ours),
            minimum_distance=0.0 if hit else nearest, duration=float(states[-1].time[0]), reaction_tick=reaction,
            hashes=tuple(hashes),
        )  # fmt: skip

    def _noted(self, states: list[WorldState]) -> dict[EventKind, Milestone]:
        """The first event of each kind that was about the target, when the chain knew it; of kinds that there were."""
        for event in self.chain.events[self._looked :]:
            if event.kind not in self._firsts and self._about_target(event, states):
                milestone = self._milestone(self._state_at(event.time, states))
                self._firsts[event.kind] = dataclasses.replace(milestone, time=event.time)
        self._looked = len(self.chain.events)
        return self._firsts

    def _state_at(self, time: float, states: list[WorldState]) -> WorldState:
        return states[min(max(round(time / self.simulation.dt), 0), len(states) - 1)]

    def _about_target(self, event: ChainEvent, states: list[WorldState]) -> bool:
        """Whether what the chain did was about the target."""
        acted = event.kind in ("warning", "brake")
        state = self._state_at(event.time if acted else event.stamp, states)
        if self._is_target(event.position, state):
            return True
        return acted and self._cameras.issuperset(event.sensor.split("+")) and self._in_direction(event.position, state)

    def _in_direction(self, position: tuple[float, float], state: WorldState) -> bool:
        """Whether a place is where a camera may take the target to be."""
        car, target = (state.position[0, actor.index, :2] for actor in (self.car, self.target))
        sight, off = target - car, np.asarray(position) - target
        distance = float(np.hypot(*sight))
        along = abs(float(off @ sight)) / distance
        beside = abs(float(off[0] * sight[1] - off[1] * sight[0])) / distance
        room = max(self.target.box.length, self.target.box.width) / 2 + IN_DIRECTION
        return along < CAMERA_DEPTH[0] + CAMERA_DEPTH[1] * distance and beside < room

    def _is_target(self, position: tuple[float, float], state: WorldState) -> bool:
        box = self.target.box
        x, y, _ = state.position[0, self.target.index].tolist()
        if math.hypot(position[0] - x, position[1] - y) > self._about:
            return False
        pose = state.pose(self.target.index)
        local = pose.inverse().apply([*position, pose.translation[2]])[:2] - np.array(box.center[:2])
        outside = np.maximum(np.abs(local) - [box.length / 2, box.width / 2], 0.0)
        return float(np.linalg.norm(outside)) < NEAR_TARGET

    def _ahead(self, state: WorldState) -> float:
        """Metres along the car's heading from its front to the target's middle."""
        local = state.pose(self.car.index).inverse().apply(state.pose(self.target.index).apply(self.target.box.center))
        return float(local[0] - self.front)

    def _half(self, state: WorldState) -> float:
        """Half the target's extent along the car's heading, m."""
        turn = float(state.orientation[0, self.target.index, 0] - state.orientation[0, self.car.index, 0])
        return (abs(math.cos(turn)) * self.target.box.length + abs(math.sin(turn)) * self.target.box.width) / 2

    def _distance(self, state: WorldState) -> float:
        return max(self._ahead(state) - self._half(state), 0.0)

    def _beside(self, state: WorldState) -> bool:
        """Whether the target is in the car's path now."""
        local = state.pose(self.car.index).inverse().apply(state.pose(self.target.index).translation)
        return abs(float(local[1])) < self.car.box.width / 2 + 0.5

    def _milestone(self, state: WorldState) -> Milestone:
        distance = self._distance(state)
        heading = state.pose(self.car.index).rotation[:, 0]
        closing = float((state.velocity[0, self.car.index] - state.velocity[0, self.target.index]) @ heading)
        return Milestone(float(state.time[0]), distance, time_to_collision(distance, closing))

    def _returns(self, frame: Frame) -> bool:
        """Whether any sensor got anything from the target in this frame (perfect knowledge, for metrics only)."""
        return any(
            np.count_nonzero(m.instance == self.target.instance) >= (4 if isinstance(m, CameraImage) else 1)
            for m in frame.measurements.values()
        )

    def _passed(self, state: WorldState) -> bool:
        """Whether the car has the target behind it for good: it does not catch up."""
        heading = state.pose(self.car.index).rotation[:, 0]
        closing = float((state.velocity[0, self.target.index] - state.velocity[0, self.car.index]) @ heading)
        return closing <= 0.0 and self._ahead(state) < -self.car.box.length - AFTERMATH


def _digest(state: WorldState) -> str:
    """16 hexadecimal digits of everything that moves."""
    digest = hashlib.blake2b(digest_size=8)
    for array in (state.position, state.orientation, state.velocity, state.gait_phase, state.gaze, state.fallen):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def run_of(
    scenario: str | Path, rig: str | Path, values: Mapping[str, str], *, parameters: EgoParameters, seed: int,
    target: str | None = None, full: bool = False, stage: Stage | None = None,
    detectors: Mapping[str, str] = MappingProxyType({}),
) -> Run:  # fmt: skip
    """Load one instance under one rig; a ``stage`` is shared with its runs under other rigs.

    Args:
        detectors: names by kind of sensor, where they are not the shipped ones.
    """
    from drivesim.openscenario import load_scenario
    from drivesim.sensors.rig import load_rig

    equipment = load_rig(rig)
    return Run(
        load_scenario(scenario, values), equipment, parameters=parameters, seed=seed, target=target, full=full,
        stage=stage, detectors=detectors_for(equipment, seed, detectors),
    )  # fmt: skip
