"""Sheets of vehicles, of a street in four weathers, and the table of materials."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.materials import MATERIALS
from drivesim.scene.vehicles import vehicle_model
from drivesim.studio import Stand, photograph
from drivesim.studio.vehicles import CARS, vehicle
from drivesim.taxonomy import Tag
from drivesim.types import Light


def shown(name, tmp_path, width):
    file = tmp_path / f"{name}.png"
    done = CliRunner().invoke(app, ["show", name, "--out", str(file), "--width", str(width)])
    assert done.exit_code == 0, done.output
    return np.asarray(Image.open(file)).astype(float)


def test_a_car_from_the_side_is_as_long_as_its_box():
    kind = CARS[2]
    stand = Stand(vehicle(kind, "it"), 1.2, 0.5 * np.pi)
    image = photograph([stand], 0, span=(0.0, 6.0), height=2.0, width=300, elevation=0.0, distance=60.0)
    columns = np.flatnonzero((image.semantic == Tag.CAR).any(axis=0))
    assert len(columns) / 50 == pytest.approx(kind.size[0], abs=0.1)
    assert columns[0] / 50 == pytest.approx(1.2 - kind.overhang, abs=0.1)


@pytest.mark.parametrize("kind", CARS[:5], ids=lambda kind: kind.label)
def test_no_part_of_a_lit_lamp_is_hidden_in_the_body(kind):
    actor = vehicle(kind, "it")
    made = vehicle_model(actor, 0)
    lit = (made.lamp_group & int(Light.BRAKE)) > 0
    corners = made.body.vertices[made.body.triangles[lit]].astype(float)
    facing = -0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 0]
    on, off = (
        photograph([stand], 0, span=(0.0, 3.0), height=1.8, width=900, elevation=0.0, distance=60.0).rgb.astype(int)
        for stand in (Stand(actor, 1.5, np.pi, lights=int(flag)) for flag in (Light.BRAKE, Light.NONE))
    )
    brighter = (on - off)[..., 0]
    wholly = np.quantile(brighter[brighter > 20], 0.9)
    assert (brighter > 0.5 * wholly).sum() / 300.0**2 == pytest.approx(facing[facing > 0].sum(), rel=0.08)


def test_vehicles_fill_a_sheet(tmp_path):
    picture = shown("vehicles", tmp_path, 500)
    assert picture.shape[1] == 500
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 1000


@pytest.mark.slow
def test_a_street_is_dark_by_night_and_pale_in_fog(tmp_path):
    picture = shown("district", tmp_path, 400)
    rows = picture[40 : 40 + 2 * 134].reshape(2, 134, 400, 3)[:, :110]
    day, night, fog = rows[0, :, :200], rows[0, :, 200:], rows[1, :, :200]
    above_the_roofs, road = slice(0, 30), slice(70, 105)
    assert night[above_the_roofs].mean() < 0.1 * day[above_the_roofs].mean()
    assert night[road].mean() > 10.0 * night[above_the_roofs].mean()  # head lamps and street lamps are on
    assert day.std() > 20
    assert fog.std() < 0.6 * day.std()


def test_every_material_is_listed_with_all_its_columns():
    done = CliRunner().invoke(app, ["show", "materials"])
    assert done.exit_code == 0
    for material in MATERIALS:
        (line,) = [line for line in done.output.splitlines() if line.startswith(f"│ {material.name} ")]
        assert f" {material.reflectivity_905:g} " in line
        assert f" {1000 * material.roughness_77:g} " in line
    assert "P.2040" in done.output
