"""Who someone is and what they wear: drawn from the actor's name alone, never from role or behaviour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

import numpy as np

from drivesim import streams
from drivesim.scene.bodies.anthropometry import age_of_stature, is_child, median_stature
from drivesim.scene.chance import Chance
from drivesim.types import Actor

Colour = tuple[float, float, float]

SKIN = (
    (218, 172, 146), (205, 156, 126), (188, 136, 104), (158, 110, 80), (116, 78, 56), (84, 56, 42), (62, 42, 33),
)  # fmt: skip
HAIR = (
    (28, 22, 20), (34, 27, 23), (52, 36, 26), (66, 46, 32), (82, 58, 40), (112, 82, 54), (158, 126, 84), (104, 60, 42),
)  # fmt: skip
GREY_HAIR = ((112, 109, 105), (146, 144, 141), (184, 182, 178))
BRIGHT = (
    (200, 44, 48), (232, 120, 36), (240, 196, 60), (70, 140, 76), (42, 110, 170), (96, 68, 140), (226, 110, 150),
    (60, 160, 160),
)  # fmt: skip
MUTED = (
    (236, 236, 232), (196, 194, 188), (128, 130, 132), (70, 72, 76), (30, 30, 34), (38, 50, 78), (88, 74, 60),
    (74, 88, 66),     (150, 132, 108), (112, 44, 52),
)  # fmt: skip
TROUSERS = ((40, 54, 86), (64, 84, 120), (28, 30, 38), (58, 58, 62), (112, 104, 90), (160, 146, 118), (66, 58, 50))
SHOES = (
    (226, 226, 222), (214, 210, 202), (34, 34, 36), (30, 29, 30), (46, 44, 46), (92, 64, 44), (66, 46, 36),
    (138, 138, 140), (52, 60, 84), (150, 52, 48),
)  # fmt: skip
"""sRGB palettes."""

PATTERNS = MappingProxyType({
    "tshirt": (0.60, 0.04, 0.12, 0.24), "shirt": (0.75, 0.05, 0.0, 0.20), "jacket": (0.70, 0.20, 0.10, 0.0),
    "hoodie": (0.72, 0.12, 0.10, 0.06),
})  # fmt: skip
"""How often tops are plain, have a yoke, a band or stripes: an assumption."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """A person's draw.

    Attributes:
        age: years; female: 0 man, 1 woman; weight, muscle: 0..1 of the body model.
        top: ``tshirt``, ``shirt``, ``jacket`` or ``hoodie``; bottom: ``trousers``, ``shorts``, ``skirt`` or ``dress``.
        hair: ``short``, ``bob``, ``long``, ``ponytail``, ``bun`` or ``bald``.
        backpack: whether a school bag is carried.
        pattern: of the top: ``plain``, ``yoke``, ``band`` or ``stripes``.
        skin, hair_colour, top_colour, bottom_colour, shoe_colour, bag_colour, second_colour: linear RGB.
    """

    age: float
    female: float
    weight: float
    muscle: float
    top: str
    bottom: str
    hair: str
    backpack: bool
    skin: Colour
    hair_colour: Colour
    top_colour: Colour
    bottom_colour: Colour
    shoe_colour: Colour
    bag_colour: Colour
    pattern: str
    second_colour: Colour


def linear(colour: tuple[int, int, int]) -> Colour:
    """Linear RGB of an sRGB colour 0..255."""
    c = np.asarray(colour) / 255.0
    out = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return float(out[0]), float(out[1]), float(out[2])


def _age_and_sex(actor: Actor, random: np.random.Generator) -> tuple[float, float]:
    stature = actor.box.height
    coin, years = random.uniform(), random.uniform(19.0, 76.0)
    given = actor.age
    child = is_child(stature) if given is None else given < 14.0
    # Statures of adults are normal about 1.77 (men) and 1.63 m (women) with 7 cm: the odds follow from the height.
    odds = 0.5 if child or actor.kind != "pedestrian" else 1.0 / (1.0 + np.exp((stature - 1.70) / 0.035))
    named = actor.properties.get("sex", actor.properties.get("gender", "")).lower()
    female = float(named.startswith(("f", "w"))) if named else float(coin < odds)
    if given is not None:
        return given, female
    return (age_of_stature(stature, female) if child else years), female


DARK = 0.04
"""Most of the light that dark clothes reflect (an assumption: black cotton reflects 2 to 5 %)."""

CLOTHES = (
    "top", "bottom", "backpack", "top_colour", "bottom_colour", "shoe_colour", "bag_colour", "pattern", "second_colour",
)  # fmt: skip
"""What is clothing, of an :class:`Appearance`."""


def appearance(actor: Actor, seed: int | Chance) -> Appearance:
    """The appearance of an actor in the scenario seed's world, or where bodies and clothing have seeds of their own."""
    chance = seed if isinstance(seed, Chance) else Chance(seed)
    person = _drawn(actor, streams.stream(chance.seed, "appearance", actor.name))
    own = chance.draws("appearance", actor.name).parts.get("clothing")
    if own is not None:
        known = {"age": str(person.age), "sex": "female" if person.female else "male"}
        other = _drawn(replace(actor, properties={**actor.properties, **known}), own)
        person = replace(person, **{name: getattr(other, name) for name in CLOTHES})
    if actor.properties.get("clothing", "").lower() == "dark":
        person = replace(
            person, top_colour=_darkened(person.top_colour), bottom_colour=_darkened(person.bottom_colour),
            shoe_colour=_darkened(person.shoe_colour), bag_colour=_darkened(person.bag_colour),
            second_colour=_darkened(person.second_colour),
        )  # fmt: skip
    return person


def _darkened(colour: Colour) -> Colour:
    """A colour of which red, green and blue are at most :data:`DARK`."""
    share = min(1.0, DARK / max(colour))
    return colour[0] * share, colour[1] * share, colour[2] * share


def _drawn(actor: Actor, random: np.random.Generator) -> Appearance:
    age, female = _age_and_sex(actor, random)
    child = age < 14.0

    def pick(choices: tuple[str, ...], shares: tuple[float, ...]) -> str:
        return choices[int(np.searchsorted(np.cumsum(shares), random.uniform() * sum(shares)))]

    def shade(palette: tuple[tuple[int, int, int], ...]) -> Colour:
        base = np.asarray(linear(palette[int(random.integers(len(palette)))]))
        varied = np.clip(base * np.exp(random.normal(0.0, 0.12)) * np.exp(random.normal(0.0, 0.05, 3)), 0.01, 0.9)
        return cast(Colour, tuple(float(v) for v in varied))

    top = pick(("tshirt", "shirt", "jacket", "hoodie"), (0.3, 0.15, 0.3, 0.25))
    bottom = pick(
        ("trousers", "shorts", "skirt", "dress"), (0.68, 0.14, 0.10, 0.08) if female else (0.82, 0.18, 0.0, 0.0)
    )
    hair = pick(
        ("short", "bob", "long", "ponytail", "bun"), (0.15, 0.2, 0.3, 0.25, 0.1) if female else (0.96, 0.02, 0.02, 0, 0)
    )
    if not female and age > 35.0 and random.uniform() < 0.25:
        hair = "bald"
    grey = random.uniform() < (age - 42.0) / 25.0
    return Appearance(
        age=age,
        female=female,
        weight=float(np.clip(random.normal(0.45 if child else 0.5, 0.15), 0.15, 0.95)),
        muscle=float(np.clip(random.normal(0.5, 0.12), 0.2, 0.8)),
        top=top,
        bottom=bottom,
        hair=hair,
        backpack=bool(random.uniform() < (0.4 if 5.0 <= age < 14.0 else 0.06)),
        skin=shade(SKIN),
        hair_colour=shade(GREY_HAIR if grey else HAIR),
        top_colour=shade(BRIGHT if random.uniform() < (0.65 if child else 0.3) else MUTED),
        bottom_colour=shade(BRIGHT + MUTED if bottom in ("skirt", "dress") else TROUSERS),
        shoe_colour=shade(SHOES),
        bag_colour=shade(BRIGHT),
        pattern=pick(("plain", "yoke", "band", "stripes"), PATTERNS[top]),
        second_colour=shade(BRIGHT + MUTED),
    )


def expected_stature(actor: Actor, look: Appearance) -> float:
    """Metres: the bounding box's height, or the median for the age where the scenario gives no height."""
    return actor.box.height if actor.box.height > 0.3 else median_stature(look.age, look.female)
