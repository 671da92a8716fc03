"""Trees through the year: in leaf when they should be, hedges always."""

import numpy as np
import pytest

from drivesim import content
from drivesim.materials import MaterialId
from drivesim.opendrive import read_network
from drivesim.openscenario.daylight import season_day
from drivesim.scene.city import build_city
from drivesim.scene.city.seasons import SUMMER, foliage_on, in_season
from drivesim.taxonomy import Tag


@pytest.fixture(scope="module")
def city():
    return build_city(read_network(content.find("scenarios", "residential_street.xodr")), 1)


def split(city):
    """Leaves of trees, and other leaves: how many, and their mean colour."""
    mesh = city.mesh()
    trees = np.unique(mesh.instance[mesh.material == MaterialId.BARK])
    leaf = mesh.material == MaterialId.FOLIAGE
    of_trees = leaf & np.isin(mesh.instance, trees)
    return [(int(which.sum()), mesh.albedo[which].mean(axis=0)) for which in (of_trees, leaf & ~of_trees)]


def test_summer_is_the_city_as_it_was_built(city):
    assert foliage_on(172.0) == SUMMER
    assert in_season(city, SUMMER) is city


def test_winter_leaves_hedges_and_one_in_two_hundred_leaves_of_trees(city):
    trees, others = split(city)
    bare, still = split(in_season(city, foliage_on(15.0)))
    assert bare[0] / trees[0] == pytest.approx(0.005, abs=0.003)
    assert still[0] == others[0] > 0
    np.testing.assert_array_equal(still[1], others[1])


def test_gardens_keep_their_hedges_beside_bare_trees(city):
    """Trees are things of their own: a house whose garden has one does not lose its hedge in winter."""
    mesh = city.mesh()
    trees = np.unique(mesh.instance[mesh.material == MaterialId.BARK])
    assert not np.isin(mesh.instance[mesh.semantic == Tag.BUILDING], trees).any()


def test_autumn_is_red_and_still_in_leaf(city):
    trees, _ = split(city)
    turned, _ = split(in_season(city, foliage_on(299.0)))
    assert turned[0] == trees[0]
    assert turned[1][0] > turned[1][1] > turned[1][2]
    assert trees[1][1] > trees[1][0]


def test_leaves_come_and_go_in_order():
    leaves = [foliage_on(day).leaves for day in range(1, 367)]
    full = [day for day, share in enumerate(leaves, start=1) if share == 1.0]
    assert full == list(range(full[0], full[-1] + 1))
    assert 115 <= full[0] <= 135
    assert 285 <= full[-1] <= 315
    assert foliage_on(122.0).young == 1.0
    assert foliage_on(308.0).young == 0.0


def test_copies_of_a_tree_stay_copies(city):
    bare = in_season(city, foliage_on(15.0))
    assert len({id(copy.shape) for copy in bare.copies}) == len({id(copy.shape) for copy in city.copies})


def test_the_south_is_half_a_year_off():
    assert season_day("2026-07-02T12:00:00", 50.0) == 183
    assert abs(season_day("2026-01-01T12:00:00", -34.0) - 183) <= 1
    assert season_day("2026-07-02T12:00:00", -34.0) == pytest.approx(1, abs=1)
