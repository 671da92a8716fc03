"""The CARLA simulator: the scenario moves its actors here, a CARLA server shows them to its sensors."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from drivesim.errors import ScenarioError, SimulatorError
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.suite import arrived
from drivesim.simulators.carla.bodies import blueprint_of, measured
from drivesim.simulators.carla.cameras import Body, CarlaCamera
from drivesim.simulators.carla.channels import check_normals
from drivesim.simulators.carla.frames import carla_from_pose, mirrored
from drivesim.simulators.carla.labels import CarlaLabeller
from drivesim.simulators.carla.own import is_own, own_sensor
from drivesim.simulators.carla.ranging import BLUEPRINT, CarlaLidar, CarlaRadar, Echoes, Moving, Scan, scans_of
from drivesim.simulators.carla.session import Session, version_of
from drivesim.transforms import Pose
from drivesim.types import Actor, Labels, Measurement, Weather, WorldState

if TYPE_CHECKING:
    from drivesim.sensors.rig import Rig
    from drivesim.world import World

_WAITING = (-5000.0, -5000.0, 300.0)
"""Where actors wait that are not there: each a little higher than the one before, far from everything."""
_APART = 12.0
_NO_SCENE: Any = None
"""In place of a ray scene: CARLA traces the rays."""
_WARM_UP = 3
"""Ticks until every sensor has sent something: the first after a spawn carry no picture in some versions."""


@dataclass(frozen=True, slots=True)
class CarlaServerAddress:
    """Where the server is; call it to make a :class:`CarlaSimulator`, as :class:`~drivesim.simulation.Simulation` does.

    Attributes:
        timeout: s that the server may take for a call or for a frame's measurements.
    """

    host: str = "127.0.0.1"
    port: int = 2000
    timeout: float = 120.0

    @staticmethod
    def of(text: str) -> CarlaServerAddress:
        """From ``HOST:PORT``, ``HOST`` or ``PORT``.

        Raises:
            SimulatorError: it is none of these.
        """
        host, _, port = text.rpartition(":") if ":" in text else ("", "", text)
        if ":" not in text and not text.isdigit():
            host, port = text, "2000"
        if not port.isdigit() or not 0 < int(port) < 65535:
            remedy = "write HOST:PORT, as localhost:2000"
            raise SimulatorError(f"'{text}' is no address", element="--carla", remedy=remedy)
        return CarlaServerAddress(host or "127.0.0.1", int(port))

    def __call__(self, world: World, rig: Rig | None, ego: int, seed: int) -> CarlaSimulator:
        return CarlaSimulator(world, rig, ego, seed, self)


class CarlaSimulator:
    """Satisfies :class:`drivesim.simulators.base.Simulator`.

    The world stays drivesim's own: storyboard, controllers and dynamics are the same as with the embedded simulator, to
    the bit. CARLA's actors have no physics and are put where the world says, tick by tick; its sensors see them there.

    Args:
        world: stepped by the storyboard. rig: sensors on the ego; without one CARLA only shows the scenario.
        ego: actor index that carries the rig. seed: of sensor noise.

    Raises:
        SimulatorError: no server, no map, no blueprint. RigError: a sensor that CARLA has not.
    """

    def __init__(self, world: World, rig: Rig | None, ego: int, seed: int, server: CarlaServerAddress) -> None:
        self.world = world
        self._rig, self._ego, self._seed, self._timeout = rig, ego, seed, server.timeout
        self._equip(seed)
        self._scans: dict[str, Mapping[str, Scan]] = {
            channel: scans_of(model.sensor) for channel, model in (self._lidars | self._radars).items()
        }
        self._queues: dict[tuple[str, str], queue.SimpleQueue[Any]] = {}
        self._shown: Weather | None = None
        self._delta = 0.0
        if world.network is None or not world.network.path.is_file():
            raise ScenarioError(
                "CARLA needs a map, and the scenario names none", element="RoadNetwork", remedy="add a LogicFile"
            )
        self._session = Session(server.host, server.port, server.timeout)
        try:
            for channel, camera in self._cameras.items():
                if "normal" in camera.device.channels:
                    check_normals(channel, version_of(self._session.version))
            self._session.load(world.network.path)
            self._place_actors()
        except BaseException:
            self.close()
            raise

    def _equip(self, seed: int) -> None:
        """Sensor models at the beginning of a run."""
        sensors = self._rig.sensors if self._rig is not None else ()
        self._cameras = {s.channel: CarlaCamera(s) for s in sensors if s.kind == "camera"}
        self._own = {s.channel: own_sensor(s, seed) for s in sensors if is_own(s)}
        ours = [s for s in sensors if s.channel not in self._own]
        self._lidars = {s.channel: CarlaLidar(s, seed) for s in ours if s.kind == "lidar"}
        self._radars = {s.channel: CarlaRadar(s, seed) for s in ours if s.kind == "radar"}

    def begin_again(self, world: World, seed: int) -> None:
        """Sense another run of the same actors on the same map, with what has been spawned for the last."""
        self.world, self._seed = world, seed
        self._equip(seed)
        if self._labeller is not None:
            self._labeller.cameras = self._cameras

    def _place_actors(self) -> None:
        library = self._session.world.get_blueprint_library()
        self._bodies: list[Any] = []
        self._origins: list[Pose] = []
        resized: list[Actor] = []
        for actor in self.world.actors:
            body = self._session.spawn(blueprint_of(actor, library), _waiting(actor.index))
            with self._session.answering():
                body.set_simulate_physics(False)
            known, origin = measured(actor, body.bounding_box)
            self._bodies.append(body)
            self._origins.append(origin)
            resized.append(known)
        self._instances = {body.id: actor.instance for body, actor in zip(self._bodies, resized, strict=True)}
        self._labeller = CarlaLabeller(self._rig, resized, self._ego) if self._rig is not None else None
        if self._labeller is not None:
            self._labeller.cameras = self._cameras
        self._actors = resized

    def _attach_sensors(self, delta: float) -> None:
        """Sensors of the rig on the ego, for ticks of ``delta`` s."""
        for channel, camera in self._cameras.items():
            for kind in camera.kinds:
                self._attach(f"sensor.camera.{kind}", camera.mount, camera.attributes(), (channel, kind))
        for channel, scans in self._scans.items():
            mount = (self._lidars.get(channel) or self._radars[channel]).sensor.ego_from_sensor
            for name, scan in scans.items():
                self._attach(BLUEPRINT, mount, scan.attributes(delta), (channel, name))
        for channel, own in self._own.items():
            for name, (blueprint, attributes) in own.spawned(delta).items():
                self._attach(blueprint, own.sensor.ego_from_sensor, attributes, (channel, name))

    def _attach(self, name: str, mount: Pose, attributes: Mapping[str, str], key: tuple[str, str]) -> None:
        with self._session.answering(f"the CARLA server has no {name}"):
            blueprint = self._session.world.get_blueprint_library().find(name)
        for attribute, value in attributes.items():
            if blueprint.has_attribute(attribute):
                blueprint.set_attribute(attribute, value)
        place = self._origins[self._ego].inverse() @ mount
        received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sensor = self._session.spawn(blueprint, place, self._bodies[self._ego])
        self._queues[key] = received
        sensor.listen(received.put)

    def capture(self, before: WorldState, after: WorldState) -> tuple[Mapping[str, Measurement], Labels | None]:
        delta = float(after.time[0] - before.time[0])
        if not self._delta:
            self._begin(delta, before)
        if self._shown != self.world.weather:
            self._shown = self.world.weather
            self._session.set_weather(self._shown)
        self._session.set_signals(self.world.signals)
        frame = self._session.tick(self._poses(after))
        if self._rig is None or self._labeller is None:
            return {}, None
        raw = {key: self._measurement(key, frame) for key in self._queues}
        motion = EgoMotion(before, after, self._ego)
        found = {m.channel: m for m in (*self._pictures(raw, motion, after), *self._ranges(raw, motion, after))}
        measurements = {s.channel: found[s.channel] for s in self._rig.sensors if s.channel in found}
        if not measurements:
            return {}, None
        labels = self._labeller.label(before, after, motion, _NO_SCENE, measurements)
        return arrived(self._rig, measurements, self._seed), labels

    def _begin(self, delta: float, state: WorldState) -> None:
        """Everything that depends on the tick's length, and what the first pictures wait for."""
        self._session.synchronise(delta)
        self._delta = delta
        self._attach_sensors(delta)
        for _ in range(_WARM_UP if self._queues else 1):
            frame = self._session.tick(self._poses(state))
        for key in self._queues:
            self._measurement(key, frame)

    def _poses(self, state: WorldState) -> list[Any]:
        """Commands that put every actor where the state says."""
        command = self._session.carla.command
        vector = self._session.carla.Vector3D
        commands = []
        for actor, body, origin in zip(self._actors, self._bodies, self._origins, strict=True):
            i = actor.index
            if not state.present[0, i]:
                commands.append(command.ApplyTransform(body, self._session.transform(carla_from_pose(_waiting(i)))))
                continue
            place = self._session.transform(carla_from_pose(state.pose(i) @ origin))
            if actor.kind == "pedestrian":
                # What CARLA's own crowds send: it swings the legs. Where it puts a walker, the transform corrects.
                feet, speed = self._session.transform(carla_from_pose(state.pose(i))), float(state.speed[0, i])
                commands.append(command.ApplyWalkerState(body, feet, speed))
            commands += [
                command.ApplyTransform(body, place),
                command.ApplyTargetVelocity(body, vector(*mirrored(state.velocity[0, i]))),
            ]
            if actor.kind == "vehicle":
                lights = self._session.carla.VehicleLightState(int(state.lights[0, i]))
                commands.append(command.SetVehicleLightState(body, lights))
        return commands

    def _measurement(self, key: tuple[str, str], frame: int) -> Any:
        """What a sensor measured in a frame; never another frame's.

        Raises:
            SimulatorError: it did not come.
        """
        while True:
            try:
                data = self._queues[key].get(timeout=self._timeout)
            except queue.Empty:
                number = -1
            else:
                number = int(data.frame)
            if number == frame:
                return data
            if not 0 <= number < frame:
                channel, kind = key
                raise SimulatorError(
                    f"the CARLA server sent no measurement of {channel} ({kind or 'lidar'}) for frame {frame}",
                    element="--simulator carla",
                    remedy=f"see whether the server is overloaded; it was given {self._timeout:.0f} s",
                )

    def _pictures(self, raw: Mapping[tuple[str, str], Any], motion: EgoMotion, after: WorldState) -> list[Measurement]:
        bodies = [
            Body(
                actor.instance,
                self._bodies[actor.index].id,
                after.pose(actor.index) @ Pose(np.array(actor.box.center), np.eye(3)),
                np.array((actor.box.length, actor.box.width, actor.box.height)),
            )
            for actor in self._actors
            if after.present[0, actor.index] and actor.index != self._ego
        ]
        images = []
        for channel, camera in self._cameras.items():
            pictures = {kind: raw[channel, kind] for kind in camera.kinds}
            images.append(camera.take(pictures, motion, bodies, len(self._actors)))
        return [image for image in images if image is not None]

    def _ranges(self, raw: Mapping[tuple[str, str], Any], motion: EgoMotion, after: WorldState) -> list[Measurement]:
        moving, made = Moving(after), []
        for channel, model in (self._lidars | self._radars).items():
            echoes = {
                name: Echoes(raw[channel, name].raw_data, scan, self._instances)
                for name, scan in self._scans[channel].items()
            }
            model.moving = moving
            if isinstance(model, CarlaLidar):
                model.echoes = echoes[""]
            else:
                model.echoes = echoes
            made.append(model.capture(_NO_SCENE, motion, self.world.weather))
        for channel, own in self._own.items():
            made.append(own.capture({name: raw[channel, name] for of, name in raw if of == channel}, motion))
        return [measurement for measurement in made if measurement is not None]

    def close(self) -> None:
        self._queues.clear()
        self._session.close()


def _waiting(index: int) -> Pose:
    return Pose(np.array(_WAITING) + (0.0, 0.0, _APART * index), np.eye(3))
