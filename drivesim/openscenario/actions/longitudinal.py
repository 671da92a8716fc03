"""SpeedAction."""

from __future__ import annotations

import math

from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.shapes import PEAK_SLOPE, progress


class SpeedChange:
    """Brings one actor to a speed; a continuous one keeps matching its reference."""

    domain = "longitudinal"

    def __init__(self, action: model.SpeedAction, motion: Motion, reference: Motion | None) -> None:
        self.target, self.motion, self.reference = action.target, motion, reference
        self.dynamics = action.speed_action_dynamics
        self.start = motion.speed
        self.goal = self._goal()
        change = abs(self.goal - self.start)
        value = self.dynamics.value
        match self.dynamics.dynamics_dimension:
            case "time":
                self.duration = value
            case "rate":
                self.duration = PEAK_SLOPE[self.dynamics.dynamics_shape] * change / value if value else 0.0
            case _:  # symmetric shapes cover the distance at the mean speed
                mean = abs(self.start + self.goal) / 2
                self.duration = value / mean if mean else 0.0
        if self.dynamics.dynamics_shape == "step":
            self.duration = 0.0
        self.elapsed = 0.0
        self.continuous = isinstance(self.target, model.RelativeTargetSpeed) and self.target.continuous
        if self.duration <= 0:
            motion.set_speed(self.goal)
        self.done = self.duration <= 0 and not self.continuous

    def _goal(self) -> float:
        if isinstance(self.target, model.AbsoluteTargetSpeed):
            return self.target.value
        base = self.reference.speed if self.reference else 0.0
        factor = self.target.speed_target_value_type == "factor"
        return base * self.target.value if factor else base + self.target.value

    def step(self, dt: float) -> None:
        self.elapsed += dt
        goal = self._goal() if self.continuous else self.goal
        share = self.elapsed / self.duration if self.duration > 0 else math.inf
        shape = self.dynamics.dynamics_shape
        self.motion.next_speed = self.start + (goal - self.start) * progress(shape, share)
        self.done = share >= 1 - 1e-9 and not self.continuous
