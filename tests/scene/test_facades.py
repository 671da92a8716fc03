"""Facades: windows are not all alike, and balconies hang over the pavement above people's heads."""

import numpy as np

from drivesim.materials import MaterialId
from drivesim.scene.city.buildings import draw_town_plan, house


def houses():
    random = np.random.default_rng(1)
    return [house(draw_town_plan(random, width, 11.0)) for width in np.linspace(12.0, 16.0, 12)]


def test_what_is_behind_panes_differs_and_does_not_change():
    for one, same in zip(houses(), houses(), strict=True):
        panes = one.material == MaterialId.WINDOW_GLASS
        seen = np.unique(one.albedo[panes], axis=0)
        assert 3 <= len(seen) <= 5
        np.testing.assert_array_equal(one.albedo, same.albedo)


def test_balconies_stand_out_above_heads():
    with_some = 0
    for mesh in houses():
        reach = mesh.vertices[(mesh.vertices[:, 1] < -1.12) & (mesh.vertices[:, 2] > 0.5)]
        with_some += len(reach) > 0
        assert (reach[:, 2] > 2.6).all()
        assert (reach[:, 1] > -1.2).all()
    assert 2 <= with_some <= 10


def test_ground_floors_differ_from_the_wall_above_and_shops_have_a_name():
    random = np.random.default_rng(2)
    plans = [draw_town_plan(random, 12.0, 11.0) for _ in range(40)]
    shops = [plan for plan in plans if plan.shop]
    assert 20 < len(shops) < 38
    assert 0.4 < np.mean([plan.front.awning for plan in shops]) < 0.8
    assert len({plan.wall for plan in plans}) > 8
    for plan in plans[:12]:
        mesh = house(plan)
        corners = mesh.vertices[mesh.triangles]
        face = np.isclose(corners[..., 1], 0.0, atol=1e-4).all(axis=1)
        face &= mesh.normals[mesh.triangles[:, 0], 1] < -0.9
        below, above = (face & (corners[..., 2].max(axis=1) < 3.3)), (face & (corners[..., 2].min(axis=1) > 3.3))
        assert (mesh.material[below] == plan.front.base.material).any()
        assert (mesh.material[above] == plan.wall.material).all()
        letters = (mesh.material == MaterialId.BLACK_PLASTIC) & (corners[..., 1].max(axis=1) < -0.1)
        assert letters.any() == bool(plan.shop)
        x = corners[letters][..., 0]
        assert not plan.shop or (x.min() > 0.2 and x.max() < 11.8)
