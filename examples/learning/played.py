"""The test set: pictures of shipped scenarios as they play, not of :mod:`streets`.

Who is there, where they go and how they move is decided by storyboards and behaviour trees, under dates, fog and rain
of this file's own, in cities, bodies and clothes that no training picture has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from streets import DISTRICTS, FOCAL, HEIGHT, WIDTH

from drivesim.openscenario import load_scenario
from drivesim.sensors.rig import Rig, load_rig
from drivesim.simulation import Simulation
from drivesim.simulators.embedded import EmbeddedSimulator
from drivesim.streams import stream
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.taxonomy import Tag
from drivesim.world import World

STREETS = ("child_crossing", "child_after_ball", "adult_from_far_side", "pedestrian_behind_bus")
COUNTRY = ("pedestrian_at_night",)
"""On a country road, the like of which no training picture shows; kept apart."""
CONDITIONS = {
    "time_of_day": (
        "2026-06-21T06:30:00", "2026-06-21T13:00:00", "2026-10-10T15:30:00", "2026-12-21T11:30:00",
        "2026-06-15T23:30:00",
    ),
    "fog": ("100000", "100000", "150", "60"), "rain": ("0", "0", "3", "10"), "district": DISTRICTS,
}  # fmt: skip
"""Dates (the sun is between 16 and 62 degrees high, and once below the horizon), visual range, m, and mm/h: each value
comes in turn, in an order of its own for every scenario."""
FIRST_SEED = 5000
LEAST = 12
"""Pixels of people that a picture must have."""
MOST = 6
"""Pictures kept of an instance, spread over those that show someone."""
_RIG = f"""
sensors:
  CAM_FRONT:
    device: {{base: camera_1600x900, name: "96 x 64", width: {WIDTH}, height: {HEIGHT}, fx: {FOCAL}, fy: {FOCAL},
             cx: {WIDTH / 2}, cy: {HEIGHT / 2}}}
    translation: [1.7, 0.0, 1.51]
    rotation: {{ypr: [0, 0, 0]}}
    rate_hz: 4
"""


def take_all(folder: Path, instances: int) -> None:
    """Play ``instances`` of every scenario, unless their pictures are in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    rig_file = folder / "rig.yaml"
    rig_file.write_text(_RIG)
    rig = load_rig(rig_file)
    for name in (*STREETS, *COUNTRY):
        drawn = draw_instances(space_of(name, None), instances, seed=FIRST_SEED)
        for number, conditions in enumerate(_conditions(name, instances)):
            path = _file(folder, name, number, instances)
            if not path.is_file():
                rgb, semantic = _played(name, FIRST_SEED + number, {**drawn[number], **conditions}, rig)
                part = path.with_suffix(".part.npz")
                np.savez_compressed(part, rgb=rgb, semantic=semantic)
                part.replace(path)


def taken(folder: Path, names: Sequence[str], instances: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, H, W, 3) and CARLA's classes (N, H, W), uint8, of some scenarios of :func:`take_all`."""
    pictures, classes = [], []
    for name in names:
        for number in range(instances):
            with np.load(_file(folder, name, number, instances)) as stored:
                pictures.append(stored["rgb"])
                classes.append(stored["semantic"])
    return np.concatenate(pictures), np.concatenate(classes)


def _file(folder: Path, name: str, number: int, instances: int) -> Path:
    return folder / f"{name}_{number}_of_{instances}.npz"


def _conditions(name: str, instances: int) -> list[dict[str, str]]:
    """Of each instance, those that the scenario declares."""
    declared = load_scenario(name).parameters
    columns = {}
    for key, choices in CONDITIONS.items():
        if key in declared:
            random = stream(FIRST_SEED, "conditions", name, key)
            rounds = [random.permutation(choices) for _ in range(-(-instances // len(choices)))]
            columns[key] = np.concatenate(rounds)[:instances].tolist()
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _played(name: str, seed: int, values: dict[str, str], rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    scenario = load_scenario(name, values)

    def without_boxes(world: World, rig: Rig | None, ego: int, seed: int) -> EmbeddedSimulator:
        return EmbeddedSimulator(world, rig, ego, seed, labels=False)

    with Simulation(scenario, rig, seed=seed, simulator=without_boxes) as run:
        images = [image for frame in run for image in frame.measurements.values()]
    shown = [image for image in images if np.isin(image.semantic, (Tag.PEDESTRIAN, Tag.RIDER)).sum() >= LEAST]
    kept = [shown[i] for i in np.unique(np.linspace(0, len(shown) - 1, min(MOST, len(shown))).round().astype(int))]
    size = (len(kept), HEIGHT, WIDTH)
    rgb = np.array([image.rgb for image in kept], dtype=np.uint8).reshape(*size, 3)
    return rgb, np.array([image.semantic for image in kept], dtype=np.uint8).reshape(size)
