"""The state of everything that moves, B worlds of the same N actors side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import DrivesimError, did_you_mean
from drivesim.transforms import Pose
from drivesim.types import F64, U16, Actor, Collision, Weather, WorldState
from drivesim.world import dynamics
from drivesim.world.boxes import boxes_of, new_touch, poses_of, touching
from drivesim.world.collisions import Contact, closing_speed, first_contact, record
from drivesim.world.controls import Control, Kinematic, VehicleControl
from drivesim.world.decisions import Decision
from drivesim.world.gait import GRAVITY
from drivesim.world.limits import LIMITS, limits_of
from drivesim.world.sight import eye_height, visible_points
from drivesim.world.surface import Surface

if TYPE_CHECKING:
    from drivesim.opendrive import LanePosition, RoadNetwork

_ROWS: dict[str, tuple[type, tuple[int, ...]]] = {
    "present": (np.bool_, ()), "position": (np.float64, (3,)), "orientation": (np.float64, (3,)),
    "velocity": (np.float64, (3,)), "acceleration": (np.float64, (3,)), "angular_velocity": (np.float64, (3,)),
    "speed": (np.float64, ()), "steering": (np.float64, ()), "wheel_rotation": (np.float64, ()),
    "gait_phase": (np.float64, ()), "gaze": (np.float64, ()), "lights": (np.uint16, ()), "fallen": (np.float64, ()),
}  # fmt: skip
"""The arrays of :class:`drivesim.types.WorldState`: type of an element and what follows (B, N) in the shape."""

_NOTHING: tuple[float, ...] = (dynamics.COAST, 0.0, 0.0, math.nan, 0.0, 0.0, math.nan, *([0.0] * 9))
"""A :data:`dynamics.COMMAND` that asks for nothing."""
_NOWHERE: tuple[float, ...] = (dynamics.EXACT, 0.0, 0.0, math.nan, 0.0, 0.0)
"""How a :data:`dynamics.COMMAND` begins that asks for an exact place."""
_TOPPLING_SPEED = 1.0
"""m/s of closing speed below which a touch does not throw anybody over."""


class World:
    """Actors on a road network, advanced step by step by what controllers command.

    The arrays are those of :class:`drivesim.types.WorldState`, shapes (B, N, ...), and may be written between steps.
    An actor without a command coasts: it keeps its speed and steering.

    Attributes:
        network: the roads, for height and slope of the ground; None for an endless plane.
        weather: may be replaced at any time; of a batch, that of its first world.
        falls: whether people and riders who are hit fall and slide; off, they keep doing what is commanded.
        boxes: (B, N, 6) actors' boxes, columns as in :mod:`drivesim.world.boxes`.
        limits: (B, N) records of :data:`drivesim.world.limits.LIMITS`.
        district: what stands along the roads where the map leaves it open; None: by the roads' types. One of
            :data:`drivesim.scene.city.DISTRICTS`.
        seeds: of looks and noise that do not follow the scenario seed, by kind.
        choices: quantiles that behaviours draw instead of chance, by actor and number of the draw.
        decisions: what behaviours have drawn so far.
        signals: state of the map's traffic signals by id, in the scenario's words, where it says one.
        hitched: trailer of each actor that draws one, by index, with its hitch and coupler: see :meth:`couple`.
        routes: ids of the roads that an actor is to take, by its index, where it has been given a route.
    """

    district: str | None = None
    seeds: Mapping[str, int] = MappingProxyType({})
    choices: Mapping[tuple[str, int], float] = MappingProxyType({})
    decisions: list[Decision]
    signals: Mapping[str, str] = MappingProxyType({})
    routes: Mapping[int, tuple[str, ...]] = MappingProxyType({})

    present: NDArray[np.bool_]
    position: F64
    orientation: F64
    velocity: F64
    acceleration: F64
    angular_velocity: F64
    speed: F64
    steering: F64
    wheel_rotation: F64
    gait_phase: F64
    gaze: F64
    lights: U16
    fallen: F64

    def __init__(
        self, network: RoadNetwork | None, actors: Sequence[Actor], weather: Weather, seed: int, batch: int = 1
    ) -> None:
        self.falls = True
        shape = (batch, len(actors))
        for name, (dtype, trailing) in _ROWS.items():
            setattr(self, name, np.zeros((*shape, *trailing), dtype=dtype))
        self._command = np.zeros(shape, dtype=dynamics.COMMAND)
        self._time = np.zeros(batch)
        self._grip = np.zeros(batch)
        self._met = np.zeros((*shape, shape[1]), dtype=np.bool_)
        self._before, self._after = np.empty((*shape, 4)), np.empty((*shape, 4))  # poses at the ends of a step
        self._free = np.empty(shape, dtype=np.bool_)
        self._collisions: list[list[Collision]] = [[] for _ in range(batch)]
        self._surface = Surface(network, *shape) if network is not None else None
        self.boxes = np.empty((*shape, 6))
        self.limits = np.empty(shape, dtype=LIMITS)
        self._populate(network, actors, weather, seed)

    def _populate(self, network: RoadNetwork | None, actors: Sequence[Actor], weather: Weather, seed: int) -> None:
        self.network = network
        self.actors = tuple(actors)
        self.weather = weather
        self.seed = seed
        self.choices, self.decisions = MappingProxyType({}), []
        self.hitched: dict[int, tuple[int, float, float]] = {}
        self._index = {actor.name: i for i, actor in enumerate(self.actors)}
        self._names = tuple(self._index)
        self.boxes[:] = boxes_of(self.actors)
        self.limits[:] = limits_of(self.actors)
        self._eyes = [eye_height(actor) for actor in self.actors]

    def restart(self, world: int, actors: Sequence[Actor], weather: Weather, seed: int) -> World:
        """Empty one world of the batch for another run and give it as a world of its own.

        What is done to the returned world happens in the batch; its ``step`` is that of the batch.

        Args:
            actors: as many as the batch has; sizes and limits may be others than those of the other worlds.
        """
        row = slice(world, world + 1)
        member = World.__new__(World)
        member.falls = self.falls
        for name in (*_ROWS, "_command", "_time", "_grip", "_met", "boxes", "limits"):
            setattr(member, name, getattr(self, name)[row])
        for name in (*_ROWS, "_time", "_met"):
            getattr(member, name)[:] = 0
        member._command["mode"] = dynamics.COAST
        self._collisions[world] = []
        member._collisions = [self._collisions[world]]
        member._surface = self._surface.member(world) if self._surface is not None else None
        member._populate(self.network, actors, weather, seed)
        return member

    def joined_by(self, actors: Sequence[Actor]) -> World:
        """This world at this instant with other actors: who was here before, by name, goes on, others are absent until
        they are placed. For simulators whose actors come and go; scenarios know theirs from the start."""
        other = World(None, actors, self.weather, self.seed, batch=len(self._time))
        other.network, other.falls = self.network, self.falls
        other.district, other.seeds, other.signals = self.district, self.seeds, self.signals
        if self._surface is not None:
            other._surface = self._surface.under(len(self._time), len(other.actors))
        other._time[:] = self._time
        other._collisions = self._collisions
        pairs = [(self._index[name], i) for name, i in other._index.items() if name in self._index]
        if pairs:
            old, new = (np.array(side) for side in zip(*pairs, strict=True))
            for name in (*_ROWS, "_command"):
                getattr(other, name)[:, new] = getattr(self, name)[:, old]
            other._met[:, new[:, None], new] = self._met[:, old[:, None], old]
        return other

    @property
    def weather(self) -> Weather:
        return self._weather

    @weather.setter
    def weather(self, weather: Weather) -> None:
        self._weather = weather
        self._grip[:] = dynamics.DRY_FRICTION * weather.friction_scale * GRAVITY

    @property
    def time(self) -> float:
        """Seconds since scenario start."""
        return float(self._time[0])

    @property
    def times(self) -> F64:
        """(B,) seconds since each world's start."""
        return self._time.copy()

    @property
    def collisions(self) -> list[Collision]:
        """All collisions so far of the first world, in order of time."""
        return self._collisions[0]

    def collisions_of(self, world: int) -> list[Collision]:
        """All collisions so far of one world of the batch."""
        return self._collisions[world]

    def index(self, name: str) -> int:
        """The column of the actor called ``name``."""
        try:
            return self._index[name]
        except KeyError:
            raise DrivesimError(f"no actor is called '{name}'", remedy=did_you_mean(name, self._index)) from None

    def ground_height(self, x: float, y: float) -> float:
        """Of the ground at a point, m; 0 on an endless plane."""
        return self._surface.height(x, y) if self._surface is not None else 0.0

    def eye_height(self, actor: int) -> float:
        """Of an actor's eyes above its reference point, m."""
        return self._eyes[actor]

    def place(self, actor: int, pose: Pose, speed: float = 0.0, *, world: int = 0) -> None:
        """Put an actor somewhere, present from now on, moving along its x axis at ``speed`` m/s."""
        at = (world, actor)
        self.present[at] = True
        self.position[at] = pose.translation
        self.orientation[at] = pose.ypr
        self.velocity[at] = speed * pose.rotation[:, 0]
        self.speed[at] = speed
        for array in (self.acceleration, self.angular_velocity, self.steering, self.fallen, self.gaze):
            array[at] = 0.0
        self._command[at]["mode"] = dynamics.COAST

    def join(self, first: int, second: int) -> None:
        """Two actors that belong together, as a car and its trailer, do not collide with each other."""
        self._met[:, min(first, second), max(first, second)] = True

    def couple(self, tow: int, trailer: int, hitch: float, coupler: float) -> None:
        """Join a trailer to who draws it; hitch and coupler: metres ahead of each one's reference point."""
        self.uncouple(trailer=trailer)
        self.hitched[tow] = trailer, hitch, coupler
        self.join(tow, trailer)

    def uncouple(self, *, trailer: int) -> None:
        """Nobody draws this trailer any more."""
        self.hitched = {tow: row for tow, row in self.hitched.items() if row[0] != trailer}

    def remove(self, actor: int, *, world: int = 0) -> None:
        """Take an actor out of the world; :meth:`place` brings it back."""
        self.present[world, actor] = False

    def command(self, actor: int, control: Control, *, world: int = 0) -> None:
        """What an actor is to do in the coming step."""
        row: tuple[float, ...]
        if isinstance(control, VehicleControl):
            if self.limits[world, actor]["walks"]:
                raise DrivesimError(
                    f"'{self._names[actor]}' is a pedestrian and cannot be driven", remedy="command a WalkerControl"
                )
            row = (dynamics.DRIVE, control.acceleration, control.steering, *_NOTHING[3:])
        elif isinstance(control, Kinematic):
            (a, _, _), (b, _, _), (c, d, e) = control.pose.rotation.tolist()
            angles = math.atan2(b, a), math.asin(min(1.0, max(-1.0, -c))), math.atan2(d, e)
            velocity = control.velocity or (math.nan, 0.0, 0.0)
            row = (*_NOWHERE, *velocity, control.speed, *control.pose.translation.tolist(), *angles)
        else:
            heading = math.nan if control.heading is None else control.heading
            row = (
                dynamics.WALK, 0.0, 0.0, heading, control.gaze, control.max_acceleration, *control.velocity,
                *_NOTHING[8:],
            )  # fmt: skip
        self._command[world, actor] = row

    def pulled(self, actor: int, acceleration: float, dt: float) -> float:
        """Speed, m/s, that a vehicle led along a way has after a step in which it is to accelerate, m/s2: within its
        performance, its tyres' grip, and the time that its brakes take."""
        return float(
            dynamics.pulled(
                0, actor, acceleration, self.limits, self._grip[0], dt, self.orientation, self.acceleration,
                self.angular_velocity, self.speed,
            )
        )  # fmt: skip

    def move(self, actor: int, place: tuple[float, float, float, float, float, float], speed: float) -> None:
        """The same as to command a ``Kinematic``, for those who do so every step.

        Args:
            place: x, y, z, yaw, pitch, roll at the end of the step.
        """
        self._command[0, actor] = (*_NOWHERE, math.nan, 0.0, 0.0, speed, *place)

    def cruise(
        self, actor: int, lane: LanePosition, distance: float, offset: float, speed: float, *, against: bool = False
    ) -> tuple[LanePosition, float] | None:  # fmt: skip
        """Command the step from ``lane`` along it, as far as its section of the road goes.

        Args:
            distance: metres in the lane's driving direction; what the lane or the actor moves sideways does not count.
            offset: from the lane's centre at the end of the step, m in +t.
            against: whether the actor faces against the lane's driving direction.

        Returns:
            Where that is, and how many metres away; None, and no command, where the section ends before or the map is
            not compiled.
        """
        if self._surface is None:
            return None
        return self._surface.cruise(self._command, self.position, actor, lane, distance, offset, speed, against)

    def commanded(self, actor: int) -> tuple[float, float, float, float, float, float] | None:
        """The place (x, y, z, yaw, pitch, roll) that an actor has been commanded to for the coming step, if any."""
        row = self._command[0, actor].item()
        return row[-6:] if row[0] == dynamics.EXACT else None

    def step(self, dt: float) -> None:
        """Advance all worlds by ``dt`` seconds and look for collisions."""
        touched = dynamics.tick(
            dt, self._before, self._free, self._grip, self._command, self.limits, self.present, self.position,
            self.orientation, self.velocity, self.acceleration, self.angular_velocity, self.speed, self.steering,
            self.wheel_rotation, self.gait_phase, self.gaze, self.lights, self.fallen, self.boxes, self._met,
            self._after, self._time,
        )  # fmt: skip
        if touched == dynamics.UNSETTLED:
            if self._surface is not None:
                self._surface.settle(self, self._free)
            touched = self._new_touch(0)
        while touched >= 0:
            self._collide(touched, self._before[touched], self._after[touched], dt)
            touched = self._new_touch(touched + 1)

    def _new_touch(self, first: int) -> int:
        state = self.boxes, self.present, self.position, self.orientation, self._met, self._after
        return int(new_touch(first, *state))

    def snapshot(self) -> WorldState:
        """A copy of the state now."""
        return WorldState(
            time=self._time.copy(),
            present=self.present.copy(),
            position=self.position.copy(),
            orientation=self.orientation.copy(),
            velocity=self.velocity.copy(),
            acceleration=self.acceleration.copy(),
            angular_velocity=self.angular_velocity.copy(),
            speed=self.speed.copy(),
            steering=self.steering.copy(),
            wheel_rotation=self.wheel_rotation.copy(),
            gait_phase=self.gait_phase.copy(),
            gaze=self.gaze.copy(),
            lights=self.lights.copy(),
            fallen=self.fallen.copy(),
        )

    def visible_share(self, observer: int, target: int, *, world: int = 0) -> float:
        """Share (0..1) of the target's box that the observer's eyes have a free line to, past other actors."""
        return self._visible_points(observer, target, world, 9) / 9.0

    def sees(self, observer: int, target: int, *, world: int = 0) -> bool:
        """Whether the observer, looking there, could see any of the target past other actors."""
        return self._visible_points(observer, target, world, 1) > 0

    def _visible_points(self, observer: int, target: int, world: int, enough: int) -> int:
        if not (self.present[world, observer] and self.present[world, target]):
            return 0
        poses = poses_of(self.position[world], self.orientation[world])
        eye, boxes, present = self._eyes[observer], self.boxes[world], self.present[world]
        points: int = visible_points(observer, target, eye, boxes, present, poses, enough)
        return points

    def _collide(self, world: int, before: F64, after: F64, dt: float) -> None:
        boxes, met = self.boxes[world], self._met[world]
        new = [p for p in touching(boxes, self.present[world], after) if not met[p]]
        contacts = sorted((first_contact(boxes, before, after, *p) for p in new), key=lambda c: c.fraction)
        for contact in contacts:
            met[contact.first, contact.second] = True
            speed = closing_speed(contact, self.velocity[world])
            time = float(self._time[world]) - (1.0 - contact.fraction) * dt
            self._collisions[world].append(record(contact, self._names, time, speed))
            if self.falls and speed > _TOPPLING_SPEED:
                self._throw(world, contact)

    def _throw(self, world: int, contact: Contact) -> None:
        """People and riders hit by something heavier take on the common velocity of a plastic impact and fall."""
        velocity = self.velocity[world]
        limits = self.limits[world]
        masses: Any = limits["mass"]
        for hit, by in ((contact.first, contact.second), (contact.second, contact.first)):
            if limits[hit]["topples"] and not limits[by]["walks"]:
                share = masses[by] / (masses[hit] + masses[by])
                velocity[hit, :2] += share * (velocity[by, :2] - velocity[hit, :2])
                velocity[hit, 2] = 0.0
                self.fallen[world, hit] = max(self.fallen[world, hit], 1e-6)
