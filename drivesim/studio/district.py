"""A street by day, by night, in fog and in rain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drivesim import content
from drivesim.opendrive import RoadNetwork, read_network
from drivesim.scene import Scene
from drivesim.scene.chance import Chance
from drivesim.scene.city.seasons import SUMMER, Foliage, foliage_on
from drivesim.scene.surroundings import Surroundings, ground_about
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import Sensor
from drivesim.studio.people import person
from drivesim.studio.stage import TICK, Stand, cast_of, sheet, state_of
from drivesim.studio.vehicles import CARS, HEAVY, vehicle
from drivesim.transforms import Pose
from drivesim.types import Actor, Light, Weather, WorldState
from drivesim.world.gait import comfortable_speed

if TYPE_CHECKING:
    from PIL import Image

_TOWN, _ROAD = "residential_street.xodr", "1"
_STYLES = ("residential", "inner_city")
_DAY = Weather(sun_azimuth=np.radians(250.0), sun_elevation=np.radians(38.0), cloud_cover=0.15)
_WEATHERS = (
    ("day", _DAY),
    ("night", replace(_DAY, sun_elevation=np.radians(-14.0), sun_illuminance=0.0)),
    ("fog, visual range 60 m", replace(_DAY, fog_visual_range=60.0, cloud_cover=1.0, sun_illuminance=25_000.0)),
    ("rain, 12 mm/h", replace(_DAY, rain=12.0, wetness=0.8, cloud_cover=1.0, sun_illuminance=20_000.0)),
)
_LOW_SUN = replace(_DAY, sun_elevation=np.radians(20.0), sun_illuminance=60_000.0)
_SEASONS = (("autumn, 22 October", 295.0), ("winter", 20.0))
_EGO_FROM_CAMERA = Pose(np.array([1.70, 0.0, 1.51]), np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]))
"""Behind the windscreen, level, as on the nuScenes vehicles."""


def _taken(actor: Actor, state: WorldState) -> NDArray[np.float64]:
    """Corners (4, 2) of the ground that the city leaves to somebody who stands still: no way, as a story's people need,
    for which houses and parked cars would give place along the whole street."""
    return ground_about(actor, state, actor.box.length / 2 + 0.5, actor.box.width / 2 + 0.3)


def _on(
    network: RoadNetwork, actor: Actor, lane: int, s: float, *, speed: float = 0.0,
    gait_phase: float = 0.0, lights: int = 0,
) -> Stand:  # fmt: skip
    """A stand in the middle of a lane, facing as its traffic drives."""
    point = network.world_from_lane(_ROAD, lane, s)
    return Stand(actor, point.y, point.heading, speed, gait_phase, lights=lights, x=point.x, z=point.z)


def _street_life(network: RoadNetwork) -> list[Stand]:
    """In a town: the ego first, then traffic, parked cars and passers-by."""
    lamps = Light.LOW_BEAM | Light.POSITION
    return [
        _on(network, vehicle(CARS[1], "ego"), -1, 84.0, lights=lamps),
        _on(network, vehicle(CARS[3], "ahead"), -1, 112.0, speed=8.0, lights=lamps | Light.BRAKE),
        _on(network, vehicle(CARS[0], "oncoming"), 1, 124.0, speed=8.0, lights=lamps),
        _on(network, vehicle(CARS[4], "parked"), -2, 101.0),
        _on(network, person("neighbour", 34.0, 1.0), -3, 95.0, speed=comfortable_speed(34.0, 1.0), gait_phase=0.1),
        _on(network, person("schoolboy", 8.0, 0.0), -3, 96.2, speed=comfortable_speed(8.0, 0.0), gait_phase=0.4),
        _on(network, person("pensioner", 76.0, 0.0), 3, 100.0, speed=1.2, gait_phase=0.8),
        _on(network, person("runner", 27.0, 1.0), 3, 108.0, speed=3.0, gait_phase=0.2),
    ]  # fmt: skip


def _country_life(network: RoadNetwork) -> list[Stand]:
    """The ego first, then who shares a country road with it."""
    lamps = Light.LOW_BEAM | Light.POSITION
    return [
        _on(network, vehicle(CARS[1], "ego"), -1, 300.0, lights=lamps),
        _on(network, vehicle(CARS[3], "ahead"), -1, 334.0, speed=22.0, lights=lamps),
        _on(network, vehicle(CARS[0], "oncoming"), 1, 326.0, speed=22.0, lights=lamps),
        _on(network, vehicle(HEAVY[1], "lorry"), 1, 352.0, speed=22.0, lights=lamps),
    ]


def _motorway_life(network: RoadNetwork) -> list[Stand]:
    """The ego in the middle lane first, then who is slower, who passes and who comes the other way."""
    lamps = Light.LOW_BEAM | Light.POSITION
    return [
        _on(network, vehicle(CARS[1], "ego"), -3, 300.0, lights=lamps),
        _on(network, vehicle(HEAVY[1], "lorry"), -4, 326.0, speed=22.0, lights=lamps),
        _on(network, vehicle(CARS[7], "transporter"), -3, 352.0, speed=30.0, lights=lamps),
        _on(network, vehicle(CARS[2], "passing"), -2, 322.0, speed=38.0, lights=lamps),
        _on(network, vehicle(CARS[4], "oncoming"), 3, 360.0, speed=36.0, lights=lamps),
    ]


_OUTSIDE = MappingProxyType(
    {"rural": ("rural_road.xodr", _country_life), "motorway": ("motorway.xodr", _motorway_life)}
)
"""What is beside towns: map, and who is on it."""


def _views(
    network: RoadNetwork, stands: Sequence[Stand], style: str, seed: int, width: int, weathers: Sequence[Weather],
    foliage: Foliage = SUMMER,
) -> list[NDArray[np.uint8]]:  # fmt: skip
    """One street of a style in every weather, (H, W, 3) each."""
    scale = width / 1600
    device = CameraDevice(
        kind="camera", name="windscreen", width=width, height=round(900 * scale), fx=1266.0 * scale, fy=1266.0 * scale,
        cx=0.5 * width, cy=450.0 * scale, shadows="soft",
    )  # fmt: skip
    camera = Camera(Sensor("CAM_FRONT", device, _EGO_FROM_CAMERA, 10.0, 0.0), seed)
    before, after = state_of(stands, 0.0), state_of(stands, TICK)
    cast = cast_of(stands)
    zones = [_taken(actor, after) for actor in cast]
    street = Surroundings(
        network, Chance(seed), zones, after.position[0, 0], len(cast) + 1, district=style, foliage=foliage
    )
    scene = Scene(network, cast, seed, ego=0, state=after, surroundings=street)
    try:
        scene.update(before, after)
        return [
            camera.render(
                scene.rays, after.pose(0), weather, lamps=scene.lamps(weather), lit=scene.lit(weather), frame=number
            ).rgb
            for number, weather in enumerate(weathers)
        ]
    finally:
        scene.close()


def draw_district(seed: int, width: int = 1800) -> Image.Image:
    """Two styles of one street, through a windscreen camera, in four weathers, and one of them in autumn and in winter;
    then a country road and a motorway. Other houses, trees and fields for other seeds."""
    half = width // 2
    town = read_network(content.find("scenarios", _TOWN))
    life = _street_life(town)
    views, labels = [], []
    for style in _STYLES:
        views += _views(town, life, style, seed, half, [weather for _, weather in _WEATHERS])
        labels += [f"{style}: {name}" for name, _ in _WEATHERS]
    for name, day in _SEASONS:
        views += _views(town, life, _STYLES[0], seed, half, [_LOW_SUN], foliage_on(day))
        labels.append(f"{_STYLES[0]}: {name}")
    for style, (name, people) in _OUTSIDE.items():
        network = read_network(content.find("scenarios", name))
        views += _views(network, people(network), style, seed, half, [_DAY])
        labels.append(f"{style}: day")
    rows = [
        (np.concatenate(views[i : i + 2], axis=1), [(0.25, labels[i]), (0.75, labels[i + 1])])
        for i in range(0, len(views), 2)
    ]
    return sheet("District", f"seed {seed}: everything but the road follows from the map and the seed", rows)
