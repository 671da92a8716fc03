"""What all models of a vehicle's motion share: steering and brakes that take their time, lamps."""

from __future__ import annotations

import math
from typing import Any

import numba as nb

from drivesim.types import Light

BRAKE_LIGHT_DECELERATION = 0.7
"""m/s2; lamps may light from here and must above 1.3 m/s2 (UN R13-H, 5.2.22.4)."""
_BRAKE = int(Light.BRAKE)


@nb.njit(cache=True)
def wrap(angle: float) -> float:
    """To -pi .. pi."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


@nb.njit(cache=True)
def towards(value: float, target: float, step: float) -> float:
    """The target, or as near to it as a step leads."""
    return min(max(target, value - step), value + step)


@nb.njit(cache=True)
def built_up(last: float, demand: float, lim: Any, dt: float) -> tuple[float, float]:
    """Mean acceleration of a step and that at its end, on the way from the last one to the one in demand."""
    rate = lim.deceleration_rate if demand < last else lim.acceleration_rate
    if math.isinf(rate):
        return demand, demand
    end = towards(last, demand, rate * dt)
    ramp = abs(end - last) / rate
    return (0.5 * (last + end) * ramp + end * (dt - ramp)) / dt, end


@nb.njit(cache=True)
def brake_light(b: int, n: int, lit: bool, lights: Any) -> None:
    """Switch one vehicle's."""
    lights[b, n] = (lights[b, n] | _BRAKE) if lit else (lights[b, n] & ~_BRAKE)
