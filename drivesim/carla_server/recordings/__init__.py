"""CARLA's recorder: what an episode's actors did, kept in a file, played again, and asked about."""

from drivesim.carla_server.recordings.deck import Deck
from drivesim.carla_server.recordings.report import actors_blocked, collisions, file_info

__all__ = ["Deck", "actors_blocked", "collisions", "file_info"]
