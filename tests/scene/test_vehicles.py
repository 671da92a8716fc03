"""Vehicles fill the scenario's boxes, stand on their wheels and say what they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivesim.materials import MaterialId
from drivesim.scene.vehicles import prop_model, vehicle_model
from drivesim.taxonomy import Tag
from drivesim.types import Actor, Axles, BoundingBox, Light


def actor(category="car", model="", size=(4.4, 1.8, 1.5), wheelbase=2.65, wheel=0.65, name="it", **properties):
    length, width, height = size
    overhang = 0.2 * length
    return Actor(
        index=0, name=name, kind="vehicle", category=category, model=model, properties=properties,
        box=BoundingBox((length / 2 - overhang, 0.0, height / 2), length, width, height),
        axles=Axles(wheelbase, 0.0, wheel, 0.85 * width, 0.6),
    )  # fmt: skip


KINDS = [
    ("car", "hatchback", (4.2, 1.8, 1.47), 2.6, 0.63),
    ("car", "saloon", (4.7, 1.82, 1.44), 2.8, 0.65),
    ("car", "suv", (4.5, 1.86, 1.66), 2.7, 0.7),
    ("car", "estate", (4.75, 1.83, 1.47), 2.8, 0.65),
    ("van", "delivery_van", (5.53, 2.02, 2.6), 3.45, 0.7),
    ("truck", "lorry", (8.6, 2.5, 3.5), 4.8, 0.96),
    ("bus", "bus", (12.0, 2.55, 3.1), 5.9, 0.96),
    ("tram", "tram", (30.0, 2.4, 3.5), 11.0, 0.66),
    ("semitrailer", "semitrailer", (13.6, 2.55, 4.0), 7.7, 1.0),
    ("trailer", "trailer", (6.5, 2.5, 3.4), 3.5, 0.9),
]


@pytest.mark.parametrize(("category", "model", "size", "wheelbase", "wheel"), KINDS)
def test_a_body_fills_its_box(category, model, size, wheelbase, wheel):
    it = actor(category, model, size, wheelbase, wheel)
    low, high = vehicle_model(it, 0).body.bounds()
    assert high[0] - low[0] == pytest.approx(size[0], abs=0.01)
    assert max(high[1], -low[1]) == pytest.approx(size[1] / 2, abs=0.01)
    assert high[2] == pytest.approx(size[2], abs=0.01)


@settings(max_examples=15, deadline=None)
@given(st.floats(3.4, 5.2), st.floats(1.6, 2.0), st.floats(1.35, 1.85))
def test_cars_of_any_size_fill_their_boxes(length, width, height):
    it = actor(size=(length, width, height), wheelbase=0.6 * length)
    low, high = vehicle_model(it, 0).body.bounds()
    assert high - low == pytest.approx([length, width, high[2] - low[2]], abs=0.02)
    assert high[2] == pytest.approx(height, abs=0.01)


@pytest.mark.parametrize("model", ["city_car", "hatchback", "saloon", "estate", "suv", "pickup"])
def test_a_bonnet_is_one_surface_without_folds_or_gaps(model):
    it = actor(model=model)
    body = vehicle_model(it, 0).body
    painted = body.vertices[body.triangles[body.material == MaterialId.CAR_PAINT]].astype(float)
    a, b, c = painted[painted[..., 2].min(axis=1) > 0.5 * it.box.height].transpose(1, 0, 2)[..., :2]
    front = it.box.center[0] + it.box.length / 2
    seen = []
    for x in front - it.box.length * np.linspace(0.105, 0.17, 9):
        for y in np.linspace(-0.45, 0.45, 12):
            turns = np.array(
                [(q - p)[:, 0] * (y - p[:, 1]) - (q - p)[:, 1] * (x - p[:, 0]) for p, q in ((a, b), (b, c), (c, a))]
            )
            seen.append(int((turns > 0).all(axis=0).sum() + (turns < 0).all(axis=0).sum()))
    assert set(seen) == {1}


@pytest.mark.parametrize("category", ["car", "van", "truck", "bus", "bicycle", "motorbike"])
def test_wheels_stand_on_the_road(category):
    size = {"bicycle": (1.89, 0.5, 1.75), "motorbike": (2.1, 0.8, 1.1)}.get(category, (4.4, 1.8, 1.6))
    base = {"bicycle": 1.05, "motorbike": 1.4}.get(category, 2.65)
    model = vehicle_model(actor(category, "", size, base), 0)
    assert len(model.wheels) == (2 if category in ("bicycle", "motorbike") else 4)
    for wheel in model.wheels:
        assert wheel.center[2] + wheel.mesh.bounds()[0][2] == pytest.approx(0.0, abs=0.01)
    assert any(wheel.steered for wheel in model.wheels)


def test_parts_have_their_materials_and_class():
    model = vehicle_model(actor(), 0)
    wanted = {
        MaterialId.CAR_PAINT,
        MaterialId.CAR_GLASS,
        MaterialId.HEADLAMP,
        MaterialId.TAILLAMP,
        MaterialId.NUMBER_PLATE,
    }
    assert wanted <= {MaterialId(m) for m in np.unique(model.body.material)}
    assert (model.body.semantic == Tag.CAR).all()
    assert {lamp.kind for lamp in model.lamps} >= {Light.LOW_BEAM, Light.BRAKE}


def test_looks_depend_on_name_and_seed_alone():
    same = [vehicle_model(actor(name="a"), 3).body for _ in range(2)]
    assert (same[0].albedo == same[1].albedo).all()
    bodies = [vehicle_model(actor(name=f"car {i}"), 3).body for i in range(12)]
    paints = {tuple(body.albedo[body.material == MaterialId.CAR_PAINT][0]) for body in bodies}
    assert len(paints) > 3


def test_only_two_wheelers_have_a_saddle():
    assert vehicle_model(actor(), 0).rider is None
    seat = vehicle_model(actor("bicycle", "", (1.89, 0.5, 1.75), 1.05, 0.68), 0).rider
    assert 0.7 < seat.saddle[2] < 1.1
    assert seat.handlebar_left[1] > 0 > seat.handlebar_right[1]


@pytest.mark.parametrize("name", ["cone", "ball", "bin", "barrier", "pole", "something unknown"])
def test_things_fill_their_boxes(name):
    box = BoundingBox((0.0, 0.0, 0.4), 0.5, 0.6, 0.8)
    low, high = prop_model(Actor(0, name, "misc", "obstacle", name, box), 0).bounds()
    assert high - low == pytest.approx([0.5, 0.6, 0.8], abs=1e-4)
    assert low[2] == pytest.approx(0.0, abs=1e-4)


def test_a_trailer_has_no_cab_and_lights_nothing_ahead():
    lorry = vehicle_model(actor("truck", "lorry", (8.6, 2.5, 3.5), 4.8, 0.96), 0)
    towed = vehicle_model(actor("semitrailer", "box", (13.6, 2.55, 4.0), 7.7, 1.0), 0)
    assert MaterialId.CAR_GLASS in lorry.body.material
    assert MaterialId.CAR_GLASS not in towed.body.material
    assert MaterialId.HEADLAMP not in towed.body.material
    assert MaterialId.TAILLAMP in towed.body.material
    assert towed.lamps == ()


@pytest.mark.parametrize(("category", "model", "size", "wheelbase", "wheel"), KINDS)
def test_every_vehicle_brakes_and_indicates_on_both_sides(category, model, size, wheelbase, wheel):
    made = vehicle_model(actor(category, model, size, wheelbase, wheel), 0)
    y = made.body.vertices[made.body.triangles].mean(axis=1)[:, 1]
    assert (y[made.lamp_group == Light.LEFT_BLINKER] > 0).all()
    assert (y[made.lamp_group == Light.RIGHT_BLINKER] < 0).all()
    for flag in (Light.BRAKE, Light.LEFT_BLINKER, Light.RIGHT_BLINKER):
        assert (made.lamp_group & int(flag)).any()


@pytest.mark.parametrize("model", ["city_car", "hatchback", "saloon", "estate", "suv", "pickup", "van"])
def test_tail_lamps_are_dark_glass_with_chambers_and_small(model):
    made = vehicle_model(actor(model=model), 0)
    corners = made.body.vertices[made.body.triangles].astype(float)
    cross = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    behind = (cross[:, 0] < 0) & (corners[..., 0].mean(axis=1) < 0) & (corners[..., 1].mean(axis=1) > 0.2)
    red = behind & (made.body.material == MaterialId.TAILLAMP)
    area = -cross[:, 0]
    lit = np.isin(made.lamp_group, [int(Light.BRAKE), int(Light.BRAKE | Light.POSITION)])
    assert 0.004 < area[red].sum() < 0.06
    assert 0.1 < area[red & lit].sum() / area[red].sum() < 0.9  # chambers lie in glass that nothing lights
    assert (made.body.albedo[red].max(axis=1) <= 0.2).all()
    for flag in (Light.REVERSE, Light.LEFT_BLINKER):
        assert area[behind & (made.lamp_group == int(flag))].sum() > 0.0015


def test_number_plates_differ_and_can_be_read_from_both_ends():
    marks = []
    for name in ("a", "b"):
        body = vehicle_model(actor(name=name), 0).body
        ink = (body.material == MaterialId.NUMBER_PLATE) & (body.albedo.max(axis=1) < 0.1)
        corners = body.vertices[body.triangles[ink]].astype(float)
        ahead = corners[..., 0].mean(axis=1) > 1.0
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 0]
        assert (across[ahead] > 0).all()
        assert (across[~ahead] < 0).all()
        front, rear = (corners[side].reshape(-1, 3) for side in (ahead, ~ahead))
        assert np.sort(front[:, 1]) == pytest.approx(np.sort(-rear[:, 1]), abs=1e-6)  # both read from left to right
        marks.append(np.sort(front[:, 1]))
    assert marks[0].shape != marks[1].shape or (marks[0] != marks[1]).any()


def test_one_stands_on_an_electric_scooter():
    made = vehicle_model(actor("bicycle", "e_scooter", (1.15, 0.55, 1.2), 0.85, 0.22), 0)
    height = made.rider.saddle[2] - made.rider.pedal_center[2]
    assert height > 0.8
    assert made.rider.crank_radius == 0.0
    assert made.body.bounds()[1][2] == pytest.approx(1.14, abs=0.05)


@pytest.mark.parametrize(
    ("category", "model", "size", "wheelbase", "wheel"), [k for k in KINDS if k[0] in ("truck", "bus", "van")]
)
def test_wheels_turn_in_open_arches(category, model, size, wheelbase, wheel):
    made = vehicle_model(actor(category, model, size, wheelbase, wheel), 0)
    middle = made.body.vertices[made.body.triangles].mean(axis=1)
    painted = made.body.material == MaterialId.CAR_PAINT
    for hub in made.wheels[:2]:
        beside = np.abs(middle[:, 1]) > 0.85 * size[1] / 2
        in_reach = np.hypot(middle[:, 0] - hub.center[0], middle[:, 2] - hub.center[2]) < hub.radius
        assert not (painted & beside & in_reach).any()


@pytest.mark.parametrize("category", ["bus", "tram"])
def test_one_sees_seats_through_the_windows_of_a_coach(category):
    size = {"bus": (12.0, 2.55, 3.1), "tram": (30.0, 2.4, 3.5)}[category]
    body = vehicle_model(actor(category, category, size, 5.9, 0.9), 0).body
    middle = body.vertices[body.triangles].mean(axis=1)
    glass = body.material == MaterialId.CAR_GLASS
    for side in (1, -1):
        assert (glass & (side * middle[:, 1] > 0.9 * size[1] / 2)).sum() > 20
    pane_low = middle[glass & (np.abs(middle[:, 1]) > 0.9 * size[1] / 2), 2].min()
    inside = (body.material == MaterialId.SYNTHETIC) & (np.abs(middle[:, 1]) < 0.8 * size[1] / 2)
    assert (inside & (middle[:, 2] > pane_low) & (middle[:, 2] < 0.6 * size[2])).any()
