"""One map with everything on it: CARLA's actors over a world of the embedded simulator."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np

from drivesim import world as worlds
from drivesim.carla_server import blueprints
from drivesim.carla_server.driving import drive
from drivesim.carla_server.lights import GREEN, OFF, RED, YELLOW, Programme, Stops, traffic_lights
from drivesim.carla_server.physics import PhysicsControl, ordinary, refitted
from drivesim.carla_server.records import Record, TrafficLight
from drivesim.carla_server.wire import Description, Refusal, Settings
from drivesim.opendrive import RoadNetwork
from drivesim.simulators.carla.bodies import OWN_BODY
from drivesim.simulators.carla.frames import Transform, Vector, carla_from_pose, mirrored, pose_from_carla
from drivesim.simulators.carla.weather import CLEAR_NOON, Weather, weather_of
from drivesim.transforms import Pose
from drivesim.types import Collision, WorldState
from drivesim.world import World

DEFAULT_DELTA = 0.05
"""s, of a step when the client has not fixed any."""
_SPAWN_GAP = 0.02
"""Boxes nearer than this in plan touch, m: spawning there is refused."""
_SHOWN = {RED: "red", YELLOW: "yellow", GREEN: "green", OFF: "off"}
_LANE_STEP = 25.0
"""Between spawn points of a lane, m."""
_RUN_OUT = 1e-3
"""m, lateral, of a wheel with its tyre: about what car makers allow (1.0 to 1.5 mm)."""


class Episode:
    """What a client connects to; replaced as a whole when it loads another map.

    Args:
        number: differs from that of the episode before. first_id: of the first actor.
    """

    def __init__(self, network: RoadNetwork, name: str, number: int, seed: int, first_id: int = 1) -> None:
        self.network, self.name, self.number, self.seed = network, name, number, seed
        self.settings = Settings()
        self.weather: Weather = CLEAR_NOON
        self.world = World(network, (), weather_of(self.weather), seed)
        self.before = self.after = self.world.snapshot()
        self.frame = 0
        self.records: dict[int, Record] = {}
        self._next_id = first_id
        self._next_stream = 2
        self.spectator = self._add(Record(0, Description(0, "spectator"), place=((0.0, 0.0, 20.0), (-30.0, 0.0, 0.0))))
        lights = traffic_lights(network, self._next_id)
        for light in lights:
            self._add(light)
        self.programme, self.stops = Programme(lights), Stops(lights)
        self.spawn_points = list(spawn_points(network))
        self.touched: list[Collision] = []
        """Collisions of the last step."""
        self.gravity = 9.81
        """What inertial sensors feel of it, m/s2."""
        self.crowd = 0
        """Counts changes of who has a body, for those who build a scene of them."""

    @property
    def time(self) -> float:
        """s since the episode began."""
        return self.world.time

    @cached_property
    def opendrive(self) -> bytes:
        """The map's text."""
        return self.network.path.read_bytes()

    @property
    def delta(self) -> float:
        """s that a step takes."""
        return self.settings.fixed_delta or DEFAULT_DELTA

    @property
    def next_id(self) -> int:
        return self._next_id

    def _add(self, record: Record) -> Record:
        record.id = self._next_id
        self._next_id += 1
        self.records[record.id] = record
        return record

    def __getitem__(self, number: int) -> Record:
        try:
            return self.records[number]
        except (KeyError, TypeError):
            raise Refusal(f"unable to find actor: actor {str(number)[:40]} not found") from None

    def light(self, number: int) -> TrafficLight:
        record = self[number]
        if not isinstance(record, TrafficLight):
            raise Refusal(f"actor {number} ({record.blueprint}) is no traffic light")
        return record

    @property
    def played(self) -> bool:
        """Whether a drivesim client plays a scenario here: the city keeps clear of its story, as the embedded one."""
        return any(record.description.get(OWN_BODY) for record in self.records.values())

    def column(self, record: Record) -> int:
        """Of an actor's body in the world."""
        if record.name is None:
            raise Refusal(f"actor {record.id} ({record.blueprint}) has no body")
        return self.world.index(record.name)

    def spawn(self, description: Description, place: Transform, parent: int = 0) -> Record:
        """Raises:
        Refusal: no such blueprint or parent, or something stands there already.
        """
        known = blueprints.library().get(description.blueprint)
        if known is None:
            raise Refusal(f"there is no blueprint '{description.blueprint}'")
        if parent:
            self[parent]
        record = Record(self._next_id, description, parent=parent, place=place)
        if blueprints.has_body(description.blueprint):
            self._embody(record, place)
        elif record.is_sensor and description.blueprint != "sensor.other.lane_invasion":
            record.stream, self._next_stream = self._next_stream, self._next_stream + 1
        return self._add(record)

    def _embody(self, record: Record, place: Transform) -> None:
        name = f"{record.blueprint}#{self._next_id}"
        actor = blueprints.body(record.description, len(self.world.actors), name)
        if any(other.name == actor.name for other in self.world.actors):
            actor = replace(actor, name=name)
        world = self.world.joined_by((*self.world.actors, actor))
        record.name = actor.name
        pose = self._grounded(pose_from_carla(place), centre_of(actor.box.center, actor.kind, actor.box.height))
        world.place(actor.index, pose)
        if self._blocked(world, actor.index):
            raise Refusal("Spawn failed because of collision at spawn position")
        self.world = world
        self.before = self.after = world.snapshot()
        record.tags = bytes([int(actor.tag)])
        self.crowd += 1

    def _grounded(self, pose: Pose, centre: Pose) -> Pose:
        """The body's reference pose for CARLA's actor pose, standing on the ground if it is not far below."""
        placed = pose @ centre.inverse()
        x, y, z = placed.translation
        ground = self.world.ground_height(x, y)
        return Pose(np.array((x, y, ground)), placed.rotation) if abs(z - ground) < 4.0 else placed

    def _blocked(self, world: World, index: int) -> bool:
        own = _footprint(world, index)
        return any(
            _overlap(own, _footprint(world, other))
            for other in range(len(world.actors))
            if other != index and world.present[0, other]
        )

    def destroy(self, number: int) -> bool:
        """Take an actor and what is attached to it away; False if there is none."""
        record = self.records.get(number)
        if record is None or record is self.spectator or isinstance(record, TrafficLight):
            return False
        for child in [child.id for child in self.records.values() if child.parent == number]:
            self.destroy(child)
        del self.records[number]
        if record.name is not None:
            self._disembody(record.name)
        return True

    def _disembody(self, name: str) -> None:
        staying = [actor for actor in self.world.actors if actor.name != name]
        renumbered = tuple(blueprints.renumbered(actor, index) for index, actor in enumerate(staying))
        self.world = self.world.joined_by(renumbered)
        self.before = self.after = self.world.snapshot()
        self.crowd += 1

    def set_weather(self, weather: Weather) -> None:
        self.weather = weather
        self.world.weather = weather_of(weather)

    def fitted(self, record: Record) -> PhysicsControl:
        """Motor, brakes, tyres of a vehicle."""
        return record.fitted or ordinary(self.world.actors[self.column(record)])

    def fit(self, record: Record, control: PhysicsControl) -> None:
        """Give a vehicle other ones.

        Raises:
            Refusal: it has another number of wheels.
        """
        index = self.column(record)
        made = blueprints.body(record.description, index, str(record.name))
        if len(control.wheels) != len(ordinary(made).wheels):
            raise Refusal(f"{record.blueprint} has {len(ordinary(made).wheels)} wheels, not {len(control.wheels)}")
        actors = list(self.world.actors)
        actors[index] = refitted(actors[index], made, control)
        self.world = self.world.joined_by(actors)
        self.before = self.after = self.world.snapshot()
        record.fitted = control

    # Where things are

    def pose(self, record: Record, state: WorldState | None = None) -> Pose:
        """``world_from_actor`` with CARLA's origin of the actor, right-handed; bodies as in a state, or now."""
        if record.name is not None:
            index = self.world.index(record.name)
            actor = self.world.actors[index]
            body = self._body_pose(index) if state is None else state.pose(index)
            return body @ centre_of(actor.box.center, actor.kind, actor.box.height)
        own = pose_from_carla(record.place)
        parent = self.records.get(record.parent)
        return self.pose(parent, state) @ own if parent is not None else own

    def place(self, record: Record) -> Transform:
        return carla_from_pose(self.pose(record))

    def move(self, record: Record, place: Transform) -> None:
        """Teleport; motion stops."""
        if record.name is None:
            record.place = place
            return
        record.led, record.thrown, record.spin = None, False, 0.0
        index = self.world.index(record.name)
        actor = self.world.actors[index]
        centre = centre_of(actor.box.center, actor.kind, actor.box.height)
        self.world.place(index, pose_from_carla(place) @ centre.inverse())
        self.before = self.after = self.world.snapshot()

    def velocity(self, record: Record) -> Vector:
        return mirrored(self.world.velocity[0, self.column(record)])

    def set_velocity(self, record: Record, velocity: Vector) -> None:
        """As if it had always been so fast, m/s, CARLA's axes; tyres take hold again after the next step."""
        index = self.column(record)
        record.thrown = True
        self.world.velocity[0, index] = mirrored(velocity)
        heading = Pose.from_ypr((0.0, 0.0, 0.0), self.world.orientation[0, index]).rotation[:, 0]
        self.world.speed[0, index] = float(self.world.velocity[0, index] @ heading)

    # Time

    def step(self) -> None:
        """One frame."""
        delta = self.delta
        for record in self.records.values():
            if record.name is not None:
                self._command(record, delta)
        self.before = self.world.snapshot()
        known = len(self.world.collisions)
        self.world.step(delta)
        self.after = self.world.snapshot()
        deaf = {record.name for record in self.records.values() if not record.collides}
        self.touched = [met for met in self.world.collisions[known:] if not {met.first, met.second} & deaf]
        self.programme.step(delta)
        self.frame += 1

    def _command(self, record: Record, delta: float) -> None:
        index = self.column(record)
        if record.replayed is not None:
            self._replay(record, index)
        elif record.constant_velocity is not None:
            self._carry(record, index, delta)
        elif record.led is not None:
            self._lead(record, index)
        elif not record.physics or record.blueprint.startswith("static."):
            # Without physics a body stays where it is put; the velocity it is given swings limbs and shows to radars.
            velocity = tuple(self.world.velocity[0, index].tolist())
            self.world.command(index, worlds.Kinematic(self._body_pose(index), self.world.speed[0, index], velocity))
        elif record.is_vehicle:
            self._wobble(record, index)
            drive(self.world, record, index, delta)
        else:
            direction, speed = record.walker.direction, record.walker.speed
            length = math.hypot(direction[0], direction[1])
            scale = speed / length if length > 1e-6 else 0.0
            self.world.command(index, worlds.WalkerControl((direction[0] * scale, -direction[1] * scale)))

    def _body_pose(self, index: int) -> Pose:
        return Pose.from_ypr(self.world.position[0, index], self.world.orientation[0, index])

    def _wobble(self, record: Record, index: int) -> None:
        """Lateral run-out of the wheels moves a vehicle to and fro as they turn: no controller leads it exactly.

        CARLA's agents rely on that: they leave out red lights that are exactly ahead.
        """
        rolled = float(self.world.wheel_rotation[0, index]) + record.id
        yaw = float(self.world.orientation[0, index, 0])
        aside = _RUN_OUT * (math.sin(rolled) - math.sin(record.rolled))
        self.world.position[0, index, :2] += aside * np.array((-math.sin(yaw), math.cos(yaw)))
        record.rolled = rolled

    def _carry(self, record: Record, index: int, delta: float) -> None:
        """``enable_constant_velocity``: relative to the body, whatever pedals say."""
        assert record.constant_velocity is not None
        body = self._body_pose(index)
        velocity = body.rotation @ np.array(mirrored(record.constant_velocity))
        pose = Pose(body.translation + velocity * delta, body.rotation)
        self.world.command(index, worlds.Kinematic(pose, float(np.linalg.norm(velocity)), tuple(velocity.tolist())))

    def _replay(self, record: Record, index: int) -> None:
        """A step of what a recording moves."""
        assert record.replayed is not None
        (place, velocity), record.replayed = record.replayed, None
        actor = self.world.actors[index]
        pose = pose_from_carla(place) @ centre_of(actor.box.center, actor.kind, actor.box.height).inverse()
        moved = mirrored(velocity)
        self.world.command(index, worlds.Kinematic(pose, float(np.dot(moved, pose.rotation[:, 0])), moved))

    def _lead(self, record: Record, index: int) -> None:
        """A step of a walker whom a client's crowd moves: its feet on the ground where that wants them."""
        assert record.led is not None
        (place, speed), record.led = record.led, None
        pose = self._grounded(pose_from_carla(place), Pose.identity())
        velocity = pose.rotation[:, 0] * speed
        self.world.command(index, worlds.Kinematic(pose, speed, tuple(velocity.tolist())))

    def signals(self) -> dict[str, str]:
        """What each traffic light shows, by the map's id, as scenarios say it."""
        return {
            record.signal: _SHOWN[record.state]
            for record in self.records.values()
            if isinstance(record, TrafficLight) and record.state in _SHOWN
        }

    def states(self) -> tuple[WorldState, WorldState]:
        """The world before and after the last step."""
        return self.before, self.after


def centre_of(center: tuple[float, float, float], kind: str, height: float) -> Pose:
    """``body_from_carla``: CARLA counts from a vehicle's middle on the ground, and from a walker's middle."""
    x, y, _ = center
    return Pose(np.array((x, y, height / 2 if kind == "pedestrian" else 0.0)), np.eye(3))


def _footprint(world: World, index: int) -> np.ndarray:
    """Corners (4, 2) in plan and, behind them, lowest and highest z."""
    box = world.actors[index].box
    pose = Pose.from_ypr(world.position[0, index], world.orientation[0, index])
    x, y, _ = box.center
    half_length, half_width = box.length / 2 + _SPAWN_GAP, box.width / 2 + _SPAWN_GAP
    corners = [(x + i * half_length, y + j * half_width, 0.0) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    low = pose.translation[2]
    return np.vstack([pose.apply(corners)[:, :2], (low, low + box.height)])


def _overlap(one: np.ndarray, two: np.ndarray) -> bool:
    """Separating axes of two rectangles, and their heights."""
    if one[4, 1] < two[4, 0] or two[4, 1] < one[4, 0]:
        return False
    for corners in (one[:4], two[:4]):
        for edge in (corners[1] - corners[0], corners[2] - corners[1]):
            a, b = one[:4] @ edge, two[:4] @ edge
            if a.max() < b.min() or b.max() < a.min():
                return False
    return True


def spawn_points(network: RoadNetwork) -> Iterator[Transform]:
    """Places for vehicles, half a metre above driving lanes outside junctions."""
    for road in network.roads.values():
        if road.junction is not None:
            continue
        s = min(10.0, road.length / 2)
        while s < road.length - 3.0:
            for lane in network.lanes(road.id, s):
                if network.lane_type(road.id, lane, s) == "driving" and network.lane_width(road.id, lane, s) > 2.5:
                    point = network.world_from_lane(road.id, lane, s)
                    pose = Pose.from_ypr((point.x, point.y, point.z + 0.5), (point.heading, point.pitch, point.roll))
                    yield carla_from_pose(pose)
            s += _LANE_STEP
