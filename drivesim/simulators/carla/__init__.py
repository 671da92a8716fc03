"""CARLA as the simulator: the scenario's actors stand in a CARLA server, whose sensors see them."""

from drivesim.simulators.carla.simulator import CarlaServerAddress, CarlaSimulator

__all__ = ["CarlaServerAddress", "CarlaSimulator"]
