"""Pictures of people in streets, drawn from seven kinds of parameters that can be left out one at a time.

A picture is decided by its :class:`Draw` and by the looks of its :class:`Street`. Leaving a factor out holds it at one
value and changes nothing else: pictures are numbered, and number k of two variants has the same places, the same camera
and the same of everything that both vary. So a difference between variants is that factor's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType

import numpy as np

from drivesim import content
from drivesim.opendrive import RoadNetwork, read_network
from drivesim.scene import Scene
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.rig import Sensor
from drivesim.streams import stream
from drivesim.studio.people import person
from drivesim.studio.stage import TICK, Stand, cast_of, state_of
from drivesim.studio.vehicles import CARS, vehicle
from drivesim.transforms import Pose
from drivesim.types import Actor, BoundingBox, CameraImage, Weather

FACTORS = ("body", "clothing", "light", "weather", "textures", "distractors", "pose")
"""What is randomised: who is there; what they wear; sun and night; clouds, fog and rain; walls, roofs and doors;
vehicles and things among the people and on pavements; how people stand, walk and hold themselves."""
SEED_OF = {
    "body": "bodies", "clothing": "clothing", "textures": "textures", "distractors": "distractors", "pose": "posture"
}  # fmt: skip
"""Factors that are looks, and the kind of chance that decides them: parameters ``seed.NAME`` of every scenario."""
SCENES = ("body", "clothing", "textures", "distractors", "pose")
"""Factors that a scene is built with; the others are only drawn."""
DISTRICTS = ("residential", "inner_city")
WIDTH, HEIGHT, FOCAL = 96, 64, 100.0
"""Of pictures, pixels."""
PEOPLE, VEHICLES = 4, 2
"""Who can appear in a street."""
THINGS = (
    ("pram", "misc", "obstacle", (0.95, 0.58, 1.08)),
    ("walking_frame", "misc", "obstacle", (0.75, 0.60, 0.93)),
    ("wheelchair", "misc", "obstacle", (1.05, 0.66, 0.95)),
    ("dog", "pedestrian", "animal", (0.98, 0.22, 0.66)),
)
"""Model, kind, category and size, m, of what else can."""
_ROAD, _MAP = "1", "residential_street.xodr"
_BEHIND_WINDSCREEN = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
_HELD_SEED = 7
"""The one value of looks that are left out."""


@dataclass(frozen=True)
class Placed:
    """Someone or something in a picture: number in the street's cast, lane, metres ahead of the camera and aside of the
    lane's middle; heading from the road's, rad; speed, m/s; gait phase, cycles; gaze, rad."""

    who: int
    lane: int
    ahead: float
    aside: float
    heading: float
    speed: float = 0.0
    phase: float = 0.0
    gaze: float = 0.0


@dataclass(frozen=True)
class Draw:
    """One picture's parameters beside the looks of its street.

    Attributes:
        number: of the picture; s: where along the road the camera is, m; height: of the camera, m; pitch: down, deg.
        elevation, azimuth: of the sun, deg; cloud: 0 to 1; fog: visual range, m, 0 for none; rain: mm/h.
    """

    number: int
    s: float
    height: float
    pitch: float
    elevation: float
    azimuth: float
    cloud: float
    fog: float
    rain: float
    people: tuple[Placed, ...]
    things: tuple[Placed, ...]

    def without(self, factor: str) -> Draw:
        """The same picture with a factor held."""
        if factor == "light":
            return replace(self, elevation=38.0, azimuth=250.0)
        if factor == "weather":
            return replace(self, cloud=0.15, fog=0.0, rain=0.0)
        if factor == "distractors":
            return replace(self, things=())
        if factor == "pose":
            still = {"heading": np.pi / 2, "speed": 1.3, "phase": 0.1, "gaze": 0.0}
            return replace(self, people=tuple(replace(one, **still) for one in self.people))
        return self

    def weather(self) -> Weather:
        """As the camera and the lamps feel it."""
        elevation = np.radians(self.elevation)
        return Weather(
            sun_azimuth=np.radians(self.azimuth), sun_elevation=elevation,
            sun_illuminance=100_000.0 * max(0.0, float(np.sin(elevation))), cloud_cover=self.cloud,
            fog_visual_range=self.fog or np.inf, rain=self.rain, wetness=min(self.rain / 4.0, 1.0),
        )  # fmt: skip


def drawn(street: int, number: int) -> Draw:
    """Picture ``number`` of a street: each kind of parameter has a stream of its own."""

    def random(kind: str) -> np.random.Generator:
        return stream(street, "picture", number, kind)

    place, light, air = random("place"), random("light"), random("weather")
    night = light.random() < 0.25
    s = float(place.uniform(15.0, 105.0))
    people = _spread(place, int(place.integers(1, 5)), PEOPLE, (-3, -1, -1, 1, 1, 3), (4.5, 22.0), [])
    poses = random("pose")
    people = tuple(_posed(one, poses) for one in people)
    distractors = random("distractors")
    count = int(distractors.integers(0, 4))
    things = _spread(distractors, count, VEHICLES + len(THINGS), (-3, -1, 1, 1, 3), (7.0, 30.0), [*people])
    return Draw(
        number, s, float(place.uniform(1.3, 1.7)), float(place.uniform(-1.0, 4.0)),
        float(light.uniform(-14.0, -3.0) if night else light.uniform(2.0, 60.0)), float(light.uniform(0.0, 360.0)),
        float(air.random()), float(np.exp(air.uniform(np.log(25.0), np.log(300.0)))) if air.random() < 0.3 else 0.0,
        float(air.uniform(1.0, 15.0)) if air.random() < 0.3 else 0.0, people, things,
    )  # fmt: skip


def _spread(
    random: np.random.Generator, count: int, cast: int, lanes: tuple[int, ...], within: tuple[float, float],
    others: list[Placed],
) -> tuple[Placed, ...]:  # fmt: skip
    """Places in view, none in another: far ones as often as near ones on a scale of ratios."""
    made: list[Placed] = []
    for who in random.permutation(cast)[:count]:
        for _ in range(20):
            lane, ahead = int(random.choice(lanes)), float(np.exp(random.uniform(*np.log(within))))
            heading = float(random.uniform(-0.1, 0.1)) + (np.pi if lane > 0 else 0.0)
            tried = Placed(int(who), lane, ahead, float(random.uniform(-1.2, 1.2)), heading)
            inside = abs(_ASIDE[lane] + 1.75 + tried.aside) < 0.44 * ahead
            if inside and all(abs(tried.ahead - o.ahead) > 1.5 or o.lane != lane for o in [*others, *made]):
                made.append(tried)
                break
    return tuple(made)


_ASIDE = {-3: -6.8, -1: -1.75, 1: 1.75, 3: 6.8}
"""Middles of lanes from the road's, m."""


def _posed(one: Placed, random: np.random.Generator) -> Placed:
    """Standing, walking or running somewhere, looking somewhere."""
    speed = float(random.choice([0.0, random.uniform(0.8, 1.7), random.uniform(2.0, 3.6)], p=[0.3, 0.5, 0.2]))
    return replace(
        one, heading=float(random.uniform(0.0, 2 * np.pi)), speed=speed, phase=float(random.random()),
        gaze=float(np.clip(random.normal(0.0, 0.5), -1.2, 1.2)),
    )  # fmt: skip


def seeds_of(street: int, left_out: str | None) -> dict[str, int]:
    """Of every kind of look; the one that is left out is the same in every street."""
    seeds = dict.fromkeys(("city", "vegetation", "vehicles", *SEED_OF.values()), street)
    if left_out in SEED_OF:
        seeds[SEED_OF[left_out]] = _HELD_SEED
    return seeds


def cast(street: int, left_out: str | None) -> list[Actor]:
    """The camera's vehicle, people, vehicles and things of a street. Without bodies' variety: men of 35."""
    random = stream(street, "cast")
    actors = [vehicle(CARS[1], "ego")]
    for number in range(PEOPLE):
        age, female = float(random.uniform(4.0, 80.0)), float(random.integers(2))
        taller = float(np.clip(random.normal(0.0, 0.06), -0.15, 0.15))
        alike = left_out == "body"
        actors.append(person(f"person {number}", *((35.0, 0.0, 0.0) if alike else (age, female, taller))))
    kinds = stream(_HELD_SEED if left_out == "distractors" else street, "vehicles").choice(len(CARS), VEHICLES)
    actors += [vehicle(CARS[kind], f"vehicle {number}") for number, kind in enumerate(kinds)]
    for model, kind, category, (length, width, height) in THINGS:
        actors.append(Actor(0, model, kind, category, model, BoundingBox((0, 0, height / 2), length, width, height)))
    return actors


class Street:
    """A street that pictures are taken in; close it, or use it as a context manager.

    Args:
        number: decides houses, people and things; left_out: one of :data:`FACTORS` that shall not.
    """

    def __init__(self, number: int, left_out: str | None = None) -> None:
        self._network: RoadNetwork = read_network(content.find("scenarios", _MAP))
        self._actors = cast(number, left_out)
        nobody = state_of([Stand(actor, 0.0) for actor in self._actors], 0.0)
        middle = self._network.world_from_lane(_ROAD, -1, 70.0)
        self._scene = Scene(
            self._network, cast_of([Stand(actor, 0.0) for actor in self._actors]), number, ego=0, state=nobody,
            origin=(middle.x, middle.y, middle.z), lasting=True, district=DISTRICTS[number % 2],
            seeds=seeds_of(number, left_out),
        )  # fmt: skip

    def picture(self, draw: Draw) -> CameraImage:
        """Take a picture."""
        stands, present = self._stands(draw)
        before, after = (replace(state_of(stands, t), present=present) for t in (0.0, TICK))
        self._scene.update(before, after)
        weather = draw.weather()
        return _camera(draw).render(
            self._scene.rays, after.pose(0), weather, lamps=self._scene.lamps(weather), lit=self._scene.lit(weather),
            frame=draw.number,
        )  # fmt: skip

    def _stands(self, draw: Draw) -> tuple[list[Stand], np.ndarray]:
        """Where everyone of the cast is, and who is there at all, (1, actors)."""
        present = np.zeros((1, len(self._actors)), dtype=bool)
        stands = [Stand(actor, 0.0) for actor in self._actors]
        stands[0], present[0, 0] = self._stand(0, Placed(0, -1, 0.0, 0.0, 0.0), draw.s), True
        for first, group in ((1, draw.people), (1 + PEOPLE, draw.things)):
            for one in group:
                stands[first + one.who], present[0, first + one.who] = self._stand(first + one.who, one, draw.s), True
        return stands, present

    def _stand(self, index: int, one: Placed, s: float) -> Stand:
        point = self._network.world_from_lane(_ROAD, one.lane, s + one.ahead, one.aside)
        along = self._network.world_from_lane(_ROAD, -1, s).heading
        return Stand(self._actors[index], point.y, along + one.heading, one.speed, one.phase, one.gaze,
                     x=point.x, z=point.z)  # fmt: skip

    def close(self) -> None:
        """Release the scene; legal twice."""
        self._scene.close()

    def __enter__(self) -> Street:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _camera(draw: Draw) -> Camera:
    device = CameraDevice(kind="camera", name="96 x 64, 51 degrees", width=WIDTH, height=HEIGHT, fx=FOCAL, fy=FOCAL,
                          cx=WIDTH / 2, cy=HEIGHT / 2)  # fmt: skip
    down = Pose.from_ypr([1.7, 0.0, draw.height], [0.0, np.radians(draw.pitch), 0.0])
    return Camera(Sensor("CAM_FRONT", device, down @ Pose(np.zeros(3), _BEHIND_WINDSCREEN), 10.0, 0.0), 0)


def take_all(folder: Path, street: int, count: int, variants: Sequence[str | None] = (None, *FACTORS)) -> None:
    """Take ``count`` pictures of a street in every variant (None leaves nothing out), unless they are in ``folder``.

    Light and weather are no matter of the scene, so these variants are taken in the full one's; and a picture is taken
    in all variants before the next, as they have most skies in common.
    """
    missing = [variant for variant in variants if not _file(folder, street, count, variant).is_file()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    images: dict[str | None, list[CameraImage]] = {variant: [] for variant in missing}
    with ExitStack() as stack:
        own = {variant: variant if variant in SCENES else None for variant in missing}
        standing = {scene: stack.enter_context(Street(street, scene)) for scene in sorted(set(own.values()), key=str)}
        for number in range(count):
            draw = drawn(street, number)
            for variant in missing:
                held = draw.without(variant) if variant else draw
                images[variant].append(standing[own[variant]].picture(held))
    for variant, made in images.items():
        path = _file(folder, street, count, variant)
        part = path.with_suffix(".part.npz")
        draws = [drawn(street, number) for number in range(count)]
        parameters = json.dumps([asdict(draw.without(variant) if variant else draw) for draw in draws])
        np.savez_compressed(
            part, rgb=[image.rgb for image in made], semantic=[image.semantic for image in made],
            parameters=parameters, seeds=json.dumps(seeds_of(street, variant)),
        )  # fmt: skip
        part.replace(path)


def taken(folder: Path, street: int, variant: str | None, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, H, W, 3) and CARLA's classes (N, H, W), uint8, of :func:`take_all`.

    Beside them the files hold ``parameters`` (a JSON list of draws) and ``seeds``.
    """
    with np.load(_file(folder, street, count, variant)) as stored:
        return stored["rgb"], stored["semantic"]


def _file(folder: Path, street: int, count: int, variant: str | None) -> Path:
    return folder / f"street_{street:03d}_{count}_without_{variant or 'nothing'}.npz"
