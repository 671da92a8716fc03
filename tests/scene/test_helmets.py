"""Who rides with a helmet, and where it sits."""

import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.scene.bodies import Body
from drivesim.types import Actor, BoundingBox


def rider(category, name="rider", model="bicycle", **properties):
    box = BoundingBox((0.0, 0.0, 0.6), 1.9, 0.6, 1.2)
    return Actor(0, name, "vehicle", category, model, box, None, None, 90.0, properties)


def shells(body):
    """Outer hulls of helmets: what is painted on a person."""
    return body.mesh.material == MaterialId.CAR_PAINT


def test_motorcyclists_wear_one_and_it_covers_the_head():
    body = Body.for_actor(rider("motorbike", model="motorcycle"), 1)
    mesh = body.mesh
    assert shells(body).any()
    hull = mesh.vertices[np.unique(mesh.triangles[shells(body)])]
    hair = mesh.vertices[np.unique(mesh.triangles[mesh.material == MaterialId.HAIR])]
    assert hair[:, 2].max() < hull[:, 2].max() < hair[:, 2].max() + 0.08
    assert 0.22 < np.ptp(hull[:, 0]) < 0.36
    assert 0.20 < np.ptp(hull[:, 1]) < 0.32


@pytest.mark.parametrize(("age", "share"), [("8", 0.8), ("40", 0.32)])
def test_as_many_cyclists_as_are_counted(age, share):
    count = 120
    worn = sum(shells(Body.for_actor(rider("bicycle", f"c{i}", age=age), 1)).any() for i in range(count))
    assert abs(worn / count - share) < 3.0 * np.sqrt(share * (1.0 - share) / count)


@pytest.mark.parametrize(("asked", "expected"), [("yes", True), ("no", False)])
def test_the_scenario_may_say_so(asked, expected):
    for category in ("bicycle", "motorbike"):
        assert shells(Body.for_actor(rider(category, helmet=asked), 1)).any() == expected


def test_nobody_walks_or_scoots_with_one():
    box = BoundingBox((0.0, 0.0, 0.9), 0.5, 0.5, 1.8)
    walker = Actor(0, "p", "pedestrian", "pedestrian", "adult", box, None, None, 80.0, {"helmet": "yes"})
    assert not shells(Body.for_actor(walker, 1)).any()
    assert not any(shells(Body.for_actor(rider("bicycle", f"s{i}", model="e_scooter"), 1)).any() for i in range(20))


def test_people_are_as_tall_with_it_as_without():
    with_one, without = (Body.for_actor(rider("bicycle", helmet=asked), 1) for asked in ("yes", "no"))
    assert with_one.stature == without.stature
    skin = [
        body.mesh.vertices[np.unique(body.mesh.triangles[body.mesh.material == MaterialId.SKIN])]
        for body in (with_one, without)
    ]
    np.testing.assert_allclose(skin[0].max(axis=0), skin[1].max(axis=0))
