"""The road network as triangles that say what they are: lanes, kerbs, verges and paint."""

from __future__ import annotations

from drivesim.mesh import Mesh
from drivesim.opendrive.meshing.builder import Builder
from drivesim.opendrive.meshing.junctions import add_junction
from drivesim.opendrive.meshing.lanes import Strip, add_strips, stations, strips
from drivesim.opendrive.meshing.marks import add_marks
from drivesim.opendrive.meshing.objects import add_objects
from drivesim.opendrive.network import RoadNetwork


def network_mesh(network: RoadNetwork, *, step: float = 2.0) -> Mesh:
    """The surface of all roads and what is painted on it, in map coordinates.

    Args:
        step: longest distance between cross-sections, m; curves are sampled closer.

    Signals and objects with a body are left to the scene; crosswalks, parking bays and stop lines are here.
    """
    builder = Builder()
    junctions: dict[str, list[Strip]] = {}
    for road in network.roads.values():
        frame = network.frame(road.id)
        for section in frame.sections:
            at = stations(frame, section, step)
            if len(at) < 2:
                continue
            for side, left in zip(strips(frame, section, at), (False, True), strict=True):
                if road.junction is not None:
                    junctions.setdefault(road.junction, []).extend(side)
                else:
                    add_strips(builder, side, left=left)
            add_marks(builder, frame, section, at)
        add_objects(builder, frame)
    for paths in junctions.values():
        add_junction(builder, paths)
    return builder.mesh()
