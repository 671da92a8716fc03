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
