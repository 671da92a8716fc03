"""What an actor looks like in the ray scene: rigid parts, wheels, deforming bodies; and how they follow its state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies import Body, Posed, RiderSeat
from drivesim.scene.raycast import EGO_BODY, EVERYONE, RayScene, RaySceneBuilder
from drivesim.scene.vehicles import prop_model, vehicle_model
from drivesim.scene.vehicles.model import Lamp, Wheel
from drivesim.scene.vehicles.model import RiderSeat as VehicleSeat
from drivesim.transforms import Pose, cross
from drivesim.types import Actor, WorldState

F64 = NDArray[np.float64]


class Figure(Protocol):
    """An actor's presence in the ray scene; ``lamps`` are those of vehicles."""

    lamps: Sequence[Lamp]

    def move(self, rays: RayScene, before: WorldState, after: WorldState) -> None:
        """Show the actor over one tick: ``before`` is ray time 0, ``after`` ray time 1."""
        ...

    def hide(self, rays: RayScene) -> None:
        """Take the actor out of sight."""
        ...


def figure_of(actor: Actor, builder: RaySceneBuilder, seed: int, *, is_ego: bool) -> Figure:
    """Add an actor's meshes to a scene that is being built.

    Args:
        is_ego: its sensors look past its own body, which still casts shadows.
    """
    mask = EGO_BODY if is_ego else EVERYONE
    if actor.kind == "pedestrian":
        return _Walker(actor, builder, seed, mask)
    if actor.kind == "vehicle":
        return _Vehicle(actor, builder, seed, mask)
    return _Prop(actor, builder, seed, mask)


def _mean_velocity(index: int, before: WorldState, after: WorldState) -> tuple[F64, F64]:
    """Velocity and angular velocity of an actor's reference point in the middle of the tick, world frame."""
    velocity = 0.5 * (before.velocity[0, index] + after.velocity[0, index])
    return velocity, 0.5 * (before.angular_velocity[0, index] + after.angular_velocity[0, index])


class _Prop:
    """A thing of one piece."""

    lamps: Sequence[Lamp] = ()

    def __init__(self, actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        self._index = actor.index
        self._handle = builder.add_rigid(prop_model(actor, seed), actor.instance, mask=mask)

    def move(self, rays: RayScene, before: WorldState, after: WorldState) -> None:
        velocity, omega = _mean_velocity(self._index, before, after)
        rays.set_motion(self._handle, before.pose(self._index), after.pose(self._index), velocity=velocity, omega=omega)

    def hide(self, rays: RayScene) -> None:
        rays.set_present(self._handle, False)


class _Vehicle:
    """A body, wheels that roll and steer, and on two-wheelers a rider."""

    def __init__(self, actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        model = vehicle_model(actor, seed)
        self._index = actor.index
        self.lamps: Sequence[Lamp] = model.lamps
        self._body = builder.add_rigid(model.body, actor.instance, mask=mask, lamps=model.lamp_group)
        self._wheels = [(builder.add_rigid(wheel.mesh, actor.instance, mask=mask), wheel) for wheel in model.wheels]
        self._rider = None
        if model.rider is not None:
            self._rider = _Rider(actor, _seat(model.rider), builder, seed, mask)

    def move(self, rays: RayScene, before: WorldState, after: WorldState) -> None:
        index = self._index
        start, end = before.pose(index), after.pose(index)
        velocity, omega = _mean_velocity(index, before, after)
        rays.set_motion(self._body, start, end, velocity=velocity, omega=omega)
        turn = (float(before.wheel_rotation[0, index]), float(after.wheel_rotation[0, index]))
        rate = (turn[1] - turn[0]) / max(float(after.time[0] - before.time[0]), 1e-9)
        for handle, wheel in self._wheels:
            poses = [
                pose @ _hub(wheel, float(state.steering[0, index])) for pose, state in ((start, before), (end, after))
            ]
            arm = poses[1].translation - end.translation
            axle = poses[1].rotation[:, 1]
            scale = (turn[0] % (2 * np.pi), turn[0] % (2 * np.pi) + turn[1] - turn[0])
            rays.set_motion(
                handle,
                *poses,
                velocity=velocity + cross(omega, arm),
                omega=omega + rate * axle,
                spin=scale,
            )
        if self._rider is not None:
            self._rider.move(rays, before, after)

    def hide(self, rays: RayScene) -> None:
        for handle in (self._body, *(handle for handle, _ in self._wheels)):
            rays.set_present(handle, False)
        if self._rider is not None:
            self._rider.hide(rays)


def _seat(place: VehicleSeat) -> RiderSeat:
    """A vehicle's seat as the body that rides it wants it."""
    saddle, left, right, pedals = (
        (float(x), float(y), float(z))
        for x, y, z in (place.saddle, place.handlebar_left, place.handlebar_right, place.pedal_center)
    )
    return RiderSeat(saddle, left, right, pedals, place.pedal_width / 2, place.crank_radius)


def _hub(wheel: Wheel, steering: float) -> Pose:
    """``actor_from_wheel`` before the wheel's own spin."""
    return Pose.from_ypr(wheel.center, [steering if wheel.steered else 0.0, 0.0, 0.0])


class _Deforming:
    """A body whose surface is posed at both ends of the tick."""

    lamps: Sequence[Lamp] = ()

    def __init__(self, actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        self._index = actor.index
        self.body = Body.for_actor(actor, seed)
        self._handle = builder.add_deforming(self.body.mesh, actor.instance, mask=mask)

    def move(self, rays: RayScene, before: WorldState, after: WorldState) -> None:
        index = self._index
        velocity, omega = _mean_velocity(index, before, after)
        rays.set_motion(self._handle, before.pose(index), after.pose(index), velocity=velocity, omega=omega)
        start, end = self._posed(before), self._posed(after)
        middle = start.normals + end.normals
        middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-9)
        rays.set_vertices(self._handle, start.vertices, end.vertices, middle, self._velocity(before, after))

    def hide(self, rays: RayScene) -> None:
        rays.set_present(self._handle, False)

    def _posed(self, state: WorldState) -> Posed:
        raise NotImplementedError

    def _velocity(self, before: WorldState, after: WorldState) -> NDArray[np.float32]:
        raise NotImplementedError


class _Walker(_Deforming):
    """Someone on foot."""

    def _posed(self, state: WorldState) -> Posed:
        i = self._index
        return self.body.pose(
            float(state.speed[0, i]),
            float(state.gait_phase[0, i]),
            float(state.gaze[0, i]),
            float(state.fallen[0, i]),
            float(state.time[0]),
        )

    def _velocity(self, before: WorldState, after: WorldState) -> NDArray[np.float32]:
        i = self._index
        return self.body.velocity(
            float(after.speed[0, i]),
            float(0.5 * (before.gait_phase[0, i] + after.gait_phase[0, i])),
            float(after.gaze[0, i]),
            float(after.time[0]),
        )


class _Rider(_Deforming):
    """Someone on a bicycle or motorcycle, posed in the vehicle's frame."""

    def __init__(self, actor: Actor, seat: RiderSeat, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        super().__init__(actor, builder, seed, mask)
        self._seat = seat

    def _posed(self, state: WorldState) -> Posed:
        i = self._index
        return self.body.pose_riding(self._seat, float(state.gait_phase[0, i]), float(state.gaze[0, i]))

    def _velocity(self, before: WorldState, after: WorldState) -> NDArray[np.float32]:
        i = self._index
        step = max(float(after.time[0] - before.time[0]), 1e-9)
        turns = float(after.gait_phase[0, i] - before.gait_phase[0, i]) / step
        return self.body.velocity_riding(self._seat, float(after.gait_phase[0, i]), turns, float(after.gaze[0, i]))
