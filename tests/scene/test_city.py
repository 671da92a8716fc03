"""The city around a map: the same for the same seed, off the road, and clear of the story."""

import numpy as np
import pytest
import shapely

from drivesim import content
from drivesim.errors import ScenarioError
from drivesim.materials import MaterialId
from drivesim.opendrive import read_network
from drivesim.scene.city import City, build_city, pavement, plants
from drivesim.scene.city.frontage import covered_ground, frontages
from drivesim.scene.city.seasons import foliage_on, in_season
from drivesim.scene.city.terrain import GRASS, VERGE
from drivesim.taxonomy import Tag


@pytest.fixture(scope="module")
def street():
    return read_network(content.find("scenarios", "residential_street.xodr"))


@pytest.fixture(scope="module")
def city(street):
    return build_city(street, 0, first_instance=10).mesh()


def test_same_seed_same_city_another_seed_another(street, city):
    again = build_city(street, 0, first_instance=10).mesh()
    assert (again.vertices == city.vertices).all()
    assert (again.albedo == city.albedo).all()
    assert len(build_city(street, 1, first_instance=10).mesh().vertices) != len(city.vertices)


def test_parked_cars_share_their_shapes_and_a_stored_city_is_the_same_city(street):
    built = build_city(street, 0, first_instance=10)
    parked = [copy for copy in built.copies if Tag.CAR in copy.shape.semantic]
    assert len({id(copy.shape) for copy in parked}) < len(parked) / 2
    again = City.from_arrays(built.arrays())
    assert len({id(copy.shape) for copy in again.copies}) == len({id(copy.shape) for copy in built.copies})
    for name, values in built.mesh().arrays().items():
        np.testing.assert_array_equal(again.mesh().arrays()[name], values)


def test_it_has_what_a_street_has(city):
    present = {Tag(t) for t in np.unique(city.semantic)}
    assert {Tag.BUILDING, Tag.VEGETATION, Tag.TERRAIN, Tag.POLE, Tag.FENCE, Tag.CAR, Tag.TRAFFIC_SIGN} <= present


def test_things_have_an_identity_and_the_ground_has_none(city):
    assert (city.instance[city.semantic == Tag.TERRAIN] == 0).all()
    houses = city.instance[city.semantic == Tag.BUILDING]
    assert houses.min() >= 10
    assert len(np.unique(houses)) > 20


def test_no_house_stands_on_the_road(street, city):
    corners = city.vertices[city.triangles[city.semantic == Tag.BUILDING]].reshape(-1, 3)
    road = covered_ground(street).buffer(-0.3)
    shapely.prepare(road)
    assert not shapely.contains_xy(road, corners[:, 0], corners[:, 1]).any()


def test_the_story_is_kept_clear(street):
    zone = np.array([(100.0, -9.0), (140.0, -9.0), (140.0, 9.0), (100.0, 9.0)])
    city = build_city(street, 0, keep_clear=[zone], first_instance=1).mesh()
    corners = city.vertices[city.triangles[np.isin(city.semantic, [Tag.CAR, Tag.BUILDING])]].reshape(-1, 3)
    inside = shapely.contains_xy(shapely.Polygon(zone), corners[:, 0], corners[:, 1])
    assert not inside.any()


def test_the_inner_city_stands_wall_to_wall_and_higher(street, city):
    inner = build_city(street, 0, first_instance=10, district="inner_city").mesh()
    tall, low = (
        mesh.vertices[mesh.triangles[mesh.semantic == Tag.BUILDING]].reshape(-1, 3)[:, 2].max()
        for mesh in (inner, city)
    )
    assert tall > low + 2.0
    road = covered_ground(street).buffer(-0.3)
    shapely.prepare(road)
    walls = inner.vertices[inner.triangles[inner.semantic == Tag.BUILDING]].reshape(-1, 3)
    assert not shapely.contains_xy(road, walls[walls[:, 2] < 1.0, 0], walls[walls[:, 2] < 1.0, 1]).any()


@pytest.mark.parametrize(("district", "has"), [("rural", False), ("motorway", False), ("residential", True)])
def test_a_district_may_be_asked_for(street, district, has):
    city = build_city(street, 0, district=district).mesh()
    assert (Tag.BUILDING in city.semantic) == has


def test_an_unknown_district_is_named(street):
    with pytest.raises(ScenarioError, match="no district 'jungle'"):
        build_city(street, 0, district="jungle")


def test_no_lawn_grows_between_the_pavement_and_town_houses(street):
    ground = build_city(street, 0, district="inner_city").unique
    corners = ground.vertices[ground.triangles].astype(float)
    level = (np.ptp(corners[..., 2], axis=1) < 0.05) & (ground.instance == 0)
    for edge in frontages(street):
        for distance in np.arange(6.0, edge.length - 6.0, 9.0):
            if not edge.is_pavement(float(distance)):
                continue
            x, y, z = edge.pose(float(distance), outwards=0.5).translation
            a, b, c = (corners[:, k, :2] for k in range(3))
            turns = [(q - p)[:, 0] * (y - p[:, 1]) - (q - p)[:, 1] * (x - p[:, 0]) for p, q in ((a, b), (b, c), (c, a))]
            over = level & (np.array(turns) > 0).all(axis=0) & (np.abs(corners[..., 2].mean(axis=1) - z) < 0.05)
            top = np.flatnonzero(over)[corners[over][..., 2].mean(axis=1).argmax()]
            assert ground.semantic[top] == Tag.SIDEWALKS


def test_fields_lie_behind_a_verge_and_only_in_the_country(street):
    road = read_network(content.find("scenarios", "rural_road.xodr"))
    ground = build_city(road, 0).unique
    kept = (ground.semantic == Tag.TERRAIN) & (ground.instance == 0)
    corners = ground.vertices[ground.triangles[kept]].astype(float)
    grass = (ground.material[kept] == MaterialId.GRASS) & np.isclose(ground.albedo[kept], GRASS).all(axis=1)
    assert len(np.unique(ground.albedo[kept], axis=0)) >= 5
    assert (ground.material[kept] == MaterialId.SOIL).any()
    away = shapely.distance(covered_ground(road), shapely.polygons(corners[~grass][..., :2]))
    assert away.min() > VERGE - 0.1
    flat = shapely.union_all(shapely.polygons(corners[..., :2]))
    assert shapely.area(shapely.polygons(corners[..., :2])).sum() == pytest.approx(flat.area, rel=1e-6)  # once each
    town = build_city(street, 0).unique
    lawn = town.albedo[(town.semantic == Tag.TERRAIN) & (town.instance == 0) & (town.material == MaterialId.GRASS)]
    assert len(np.unique(lawn, axis=0)) == 1


def test_trees_of_the_country_have_habits_and_spruces_stay_green():
    random = np.random.default_rng(4)
    grown = [plants.country_tree(random, 10.0, 400) for _ in range(60)]
    spread = [np.ptp(tree.vertices[:, 1]) / np.ptp(tree.vertices[:, 2]) for tree in grown]
    assert min(spread) < 0.3 < 0.6 < max(spread)
    evergreen = [tree for tree in grown if not (tree.material == MaterialId.BARK).any()]
    assert 6 < len(evergreen) < 30
    winter = in_season(City.of([], grown, 1), foliage_on(15.0)).unique
    for number, tree in enumerate(grown, start=1):
        left = ((winter.material == MaterialId.FOLIAGE) & (winter.instance == number)).sum()
        had = (tree.material == MaterialId.FOLIAGE).sum()
        assert left == had if not (tree.material == MaterialId.BARK).any() else left < 0.05 * had


def test_no_street_ends_in_a_bare_horizon(street):
    """All the way round there is a wood, beyond what ranging sensors reach, and it is as green in winter."""
    city = build_city(street, 0)
    ground = covered_ground(street)
    for season in (city, in_season(city, foliage_on(15.0))):
        mesh = season.mesh()
        corners = mesh.vertices[mesh.triangles[mesh.semantic == Tag.VEGETATION]].reshape(-1, 3)
        corners = corners[shapely.distance(shapely.points(corners[:, :2]), shapely.box(*ground.bounds)) > 280.0]
        away = corners[:, :2] - np.array(ground.centroid.coords[0])
        sector = np.floor(np.degrees(np.arctan2(away[:, 1], away[:, 0]))).astype(int) % 360
        rise = np.degrees(np.arctan2(corners[:, 2] - 1.5, np.linalg.norm(away, axis=1)))
        tops, feet = np.full(360, -90.0), np.full(360, 90.0)
        np.maximum.at(tops, sector, rise)
        np.minimum.at(feet, sector, rise)
        assert tops.min() > 0.7
        assert feet.max() < 0.0


def test_the_tip_of_a_spruce_is_needles():
    for seed in range(8):
        spruce = plants.conifer(np.random.default_rng(seed), 12.0, 650)
        leaf = spruce.material == MaterialId.FOLIAGE
        tops = [spruce.vertices[spruce.triangles[part], 2].max() for part in (leaf, ~leaf)]
        assert tops[0] - tops[1] > 1.5


def test_one_sees_through_a_shelter():
    """Panes are one face each, both of which are looked through; a second face would be a wall behind the first."""
    stop = pavement.bus_stop()
    corners = stop.vertices[stop.triangles[stop.material == MaterialId.CAR_GLASS]]
    middles = corners.mean(axis=1)
    normals = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    along = normals.argmax(axis=1)
    planes = {(int(axis), round(float(middle[axis]), 3)) for axis, middle in zip(along, middles, strict=True)}
    assert len(planes) == 3  # back, left and right


def test_shelters_stand_clear_of_gardens(street):
    for seed in range(3):
        city = build_city(street, seed).unique
        stops = np.unique(city.instance[(city.material == MaterialId.CAR_GLASS) & (city.semantic == Tag.STATIC)])
        assert len(stops)
        garden = np.isin(city.semantic, (Tag.FENCE, Tag.WALL))
        walls = shapely.points(city.vertices[city.triangles[garden]].reshape(-1, 3)[:, :2].astype(float))
        for stop in stops:
            glass = city.triangles[(city.instance == stop) & (city.material == MaterialId.CAR_GLASS)]
            inside = shapely.MultiPoint(city.vertices[glass].reshape(-1, 3)[:, :2].astype(float)).convex_hull
            assert not shapely.intersects(inside, walls).any()
