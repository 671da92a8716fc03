"""Where walkers can go: the AI of walkers runs in the client, over a navigation mesh that the server provides."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from drivesim.carla_server.navigation.areas import walkable
from drivesim.carla_server.navigation.detour import packed
from drivesim.opendrive import RoadNetwork

_EDITION = b"1"
"""Of what this package makes: clients keep files by name for good."""


def file_name(text: bytes) -> str:
    """Of the mesh of a map, by its OpenDRIVE text: the client asks once for every name."""
    return f"Nav/drivesim-{hashlib.sha256(_EDITION + text).hexdigest()[:20]}.bin"


@lru_cache(maxsize=4)
def navigation_mesh(network: RoadNetwork) -> bytes:
    """The file's content; empty for a map on which nobody can walk."""
    area = walkable(network)
    return packed(area) if len(area.triangles) else b""
