"""Whole studies: instances, journal, resumption, equality of what must be equal."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import pytest
from whatif_plays import Noted

from drivesim.errors import DrivesimError, ScenarioError
from drivesim.sensors.rig import load_rig
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.sweep.journal import FILE
from drivesim.studies.whatif.compare import variance_ratio
from drivesim.studies.whatif.run import looks_ahead
from drivesim.studies.whatif.study import PLAN, Study, run_study

RIGS = ("whatif_camera", "whatif_camera_radar")


@pytest.mark.parametrize(
    ("device", "yaw", "ahead"),
    [
        ("ouster_os1_64", 180, True),  # it turns all round
        ("{base: ouster_os1_64, azimuth_window_deg: [-60, 60]}", 0, True),
        ("{base: ouster_os1_64, azimuth_window_deg: [-60, 60]}", 90, False),
        ("{base: ouster_os1_64, azimuth_window_deg: [120, 240]}", 180, True),
        ("solid_state_120x25", 0, True),
        ("solid_state_120x25", 90, False),
        ("continental_ars408", 90, False),
        ("camera_detection", 180, False),
    ],
)
def test_a_rig_looks_ahead_if_one_of_its_sensors_does(tmp_path, device, yaw, ahead):
    rig = tmp_path / "rig.yaml"
    place = f"translation: [1.0, 0.0, 1.6], rotation: {{ypr: [{yaw}, 0, 0]}}, rate_hz: 10"
    rig.write_text(f"description: One sensor\nsource: a test\nsensors:\n  ONE: {{device: {device}, {place}}}\n")
    assert looks_ahead(load_rig(rig)) is ahead


def small(count=3, **changes):
    return Study("child_crossing", RIGS, tuple({"ego_speed": str(30 + i)} for i in range(count)), **changes)


def test_instances_cover_every_parameter_evenly():
    space = space_of("child_crossing", None)
    runs = draw_instances(space, 20, seed=3)
    bins = sorted(int((float(run["ego_speed"]) - 30.0) / 1.0) for run in runs)
    assert bins == list(range(20))
    assert 12 <= sum(run["child_behavior"] == "protocol" for run in runs) <= 14
    assert draw_instances(space, 20, seed=3) == runs
    assert draw_instances(space, 20, seed=4) != runs


def test_no_instances_and_foreign_spaces_are_refused():
    with pytest.raises(ScenarioError, match="at least one"):
        draw_instances(space_of("child_crossing", None), 0, seed=0)
    with pytest.raises(ScenarioError, match=r"varies motorway_cut_in\.xosc"):
        space_of("child_crossing", "distributions/motorway_cut_in")


def test_a_study_goes_on_where_it_was_killed(tmp_path):
    play = Noted(tmp_path / "calls")
    run_study(small(), tmp_path / "out", play=play)
    journal = tmp_path / "out" / FILE
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + lines[1][:10])
    finished, failed = run_study(small(), tmp_path / "out", play=play)
    assert play.noted() == [0, 1, 2, 1, 2]
    assert [entry["index"] for entry in finished] == [0, 1, 2]
    assert failed == []


def test_failures_are_tried_again_then_reported_with_their_parameters(tmp_path):
    play = Noted(tmp_path / "calls", fail=True)
    finished, failed = run_study(small(), tmp_path / "out", play=play)
    assert play.noted() == [0, 1, 1, 2]
    assert [entry["index"] for entry in finished] == [0, 2]
    assert failed == [{"index": 1, "error": "ZeroDivisionError: bad luck", "parameters": {"ego_speed": "31"}}]


def test_a_worker_that_dies_loses_nothing(tmp_path):
    """Once: the instance is played by another. Always: it is reported, the others are not touched."""
    once = Noted(tmp_path / "once", deaths=1)
    finished, failed = run_study(small(5), tmp_path / "a", play=once, jobs=2)
    assert [entry["index"] for entry in finished] == [0, 1, 2, 3, 4]
    assert failed == []
    always = Noted(tmp_path / "always", deaths=9)
    finished, failed = run_study(small(5), tmp_path / "b", play=always, jobs=2)
    assert [entry["index"] for entry in finished] == [0, 2, 3, 4]
    assert [(f["index"], f["error"]) for f in failed] == [(1, "its process was ended by SIGKILL")]


def test_a_full_disk_is_said_and_the_study_goes_on_when_there_is_room(tmp_path):
    """A limit on the size of files stands in for the disk: the same failing write, in the middle of a line."""
    play = Noted(tmp_path / "calls")
    run_study(small(30), tmp_path / "calm", play=play)
    room = (tmp_path / "calm" / FILE).stat().st_size // 2
    (tmp_path / "full").mkdir()
    shutil.copy(tmp_path / "calm" / PLAN, tmp_path / "full" / PLAN)
    script, first = tmp_path / "driver.py", str(tmp_path / "first")
    script.write_text(
        "import resource\nfrom pathlib import Path\nfrom test_study import small\nfrom whatif_plays import Noted\n"
        "from drivesim.errors import DrivesimError\nfrom drivesim.studies.whatif.study import run_study\n"
        "if __name__ == '__main__':\n"
        f"    resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "    try:\n"
        f"        run_study(small(30), Path({str(tmp_path / 'full')!r}), play=Noted(Path({first!r})))\n"
        "    except DrivesimError as error:\n"
        "        print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert "cannot write: File too large" in said.stdout
    assert "Free some space" in said.stdout
    before = len((tmp_path / "full" / FILE).read_bytes().splitlines())
    assert 0 < before < 30
    finished, failed = run_study(small(30), tmp_path / "full", play=play)
    assert [entry["index"] for entry in finished] == list(range(30))
    assert failed == []
    assert 0 < len(play.noted()) - 30 < 30


def test_another_study_is_not_mixed_in(tmp_path):
    play = Noted(tmp_path / "calls")
    run_study(small(), tmp_path / "out", play=play)
    with pytest.raises(DrivesimError, match="another study"):
        run_study(small(seed=9), tmp_path / "out", play=play)


@pytest.mark.slow
def test_the_same_rig_under_another_name_changes_nothing(tmp_path):
    """A renamed copy gives the same outcome, number by number, and the skip of early sensing changes none either."""
    from drivesim.content import find

    copy = tmp_path / "renamed.yaml"
    copy.write_text(find("sensors", "whatif_camera").read_text())
    values = {"child_behavior": "protocol", "ego_speed": "50", "child_speed": "8", "duration": "7"}
    study = Study("child_crossing", ("whatif_camera", str(copy)), (values,))
    (entry,), _ = run_study(study, tmp_path / "gated")
    first, second = entry["outcomes"]
    assert json.dumps({**second, "rig": ""}) == json.dumps({**first, "rig": ""})
    assert entry["same_until_reaction"]
    (whole,), _ = run_study(dataclasses.replace(study, rigs=("whatif_camera",), full=True), tmp_path / "full")
    for name in ("collided", "impact_speed", "brake", "false_triggers"):
        assert json.dumps(whole["outcomes"][0][name]) == json.dumps(first[name])


@pytest.mark.slow
def test_what_another_rig_measured_before_changes_nothing(tmp_path):
    """A camera and a radar that two rigs share measure once while the worlds are the same; numbers are those of a rig
    played alone."""
    values = {"child_behavior": "protocol", "ego_speed": "45", "child_speed": "7", "duration": "7"}
    study = Study("child_crossing", ("whatif_camera", "whatif_camera_lidar", "whatif_camera_radar"), (values,))
    (entry,), _ = run_study(study, tmp_path / "all")
    for position in (1, 2):
        alone = dataclasses.replace(study, rigs=study.rigs[position : position + 1])
        (single,), _ = run_study(alone, tmp_path / str(position))
        assert json.dumps(single["outcomes"][0]) == json.dumps(entry["outcomes"][position])


@pytest.mark.slow
def test_pairs_vary_a_quarter_as_much_as_independent_runs_or_less(tmp_path):
    """What common random numbers are for: the variance of the difference of impact speeds on the child crossing."""
    fixed = {"child_behavior": "protocol", "duration": "8"}
    speeds = ((30, 6), (35, 8), (40, 5), (45, 8), (50, 6), (50, 9))
    values = tuple({"ego_speed": str(ego), "child_speed": str(child), **fixed} for ego, child in speeds)
    instances, failed = run_study(Study("child_crossing", RIGS, values), tmp_path, jobs=2)
    assert failed == []
    pairs = [tuple(entry["outcomes"]) for entry in instances]
    assert {outcome["collided"] for pair in pairs for outcome in pair} == {True, False}
    assert variance_ratio(pairs).estimate <= 0.25
