"""Seeds of parts: each draws its own things anew and leaves all others where they were, to the bit."""

from dataclasses import fields, replace

import numpy as np
import pytest

from drivesim import content
from drivesim.opendrive import read_network
from drivesim.scene.bodies import Body
from drivesim.scene.bodies.appearance import CLOTHES, DARK, appearance
from drivesim.scene.chance import Chance
from drivesim.scene.city import build_city
from drivesim.taxonomy import Tag
from drivesim.types import Actor, BoundingBox


@pytest.fixture(scope="module")
def street():
    return read_network(content.find("scenarios", "residential_street.xodr"))


MIX = np.random.default_rng(0).normal(size=13)


def prints(mesh, tag, columns=13):
    """A sorted number for each triangle of a class, made of its corners (9), material and colour (3)."""
    chosen = mesh.semantic == tag
    corners = mesh.vertices[mesh.triangles[chosen]].reshape(-1, 9).astype(np.float64)
    table = np.column_stack([corners, mesh.material[chosen], mesh.albedo[chosen]])
    return np.sort((table * MIX)[:, :columns].sum(axis=1))


def same(first, second):
    return first.shape == second.shape and bool((first == second).all())


@pytest.mark.slow
@pytest.mark.parametrize("district", ["residential", "inner_city"])
def test_each_part_of_a_city_changes_alone(street, district):
    plain = build_city(street, 3, district=district).mesh()
    houses, plants, cars = Tag.BUILDING, Tag.VEGETATION, Tag.CAR
    changes = {"vegetation": (plants, houses), "textures": (houses, plants), "distractors": (cars, houses)}
    for part, (changed, kept) in changes.items():
        other = build_city(street, Chance(3, ((part, 7),)), district=district).mesh()
        assert not same(prints(plain, changed), prints(other, changed)), part
        assert same(prints(plain, kept), prints(other, kept)), part
        if part == "textures":  # other colours on the same walls
            assert same(prints(plain, houses, 9), prints(other, houses, 9))


def person(name="someone", kind="pedestrian", category="pedestrian"):
    return Actor(
        index=0, name=name, kind=kind, category=category, model="", box=BoundingBox((0, 0, 0.85), 0.5, 0.6, 1.7)
    )


def test_clothes_change_and_the_person_stays():
    others = [field.name for field in fields(appearance(person(), 1)) if field.name not in CLOTHES]
    changed = 0
    for number in range(20):
        plain = appearance(person(f"p{number}"), 1)
        dressed = appearance(person(f"p{number}"), Chance(1, (("clothing", 5),)))
        assert all(getattr(plain, name) == getattr(dressed, name) for name in others)
        changed += any(getattr(plain, name) != getattr(dressed, name) for name in CLOTHES)
    assert changed == 20


def test_who_is_said_to_wear_dark_clothes_does_and_is_the_same_person_otherwise():
    for number in range(20):
        plain = appearance(person(f"p{number}"), 1)
        dark = appearance(replace(person(f"p{number}"), properties={"clothing": "dark"}), 1)
        colours = [name for name in CLOTHES if name.endswith("colour")]
        assert max(max(getattr(dark, name)) for name in colours) <= DARK + 1e-9
        assert replace(dark, **{name: getattr(plain, name) for name in colours}) == plain


def test_posture_changes_and_looks_stay():
    plain, held = Body.for_actor(person(), 1), Body.for_actor(person(), Chance(1, (("posture", 5),)))
    assert plain.appearance == held.appearance
    assert (plain.joints(1.3, 0.2) != held.joints(1.3, 0.2)).any()


def test_parts_follow_the_whole_and_the_whole_the_scenario():
    assert Chance.of("city", {}, 4) == Chance(4)
    assert Chance.of("city", {"city": 9, "vegetation": 2, "clothing": 3}, 4) == Chance(9, (("vegetation", 2),))
    assert Chance.of("bodies", {"clothing": 3}, 4).seed_of("posture") == 4
