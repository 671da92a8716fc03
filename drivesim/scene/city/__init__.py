"""The city around a road network: drawn from the map and a seed, the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from drivesim.mesh import Mesh, merge
from drivesim.opendrive import RoadNetwork
from drivesim.scene.city.frontage import Frontage, covered_ground, frontages
from drivesim.scene.city.installations import installations
from drivesim.scene.city.layout import Plots, backdrop, countryside, motorway_side, town
from drivesim.scene.city.parked import parked_cars
from drivesim.scene.city.terrain import terrain
from drivesim.streams import stream

_DISTRICTS = {"town": town, "rural": countryside, "motorway": motorway_side}


def city_mesh(
    network: RoadNetwork, seed: int, *, keep_clear: Sequence[NDArray[np.float64]] = (), first_instance: int = 1
) -> Mesh:
    """Everything static that is not road surface, in map coordinates.

    Args:
        seed: scenario seed; the city derives its own streams.
        keep_clear: zones (4, 2) in x and y where nothing may stand (actors and their ways).
        first_instance: instance ids of static things count up from here; ground has none.
    """
    edges = frontages(network)
    if not edges:
        return Mesh.empty()
    covered = covered_ground(network)
    plots = Plots(covered.buffer(0.0), keep_clear)
    things: list[Mesh] = list(installations(network, stream(seed, "city", "installations")))
    things += list(parked_cars(network, keep_clear, seed))
    things += list(_districts(edges, plots, seed))
    density = stream(seed, "city", "backdrop")
    height = float(np.median([edge.points[:, 2].mean() for edge in edges]))
    has_town = any(edge.district == "town" for edge in edges)
    things += list(backdrop(covered.bounds, height, plots, density, houses=has_town))
    numbered = [thing.labelled(instance=first_instance + i) for i, thing in enumerate(things)]
    return merge([terrain(covered, edges), *numbered])


def _districts(edges: Sequence[Frontage], plots: Plots, seed: int) -> Iterator[Mesh]:
    for number, edge in enumerate(edges):
        yield from _DISTRICTS[edge.district](edge, plots, stream(seed, "city", edge.district, number))
