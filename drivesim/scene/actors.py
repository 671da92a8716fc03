"""What an actor looks like in the ray scene: rigid parts, wheels, deforming bodies; and how they follow its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies import PHASE_STEP, Body, RiderSeat, moving, shaped, turned
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.chance import Chance
from drivesim.scene.fleet import ROLLING, STEERED, SWINGING, Fleet, Part
from drivesim.scene.imported import mesh_file
from drivesim.scene.pushing import PUSHES, pushed_thing
from drivesim.scene.raycast import EGO_BODY, EVERYONE, RayScene
from drivesim.scene.shapes import SHOTS
from drivesim.scene.vehicles import prop_model, vehicle_model
from drivesim.scene.vehicles.aids import CHAIR_SEAT
from drivesim.scene.vehicles.dog import dog_model
from drivesim.scene.vehicles.model import Lamp
from drivesim.scene.vehicles.model import RiderSeat as VehicleSeat
from drivesim.transforms import interpolate
from drivesim.types import Actor, WorldState

F64 = NDArray[np.float64]

_CHAIR, _SITTING = (1.05, 0.66, 0.95), 0.495
"""Length, width and height of a wheelchair as modelled, m; sitting height over stature, 0.52 upright
(Drillis & Contini 1966), less the lean towards the rims."""
_CROWD = 8
"""Bodies from which on another thread pays."""
STILL, SHOT_STROKE = 0.01, 0.06
"""Up to the first, m that a joint moves within the body in a tick, one shot does; then two, and one for each second."""


class Figure(NamedTuple):
    """An actor's presence in the ray scene: rigid parts, bodies that change their shape, and lamps of vehicles."""

    parts: Sequence[Part] = ()
    bodies: Sequence[Deforming] = ()
    lamps: Sequence[Lamp] = ()


class Cast:
    """Everyone in a ray scene, moved tick by tick.

    Args:
        builder: of the scene; call :meth:`enter` once it is built.
        ego: index of the actor whose own sensors look past its body, which still casts shadows; -1 for none.
        seeds: of ``bodies``, its parts and ``vehicles``, where they are not to be ``seed``.
    """

    def __init__(
        self, actors: Sequence[Actor], builder: RaySceneBuilder, seed: int, *, ego: int = -1,
        seeds: Mapping[str, int] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        looks = _Looks(Chance.of("bodies", seeds, seed), seeds.get("vehicles", seed))
        self._figures = [
            _figure(actor, builder, looks, EGO_BODY if actor.index == ego else EVERYONE) for actor in actors
        ]
        self._indices = [actor.index for actor in actors]

    def enter(self, rays: RayScene) -> None:
        """Take the stage."""
        self._rays = rays
        owned = list(zip(self._indices, self._figures, strict=True))
        self._fleet = Fleet(rays, [(index, part) for index, figure in owned for part in figure.parts])
        self.bodies = [(index, body) for index, figure in owned for body in figure.bodies]
        self.lamps = [(index, figure.lamps) for index, figure in owned if figure.lamps]

    def move(self, before: WorldState, after: WorldState, near: NDArray[np.bool_]) -> None:
        """Show one tick: ``before`` is ray time 0, ``after`` ray time 1; those ``near`` (N,) in full detail."""
        shown = before.present[0] & after.present[0]
        self._fleet.move(before, after, shown)

        def some(first: int) -> None:
            for index, body in self.bodies[first::threads]:
                if shown[index]:
                    body.move(self._rays, before, after, near=bool(near[index]))
                else:
                    body.hide(self._rays)

        threads = min(nb.get_num_threads(), 1 + len(self.bodies) // _CROWD)
        if threads == 1:
            some(0)
        else:
            with ThreadPoolExecutor(threads) as pool:  # bodies know nothing of each other: the order does not matter
                list(pool.map(some, range(threads)))
        self._rays.commit()

    def joints(self, before: WorldState, after: WorldState, fraction: float) -> dict[int, F64]:
        """COCO's joints (17, 3) of everyone who has a body, by instance id, world frame, m, at a fraction of a tick."""
        shown = before.present[0] & after.present[0]
        return {index + 1: body.joints(before, after, fraction) for index, body in self.bodies if shown[index]}


class _Looks(NamedTuple):
    """Seeds of what people, and vehicles and things, look like."""

    bodies: Chance
    vehicles: int


def _figure(actor: Actor, builder: RaySceneBuilder, looks: _Looks, mask: int) -> Figure:
    """Add an actor's meshes to a scene that is being built."""
    if actor.category == "animal" and mesh_file(actor) is None:
        return _animal(actor, builder, looks.bodies.seed, mask)
    if actor.kind == "pedestrian" and actor.category == "wheelchair":
        return _wheelchair_user(actor, builder, looks, mask)
    if actor.kind == "pedestrian" and actor.properties.get(PUSHES):
        thing = builder.add_rigid(prop_model(pushed_thing(actor), looks.vehicles), actor.instance, mask=mask)
        return Figure([Part(thing)], [_Walker(actor, builder, looks.bodies, mask)])
    if actor.kind == "pedestrian":
        return Figure(bodies=[_Walker(actor, builder, looks.bodies, mask)])
    if actor.kind == "vehicle":
        return _vehicle(actor, builder, looks, mask)
    return Figure([Part(builder.add_rigid(prop_model(actor, looks.vehicles), actor.instance, mask=mask))])


def _vehicle(actor: Actor, builder: RaySceneBuilder, looks: _Looks, mask: int) -> Figure:
    """A body, wheels that roll and steer, and on two-wheelers a rider."""
    model = vehicle_model(actor, looks.vehicles)
    parts = [Part(builder.add_rigid(model.body, actor.instance, mask=mask, lamps=model.lamp_group))]
    for wheel in model.wheels:
        handle = builder.add_rigid(wheel.mesh, actor.instance, mask=mask)
        x, y, z = (float(v) for v in wheel.center)
        parts.append(Part(handle, STEERED if wheel.steered else ROLLING, (x, y, z)))
    riders = [] if model.rider is None else [_Rider(actor, _seat(model.rider), builder, looks.bodies, mask)]
    return Figure(parts, riders, model.lamps)


def _wheelchair_user(actor: Actor, builder: RaySceneBuilder, looks: _Looks, mask: int) -> Figure:
    """Someone in a wheelchair, hands on its rims; the box includes both."""
    box = actor.box
    length, width = box.length / _CHAIR[0], box.width / _CHAIR[1]
    stature = float(np.clip((box.height - CHAIR_SEAT) / _SITTING, 0.9, 1.95))
    chair = replace(actor, box=replace(box, center=(*box.center[:2], 0.5 * _CHAIR[2]), height=_CHAIR[2]))
    seat = RiderSeat(
        (-0.12 * length, 0.0, CHAIR_SEAT), (0.02 * length, 0.30 * width, 0.60),
        (0.02 * length, -0.30 * width, 0.60), (0.43 * length, 0.0, 0.14), 0.11 * width, knee_spread=0.05,
    )  # fmt: skip
    sitter = _Rider(replace(actor, box=replace(box, height=stature)), seat, builder, looks.bodies, mask)
    return Figure([Part(builder.add_rigid(prop_model(chair, looks.vehicles), actor.instance, mask=mask))], [sitter])


def _animal(actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> Figure:
    """A dog that trots: diagonal legs swing together."""
    dog = dog_model(actor, seed)
    parts = [Part(builder.add_rigid(dog.body, actor.instance, mask=mask))]
    for leg, joint, phase in zip(dog.legs, dog.joints.tolist(), (0.0, 0.5, 0.5, 0.0), strict=True):
        parts.append(Part(builder.add_rigid(leg, actor.instance, mask=mask), SWINGING, tuple(joint), phase))
    return Figure(parts)


def _mean_velocity(index: int, before: WorldState, after: WorldState) -> tuple[F64, F64]:
    """Velocity and angular velocity of an actor's reference point in the middle of the tick, world frame."""
    velocity = 0.5 * (before.velocity[0, index] + after.velocity[0, index])
    return velocity, 0.5 * (before.angular_velocity[0, index] + after.angular_velocity[0, index])


def _seat(place: VehicleSeat) -> RiderSeat:
    """A vehicle's seat as the body that rides it wants it."""
    saddle, left, right, pedals = (
        (float(x), float(y), float(z))
        for x, y, z in (place.saddle, place.handlebar_left, place.handlebar_right, place.pedal_center)
    )
    return RiderSeat(saddle, left, right, pedals, place.pedal_width / 2, place.crank_radius)


class Deforming:
    """A body that changes its shape: in full detail near the sensors, as still shots of the tick as its limbs move."""

    def __init__(self, actor: Actor, builder: RaySceneBuilder, chance: Chance, mask: int) -> None:
        self._index = actor.index
        self.body = Body.for_actor(actor, chance)
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

    def joints(self, before: WorldState, after: WorldState, fraction: float) -> F64:
        """COCO's joints (17, 3), world frame, m, at a fraction of the tick."""
        settle = bool(after.fallen[0, self._index] > 0.0)
        pose = interpolate(before.pose(self._index), after.pose(self._index), fraction)
        return pose.apply(self.body.keypoints_of(self._bones(before, after, fraction), settle=settle))

    def hide(self, rays: RayScene) -> None:
        rays.set_present(self._near, False)
        rays.set_present(self._far, False)

    def _bones(self, before: WorldState, after: WorldState, fraction: float, ahead: float = 0.0) -> F64:
        """Skinning transforms at a fraction of the tick, and ``ahead`` cycles later in the gait."""
        raise NotImplementedError

    def _cycles_per_second(self, before: WorldState, after: WorldState) -> float:
        raise NotImplementedError


class _Walker(Deforming):
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


class _Rider(Deforming):
    """Someone on a bicycle or motorcycle, posed in the vehicle's frame."""

    def __init__(self, actor: Actor, seat: RiderSeat, builder: RaySceneBuilder, chance: Chance, mask: int) -> None:
        super().__init__(actor, builder, chance, mask)
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
