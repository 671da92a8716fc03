"""Every shipped rig and device has a page that says what its file says."""

from __future__ import annotations

import importlib.util

import pytest
from PIL import Image
from typer.testing import CliRunner

from drivesim import content
from drivesim.cli.app import app
from drivesim.sensors.rig import load_device, load_rig


@pytest.fixture(scope="module")
def tool(pytestconfig):
    spec = importlib.util.spec_from_file_location("pages", pytestconfig.rootpath / "tools" / "build_sensor_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_those_of_the_files(tool, pytestconfig):
    docs = pytestconfig.rootpath / "docs"
    made = list(tool.pages())
    assert len(made) == len(content.available("sensors"))
    for path, text, rig in made:
        assert (docs / path).read_text(encoding="utf-8") == text, "run tools/build_sensor_pages.py"
        assert (docs / "images" / f"{path.split('/')[0][:-1]}_{rig.name}.png").is_file()
        assert "**Source.** \n" not in text
    for folder in ("rigs", "devices"):
        assert (docs / folder / "README.md").read_text(encoding="utf-8") == tool.index(folder, made)
        assert {page.name for page in (docs / folder).glob("*.md")} == {
            "README.md", *(path.split("/")[1] for path, _, _ in made if path.startswith(folder))
        }  # fmt: skip


def test_everything_shipped_says_where_it_comes_from():
    for name in content.available("sensors"):
        said = load_device(name.removeprefix("devices/")) if name.startswith("devices/") else load_rig(name)
        assert said.source, name
        assert said.approximated, name


def test_a_page_names_places_triggers_and_devices(tool):
    page = tool.rig_page(load_rig("nuscenes"))
    assert "| CAM_BACK | [camera_1600x900](../devices/camera_1600x900.md), changed | 0.0283, 0.0035, 1.5791 |" in page
    assert "with LIDAR_TOP" in page
    assert "-90.9" in page or "-91.0" in page


@pytest.mark.parametrize("name", ["velodyne_vlp16", "continental_ars408", "kitti"])
def test_show_draws_a_rig_or_a_device(tmp_path, name):
    target = tmp_path / "field.png"
    done = CliRunner().invoke(app, ["show", name, "--out", str(target), "--width", "600"])
    assert done.exit_code == 0, done.output
    assert Image.open(target).size == (600, 360)
