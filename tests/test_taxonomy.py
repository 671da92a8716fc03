import numpy as np
import pytest

from drivesim.materials import MATERIALS, MaterialId, column
from drivesim.taxonomy import LIDARSEG_FROM_TAG, NUSCENES_CATEGORIES, PALETTE, Tag, nuscenes_category, tag_of


def test_tags_are_carlas():
    """Spot values of CARLA 0.9.16's published table."""
    assert (Tag.ROADS, Tag.PEDESTRIAN, Tag.CAR, Tag.ROAD_LINE, Tag.GUARD_RAIL) == (1, 12, 14, 24, 28)
    assert len(Tag) == 29
    assert PALETTE[Tag.PEDESTRIAN].tolist() == [220, 20, 60]
    assert PALETTE.shape == (29, 3)


def test_every_tag_has_a_lidarseg_class():
    assert len(LIDARSEG_FROM_TAG) == len(Tag)
    assert NUSCENES_CATEGORIES[LIDARSEG_FROM_TAG[Tag.ROADS]] == "flat.driveable_surface"
    assert NUSCENES_CATEGORIES.index("vehicle.car") == 17
    assert NUSCENES_CATEGORIES.index("static.vegetation") == 30


@pytest.mark.parametrize(
    ("height", "age", "category"),
    [(1.15, None, "child"), (1.80, None, "adult"), (1.70, 13, "child"), (1.40, 35, "adult")],
)
def test_children_by_age_or_else_by_height(height, age, category):
    assert nuscenes_category("pedestrian", height=height, age=age) == f"human.pedestrian.{category}"


@pytest.mark.parametrize(
    ("model", "category"),
    [
        ("Pram_blue", "human.pedestrian.stroller"),
        ("shopping_cart", "movable_object.pushable_pullable"),
        ("traffic_cone", "movable_object.trafficcone"),
        ("crate", "movable_object.debris"),
    ],
)
def test_the_model_says_what_an_obstacle_is(model, category):
    assert nuscenes_category("obstacle", height=1.0, model=model) == category
    assert nuscenes_category("pedestrian", height=1.8, model=model) == "human.pedestrian.adult"


def test_unknown_categories_are_other():
    assert tag_of("spaceship") is Tag.OTHER


def test_every_material_is_complete_for_every_sensor():
    assert len(MATERIALS) == len(MaterialId)
    for number, material in enumerate(MATERIALS):
        assert MaterialId(number).name.lower() == material.name
        for share in (material.roughness, material.metalness, material.transmission):
            assert 0 <= share <= 1
        assert 0 < material.reflectivity_905 <= 1
        assert 0 < material.reflectivity_1550 <= 1
        assert material.permittivity_77.real >= 1
        assert material.permittivity_77.imag <= 0
        assert material.roughness_77 > 0


def test_columns_line_up_with_ids():
    assert column("reflectivity_905").dtype == np.float32
    assert column("permittivity_77")[MaterialId.SKIN] == 6.56 - 8.91j
