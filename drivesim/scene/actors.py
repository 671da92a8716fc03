"""What an actor looks like in the ray scene: rigid parts, wheels, deforming bodies; and how they follow its state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies import PHASE_STEP, Body, RiderSeat, moving, shaped, turned
from drivesim.scene.imported import mesh_file
from drivesim.scene.raycast import EGO_BODY, EVERYONE, RayScene, RaySceneBuilder
from drivesim.scene.shapes import SHOTS
from drivesim.scene.vehicles import prop_model, vehicle_model
from drivesim.scene.vehicles.aids import CHAIR_SEAT
from drivesim.scene.vehicles.dog import dog_model
from drivesim.scene.vehicles.model import Lamp, Wheel
from drivesim.scene.vehicles.model import RiderSeat as VehicleSeat
from drivesim.transforms import Pose, cross
from drivesim.types import Actor, WorldState

F64 = NDArray[np.float64]

_CHAIR, _SITTING = (1.05, 0.66, 0.95), 0.495
"""Length, width and height of a wheelchair as modelled, m; sitting height over stature, 0.52 upright
(Drillis & Contini 1966), less the lean towards the rims."""
_TROT = 0.45
"""Amplitude of a dog's legs at a walk of 1 m/s and faster, rad."""
STILL, SHOT_STROKE = 0.01, 0.06
"""Up to the first, m that a joint moves within the body in a tick, one shot does; then two, and one for each second."""


class Figure(Protocol):
    """An actor's presence in the ray scene; ``lamps`` are those of vehicles."""

    lamps: Sequence[Lamp]

    def move(self, rays: RayScene, before: WorldState, after: WorldState, *, near: bool = True) -> None:
        """Show the actor over one tick: ``before`` is ray time 0, ``after`` ray time 1; ``near``: in full detail."""
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
    if actor.category == "animal" and mesh_file(actor) is None:
        return _Animal(actor, builder, seed, mask)
    if actor.kind == "pedestrian" and actor.category == "wheelchair":
        return _WheelchairUser(actor, builder, seed, mask)
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

    def move(self, rays: RayScene, before: WorldState, after: WorldState, *, near: bool = True) -> None:
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

    def move(self, rays: RayScene, before: WorldState, after: WorldState, *, near: bool = True) -> None:
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
            self._rider.move(rays, before, after, near=near)

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
    """A body that changes its shape: in full detail near the sensors, as still shots of the tick as its limbs move."""

    lamps: Sequence[Lamp] = ()

    def __init__(self, actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        self._index = actor.index
        self.body = Body.for_actor(actor, seed)
        self._near = builder.add_deforming(self.body.near.mesh, actor.instance, mask=mask)
        self._far = builder.add_deforming(self.body.far.mesh, actor.instance, mask=mask)

    def move(self, rays: RayScene, before: WorldState, after: WorldState, *, near: bool = True) -> None:
        index, body = self._index, self.body
        handle, skin = (self._near, body.near) if near else (self._far, body.far)
        rays.set_present(self._far if near else self._near, False)
        settle = bool(after.fallen[0, index] > 0.0)
        poses = [self._bones(before, after, 1.0)]
        if near:
            start = self._bones(before, after, 0.0)
            stroke = float(np.abs(body.joints_of(poses[0]) - body.joints_of(start)).max())
            more = min(SHOTS, 2 + int(stroke / SHOT_STROKE)) if stroke > STILL else 1
            if more > 1:
                between = [self._bones(before, after, shot / (more - 1)) for shot in range(1, more - 1)]
                poses = [start, *between, *poses]
        for pose, memory in zip(poses, rays.shots(handle, len(poses)), strict=True):
            shaped(skin, pose, memory, settle=settle)
        rays.reshaped(handle)
        velocity, omega = _mean_velocity(index, before, after)
        rays.set_motion(handle, before.pose(index), after.pose(index), velocity=velocity, omega=omega)
        normals, speeds = rays.normals_and_velocity(handle)
        fraction = 0.5 if near else 1.0
        middle = poses[0] if len(poses) == 1 else self._bones(before, after, fraction)
        turned(skin, middle, normals)
        rate = self._cycles_per_second(before, after)
        if rate != 0.0:
            moving(skin, middle, self._bones(before, after, fraction, PHASE_STEP), rate, speeds)
        else:
            speeds[...] = 0.0

    def hide(self, rays: RayScene) -> None:
        rays.set_present(self._near, False)
        rays.set_present(self._far, False)

    def _bones(self, before: WorldState, after: WorldState, fraction: float, ahead: float = 0.0) -> F64:
        """Skinning transforms at a fraction of the tick, and ``ahead`` cycles later in the gait."""
        raise NotImplementedError

    def _cycles_per_second(self, before: WorldState, after: WorldState) -> float:
        raise NotImplementedError


class _Walker(_Deforming):
    """Someone on foot."""

    def _bones(self, before: WorldState, after: WorldState, fraction: float, ahead: float = 0.0) -> F64:
        i, rest = self._index, 1.0 - fraction
        return self.body.bones(
            rest * before.speed.item(0, i) + fraction * after.speed.item(0, i),
            rest * before.gait_phase.item(0, i) + fraction * after.gait_phase.item(0, i) + ahead,
            rest * before.gaze.item(0, i) + fraction * after.gaze.item(0, i),
            rest * before.fallen.item(0, i) + fraction * after.fallen.item(0, i),
            rest * before.time.item(0) + fraction * after.time.item(0),
        )

    def _cycles_per_second(self, before: WorldState, after: WorldState) -> float:
        return self.body.gait_rate(after.speed.item(0, self._index))


class _Rider(_Deforming):
    """Someone on a bicycle or motorcycle, posed in the vehicle's frame."""

    def __init__(self, actor: Actor, seat: RiderSeat, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        super().__init__(actor, builder, seed, mask)
        self._seat = seat

    def _bones(self, before: WorldState, after: WorldState, fraction: float, ahead: float = 0.0) -> F64:
        i, rest = self._index, 1.0 - fraction
        return self.body.bones_riding(
            self._seat,
            rest * before.gait_phase.item(0, i) + fraction * after.gait_phase.item(0, i) + ahead,
            rest * before.gaze.item(0, i) + fraction * after.gaze.item(0, i),
        )

    def _cycles_per_second(self, before: WorldState, after: WorldState) -> float:
        i = self._index
        turns = after.gait_phase.item(0, i) - before.gait_phase.item(0, i)
        return turns / max(after.time.item(0) - before.time.item(0), 1e-9)


class _WheelchairUser:
    """Someone in a wheelchair, hands on its rims; the box includes both."""

    lamps: Sequence[Lamp] = ()

    def __init__(self, actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        box = actor.box
        length, width = box.length / _CHAIR[0], box.width / _CHAIR[1]
        stature = float(np.clip((box.height - CHAIR_SEAT) / _SITTING, 0.9, 1.95))
        chair = replace(actor, box=replace(box, center=(*box.center[:2], 0.5 * _CHAIR[2]), height=_CHAIR[2]))
        self._chair = _Prop(chair, builder, seed, mask)
        seat = RiderSeat(
            (-0.12 * length, 0.0, CHAIR_SEAT), (0.02 * length, 0.30 * width, 0.60),
            (0.02 * length, -0.30 * width, 0.60), (0.43 * length, 0.0, 0.14), 0.11 * width, knee_spread=0.05,
        )  # fmt: skip
        sitter = replace(actor, box=replace(box, height=stature))
        self._person = _Rider(sitter, seat, builder, seed, mask)

    def move(self, rays: RayScene, before: WorldState, after: WorldState, *, near: bool = True) -> None:
        self._chair.move(rays, before, after)
        self._person.move(rays, before, after, near=near)

    def hide(self, rays: RayScene) -> None:
        self._chair.hide(rays)
        self._person.hide(rays)


class _Animal:
    """A dog that trots: diagonal legs swing together."""

    lamps: Sequence[Lamp] = ()

    def __init__(self, actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> None:
        dog = dog_model(actor, seed)
        self._index = actor.index
        self._body = builder.add_rigid(dog.body, actor.instance, mask=mask)
        legs = [builder.add_rigid(leg, actor.instance, mask=mask) for leg in dog.legs]
        self._legs = list(zip(legs, dog.joints, (0.0, 0.5, 0.5, 0.0), strict=True))

    def move(self, rays: RayScene, before: WorldState, after: WorldState, *, near: bool = True) -> None:
        index = self._index
        start, end = before.pose(index), after.pose(index)
        velocity, omega = _mean_velocity(index, before, after)
        rays.set_motion(self._body, start, end, velocity=velocity, omega=omega)
        step = max(float(after.time[0] - before.time[0]), 1e-9)
        for handle, joint, offset in self._legs:
            hang = Pose(joint, np.eye(3))
            swing = tuple(
                _TROT * min(abs(state.speed.item(0, index)), 1.0)
                * float(np.sin(2.0 * np.pi * (state.gait_phase.item(0, index) + offset)))
                for state in (before, after)
            )  # fmt: skip
            turning = (swing[1] - swing[0]) / step * end.rotation[:, 1]
            lever = end.rotation @ joint
            rays.set_motion(
                handle, start @ hang, end @ hang,
                velocity=velocity + cross(omega, lever), omega=omega + turning, spin=(swing[0], swing[1]),
            )  # fmt: skip

    def hide(self, rays: RayScene) -> None:
        for handle in (self._body, *(handle for handle, _, _ in self._legs)):
            rays.set_present(handle, False)
