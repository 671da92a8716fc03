"""The city around a road network: drawn from the map and a seed, the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from types import MappingProxyType

import numpy as np
import shapely
from numpy.typing import NDArray

from drivesim.errors import ScenarioError
from drivesim.mesh import Mesh
from drivesim.opendrive import RoadNetwork
from drivesim.scene.chance import Chance
from drivesim.scene.city.frontage import Frontage, covered_ground, frontages
from drivesim.scene.city.horizon import woods
from drivesim.scene.city.inner_city import forecourt, inner_city
from drivesim.scene.city.installations import installations
from drivesim.scene.city.layout import Plots, backdrop, countryside, motorway_side, residential
from drivesim.scene.city.map_objects import taken_ground
from drivesim.scene.city.model import City, Copy, Thing
from drivesim.scene.city.parked import parked_cars
from drivesim.scene.city.terrain import terrain
from drivesim.scene.city.wear import wear

__all__ = ["DISTRICTS", "City", "Copy", "build_city"]

DISTRICTS = MappingProxyType(
    {"residential": residential, "inner_city": inner_city, "rural": countryside, "motorway": motorway_side}
)
"""What stands along a road, by style."""


def build_city(
    network: RoadNetwork,
    seed: int | Chance,
    *,
    keep_clear: Sequence[NDArray[np.float64]] = (),
    first_instance: int = 1,
    district: str | None = None,
    roads: Sequence[Mesh] = (),
) -> City:
    """Everything static, in map coordinates.

    Args:
        seed: scenario seed; the city derives its own streams. Or the city's seed with seeds of its parts.
        keep_clear: zones (4, 2) in x and y where nothing may stand (actors and their ways).
        first_instance: instance ids of static things count up from here; ground has none.
        district: style of all roads, one of :data:`DISTRICTS`; by the roads' types if absent.
        roads: the surfaces of roads, which come first.

    Raises:
        ScenarioError: there is no such district.
    """
    edges = frontages(network)
    if district is not None:
        if district not in DISTRICTS:
            raise ScenarioError(
                f"there is no district '{district}'", remedy=f"set 'district' to one of: {', '.join(DISTRICTS)}"
            )
        edges = [replace(edge, district=district) for edge in edges]
    if not edges:
        return City.of(roads, [], first_instance)
    covered = covered_ground(network)
    plots = Plots(shapely.union_all([covered.buffer(0.0), *taken_ground(network)]), keep_clear)
    chance = seed if isinstance(seed, Chance) else Chance(seed)
    height = float(np.median([edge.points[:, 2].mean() for edge in edges]))
    has_town = any(edge.district in ("residential", "inner_city") for edge in edges)
    kerbs = np.concatenate([edge.points for edge in edges])
    things = chain(
        installations(network, chance.draws("city", "installations").whole),
        parked_cars(network, keep_clear, chance.seed_of("distractors")),
        _districts(edges, plots, chance),
        backdrop(covered.bounds, height, plots, chance.draws("city", "backdrop"), houses=has_town),
        woods(covered.bounds, kerbs, chance.draws("city", "horizon").of("vegetation")),
    )
    courts = [forecourt(edge, covered) for edge in edges if edge.district == "inner_city"]
    ground = terrain(covered, edges, chance.draws("city", "fields").whole)
    worn = wear(network, chance.draws("city", "wear").of("textures"))
    return City.of([*roads, ground, *courts, worn], things, first_instance)


def _districts(edges: Sequence[Frontage], plots: Plots, chance: Chance) -> Iterator[Thing]:
    for number, edge in enumerate(edges):
        yield from DISTRICTS[edge.district](edge, plots, chance.draws("city", edge.district, number))
