"""What an agent can do: actions of a gymnasium space become commands to its actor."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import gymnasium as gym
import numpy as np
from gymnasium.error import InvalidAction

from drivesim.envs import track as t
from drivesim.errors import DrivesimError, did_you_mean
from drivesim.types import Actor, Performance
from drivesim.world import Control, VehicleControl, WalkerControl, World

LATERAL_ACCELERATION = 4.0
"""m/s2 that full steering asks for at speed; at low speed the wheels' largest angle is what limits."""
SPEED_GAIN = 2.0
"""m/s2 of acceleration per m/s that a target speed is missed by."""
TOP_OVER_LIMIT = 1.25
"""The highest target speed over the speed limit."""
PEDALS: tuple[float, ...] = (-1.0, -0.3, 0.0, 0.5)
"""What the discrete actions press: shares of the full deceleration (negative) or acceleration."""
GAITS: tuple[float, ...] = (0.0, 1.4, 3.0)
"""m/s of the discrete actions of people on foot: stand, walk, run."""
RUNNING_SPEED, RUNNING_ACCELERATION, TURNING = 4.0, 3.0, math.pi / 2
"""m/s, m/s2 and rad/s of full actions of people on foot."""

_PERFORMANCE = Performance(60.0, 4.0, 9.0)


class Actions(Protocol):
    """One way to act."""

    @property
    def space(self) -> gym.Space[Any]: ...

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        """The command of one decision; ``action`` is a float, a list of floats or an int, as in the space."""
        ...


class _Driving:
    """Common to all who drive."""

    def __init__(self, actor: Actor) -> None:
        performance = actor.performance or _PERFORMANCE
        self.index = actor.index
        self.accelerate = min(performance.max_acceleration, _PERFORMANCE.max_acceleration)
        self.brake = performance.max_deceleration
        axles = actor.axles
        self.wheelbase = axles.front_x - axles.rear_x if axles else 0.6 * actor.box.length
        self.max_steering = axles.max_steering if axles else 0.6

    def pedal(self, share: float) -> float:
        """m/s2 of a share -1 .. 1 of full braking or acceleration."""
        return share * (self.accelerate if share > 0.0 else self.brake)


class SteeringAndAcceleration(_Driving):
    """[steering, acceleration], each -1 .. 1: left positive; full braking .. full acceleration."""

    space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        v = float(world.speed[0, self.index])
        most = min(self.max_steering, math.atan(self.wheelbase * LATERAL_ACCELERATION / max(v * v, 1e-3)))
        return VehicleControl(self.pedal(action[1]), action[0] * most)


class Acceleration(_Driving):
    """[acceleration], -1 full braking .. 1 full acceleration; the lane is kept."""

    space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        return VehicleControl(self.pedal(action[0]), track[t.LANE_STEERING])


class TargetSpeed(_Driving):
    """[target speed], -1 standstill .. 1 a quarter above the limit; the lane is kept."""

    space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        target = 0.5 * (action[0] + 1.0) * TOP_OVER_LIMIT * track[t.SPEED_LIMIT]
        wanted = SPEED_GAIN * (target - float(world.speed[0, self.index]))
        return VehicleControl(min(max(wanted, -self.brake), self.accelerate), track[t.LANE_STEERING])


class Pedals(_Driving):
    """0 brake fully, 1 brake gently, 2 neither, 3 accelerate; the lane is kept."""

    space = gym.spaces.Discrete(len(PEDALS))

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        return VehicleControl(self.pedal(PEDALS[action]), track[t.LANE_STEERING])


class _Walking:
    """Common to all on foot."""

    def __init__(self, actor: Actor) -> None:
        self.index = actor.index

    def walk(self, world: World, speed: float, heading: float) -> Control:
        velocity = (speed * math.cos(heading), speed * math.sin(heading))
        return WalkerControl(velocity, heading=heading, max_acceleration=RUNNING_ACCELERATION)


class TurningAndAcceleration(_Walking):
    """[turning, acceleration], each -1 .. 1: a quarter turn a second to the left; slower or faster by 3 m/s2."""

    space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        vx, vy = world.velocity[0, self.index, :2].tolist()
        speed = math.hypot(vx, vy) + action[1] * RUNNING_ACCELERATION * dt
        heading = float(world.orientation[0, self.index, 0]) + action[0] * TURNING * dt
        return self.walk(world, min(max(speed, 0.0), RUNNING_SPEED), heading)


class WalkingSpeed(_Walking):
    """[speed], -1 stand .. 1 run, straight along the way across."""

    space = gym.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        heading = float(world.orientation[0, self.index, 0]) - track[t.OFF_HEADING]
        return self.walk(world, 0.5 * (action[0] + 1.0) * RUNNING_SPEED, heading)


class Gaits(_Walking):
    """0 stand, 1 walk, 2 run, straight along the way across."""

    space = gym.spaces.Discrete(len(GAITS))

    def control(self, action: Any, world: World, track: list[float], dt: float) -> Control:
        heading = float(world.orientation[0, self.index, 0]) - track[t.OFF_HEADING]
        return self.walk(world, GAITS[action], heading)


DRIVING: Mapping[str, Callable[[Actor], Actions]] = {
    "continuous": SteeringAndAcceleration,
    "acceleration": Acceleration,
    "target_speed": TargetSpeed,
    "discrete": Pedals,
}
WALKING: Mapping[str, Callable[[Actor], Actions]] = {
    "continuous": TurningAndAcceleration,
    "target_speed": WalkingSpeed,
    "discrete": Gaits,
}


def actions_of(kind: str, actor: Actor) -> Actions:
    """The actions called ``kind`` for a driver or someone on foot.

    Raises:
        DrivesimError: no such kind for this actor.
    """
    table = WALKING if actor.kind == "pedestrian" else DRIVING
    if kind not in table:
        raise DrivesimError(
            f"no actions are called '{kind}' for a {actor.kind}", element="action", remedy=did_you_mean(kind, table)
        )
    return table[kind](actor)


def all_checked(space: gym.Space[Any], actions: Any) -> list[Any]:
    """One action per world, as :func:`checked` gives them."""
    if isinstance(space, gym.spaces.Box) and isinstance(actions, np.ndarray) and actions.dtype.kind in "fiu":
        values = actions.astype(np.float64)
        if values.shape[1:] == space.shape and bool((np.abs(values) <= 1.0).all()):
            numbers: list[Any] = values.tolist()
            return numbers
    return [checked(space, action) for action in actions]


def checked(space: gym.Space[Any], action: Any) -> Any:
    """One action as plain numbers.

    Raises:
        InvalidAction: not in the space; says what is wrong and what to do.
    """
    if isinstance(space, gym.spaces.Discrete):
        number = np.asarray(action)
        if number.shape != () or number.dtype.kind not in "iu" or not 0 <= int(number) < int(space.n):
            raise InvalidAction(f"action {action!r} is not one of 0 .. {int(space.n) - 1}; give one of these integers")
        return int(number)
    try:
        values = np.asarray(action, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidAction(f"action {action!r} is no numbers; see env.action_space") from None
    if values.shape != space.shape:
        raise InvalidAction(f"the action has shape {values.shape}, not {space.shape}; see env.action_space")
    numbers = values.tolist()
    for number in numbers:
        if math.isnan(number):
            raise InvalidAction(f"action {numbers} is not a number; look for where the policy diverges")
        if not -1.0 <= number <= 1.0:
            raise InvalidAction(f"action {numbers} is out of bounds; clip it to [-1, 1] with numpy.clip")
    return numbers
