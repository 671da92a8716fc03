"""Wheelchairs, prams, walking frames and dogs: they fill their boxes and are what datasets call them."""

from dataclasses import replace

import numpy as np
import pytest

from drivesim.errors import ScenarioError
from drivesim.scene.actors import Cast
from drivesim.scene.bodies import Body
from drivesim.scene.bodies.basis import FINGERS, SIDE
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.trace import nearest
from drivesim.scene.vehicles import prop_model
from drivesim.scene.vehicles.dog import dog_model
from drivesim.studio.stage import Stand, state_of
from drivesim.taxonomy import Tag
from drivesim.types import Actor, BoundingBox


def thing(name, kind, category, size):
    length, width, height = size
    return Actor(0, name, kind, category, name, BoundingBox((0.0, 0.0, height / 2), length, width, height))


@pytest.mark.parametrize(
    ("name", "size", "category"),
    [
        ("wheelchair", (1.05, 0.66, 0.95), "movable_object.pushable_pullable"),
        ("pram", (0.95, 0.58, 1.08), "human.pedestrian.stroller"),
        ("rollator", (0.75, 0.6, 0.93), "movable_object.pushable_pullable"),
    ],
)
def test_things_fill_their_boxes_and_have_their_category(name, size, category):
    actor = thing(name, "misc", "obstacle", size)
    mesh = prop_model(actor, 0)
    low, high = mesh.bounds()
    np.testing.assert_allclose(high - low, size, atol=0.01)
    assert actor.nuscenes_category == category
    assert (mesh.semantic == actor.tag).all()
    assert len(np.unique(mesh.material)) >= 3


def seen(actor, gait_phase=0.0, speed=0.0):
    """Heights and outlines of what rays from the left and from above hit."""
    builder = RaySceneBuilder()
    cast = Cast([actor], builder, 1)
    stand = Stand(actor, 0.0, 0.0, speed=speed, gait_phase=gait_phase)
    with builder.build() as rays:
        cast.enter(rays)
        before, after = state_of([stand], 0.0), state_of([stand], 0.05)
        cast.move(before, after, np.zeros(1))
        grid = np.stack(np.meshgrid(np.arange(-0.8, 1.5, 0.01), [4.0], np.arange(0.01, 1.8, 0.01)), -1).reshape(-1, 3)
        hits = nearest(rays, grid, (0.0, -1.0, 0.0), 1.0)
        hit = np.isfinite(hits.distance)
        cast.move(before, replace(after, present=np.zeros((1, 1), dtype=bool)), np.zeros(1))
        assert not np.isfinite(nearest(rays, grid, (0.0, -1.0, 0.0), 1.0).distance).any()
    return grid[hit][:, [0, 2]], rays.tables.semantic[hits.triangle[hit]]


def test_someone_sits_in_the_wheelchair():
    actor = thing("user", "pedestrian", "wheelchair", (1.05, 0.66, 1.32))
    outline, semantic = seen(actor)
    assert actor.nuscenes_category == "human.pedestrian.wheelchair"
    assert outline[:, 1].max() == pytest.approx(1.32, abs=0.06)
    assert outline[:, 1].min() < 0.03
    assert np.ptp(outline[:, 0]) == pytest.approx(1.05, abs=0.06)
    assert (semantic == Tag.PEDESTRIAN).all()


def test_an_empty_wheelchair_is_a_thing_and_who_sits_in_one_is_a_person():
    empty = thing("wheelchair", "misc", "obstacle", (1.05, 0.66, 0.95))
    taken = thing("wheelchair", "pedestrian", "wheelchair", (1.05, 0.66, 1.32))
    assert empty.tag == Tag.DYNAMIC
    assert not empty.nuscenes_category.startswith("human")
    assert taken.tag == Tag.PEDESTRIAN


def pusher(what="pram", length=1.6, height=1.70, **properties):
    box = BoundingBox((0.5 * length - 0.3, 0.0, 0.5 * height), length, 0.6, height)
    return Actor(0, "Parent", "pedestrian", "pedestrian", "walker", box, properties={"pushes": what, **properties})


@pytest.mark.parametrize(("what", "bar"), [("pram", 1.03), ("rollator", 0.93)])
def test_who_pushes_has_both_hands_on_the_bar_while_walking(what, bar):
    body = Body.for_actor(pusher(what), seed=3)
    for phase in (0.0, 0.3, 0.6):
        joints = body.joints(1.2, phase)
        for side in (0, SIDE):
            hand = joints[FINGERS + side]
            assert hand[0] == pytest.approx(0.40, abs=0.12)
            assert abs(hand[1]) < 0.30
            assert hand[2] == pytest.approx(bar, abs=0.13)


def test_a_pram_and_its_pusher_fill_their_common_box_and_differ_in_class():
    outline, semantic = seen(pusher(), speed=1.2)
    assert outline[:, 0].max() == pytest.approx(1.3, abs=0.02)
    assert -0.75 < outline[:, 0].min() < -0.1
    assert outline[:, 1].max() == pytest.approx(1.70, abs=0.06)
    ahead = outline[:, 0] > 0.6
    assert (semantic[ahead] == Tag.DYNAMIC).all()
    assert (semantic[outline[:, 1] > 1.2] == Tag.PEDESTRIAN).all()
    assert pusher().nuscenes_category == "human.pedestrian.adult"


@pytest.mark.parametrize(("what", "length", "message"), [("pram", 0.5, "no room"), ("piano", 1.6, "cannot push")])
def test_what_cannot_be_pushed_is_said(what, length, message):
    with pytest.raises(ScenarioError, match=message):
        seen(pusher(what, length))


def test_a_dog_is_no_small_person():
    actor = thing("dog", "pedestrian", "animal", (0.98, 0.22, 0.66))
    outline, semantic = seen(actor)
    assert actor.nuscenes_category == "animal"
    assert (semantic == Tag.DYNAMIC).all()
    assert outline[:, 1].max() == pytest.approx(0.66, abs=0.03)
    assert outline[:, 1].min() < 0.03
    assert np.ptp(outline[:, 0]) == pytest.approx(0.98, abs=0.05)
    below = outline[np.abs(outline[:, 1] - 0.2) < 0.01][:, 0]
    assert np.ptp(np.diff(np.sort(np.unique(below)))) > 0.1  # air between the legs


def test_a_trotting_dog_swings_its_legs():
    actor = thing("dog", "pedestrian", "animal", (0.98, 0.22, 0.66))
    paws = [seen(actor, phase, 1.5)[0] for phase in (0.25, 0.5)]
    spread = [np.ptp(outline[outline[:, 1] < 0.06][:, 0]) for outline in paws]
    assert spread[0] > spread[1] + 0.1


def test_dogs_differ_and_stay_who_they_are():
    dogs = [
        dog_model(thing(name, "pedestrian", "animal", (0.9, 0.2, 0.6)), 4) for name in ("rex", "rex", "bella", "luna")
    ]
    colours = [tuple(dog.body.albedo[0].tolist()) for dog in dogs]
    assert colours[0] == colours[1]
    assert len(set(colours)) > 1
