"""A server that speaks CARLA's wire protocol over the embedded simulator, for the official ``carla`` client."""

from drivesim.carla_server.server import CarlaServer

__all__ = ["CarlaServer"]
