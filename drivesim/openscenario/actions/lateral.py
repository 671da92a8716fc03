"""LaneChangeAction."""

from __future__ import annotations

from dataclasses import replace

from drivesim.errors import ScenarioError
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.shapes import PEAK_SLOPE, progress


class LaneChange:
    """Attaches an actor to its new lane at once, displaced by where it still is, and takes the displacement away."""

    domain = "lateral"

    def __init__(self, action: model.LaneChangeAction, motion: Motion, reference: Motion | None) -> None:
        self.motion, self.dynamics = motion, action.lane_change_action_dynamics
        self.elapsed = self.travelled = 0.0
        network, lane = motion.world.network, motion.lane
        source = action.source
        file, line = (source.file, source.line) if source else (None, None)
        if network is None or lane is None:
            raise ScenarioError(f"'{motion.actor.name}' is on no lane", element="LaneChangeAction",
                                remedy="place it on a lane, along its direction", file=file, line=line)  # fmt: skip
        target = action.target.value
        if isinstance(action.target, model.RelativeTargetLane):
            base = reference.lane if reference else lane
            if base is None:
                raise ScenarioError("the reference entity is on no lane", element="RelativeTargetLane",
                                    remedy="place it on a lane", file=file, line=line)  # fmt: skip
            step = action.target.value * (1 if base.lane_id < 0 else -1)  # type: ignore[attr-defined]
            target = base.lane_id + step  # type: ignore[attr-defined]
            if target == 0 or (target > 0) != (base.lane_id > 0):  # type: ignore[attr-defined]
                target += 1 if step > 0 else -1  # there is no lane 0 to drive on
        centre = network.world_from_lane(lane.road_id, target, lane.s)  # type: ignore[attr-defined]
        here = network.world_from_lane(lane.road_id, lane.lane_id, lane.s)  # type: ignore[attr-defined]
        road = network.world_from_road(lane.road_id, lane.s, 0.0)  # type: ignore[attr-defined]
        import math

        across = (-math.sin(road.heading), math.cos(road.heading))
        gap = (here.x - centre.x) * across[0] + (here.y - centre.y) * across[1]
        self.start = gap + lane.offset  # type: ignore[attr-defined]
        self.goal = action.target_lane_offset
        t = lane.t  # type: ignore[attr-defined]
        motion.lane = replace(lane, lane_id=target, offset=self.start, t=t)  # type: ignore[type-var]
        value, shape = self.dynamics.value, self.dynamics.dynamics_shape
        self.extent = value
        if self.dynamics.dynamics_dimension == "rate":
            self.extent = PEAK_SLOPE[shape] * abs(self.goal - self.start) / value if value else 0.0
        self.done = False

    def step(self, dt: float) -> None:
        self.elapsed += dt
        self.travelled += (self.motion.speed + self.motion.next_speed) / 2 * dt
        passed = self.travelled if self.dynamics.dynamics_dimension == "distance" else self.elapsed
        share = passed / self.extent if self.extent > 0 else 1.0
        self.motion.next_offset = self.start + (self.goal - self.start) * progress(self.dynamics.dynamics_shape, share)
        self.done = share >= 1 - 1e-9
