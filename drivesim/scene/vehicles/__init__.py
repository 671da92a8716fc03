"""Vehicles and things by category, parametric, filling the scenario's bounding boxes."""

from __future__ import annotations

from drivesim.scene.vehicles.car import car_model
from drivesim.scene.vehicles.heavy import bus_model, lorry_model
from drivesim.scene.vehicles.model import Lamp, RiderSeat, VehicleModel, Wheel
from drivesim.scene.vehicles.props import prop_model
from drivesim.scene.vehicles.two_wheelers import bicycle_model, motorcycle_model
from drivesim.types import Actor

__all__ = ["Lamp", "RiderSeat", "VehicleModel", "Wheel", "prop_model", "vehicle_model"]

_BY_CATEGORY = {
    "truck": lorry_model,
    "semitrailer": lorry_model,
    "trailer": lorry_model,
    "bus": bus_model,
    "tram": bus_model,
    "train": bus_model,
    "bicycle": bicycle_model,
    "motorbike": motorcycle_model,
}


def vehicle_model(actor: Actor, seed: int) -> VehicleModel:
    """The geometry of a vehicle, the same for the same name and seed; a car where the category says nothing else."""
    return _BY_CATEGORY.get(actor.category, car_model)(actor, seed)
