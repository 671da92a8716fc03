"""Road networks: read OpenDRIVE, ask where things are, build the surface mesh."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from drivesim.opendrive.model import Map
from drivesim.opendrive.network import LanePosition, RoadNetwork
from drivesim.opendrive.reader import read_map
from drivesim.opendrive.road import RoadPoint
from drivesim.xmlfile import stamp

_LOG = logging.getLogger(__name__)

__all__ = ["LanePosition", "RoadNetwork", "RoadPoint", "empty_network", "read_network"]


def read_network(path: Path | str) -> RoadNetwork:
    """The road network of an OpenDRIVE file.

    Raises:
        ScenarioError: the file cannot be read as OpenDRIVE; says where and what to do.
    """
    file = Path(path)
    return _network(file, stamp(file))


@lru_cache(maxsize=8)
def _network(file: Path, digest: bytes) -> RoadNetwork:
    """The network of a file; kept while the file stays as it is, for scenarios that share a map."""
    read = read_map(file)
    for note in read.notes:
        _LOG.warning("%s", note)
    return RoadNetwork(read, file)


def empty_network() -> RoadNetwork:
    """The network of a scenario that has no map: no roads, flat ground at height 0."""
    return RoadNetwork(Map(roads={}), Path("no map"))
