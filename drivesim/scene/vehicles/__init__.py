"""Vehicles and things by category, parametric, filling the scenario's bounding boxes."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from drivesim.materials import MaterialId
from drivesim.scene.builder import LAMPS_OF
from drivesim.scene.imported import imported_mesh, mesh_file
from drivesim.scene.vehicles.car import car_model
from drivesim.scene.vehicles.coaches import bus_model, tram_model
from drivesim.scene.vehicles.heavy import lorry_model, trailer_model
from drivesim.scene.vehicles.model import Lamp, RiderSeat, VehicleModel, Wheel
from drivesim.scene.vehicles.props import prop_model
from drivesim.scene.vehicles.two_wheelers import bicycle_model, motorcycle_model, scooter_model
from drivesim.types import Actor, Light

__all__ = ["Lamp", "RiderSeat", "VehicleModel", "Wheel", "prop_model", "vehicle_model"]

_BY_CATEGORY = {
    "truck": lorry_model,
    "semitrailer": trailer_model,
    "trailer": trailer_model,
    "bus": bus_model,
    "tram": tram_model,
    "train": tram_model,
    "bicycle": bicycle_model,
    "motorbike": motorcycle_model,
}


def imported_model(path: Path, actor: Actor) -> VehicleModel:
    """A vehicle in a mesh of the user's, wheels and all of one piece; indicators are told apart by their side."""
    body = imported_mesh(path, actor)
    lamps = LAMPS_OF[body.material]
    right = body.vertices[body.triangles].mean(axis=1)[:, 1] < actor.box.center[1]
    blinking = body.material == MaterialId.INDICATOR
    lamps[blinking] = np.where(right[blinking], int(Light.RIGHT_BLINKER), int(Light.LEFT_BLINKER))
    front = actor.box.center[0] + actor.box.length / 2
    beams = tuple(
        Lamp(
            Light.LOW_BEAM,
            np.array([front, actor.box.center[1] + side * 0.36 * actor.box.width, 0.7], dtype=np.float32),
            np.array([0.99985, 0.0, -0.0175], dtype=np.float32),
        )
        for side in (1.0, -1.0)
    )
    return VehicleModel(body, (), beams, lamps)


def vehicle_model(actor: Actor, seed: int) -> VehicleModel:
    """The geometry of a vehicle, the same for the same name and seed; a car where the category says nothing else.

    Raises:
        ScenarioError: the actor's own mesh cannot be used.
    """
    own = mesh_file(actor)
    if own is not None:
        return imported_model(own, actor)
    return _model(_Made(actor), seed)


class _Made:
    """What a vehicle's looks depend on: neither its place among the actors nor how it drives."""

    def __init__(self, actor: Actor) -> None:
        self.actor = replace(actor, index=0)
        own = tuple(sorted(actor.properties.items()))
        self._of = (actor.name, actor.category, actor.model, actor.box, actor.axles, own)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Made) and self._of == other._of

    def __hash__(self) -> int:
        return hash(self._of)


@lru_cache(maxsize=128)
def _model(made: _Made, seed: int) -> VehicleModel:
    """Built once for scenes that follow one another: a model takes 50 ms and a megabyte."""
    actor = made.actor
    if actor.category in ("bicycle", "motorbike") and "scooter" in actor.model.lower():
        return scooter_model(actor, seed)
    return _BY_CATEGORY.get(actor.category, car_model)(actor, seed)
