"""Cars in the parking lanes that belong to nobody's story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from drivesim.mesh import Mesh, merge
from drivesim.opendrive import RoadNetwork
from drivesim.scene.city.model import Copy
from drivesim.scene.vehicles import vehicle_model
from drivesim.streams import stream
from drivesim.transforms import Pose
from drivesim.types import Actor, Axles, BoundingBox

OCCUPANCY = 0.55
"""Share of kerb length that is taken, a usual residential value."""

_STYLES = (
    ("city_car", 3.75, 1.68, 1.50, 2.42),
    ("hatchback", 4.28, 1.79, 1.47, 2.62),
    ("saloon", 4.70, 1.82, 1.44, 2.80),
    ("estate", 4.75, 1.83, 1.47, 2.78),
    ("suv", 4.50, 1.86, 1.66, 2.68),
)
"""Style, length, width, height, wheelbase, m: typical of the European market segments A to D and J."""


VARIANTS = 15
"""Different cars in one city: styles with a paint and details each. Every car of a story is made for itself."""


class _Models:
    """The variants, made when first needed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: dict[int, Mesh] = {}

    def centred(self, number: int) -> Mesh:
        """A whole car about the middle of its box."""
        if number not in self._made:
            style, length, width, height, wheelbase = _STYLES[number % len(_STYLES)]
            overhang = (length - wheelbase) * 0.45
            actor = Actor(
                index=0,
                name=f"parked {number}",
                kind="vehicle",
                category="car",
                model=style,
                box=BoundingBox((length / 2 - overhang, 0.0, height / 2), length, width, height),
                axles=Axles(wheelbase, 0.0, 0.63, width * 0.85, 0.6),
            )
            model = vehicle_model(actor, self._seed)
            wheels = [wheel.mesh.placed(Pose.from_ypr(wheel.center, [0, 0, 0])) for wheel in model.wheels]
            at_axle = Pose.from_ypr([overhang - length / 2, 0, 0], [0, 0, 0])
            self._made[number] = merge([model.body, *wheels]).placed(at_axle)
        return self._made[number]


def parked_cars(network: RoadNetwork, keep_clear: Sequence[NDArray[np.float64]], seed: int) -> Iterator[Copy]:
    """Cars along every parking lane, in driving direction, outside ``keep_clear``."""
    zones = [shapely.Polygon(zone) for zone in keep_clear]
    models = _Models(seed)
    for road in network.roads.values():
        if road.junction is not None:
            continue
        for section in road.lane_sections:
            for lane in section.lanes.values():
                if lane.type == "parking":
                    random = stream(seed, "city", "parked", road.id, lane.id, int(section.s * 100))
                    yield from _row(network, road.id, lane.id, section.s, section.end, zones, random, models)


def _row(
    network: RoadNetwork,
    road: str,
    lane: int,
    start: float,
    end: float,
    zones: list[shapely.Polygon],
    random: np.random.Generator,
    models: _Models,
) -> Iterator[Copy]:
    s = start + float(random.uniform(1, 6))
    while True:
        number = int(random.integers(VARIANTS))
        _, length, width, _, _ = _STYLES[number % len(_STYLES)]
        s_end = s + length
        if s_end > end - 1.0:
            return
        point = network.world_from_lane(road, lane, (s + s_end) / 2, float(random.normal(0, 0.05)))
        centre = Pose.from_ypr([point.x, point.y, point.z], [point.heading + random.normal(0, 0.01), 0, 0])
        half_l, half_w = length / 2 + 0.7, width / 2 + 0.2
        corners = [(-half_l, -half_w, 0), (half_l, -half_w, 0), (half_l, half_w, 0), (-half_l, half_w, 0)]
        footprint = shapely.Polygon(centre.apply(corners)[:, :2])
        if random.random() < OCCUPANCY and not any(zone.intersects(footprint) for zone in zones):
            yield Copy(models.centred(number), centre)
        s = s_end + float(random.uniform(0.9, 2.2))
