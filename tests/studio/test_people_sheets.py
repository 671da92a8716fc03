"""The studio photographs people at the scale it states, from the side it states, the same for the same seed."""

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from drivesim.cli.app import app
from drivesim.studio import Stand, photograph
from drivesim.types import Actor, BoundingBox

HEIGHTS = (0.86, 1.75)


def person(name, height):
    box = BoundingBox((0.0, 0.0, 0.5 * height), 0.5, 0.6, height)
    return Actor(0, name, "pedestrian", "pedestrian", "walker", box)


@pytest.fixture(scope="module")
def row():
    stands = [Stand(person(f"p{i}", height), 0.5 + i, 0.5 * np.pi) for i, height in enumerate(HEIGHTS)]
    return photograph(stands, 1, span=(0.0, 2.0), height=2.0, width=300, elevation=0.0)


def test_people_are_as_tall_as_the_scale_says(row):
    for number, height in enumerate(HEIGHTS, start=1):
        lines = np.flatnonzero((row.instance == number).any(axis=1))
        assert len(lines) / 150 == pytest.approx(height, abs=0.03)


def test_people_stand_where_they_were_put_and_face_their_way(row):
    for number in (1, 2):
        mask = row.instance == number
        assert np.median(np.nonzero(mask)[1]) / 150 == pytest.approx(number - 0.5, abs=0.12)
        lines = np.flatnonzero(mask.any(axis=1))
        foot, shin = np.flatnonzero(mask[lines[-1] - 3]), np.flatnonzero(mask[lines[-1] - len(lines) // 8])
        assert foot[-1] - shin[-1] > shin[0] - foot[0]  # turned to the right of the picture, toes before the shin


@pytest.mark.parametrize("name", ["people", "walk"])
def test_show_writes_a_sheet(name, tmp_path):
    files = [tmp_path / "a.png", tmp_path / "b.jpg"]
    for file in files:
        done = CliRunner().invoke(app, ["show", name, "--out", str(file), "--width", "400", "--seed", "3"])
        assert done.exit_code == 0, done.output
    first, again = (np.asarray(Image.open(file).convert("RGB")).astype(int) for file in files)
    assert first.shape == again.shape
    assert first.shape[1] == 400
    assert np.abs(first - again).mean() < 6  # JPEG of the same picture
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 1000
