"""People from all sides, and how they move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from drivesim.scene.bodies.anthropometry import median_stature
from drivesim.studio.stage import Stand, photograph, sheet
from drivesim.types import Actor, BoundingBox
from drivesim.world.gait import comfortable_speed

if TYPE_CHECKING:
    from PIL import Image

_CAST: tuple[tuple[str, float, float, float], ...] = (
    ("toddler, 2", 2, 0, 0), ("girl, 6", 6, 1, 0), ("boy, 9", 9, 0, 0), ("girl, 15", 15, 1, 0),
    ("woman, 24", 24, 1, 0.03), ("man, 31", 31, 0, 0.09), ("woman, 38", 38, 1, -0.04), ("man, 45", 45, 0, -0.05),
    ("woman, 52", 52, 1, 0.05), ("man, 60", 60, 0, 0.0), ("woman, 74", 74, 1, -0.06), ("man, 82", 82, 0, -0.07),
)  # fmt: skip
"""Label, age in years, 0 man or 1 woman, and stature relative to the median in metres."""
_ROW = 4
_VIEWS = (0.0, 0.5 * np.pi, np.pi)
"""Front, right side, back."""
_SLOT = 0.74
"""Width that one view takes, m."""

_WALKERS = (("child, 4", 4.0, False), ("man, 35", 35.0, False), ("woman, 80", 80.0, False), ("man, 35", 35.0, True))
"""Label, age in years, and whether they run."""
_PHASES = 9


def person(name: str, age: float, female: float, taller: float = 0.0) -> Actor:
    """A pedestrian; ``taller`` than the median of the age, m."""
    height = median_stature(age, female) + taller
    properties: Mapping[str, str] = {"age": f"{age:g}", "sex": "female" if female else "male"}
    box = BoundingBox((0.0, 0.0, 0.5 * height), 0.5, 0.6, height)
    return Actor(0, name, "pedestrian", "pedestrian", "walker", box, properties=properties)


def draw_people(seed: int, width: int = 1800) -> Image.Image:
    """A turntable: twelve people of all ages from the front, the right and the back; others for other seeds."""
    rows = []
    span = _ROW * len(_VIEWS) * _SLOT
    for start in range(0, len(_CAST), _ROW):
        stands, labels = [], []
        for number, (label, age, female, taller) in enumerate(_CAST[start : start + _ROW]):
            actor = person(label, age, female, taller)
            for view, yaw in enumerate(_VIEWS):
                y = (number * len(_VIEWS) + view + 0.5) * _SLOT
                stands.append(Stand(actor, y, yaw))
            labels.append(((number + 0.5) / _ROW, f"{label}, {actor.box.height:.2f} m"))
        image = photograph(stands, seed, span=(0.0, span), height=2.1, width=width)
        rows.append((image.rgb, labels))
    return sheet("People", f"seed {seed}: looks follow from name and seed alone", rows)


def draw_walk(seed: int, width: int = 1800) -> Image.Image:
    """Walking at one's own pace and running in steps of an eighth of a gait cycle, from the side."""
    rows = []
    for label, age, runs in _WALKERS:
        female = float(label.startswith("woman"))
        actor = person(label, age, female)
        speed = 3.4 if runs else comfortable_speed(age, female)
        slot = 1.15 if speed < 2.0 else 1.35
        stands = [
            Stand(actor, (i + 0.5) * slot, 0.5 * np.pi, speed=speed, gait_phase=i / (_PHASES - 1))
            for i in range(_PHASES)
        ]
        image = photograph(stands, seed, span=(0.0, _PHASES * slot), height=2.2 * slot / 1.15, width=width)
        labels = [((i + 0.5) / _PHASES, f"{100 * i // (_PHASES - 1)} %") for i in range(_PHASES)]
        labels[0] = (labels[0][0], f"{label}, {speed:.2f} m/s: 0 %")
        rows.append((image.rgb, labels))
    return sheet("Gait", f"seed {seed}: share of a cycle from contact of the left heel", rows)


_THINGS: tuple[tuple[str, str, str, tuple[float, float, float]], ...] = (
    ("wheelchair user", "pedestrian", "wheelchair", (1.05, 0.66, 1.32)),
    ("wheelchair", "misc", "obstacle", (1.05, 0.66, 0.95)),
    ("pram", "misc", "obstacle", (0.95, 0.58, 1.08)),
    ("walking_frame", "misc", "obstacle", (0.75, 0.60, 0.93)),
    ("dog", "pedestrian", "animal", (0.98, 0.22, 0.66)),
    ("small dog", "pedestrian", "animal", (0.55, 0.15, 0.36)),
    ("pram pusher", "pedestrian", "pedestrian", (1.6, 0.6, 1.68)),
    ("umbrella", "pedestrian", "pedestrian", (0.5, 0.6, 1.66)),
)  # fmt: skip
"""Name, kind, category, and box, m."""


def draw_things(seed: int, width: int = 1800) -> Image.Image:
    """What goes on pavements with people: wheelchairs, prams and who pushes them, walking frames, dogs, umbrellas."""
    rows = []
    slot = 1.12
    for group in (_THINGS[:4], _THINGS[4:]):
        stands, labels = [], []
        for number, (name, kind, category, (length, broad, height)) in enumerate(group):
            pushes = name.removesuffix(" pusher") if name.endswith(" pusher") else ""
            box = BoundingBox((0.5 if pushes else 0.0, 0.0, 0.5 * height), length, broad, height)
            properties = {"carries": name, "pushes": pushes}
            actor = Actor(0, name, kind, category, name.replace(" ", "_"), box, properties=properties)
            speed = 1.2 if category in ("animal", "pedestrian") else 0.0
            for view, yaw in enumerate((0.6, 0.5 * np.pi, 2.6)):
                y = (3 * number + view + 0.5) * slot
                stands.append(Stand(actor, y, yaw, speed=speed, gait_phase=0.15 + 0.2 * view))
            labels.append(((number + 0.5) / len(group), name.replace("_", " ")))
        span = (0.0, 3 * len(group) * slot)
        image = photograph(stands, seed, span=span, height=2.3, width=width, elevation=0.12, floor=0.12)
        rows.append((image.rgb, labels))
    return sheet("Things", f"seed {seed}", rows)
