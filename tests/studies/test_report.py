"""The report is one file that says the answer, and a browser shows it without complaint."""

import math
import re
import shutil
import subprocess

import numpy as np
import pyarrow.parquet as pq
import pytest

from drivesim.errors import DrivesimError
from drivesim.studies.statistics import poisson_rate
from drivesim.studies.whatif.firsts import FirstMeasurement
from drivesim.studies.whatif.negative import FalseAlarms
from drivesim.studies.whatif.report import write_report
from drivesim.studies.whatif.table import write_table
from drivesim.studies.whatif.views import Telling, View, telling

PLAN = {
    "scenario": "child_crossing", "rigs": ["one", "two"], "seed": 0, "ego": "aeb", "version": "1", "full": False,
    "scenario_sha256": "0" * 64, "settings": [["fog", "50"]], "ego_parameters": {"dead_time": 0.1},
    "rig_sources": {"one": "CAM_FRONT: camera_1600x900 # <b>", "two": "device: continental_ars408"},
    "detectors": {"camera": "oracle_camera", "lidar": "lidar_clusters", "radar": "radar_clusters"},
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


def test_who_avoids_by_braking_for_nothing_is_told(instances, tmp_path):
    """Instance 0 has no collision with either rig, instance 1 has one with the first."""
    for entry in instances[:2]:
        entry["outcomes"][0]["false_triggers"] = 1
    path, _, _ = write_report(instances, [], PLAN, "drivesim whatif", tmp_path)
    doubts = path.read_text().split("<h2>Rigs")[0]
    told = "<b>one</b> the car braked for something else than the target in 2 of 12 instances. It hit nobody in 1 "
    assert told in doubts
    assert "<b>two</b> the car" not in doubts


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


def complaints(page, picture, width=1366):
    browser = shutil.which("chromium")
    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
               f"--window-size={width},900", f"--screenshot={picture}", page.as_uri()]  # fmt: skip
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


CUT_OFF = """<script>addEventListener("load", () => {
  for (const table of document.querySelectorAll("table"))
    if (table.getBoundingClientRect().right > innerWidth) console.error("cut off: " + table.rows[0].innerText);
})</script>"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_no_table_is_cut_off_on_paper(instances, tmp_path):
    """An A4 page with margins of a centimetre is 718 CSS pixels wide."""
    rigs = ["whatif_camera", "whatif_camera_lidar_radar"]
    path, _, _ = write_report(instances, [], PLAN | {"rigs": rigs}, "drivesim whatif", tmp_path)
    paper = tmp_path / "paper.html"
    paper.write_text(path.read_text().replace("@media print", "@media all") + CUT_OFF)
    assert complaints(paper, tmp_path / "paper.png", width=718) == []
    paper.write_text(path.read_text() + CUT_OFF)
    assert complaints(paper, tmp_path / "paper.png", width=718) != []  # on a screen one may scroll


def test_a_detector_that_reads_pictures_is_not_called_an_oracle(instances, tmp_path):
    plan = PLAN | {"detectors": PLAN["detectors"] | {"camera": "rgb_camera"}}
    path, _, _ = write_report(instances, [], plan, "drivesim whatif", tmp_path)
    body = path.read_text()
    assert "performance model that reads labels" not in body
    assert "rgb_camera" in body


def test_views_stand_side_by_side_and_false_alarms_have_their_interval(instances, tmp_path):
    grey = np.full((40, 60, 3), 90, np.uint8)
    late = FirstMeasurement("CAM_FRONT", "camera", 1.25, "occlusion", {"occlusion": 0.75, "field": 0.25})
    never = FirstMeasurement("RADAR", "radar", math.nan, "weather", {"weather": 0.5})
    views = [View("one", grey, grey, (late, never)), View("two", None, grey)]
    sights = [(Telling(3, "The rigs differ most: one hits", 1.5), views)]
    alarms = [FalseAlarms("one", 2, 0.5, poisson_rate(2, 0.5), {"steel_plate": 2, "parked_gap": 0})]
    instances[3]["parameters"] |= {"fog": "100000", "gap": "0.95498278744", "looks": "true"}
    path, _, _ = write_report(instances, [], PLAN, "drivesim whatif", tmp_path, sights, alarms)
    body = path.read_text()
    assert "gap = 0.954983, fog = 100000, looks = true" in body
    assert body.count("data:image/jpeg;base64,") == 3
    assert "The rigs differ most: one hits" in body
    assert "<td>1.25 s</td><td>hidden</td><td>hidden 0.8 s, outside its field of view 0.2 s</td>" in body
    assert "<td>not until then</td><td>weather</td>" in body
    # Garwood (1936): 2 events have 0.2422 to 7.2247; here in half an hour.
    assert "0 to 14" in body


def test_telling_instances_are_where_rigs_differ_where_all_fail_and_where_all_just_succeed():
    def entry(index, first, second, gap=1.0):
        both = [{**outcome(rig, speed), "minimum_distance": gap if speed == 0.0 else 0.0}
                for rig, speed in (("one", first), ("two", second))]  # fmt: skip
        return {"index": index, "outcomes": both}

    known = [entry(0, 0.0, 0.0, 2.0), entry(1, 0.0, 0.0, 0.1), entry(2, 20.0, 20.0), entry(3, 50.0, 45.0),
             entry(4, 30.0, 0.0), entry(5, 10.0, 0.0)]  # fmt: skip
    found = telling(known, ["one", "two"])
    assert [each.index for each in found] == [4, 3, 1]
    assert found[0].why == "The rigs differ most: one hits at 30 km/h, two stops or passes in time."
    assert [each.time for each in found] == [1.5] * 3
    assert [each.index for each in telling(known[:2], ["one", "two"])] == [1]
