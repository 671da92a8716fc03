"""What an actor looks like in the ray scene: rigid parts, wheels, deforming bodies; and how they follow its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.bodies import Body, RiderSeat
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.chance import Chance
from drivesim.scene.crowd import LIVELY, Crowd, Someone
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
from drivesim.types import Actor, WorldState

F64 = NDArray[np.float64]

_CHAIR, _SITTING = (1.05, 0.66, 0.95), 0.495
"""Length, width and height of a wheelchair as modelled, m; sitting height over stature, 0.52 upright
(Drillis & Contini 1966), less the lean towards the rims."""


class Figure(NamedTuple):
    """An actor's presence in the ray scene: rigid parts, bodies that change their shape, and lamps of vehicles."""

    parts: Sequence[Part] = ()
    bodies: Sequence[Someone] = ()
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
        self._crowd = Crowd(rays, [body for _, body in self.bodies]) if self.bodies else None
        self.lamps = [(index, figure.lamps) for index, figure in owned if figure.lamps]

    def move(self, before: WorldState, after: WorldState, distance: F64) -> None:
        """Show one tick: ``before`` is ray time 0, ``after`` ray time 1; people in the less detail the greater their
        ``distance`` (N,) from the sensors, m."""
        shown = before.present[0] & after.present[0]

        def move_parts() -> None:
            self._fleet.move(before, after, shown, distance)

        if self._crowd is None:
            move_parts()
            self._rays.commit()
        else:
            self._crowd.move(before, after, shown, distance, move_parts, self._rays.commit)

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
        return Figure([Part(thing)], [_someone(actor, builder, looks.bodies, mask)])
    if actor.kind == "pedestrian":
        return Figure(bodies=[_someone(actor, builder, looks.bodies, mask)])
    if actor.kind == "vehicle":
        return _vehicle(actor, builder, looks, mask)
    return Figure([Part(builder.add_rigid(prop_model(actor, looks.vehicles), actor.instance, mask=mask))])


def _vehicle(actor: Actor, builder: RaySceneBuilder, looks: _Looks, mask: int) -> Figure:
    """A body, wheels that roll and steer, and on two-wheelers a rider."""
    model = vehicle_model(actor, looks.vehicles)
    lasting = mesh_file(actor) is None  # models are kept for scenes that follow, the user's meshes are not
    parts = [Part(builder.add_rigid(model.body, actor.instance, mask=mask, lamps=model.lamp_group, lasting=lasting))]
    for wheel in model.wheels:
        handle = builder.add_rigid(wheel.mesh, actor.instance, mask=mask, lasting=lasting)
        x, y, z = (float(v) for v in wheel.center)
        parts.append(Part(handle, STEERED if wheel.steered else ROLLING, (x, y, z)))
    riders = [] if model.rider is None else [_someone(actor, builder, looks.bodies, mask, _seat(model.rider))]
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
    sitter = _someone(replace(actor, box=replace(box, height=stature)), builder, looks.bodies, mask, seat)
    return Figure([Part(builder.add_rigid(prop_model(chair, looks.vehicles), actor.instance, mask=mask))], [sitter])


def _animal(actor: Actor, builder: RaySceneBuilder, seed: int, mask: int) -> Figure:
    """A dog that trots: diagonal legs swing together."""
    dog = dog_model(actor, seed)
    parts = [Part(builder.add_rigid(dog.body, actor.instance, mask=mask))]
    for leg, joint, phase in zip(dog.legs, dog.joints.tolist(), (0.0, 0.5, 0.5, 0.0), strict=True):
        parts.append(Part(builder.add_rigid(leg, actor.instance, mask=mask), SWINGING, tuple(joint), phase))
    return Figure(parts)


def _someone(
    actor: Actor, builder: RaySceneBuilder, chance: Chance, mask: int, seat: RiderSeat | None = None
) -> Someone:  # fmt: skip
    """A body on foot or on a ``seat``, with its meshes."""
    body = Body.for_actor(actor, chance)
    handles = [
        builder.add_deforming(skin.mesh, actor.instance, mask=mask, shots=SHOTS if level < LIVELY else 1)
        for level, skin in enumerate(body.skins)
    ]
    return Someone(actor.index, body, tuple(handles), seat)


def _seat(place: VehicleSeat) -> RiderSeat:
    """A vehicle's seat as the body that rides it wants it."""
    saddle, left, right, pedals = (
        (float(x), float(y), float(z))
        for x, y, z in (place.saddle, place.handlebar_left, place.handlebar_right, place.pedal_center)
    )
    return RiderSeat(saddle, left, right, pedals, place.pedal_width / 2, place.crank_radius)
