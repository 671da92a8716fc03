"""Who a behaviour tree decides for: what it knows of the world, what it wants, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from drivesim.behaviors.crowd import social_velocity
from drivesim.behaviors.dice import Dice
from drivesim.streams import stream
from drivesim.transforms import Pose, rotation_from_ypr, wrap_angle
from drivesim.world import Control, Kinematic, VehicleControl, WalkerControl, World
from drivesim.world.boxes import poses_of

FIELD_OF_VIEW = math.radians(200.0)
"""Horizontal, about the direction of gaze (Helbing & Molnar 1995, "effective angle of sight")."""

_LEAD = 3.0
"""Metres ahead on its way for which somebody makes who has been pushed off it."""

_BRISK = 3.0
"""m/s2, as hard as somebody stops."""


@dataclass
class Agent:
    """One actor under a tree's control.

    Attributes:
        index: the actor; master: the vehicle it reacts to.
        heading: where it looked when the tree started, the way across, rad.
        wish: what it does in the coming step; set anew by the leaf that acts.
        gaze: head yaw relative to the body, rad.
        keeps_off: whether it gives way to others on foot and keeps off things (social forces).
        last_seen: when a look last caught the master, seconds of the scenario.
        decided: how often it has drawn by chance.
        trace: (seconds, node, status) whenever a node's status changed: why it did what it did.
    """

    world: World
    index: int
    master: int
    dt: float = 0.05
    gaze: float = 0.0
    wish: Control | None = None
    last_seen: float = -math.inf
    keeps_off: bool = False
    decided: int = 0
    trace: list[tuple[float, str, str]] = field(default_factory=list)
    _upright: np.ndarray = field(init=False)
    _home: tuple[float, float] = field(init=False)
    _way: tuple[float, float] = field(init=False)
    heading: float = field(init=False)

    def __post_init__(self) -> None:
        self.heading = float(self.world.orientation[0, self.index, 0])
        x, y, _ = self.world.position[0, self.index].tolist()
        self._upright = rotation_from_ypr((self.heading, 0.0, 0.0))
        self._home, self._way = (x, y), (math.cos(self.heading), math.sin(self.heading))

    @property
    def walks(self) -> bool:
        return self.world.actors[self.index].kind == "pedestrian"

    @property
    def travelled(self) -> float:
        """Metres from home along the way across."""
        x, y, _ = self.world.position[0, self.index].tolist()
        return (x - self._home[0]) * self._way[0] + (y - self._home[1]) * self._way[1]

    def dice(self, node: str) -> Dice:
        """What one node of this actor's tree draws by."""
        return Dice(self, node)

    def given_choice(self) -> float | None:
        """Quantile that the scenario gives for this actor's next draw, if any."""
        choices = self.world.choices
        return choices.get((self.world.actors[self.index].name, self.decided)) if choices else None

    def draw(self, node: str) -> np.random.Generator:
        """The random stream of one node of this actor's tree."""
        return stream(self.world.seed, "behavior", self.world.actors[self.index].name, node)

    def move(self, speed: float, acceleration: float) -> None:
        """Go along the way across (backwards if negative)."""
        if self.walks and self.keeps_off:
            self._move_among_others(speed)
        elif self.walks:
            velocity = (self._way[0] * speed, self._way[1] * speed)
            self.wish = WalkerControl(velocity, gaze=self.gaze, max_acceleration=acceleration)
        else:
            now = float(self.world.speed[0, self.index])
            wanted = (max(speed, 0.0) - now) / self.dt
            self.wish = VehicleControl(min(max(wanted, -2.5 * acceleration), acceleration), 0.0)

    def _move_among_others(self, speed: float) -> None:
        """Towards a point of the way across a little ahead, as far as others let it."""
        world, i = self.world, self.index
        x, y, _ = world.position[0, i].tolist()
        ahead = self.travelled + math.copysign(_LEAD, speed)
        dx, dy = self._home[0] + self._way[0] * ahead - x, self._home[1] + self._way[1] * ahead - y
        scale = abs(speed) / math.hypot(dx, dy)
        vx, vy = social_velocity(
            i, scale * dx, scale * dy, self.dt, world.limits[0]["walks"], world.present[0], world.boxes[0],
            poses_of(world.position[0], world.orientation[0]), world.velocity[0],
        )  # fmt: skip
        change = math.hypot(vx - float(world.velocity[0, i, 0]), vy - float(world.velocity[0, i, 1]))
        self.wish = WalkerControl((vx, vy), gaze=self.gaze, max_acceleration=min(max(change / self.dt, 1e-3), _BRISK))

    def stand(self) -> None:
        """Stop, or stay."""
        if self.walks:
            self.wish = WalkerControl((0.0, 0.0), heading=None, gaze=self.gaze, max_acceleration=3.0)
        else:
            self.wish = VehicleControl(-3.0, 0.0)

    def follow_profile(self, distance: float, speed: float) -> None:
        """Be exactly ``distance`` metres along the way at the end of the step, moving at ``speed``."""
        x, y = (home + way * distance for home, way in zip(self._home, self._way, strict=True))
        z = self.world.ground_height(x, y)
        self.wish = Kinematic(Pose(np.array([x, y, z]), self._upright), speed)

    def master_gap(self) -> float:
        """Metres from the master's front to the line this actor crosses on, along the master's heading."""
        world = self.world
        yaw = float(world.orientation[0, self.master, 0])
        x, y, _ = world.position[0, self.master].tolist()
        box = world.actors[self.master].box
        ahead = (self._home[0] - x) * math.cos(yaw) + (self._home[1] - y) * math.sin(yaw)
        return ahead - box.center[0] - box.length / 2

    def master_time(self) -> float:
        """Seconds until the master's front reaches the crossing line at its present speed; inf if it stands."""
        speed = float(self.world.speed[0, self.master])
        return self.master_gap() / speed if speed > 0.1 else math.inf

    def bearing(self) -> tuple[float, float]:
        """Of the master from straight ahead, rad (left positive), and its distance, m."""
        offset = self.world.position[0, self.master, :2] - self.world.position[0, self.index, :2]
        angle = math.atan2(offset[1], offset[0]) - float(self.world.orientation[0, self.index, 0])
        return float(wrap_angle(angle)), math.hypot(offset[0], offset[1])

    def sees_master(self, reach: float = math.inf) -> bool:
        """In the field of view, within reach (m), and not hidden by anything."""
        angle, distance = self.bearing()
        off_gaze = abs(float(wrap_angle(angle - float(self.world.gaze[0, self.index]))))
        return distance <= reach and off_gaze <= FIELD_OF_VIEW / 2 and self.world.sees(self.index, self.master)
