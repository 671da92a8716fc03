"""The report is one file that says the answer, and a browser shows it without complaint."""

import re
import shutil
import subprocess

import pyarrow.parquet as pq
import pytest

from drivesim.errors import DrivesimError
from drivesim.studies.whatif.report import write_report
from drivesim.studies.whatif.table import write_table

PLAN = {
    "scenario": "child_crossing", "rigs": ["one", "two"], "seed": 0, "ego": "aeb", "version": "1", "full": False,
    "scenario_sha256": "0" * 64, "settings": [["fog", "50"]], "ego_parameters": {"dead_time": 0.1},
    "rig_sources": {"one": "device: camera_1600x900 # <b>", "two": "device: continental_ars408"},
}  # fmt: skip


def milestone(time):
    return {"time": time, "distance": 20.0, "ttc": 1.5}


def outcome(rig, speed):
    known = {name: milestone(1.0 + i / 10) for i, name in enumerate(
        ("sight", "first_return", "detection", "confirmation", "warning", "brake"))}  # fmt: skip
    return {"rig": rig, "collided": speed > 0, "impact_speed": speed, "points": float(speed == 0), "risk": 0.1,
            "caveat": "curve fitted to adults, used for age 6", "false_triggers": 0, **known}  # fmt: skip


@pytest.fixture
def instances():
    return [
        {"index": i, "seed": i, "same_until_reaction": True,
         "parameters": {"ego_speed": str(30 + i), "gap": str(0.5 + i / 10), "fog": "50"},
         "outcomes": [outcome("one", 10.0 * (i % 3)), outcome("two", 0.0)]}
        for i in range(12)
    ]  # fmt: skip


@pytest.fixture
def page(instances, tmp_path):
    failed = [{"index": 12, "error": "ValueError: <odd>", "parameters": {"gap": "1"}}]
    path, _, _ = write_report(instances, failed, PLAN, "drivesim whatif child_crossing --rig one --rig two", tmp_path)
    return path


def test_the_answer_comes_first_and_doubts_are_said(page):
    text = page.read_text()
    body = text[text.index("<main>") :]
    assert body.index("67% of 12 instances") < body.index("<h2>Rigs")
    assert "two prevents 8 of these and causes 0" in body
    for doubt in ("oracle_camera", "curve fitted to adults", "Sensing began", "12 of 12 instances"):
        assert doubt in body[: body.index("<h2>Rigs")]


def test_the_page_needs_nothing_else_and_shows_text_as_text(page):
    text = page.read_text()
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']https?:", text)
    assert "&lt;odd&gt;" in text
    assert "# &lt;b&gt;" in text
    assert "drivesim whatif child_crossing --rig one --rig two" in text


def test_no_finished_instance_is_no_report(tmp_path):
    with pytest.raises(DrivesimError, match="no instance finished"):
        write_report([], [], PLAN, "", tmp_path)


def test_the_table_holds_every_number(instances, tmp_path):
    table = pq.read_table(write_table(instances, tmp_path))
    assert table.num_rows == 24
    assert table.column("impact_speed").to_pylist()[2] == 10.0
    assert table.column("brake.time").to_pylist()[0] == pytest.approx(1.5)
    assert "parameter.ego_speed" in table.column_names


def complaints(page, picture):
    browser = shutil.which("chromium")
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
               "--window-size=1366,900", f"--screenshot={picture}", page.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_shows_it_without_complaint(page, tmp_path):
    broken = tmp_path / "broken.html"
    broken.write_text("<script>nothing.here()</script>")
    assert complaints(broken, tmp_path / "broken.png")
    assert complaints(page, tmp_path / "page.png") == []
    assert (tmp_path / "page.png").stat().st_size > 20_000
