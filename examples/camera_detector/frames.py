"""Pictures with labels for the camera detector: staged streets, which no scenario of the library has.

A street is a map, a district and a seed. Casts of people of all ages, cyclists and vehicles are put into it anew for
every picture: on the road, on pavements, half hidden by vehicles; by day, at dusk and at night, in fog and in rain. The
camera is that of the what-if rigs, slightly moved. A file per cast holds the pictures as PNG and their objects.

Run: ``python frames.py OUT [--streets N]``; what is there already is kept.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from drivesim import content
from drivesim.ego.rgb_camera import row_on_ground
from drivesim.opendrive import RoadNetwork, read_network
from drivesim.scene import Scene
from drivesim.scene.surroundings import Surroundings
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import Sensor, load_rig
from drivesim.streams import stream
from drivesim.studio.people import person
from drivesim.studio.stage import TICK, Stand, cast_of, state_of
from drivesim.studio.vehicles import CARS, Kind, vehicle
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose, rotation_from_ypr
from drivesim.types import CameraImage, Weather
from drivesim.world.gait import comfortable_speed

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

PLACES = (
    ("residential_street.xodr", -1, "residential"), ("residential_street.xodr", -1, "inner_city"),
    ("residential_street.xodr", 1, "residential"), ("residential_street.xodr", 1, "inner_city"),
    ("rural_road.xodr", -1, "rural"), ("residential_street.xodr", -1, "rural"), ("motorway.xodr", -3, "motorway"),
)  # fmt: skip
"""Maps with the ego's lane, and districts; streets take them in turn."""
CASTS, SHOTS, WEATHERS = 3, 40, 10
"""Casts of a street, pictures of a cast, and among how many weathers they are shared."""
HELD_BACK = 8
"""Every so many streets one is kept for measuring how training goes."""
LEAST = 10
"""Visible pixels of the smallest object that is labelled."""
PEOPLE = (int(Tag.PEDESTRIAN), int(Tag.RIDER))
VEHICLES = tuple(int(tag) for tag in (Tag.CAR, Tag.TRUCK, Tag.BUS, Tag.MOTORCYCLE, Tag.BICYCLE))
BIG = (
    Kind("bus", "bus", "bus", (12.0, 2.55, 3.10), 5.90, 0.96, 3.35),
    Kind("lorry", "truck", "lorry", (8.60, 2.50, 3.50), 4.80, 0.96, 2.40),
)
TWO_WHEELED = (
    Kind("bicycle", "bicycle", "bicycle", (1.89, 0.50, 1.75), 1.05, 0.70, 0.40),
    Kind("e-scooter", "bicycle", "e_scooter", (1.15, 0.50, 1.75), 0.85, 0.22, 0.15),
    Kind("motorcycle", "motorbike", "motorbike", (2.10, 0.80, 1.10), 1.42, 0.62, 0.35),
)
FIELDS = ("kind", "left", "top", "right", "bottom", "depth", "near_left", "near_right", "ground", "pixels")
"""Of an object: kind (0 pedestrian, 1 rider of a two-wheeler, 2 vehicle); the box of what is visible of it, px; its
depth, m (median of a person, nearest twentieth of a vehicle); columns of its sides at that depth, and the row of the
ground below it there, px; visible pixels."""


class Shot(NamedTuple):
    """A picture (H, W, 3) and its objects (N, 10), see :data:`FIELDS`."""

    rgb: U8
    objects: NDArray[np.float32]


def labelled(image: CameraImage) -> Shot:
    """A picture with what can be seen of every person and vehicle in it."""
    objects = np.where(np.isin(image.semantic, PEOPLE + VEHICLES), image.instance, 0)
    fx, cx = image.intrinsic[0, 0], image.intrinsic[0, 2]
    rows = []
    for number, window in enumerate(ndimage.find_objects(objects), start=1):
        if window is None:
            continue
        mask = objects[window] == number
        if int(mask.sum()) < LEAST:
            continue
        tags = image.semantic[window][mask]
        kind = 2 if not np.isin(tags, PEOPLE).any() else 0 if (tags == Tag.PEDESTRIAN).any() else 1
        depths = image.depth[window][mask].astype(np.float64)
        depth = float(np.median(depths) if kind < 2 else np.percentile(depths, 5.0))
        _, columns = np.nonzero(mask)
        across = (columns + window[1].start + 0.5 - cx) / fx * depths
        low, high = np.percentile(across, [4.0, 96.0]) / depth * fx + cx
        ground = row_on_ground(image, depth, (low + high) / 2)
        box = (window[1].start, window[0].start, window[1].stop, window[0].stop)
        rows.append((kind, *box, depth, low, high, ground, int(mask.sum())))
    return Shot(image.rgb, np.array(rows, dtype=np.float32).reshape(-1, len(FIELDS)))


@dataclass(frozen=True, eq=False)
class Street:
    """Where casts are photographed: surroundings, ego's lane on road 1, and footprints (M, 4) of what stands there."""

    network: RoadNetwork
    lane: int
    surroundings: Surroundings
    solid: F64


def street_of(number: int) -> Street:
    """The street of a number."""
    map_name, lane, district = PLACES[number % len(PLACES)]
    network = read_network(content.find("scenarios", map_name))
    middle = network.world_from_lane("1", lane, 90.0)
    surroundings = Surroundings(
        network, 50_000 + number, [], np.array([middle.x, middle.y, 0.0]), 101, district, shared=True
    )
    solid = []
    for copy in surroundings.city.copies:
        corners = copy.place.apply(copy.shape.vertices)
        low, high = corners.min(axis=0), corners.max(axis=0)
        if 0.5 < high[2] < 4.0 and np.linalg.norm(high[:2] - low[:2]) < 12.0:
            solid.append((*low[:2], *high[:2]))
    return Street(network, lane, surroundings, np.array(solid).reshape(-1, 4))


def cast_in(number: int, cast: int) -> list[Stand]:
    """The ego, vehicles, riders and pedestrians, without places; three of five pedestrians are children."""
    rng = stream(number, "camera_detector", "cast", cast)
    name = f"{number} {cast}"
    kinds = [CARS[i] for i in rng.choice(len(CARS), 6)] + [BIG[rng.integers(2)]]
    stands = [Stand(vehicle(CARS[1], f"ego {name}"), 0.0)]
    stands += [Stand(vehicle(kind, f"{kind.label} {name} {i}"), 0.0) for i, kind in enumerate(kinds)]
    for i in range(4):
        kind = TWO_WHEELED[rng.choice(3, p=(0.7, 0.1, 0.2))]
        stands.append(Stand(vehicle(kind, f"{kind.label} {name} {i}"), 0.0))
    for i in range(12):
        age = rng.uniform(3.0, 13.0) if rng.random() < 0.6 else rng.uniform(14.0, 85.0)
        one = person(f"walker {name} {i}", age, float(rng.integers(2)), rng.normal(0.0, 0.04))
        if rng.random() < 0.06:
            one = replace(one, properties={**one.properties, "carries": "umbrella"})
        stands.append(Stand(one, 0.0))
    return stands


def weather_of(rng: np.random.Generator) -> Weather:
    """Half of it by day, the rest at dusk and by night; a third in fog, a third in rain."""
    light = rng.choice(3, p=(0.55, 0.12, 0.33))
    elevation = math.radians((rng.uniform(6.0, 62.0), rng.uniform(-6.0, 6.0), rng.uniform(-25.0, -6.0))[light])
    rain = rng.uniform(1.0, 30.0) if rng.random() < 0.33 else 0.0
    return Weather(
        sun_azimuth=rng.uniform(-math.pi, math.pi), sun_elevation=elevation,
        sun_illuminance=100_000.0 * max(0.0, math.sin(elevation)), rain=rain, wetness=float(rain > 0.0) * 0.8,
        cloud_cover=float(rng.choice((0.0, 0.1, 0.5, 1.0))),
        fog_visual_range=10 ** rng.uniform(1.6, 2.7) if rng.random() < 0.33 else math.inf,
    )  # fmt: skip


def placed(street: Street, cast: Sequence[Stand], rng: np.random.Generator) -> tuple[list[Stand], NDArray[np.bool_]]:
    """Everybody somewhere, and who is there at all (N,)."""
    s = rng.uniform(8.0, 110.0)
    lane = street.network.world_from_lane("1", street.lane, s)
    turn = rng.normal(0.0, 0.03) if rng.random() < 0.85 else rng.normal(0.0, 0.2)
    ego = Pose.from_ypr([lane.x, lane.y, lane.z], [lane.heading + turn, 0.0, 0.0])
    ego = Pose(ego.apply([0.0, rng.normal(0.0, 0.3), 0.0]), ego.rotation)
    taken: list[tuple[float, float, float, float]] = [(-1.5, -1.2, 4.2, 1.2)]
    out, there = [_at(cast[0], ego, 0.0, 0.0, 0.0, speed=8.0)], [True]
    for stand in cast[1:]:
        x, y, yaw, speed, present = _somewhere(stand, taken, rng)
        moved = _at(stand, ego, x, y, yaw, speed=speed)
        if stand.actor.kind == "vehicle":
            lights = int(rng.choice((0, 1, 8, 16, 32, 3, 11)))
            moved = replace(moved, lights=lights, gait_phase=rng.random(), steering=rng.normal(0.0, 0.1))
        else:
            moved = replace(moved, gait_phase=rng.random(), gaze=rng.normal(0.0, 0.4))
            at, solid = (moved.x, moved.y), street.solid
            present &= not ((at > solid[:, :2]) & (at < solid[:, 2:])).all(axis=1).any()
        present &= not any(x0 < x < x1 and y0 < y < y1 for x0, y0, x1, y1 in taken)
        if present and stand.actor.box.length > 3.0:
            taken.append(_footprint(stand, x, y, yaw))
        out.append(moved)
        there.append(present)
    return out, np.array(there)


def _at(stand: Stand, ego: Pose, x: float, y: float, yaw: float, speed: float) -> Stand:
    place = ego.apply([x, y, 0.0])
    heading = math.atan2(ego.rotation[1, 0], ego.rotation[0, 0])
    return replace(stand, x=place[0], y=place[1], z=place[2], yaw=heading + yaw, speed=speed)


def _footprint(stand: Stand, x: float, y: float, yaw: float) -> tuple[float, float, float, float]:
    box = stand.actor.box
    along, across = abs(math.cos(yaw)), abs(math.sin(yaw))
    middle = (x + box.center[0] * math.cos(yaw), y + box.center[0] * math.sin(yaw))
    half = (
        (box.length * along + box.width * across) / 2 + 0.25, (box.length * across + box.width * along) / 2 + 0.25
    )  # fmt: skip
    return middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]


def _somewhere(
    stand: Stand, taken: Sequence[tuple[float, float, float, float]], rng: np.random.Generator
) -> tuple[float, float, float, float, bool]:
    """Place ahead of and left of the ego, yaw relative to it, speed, and whether it is there."""
    x = math.exp(rng.uniform(math.log(4.0), math.log(65.0)))
    if stand.actor.box.length > 3.0:
        side = rng.choice((-1.0, 1.0))
        x = rng.uniform(6.0, 70.0)
        if rng.random() < 0.7:  # parked or waiting beside the way
            yaw = rng.choice((0.0, math.pi)) + rng.normal(0.0, 0.04)
            return x, side * rng.uniform(2.6, 4.2) + (1.7 if side > 0 else 0.0), yaw, 0.0, rng.random() < 0.6
        yaw = rng.choice((0.0, math.pi, rng.uniform(-math.pi, math.pi)), p=(0.4, 0.4, 0.2))
        return x + 8.0, rng.uniform(-2.0, 6.0), yaw, 6.0, rng.random() < 0.5
    narrow = stand.actor.kind == "vehicle"
    y = rng.uniform(-1.0, 1.0) * min(0.63 * x, 9.0)
    if len(taken) > 1 and rng.random() < 0.4:  # at the edge of a vehicle, mostly half hidden behind it
        _, y0, x1, y1 = taken[rng.integers(1, len(taken))]
        inner = y1 if y0 + y1 < 0.0 else y0
        x, y = rng.uniform(x1, x1 + 1.2), inner + rng.normal(0.0, 0.5)
    across = math.copysign(math.pi / 2, -y) if rng.random() < 0.7 else rng.choice((0.0, math.pi))
    yaw = across + rng.normal(0.0, 0.5)
    if narrow:
        return x, y, yaw, rng.uniform(2.0, 6.0), rng.random() < 0.45
    pace = comfortable_speed(stand.actor.age or 30.0, 0.0)
    speed = (0.0, pace, rng.uniform(2.0, 4.0))[rng.choice(3, p=(0.25, 0.45, 0.3))]
    return x, y, yaw, speed, rng.random() < 0.5


def mounted(rng: np.random.Generator) -> Sensor:
    """The what-if rigs' camera, turned and lifted a little."""
    sensor = load_rig("whatif_camera").sensors[0]
    pose = sensor.ego_from_sensor
    tilt = rotation_from_ypr([rng.normal(0.0, 0.01), rng.normal(0.0, 0.012), rng.normal(0.0, 0.005)])
    lift = np.array([0.0, 0.0, rng.uniform(-0.25, 0.25)])
    return replace(sensor, ego_from_sensor=Pose(pose.translation + lift, tilt @ pose.rotation))


def shots(street: Street, number: int, cast: int) -> Iterator[Shot]:
    """Pictures of one cast."""
    rng = stream(number, "camera_detector", "shots", cast)
    stands = cast_in(number, cast)
    actors = cast_of(stands)
    first = state_of(stands, 0.0)
    seed = 1000 * number + cast
    with closing(Scene(street.network, actors, seed, ego=0, state=first, surroundings=street.surroundings)) as scene:
        for shot in range(SHOTS):
            stands, there = placed(street, stands, rng)
            before, after = (replace(state_of(stands, t), present=there[None]) for t in (0.0, TICK))
            scene.update(before, after)
            if shot * WEATHERS % SHOTS < WEATHERS:
                weather = weather_of(rng)
            camera = Camera(mounted(rng), seed)
            yield labelled(
                camera.render(
                    scene.rays, after.pose(0), weather, lamps=scene.lamps(weather), lit=scene.lit(weather), frame=shot
                )
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--streets", type=int, default=56)
    arguments = parser.parse_args()
    for number in range(arguments.streets):
        split = "held_back" if number % HELD_BACK == HELD_BACK - 1 else "training"
        street = None
        for cast in range(CASTS):
            place = arguments.out / split / f"street_{number:03d}_{cast}.npz"
            if place.exists():
                continue
            street = street or street_of(number)
            taken = list(shots(street, number, cast))
            place.parent.mkdir(parents=True, exist_ok=True)
            stored = {f"image{i}": cv2.imencode(".png", s.rgb[:, :, ::-1])[1] for i, s in enumerate(taken)}
            np.savez(place, **stored, **{f"objects{i}": s.objects for i, s in enumerate(taken)})
            print(split, number, cast, sum(len(s.objects) for s in taken), "objects", flush=True)
        if street is not None:
            street.surroundings.close()


if __name__ == "__main__":
    main()
