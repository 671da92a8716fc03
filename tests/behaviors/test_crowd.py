"""Social forces against the paper's formulas, and people who pass each other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivesim.behaviors import TreeController
from drivesim.behaviors.crowd import force_of_box, force_of_person, social_velocity
from tests.builders import at, car, child

TREE = """<root BTCPP_format="4"><BehaviorTree ID="Walk"><Sequence>{first}
<CrossTo distance="20" speed="1.34" acceleration="2"/></Sequence></BehaviorTree></root>"""


@pytest.mark.parametrize("away", [0.3, 0.6, 1.2])
def test_somebody_who_stands_repels_by_distance_alone(away):
    fx, fy = force_of_person(away, 0.0, 0.0, 0.0)
    assert fx == pytest.approx(2.1 / 0.3 * math.exp(-away / 0.3))
    assert fy == 0.0


def potential(dx, dy, vx, vy):
    step = np.array([vx, vy]) * 2.0
    r = np.array([dx, dy])
    b = 0.5 * math.sqrt((np.linalg.norm(r) + np.linalg.norm(r - step)) ** 2 - step @ step)
    return 2.1 * math.exp(-b / 0.3)


@pytest.mark.parametrize(
    ("place", "velocity"), [((1.0, 0.4), (1.3, 0.0)), ((0.5, -0.6), (-0.4, 0.9)), ((2.0, 1.2), (1.0, 0.1))]
)
def test_the_force_is_the_gradient_of_the_elliptical_potential(place, velocity):
    h = 1e-6
    (x, y), v = place, velocity
    gradient = [
        (potential(x + h, y, *v) - potential(x - h, y, *v)) / (2 * h),
        (potential(x, y + h, *v) - potential(x, y - h, *v)) / (2 * h),
    ]
    assert force_of_person(x, y, *v) == pytest.approx((-gradient[0], -gradient[1]), rel=1e-5)


def test_a_thing_repels_from_its_nearest_face():
    box, pose = np.array([0.0, 0.0, 0.5, 4.0, 2.0, 1.0]), np.array([0.0, 0.0, 0.0, math.pi / 2])
    assert force_of_box(1.5, 1.0, box, pose) == pytest.approx((10.0 / 0.2 * math.exp(-0.5 / 0.2), 0.0), abs=1e-9)


def one_step(make_world, y):
    world = make_world(child(0, "A"), child(1, "B"))
    world.place(0, at(0.0))
    world.place(1, at(0.0, y))
    poses = np.c_[world.position[0], world.orientation[0, :, 0]]
    args = (world.limits[0]["walks"], world.present[0], world.boxes[0], poses, world.velocity[0])
    return social_velocity(0, 0.0, 1.34, 0.05, *args)


def test_who_is_behind_counts_half_and_nobody_hurries(make_world):
    free = 1.34 / 0.5 * 0.05
    ahead, behind = one_step(make_world, 0.5)[1] - free, one_step(make_world, -0.5)[1] - free
    assert behind == pytest.approx(-0.5 * ahead)
    assert math.hypot(*one_step(make_world, -0.05)) <= 1.3 * 1.34 + 1e-9


def walk(make_world, tmp_path, first, others, seconds=25.0):
    """Two groups walk towards each other; the least distance between two people, and where all end."""
    file = tmp_path / "walk.xml"
    file.write_text(TREE.format(first=first))
    people = [child(1 + i, f"P{i}") for i in range(len(others))]
    world = make_world(car(0), *people)
    world.place(0, at(200.0))
    for person, (x, y, yaw) in zip(people, others, strict=True):
        world.place(person.index, at(x, y, yaw=yaw))
    minds = [TreeController(str(file), {}, world, person.index) for person in people]
    least = math.inf
    for _ in range(round(seconds / 0.05)):
        for person, mind in zip(people, minds, strict=True):
            world.command(person.index, mind.step(world, person.index, 0.05))
        world.step(0.05)
        places = world.position[0, 1:, :2]
        gaps = np.linalg.norm(places[:, None] - places[None], axis=-1) + 9.0 * np.eye(len(people))
        least = min(least, float(gaps.min()))
    return least, world.position[0, 1:, :2].copy(), world


def test_two_who_meet_head_on_pass_on_the_right(make_world, tmp_path):
    meeting = [(-10.0, 0.0, 0.0), (10.0, 0.0, math.pi)]
    assert walk(make_world, tmp_path, "", meeting)[0] < 0.1
    least, ends, world = walk(make_world, tmp_path, "<SocialForceAvoid/>", meeting)
    assert least > 0.35
    assert ends[0, 0] > 9.0
    assert ends[1, 0] < -9.0
    assert not world.collisions


def test_two_groups_walk_through_each_other(make_world, tmp_path):
    chance = np.random.default_rng(3)
    left = [(-10.0 - 1.2 * i, float(chance.uniform(-1.5, 1.5)), 0.0) for i in range(5)]
    right = [(10.0 + 1.2 * i, float(chance.uniform(-1.5, 1.5)), math.pi) for i in range(5)]
    _, ends, _ = walk(make_world, tmp_path, "<SocialForceAvoid/>", left + right, 30.0)
    assert (ends[:5, 0] > np.array([x for x, _, _ in left]) + 19.0).all()
    assert (ends[5:, 0] < np.array([x for x, _, _ in right]) - 19.0).all()
