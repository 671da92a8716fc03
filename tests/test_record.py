"""The main job through its command line: what it writes, that it repeats to the byte, and how it complains."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drivesim.cli import main
from drivesim.recording import write_tables

TINY_RIG = """\
description: a small rig that renders quickly
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 160, height: 90, fx: 126.6, fy: 126.6, cx: 80.0, cy: 45.0}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
  LIDAR_TOP:
    device: velodyne_vlp16
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
  RADAR_FRONT:
    device: continental_ars408
    translation: [3.41, 0.0, 0.5]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 20
"""

COMMAND = [sys.executable, "-c", "from drivesim.cli import main; main()"]


def drivesim(*arguments, cwd, check=False):
    return subprocess.run([*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=check)


def record(cwd, *options):
    drivesim("record", "child_crossing", "--rig", "tiny.yaml", "--quiet", *options, cwd=cwd, check=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("record")
    (made / "tiny.yaml").write_text(TINY_RIG)
    return made


@pytest.fixture(scope="module")
def recording(folder):
    record(folder, "--duration", "1.2", "--out", "one", "-j", "1")
    return folder / "one"


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def table(recording: Path, name: str):
    return json.loads((recording / "v1.0-drivesim" / f"{name}.json").read_text())


def test_every_channel_and_every_picture_is_there(recording):
    names = {path.parent.relative_to(recording).as_posix() for path in recording.rglob("*") if path.is_file()}
    for channel in ("CAM_FRONT", "LIDAR_TOP", "RADAR_FRONT"):
        assert {f"samples/{channel}", f"sweeps/{channel}"} <= names
    assert {"extra/CAM_FRONT/depth", "extra/CAM_FRONT/semantic", "extra/CAM_FRONT/instance"} <= names
    assert (recording / "contact_sheet.png").stat().st_size > 10_000
    assert (recording / "preview.mp4").stat().st_size > 1_000


def test_tables_refer_to_each_other(recording):
    named = ("sample", "sample_data", "ego_pose", "calibrated_sensor", "instance", "category", "visibility")
    tokens = {name: {row["token"] for row in table(recording, name)} for name in named}
    for row in table(recording, "sample_data"):
        assert row["sample_token"] in tokens["sample"]
        assert row["ego_pose_token"] in tokens["ego_pose"]
        assert row["calibrated_sensor_token"] in tokens["calibrated_sensor"]
        assert (recording / row["filename"]).is_file()
        assert row["next"] in tokens["sample_data"] | {""}
    for row in table(recording, "sample_annotation"):
        assert row["sample_token"] in tokens["sample"]
        assert row["instance_token"] in tokens["instance"]
        assert row["visibility_token"] in tokens["visibility"]
    assert all(row["category_token"] in tokens["category"] for row in table(recording, "instance"))


def test_the_child_is_a_child(recording):
    names = {row["token"]: row["name"] for row in table(recording, "category")}
    by_actor = {row["name"]: names[row["category_token"]] for row in table(recording, "instance")}
    assert by_actor["Child"] == "human.pedestrian.child"
    assert by_actor["SmallParkedCar"] == "vehicle.car"
    assert "Ego" not in by_actor


def test_why_people_do_what_they_do_is_there(recording):
    decisions = json.loads((recording / "extra" / "decisions.json").read_text())
    assert {row["actor"] for row in decisions} == {"Child"}
    assert "plays behind the car" in {row["node"].rsplit(".", 1)[-1] for row in decisions if row["status"] == "RUNNING"}


def test_keyframes_come_at_two_hertz(recording):
    stamps = [row["timestamp"] for row in table(recording, "sample")]
    assert len(stamps) == 3
    assert [stamps[1] - stamps[0], stamps[2] - stamps[1]] == pytest.approx([500_000] * 2, abs=100_000)


def test_equal_bytes_with_one_thread_and_two(recording, folder):
    if (os.cpu_count() or 1) < 2:
        pytest.skip("this machine has one core")
    record(folder, "--duration", "1.2", "--out", "two", "-j", "2")
    assert digests(folder / "two") == digests(recording)


def test_made_again_from_the_recording_itself(recording, folder):
    drivesim("record", "--from", "one", "--out", "again", "--quiet", cwd=folder, check=True)
    assert digests(folder / "again") == digests(recording)


def test_a_recording_made_by_a_carla_server_is_made_again_by_one(recording, folder):
    """Not quietly by the embedded simulator; here there is no server."""
    (folder / "served").mkdir()
    manifest = json.loads((recording / "recording.json").read_text())
    (folder / "served" / "recording.json").write_text(json.dumps({**manifest, "simulator": "carla"}))
    done = drivesim("record", "--from", "served", "--out", "unmade", "--carla", "nowhere", cwd=folder)
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert not (folder / "unmade").exists()


def test_another_seed_is_another_run(recording, folder):
    record(folder, "--duration", "0.3", "--seed", "5", "--out", "other")
    first = "samples/CAM_FRONT/CAM_FRONT__000000100000.jpg"
    assert (folder / "other" / first).read_bytes() != (recording / first).read_bytes()


def test_ctrl_c_leaves_a_readable_recording(folder):
    process = subprocess.Popen(
        [*COMMAND, "record", "child_crossing", "--rig", "tiny.yaml", "--out", "stopped", "--quiet"],
        cwd=folder,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where tests run in the background
    )
    journal = folder / "stopped" / "journal.jsonl"
    while process.poll() is None and (not journal.exists() or len(journal.read_text().splitlines()) < 15):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    rows = table(folder / "stopped", "sample_data")
    assert rows
    assert all((folder / "stopped" / row["filename"]).is_file() for row in rows)


def test_ctrl_c_within_compiled_code_is_an_interruption_too(monkeypatch, capsys):
    """CPython reports it as a SystemError whose cause is the KeyboardInterrupt, once per function on the way out."""

    def interrupted(*args, **options):
        inner = SystemError("<function _numba_unpickle> returned a result with an exception set")
        inner.__cause__ = KeyboardInterrupt()
        raise SystemError("CPUDispatcher returned a result with an exception set") from inner

    monkeypatch.setattr("drivesim.cli.app.app", interrupted)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_kill_leaves_what_was_written(folder):
    process = subprocess.Popen(
        [*COMMAND, "record", "child_crossing", "--rig", "tiny.yaml", "--out", "killed", "--quiet"], cwd=folder
    )
    journal = folder / "killed" / "journal.jsonl"
    while process.poll() is None and (not journal.exists() or len(journal.read_text().splitlines()) < 15):
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert write_tables(folder / "killed") >= 1
    rows = table(folder / "killed", "sample_data")
    assert len(rows) > 15
    test_tables_refer_to_each_other(folder / "killed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["record", "child_crosing"], "Did you mean 'child_crossing'"),
        (["record", "missing.xosc"], "no scenario 'missing.xosc' found"),
        (["record", "child_crossing", "--rig", "nuscene"], "Did you mean 'nuscenes'"),
        (["record", "child_crossing", "--set", "ego_sped=50"], "ego_speed"),
        (["record", "child_crossing", "--set", "ego_speed"], "NAME=VALUE"),
        (["record", "child_crossing", "--set", "ego_speed=500"], "ego_speed"),
        (["record", "child_crossing", "--rig", "bad_field.yaml"], "bad_field.yaml:7"),
        (["record", "child_crossing", "--rig", "bad_rate.yaml"], "bad_rate.yaml:7"),
        (["record", "broken.xosc"], "broken.xosc:3"),
        (["record", "child_crossing", "--rig", "tiny.yaml", "--out", "/proc/nothing"], "writable"),
        (["record", "child_crossing", "--duration", "-1"], "--duration"),
        (["record", "child_crossing", "-j", "9999"], "--jobs"),
        (["record"], "SCENARIO"),
        (["record", "--from", "."], "recording"),
    ],
)
def test_bad_input_is_one_clear_message(arguments, message, folder):
    (folder / "bad_field.yaml").write_text(TINY_RIG.replace("    rate_hz: 10\n", "    rate_hertz: 10\n", 1))
    (folder / "bad_rate.yaml").write_text(TINY_RIG.replace("rate_hz: 10", "rate_hz: -10", 1))
    (folder / "broken.xosc").write_text("<OpenSCENARIO>\n  <FileHeader>\n  </FileHeade>\n</OpenSCENARIO>\n")
    done = drivesim(*arguments, cwd=folder)
    text = " ".join(done.stderr.split())
    assert done.returncode == 2, text
    assert message in text
    assert "Traceback" not in text


def test_an_existing_recording_is_not_overwritten_by_accident(recording, folder):
    done = drivesim("record", "child_crossing", "--rig", "tiny.yaml", "--out", "one", cwd=folder)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    foreign = folder / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("mine")
    done = drivesim("record", "child_crossing", "--rig", "tiny.yaml", "--out", "foreign", "--overwrite", cwd=folder)
    assert done.returncode == 2
    assert (foreign / "thesis.tex").read_text() == "mine"
