"""Sweeps: kills, resumption, failures, equality whatever the number of processes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pyarrow.parquet as pq
import pytest
from sweep_plays import complain, count_threads, die_always, die_at_once, die_once, slow_square, square

from drivesim.errors import DrivesimError, RecordingError, ScenarioError
from drivesim.studies.sampling import draw_instances, space_of
from drivesim.studies.sweep.journal import FILE, Journal
from drivesim.studies.sweep.samples import read_samples
from drivesim.studies.sweep.sweep import Instance, Sweep, gather, run_sweep
from drivesim.studies.sweep.table import write_table
from drivesim.studies.sweep.workers import finished_here

COLUMNS = {"square": int, "text": str}
COMMAND = [sys.executable, "-c", "from drivesim.cli import main; main()"]


def sweep_squares(folder, play=square, count=40, jobs=1, items=None, progress=None, executor=None):
    """A sweep of squares, table included; bytes of the table, and the journal's failures with their errors."""
    items = list(range(count)) if items is None else items
    with Journal(folder, {"count": count}, count) as journal:
        gather(journal, play, items, jobs=jobs, progress=progress, executor=executor)
        path = write_table(journal, [{"weight": 1.0}] * count, {"weight": float}, COLUMNS)
        failures = {index: journal.entry(index)["error"] for index in journal.failures()}
    return path.read_bytes(), failures


def journalled(folder):
    return [json.loads(line)["index"] for line in (folder / FILE).read_text().splitlines()]


def test_the_table_is_the_same_for_any_number_of_processes(tmp_path):
    tables = {sweep_squares(tmp_path / str(jobs), jobs=jobs)[0] for jobs in (1, 3)}
    assert len(tables) == 1
    rows = pq.read_table(tmp_path / "1" / "outcomes.parquet").to_pylist()
    assert [row["square"] for row in rows] == [n * n for n in range(40)]
    assert rows[7] == {"instance": 7, "weight": 1.0, "square": 49, "text": "number 7", "error": None}


def test_no_library_of_a_worker_has_threads_for_the_cores_of_the_others():
    before = dict(os.environ)
    (result,) = finished_here(count_threads, [None], [0], 1)
    assert dict(os.environ) == before
    row = result.decoded
    assert (row["numba"], row["opencv"]) == (1, 1)
    assert row["running"] == 2  # itself, and the one that ends it with its parent


def test_killed_workers_cost_nothing_but_time(tmp_path):
    items = [(str(tmp_path / "mark"), number) for number in range(40)]
    table, failures = sweep_squares(tmp_path / "killed", die_once, jobs=2, items=items)
    assert failures == {}
    assert len(list(tmp_path.glob("mark.*"))) == 8
    assert table == sweep_squares(tmp_path / "calm")[0]


def test_an_instance_that_kills_its_process_is_reported_and_the_others_are_not(tmp_path):
    _, failures = sweep_squares(tmp_path, die_always, jobs=2)
    assert failures == {3: "its process was ended by SIGKILL"}
    row = pq.read_table(tmp_path / "outcomes.parquet").to_pylist()[3]
    assert row["error"] == failures[3]
    assert row["square"] is None


def test_processes_that_never_finish_anything_end_the_sweep(tmp_path):
    with pytest.raises(DrivesimError, match=r"died in a row.*code 7"):
        sweep_squares(tmp_path, die_at_once, count=100)


def test_failures_are_tried_again_and_bad_input_is_not(tmp_path):
    calls = tmp_path / "calls"
    _, failures = sweep_squares(tmp_path / "out", complain, count=4, items=[str(calls)] * 4)
    assert failures == {1: "<gap>: contradictory", 2: "ZeroDivisionError: bad luck"}
    assert Counter(calls.read_text().split()) == {"0": 1, "1": 1, "2": 2, "3": 1}
    # The same command tries the failed ones once more, and only those.
    _, failures = sweep_squares(tmp_path / "out", square, count=4)
    assert failures == {}
    assert Counter(journalled(tmp_path / "out")) == {0: 1, 1: 2, 2: 2, 3: 1}


@pytest.mark.slow
def test_a_killed_driver_leaves_no_orphans_and_the_sweep_goes_on(tmp_path):
    script = (
        "from pathlib import Path; from sweep_plays import slow_square; from test_sweep import sweep_squares\n"
        f"if __name__ == '__main__': sweep_squares(Path({str(tmp_path / 'killed')!r}), slow_square, jobs=2)"
    )
    driver = tmp_path / "driver.py"
    driver.write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, str(driver)], env=environment)
    journal = tmp_path / "killed" / FILE
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 5):
        assert process.poll() is None
        time.sleep(0.01)
    orphans = children_of(process.pid)
    assert len(orphans) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    while any(alive(pid) for pid in orphans):
        time.sleep(0.01)
    before = len(journalled(tmp_path / "killed"))
    with journal.open("a") as file:
        file.write('{"index": 39, "row": {"squ')
    seen = []
    table, _ = sweep_squares(
        tmp_path / "killed", slow_square, jobs=2, progress=lambda done, total: seen.append((done, total))
    )
    assert before < 40
    assert seen == [(done, 40) for done in range(before + 1, 41)]
    assert sorted(journalled(tmp_path / "killed")) == list(range(40))
    assert table == sweep_squares(tmp_path / "calm")[0]


def children_of(pid):
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    return [int(word) for word in listed.stdout.split()]


def alive(pid):
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


def test_one_process_at_a_time_and_one_sweep_a_folder(tmp_path):
    with Journal(tmp_path, {"count": 2}, 2), pytest.raises(DrivesimError, match="another process"):
        Journal(tmp_path, {"count": 2}, 2)
    with pytest.raises(DrivesimError, match="another sweep"):
        Journal(tmp_path, {"count": 3}, 3)


def test_a_journal_is_read_up_to_the_first_line_that_makes_no_sense(tmp_path):
    sweep_squares(tmp_path, count=3)
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    for broken in (b"\0" * 50 + b"\n", b'{"index": 99, "row": {}}\n', b"{}\n", b'{"index": 1, "row": {}}'):
        (tmp_path / FILE).write_bytes(lines[0] + broken + lines[2])
        with Journal(tmp_path, {"count": 3}, 3) as journal:
            assert journal.todo() == [index for index in range(3) if index != journalled(tmp_path)[0]]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="cannot write"):
        Journal(tmp_path / "file" / "out", {}, 1)


def small(**changes):
    drawn = draw_instances(space_of("child_crossing", None), 4, seed=1)
    return Sweep("child_crossing", tuple(Instance(k, values) for k, values in enumerate(drawn)), **changes)


def test_what_is_wrong_with_a_sweep_is_said_before_it_starts(tmp_path):
    with pytest.raises(DrivesimError, match="--target"):
        run_sweep(small(target="Chidl"), tmp_path)
    with pytest.raises(DrivesimError, match="no_such_rig"):
        run_sweep(small(rig="no_such_rig"), tmp_path)
    with pytest.raises(ScenarioError, match="ego_sped"):
        run_sweep(Sweep("child_crossing", (Instance(0, {"ego_sped": "40"}),)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_samples_from_a_file_carry_seeds_and_weights(tmp_path):
    file = tmp_path / "samples.csv"
    file.write_text("instance,seed,weight,ego_speed,gap\n0,7,0.5,40,1\n1,8,2.5,30,2\n")
    assert read_samples(file) == [
        Instance(7, {"ego_speed": "40", "gap": "1"}, 0.5),
        Instance(8, {"ego_speed": "30", "gap": "2"}, 2.5),
    ]
    file.write_text("gap\n1\n2\n")
    assert [instance.seed for instance in read_samples(file, seed=5)] == [5, 6]
    for text, problem in (
        ("gap\n", "no samples"), ("", "no samples"), ("gap,seed\n1\n", r"csv:2.*another length"),
        ("gap,seed\n1,2,3\n", "another length"), ("gap,seed\n1,x\n", "no number"), ("weight\n-1\n", "no number"),
        ("weight\nnan\n", "no number"), ('a\n"x', "cannot be read"),
    ):  # fmt: skip
        file.write_text(text)
        with pytest.raises(ScenarioError, match=problem):
            read_samples(file)
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        read_samples(tmp_path / "nowhere.csv")


@pytest.mark.slow
def test_a_pair_says_in_table_and_recordings_what_it_differs_in(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY_RIG)
    (tmp_path / "pair.csv").write_text("seed,pair,changed,gap,ego_speed\n4,0,gap,0.6,40\n4,0,gap,1.9,40\n")
    sweep = Sweep(
        "child_crossing", tuple(read_samples(tmp_path / "pair.csv")), str(tmp_path / "tiny.yaml"), duration=0.6
    )
    rows = pq.read_table(run_sweep(sweep, tmp_path / "out").table).to_pylist()
    assert [(row["pair"], row["changed"]) for row in rows] == [(0, "gap")] * 2
    samples = [json.loads((tmp_path / "out" / row["recording"] / "sample.json").read_text()) for row in rows]
    assert [(sample["pair"], sample["changed"]) for sample in samples] == [(0, "gap")] * 2
    one, other = (sample["parameters"] for sample in samples)
    assert [name for name in one if one[name] != other[name]] == ["gap"]


def test_looks_mounting_and_choices_are_columns_like_any_other(tmp_path):
    drawn = {"ego_speed": "40", "seed.clothing": "12", "mount.all.z": "0.05", "choice.Child.0": "0.25"}
    sweep = Sweep("child_crossing", (Instance(0, drawn, 0.5),), duration=0.2)
    found = pq.read_table(run_sweep(sweep, tmp_path / "out").table)
    (row,) = found.to_pylist()
    assert {name: row[f"parameter.{name}"] for name in drawn} == {
        "ego_speed": 40.0, "seed.clothing": 12, "mount.all.z": 0.05, "choice.Child.0": 0.25
    }  # fmt: skip
    assert str(found.schema.field("parameter.seed.clothing").type) == "int64"
    assert (row["seed"], row["weight"], row["error"]) == (0, 0.5, None)


TINY_RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 64, height: 36, fx: 50.6, fy: 50.6, cx: 32.0, cy: 18.0, antialiasing: 1}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 2
"""


@pytest.mark.slow
def test_recordings_change_no_outcome_and_are_the_same_for_any_number_of_processes(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY_RIG)
    plain = run_sweep(small(), tmp_path / "plain", jobs=1)
    rows = pq.read_table(plain.table).to_pylist()
    assert {row["outcome"] for row in rows} >= {"collision"}
    for jobs in (1, 2):
        run_sweep(small(rig=str(tmp_path / "tiny.yaml")), tmp_path / str(jobs), jobs=jobs)
    one, two = (digests(tmp_path / str(jobs)) for jobs in (1, 2))
    assert one == two
    assert len(one) > 100
    for row, kept in zip(rows, pq.read_table(tmp_path / "1" / "outcomes.parquet").to_pylist(), strict=True):
        folder = tmp_path / "1" / kept.pop("recording")
        assert json.dumps(kept) == json.dumps(row)
        manifest = json.loads((folder / "recording.json").read_text())
        assert manifest["seed"] == row["seed"]
        sample = json.loads((folder / "sample.json").read_text())
        assert (sample["instance"], sample["seed"], sample["weight"]) == (row["instance"], row["seed"], row["weight"])
        assert sample["parameters"] == manifest["parameters"]
        assert {f"parameter.{name}" for name in manifest["parameters"]} <= row.keys()
        told = [hit for hit in json.loads((folder / "extra" / "collisions.json").read_text()) if "Ego" in hit.values()]
        assert [hit["time"] for hit in told[:1]] == ([row["collision_time"]] if row["hit"] else [])


def digests(folder):
    """Of every file but the journal, whose order is that in which instances ended."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if (path.is_file() and path.parent != folder) or path.suffix == ".parquet"
    }


@pytest.mark.slow
def test_the_command(tmp_path):
    def sweep(*words):
        return subprocess.run([*COMMAND, "sweep", *words], capture_output=True, text=True, cwd=tmp_path)

    done = sweep("child_crossing", "-n", "6", "-j", "2", "--set", "gap=1", "--sampler", "halton")
    assert done.returncode == 0, done.stderr
    assert "6 instances:" in done.stdout
    table = pq.read_table(tmp_path / "sweeps" / "child_crossing" / "outcomes.parquet").to_pylist()
    assert [row["seed"] for row in table] == list(range(6))
    assert {row["parameter.gap"] for row in table} == {1.0}
    other = sweep("child_crossing", "-n", "7")
    assert other.returncode == 2
    assert "another sweep" in other.stderr
    (tmp_path / "samples.csv").write_text("ego_speed,gap,weight\n40,1,0.5\n500,1,1\n")
    failing = sweep("child_crossing", "--samples", "samples.csv", "--out", "failing", "-j", "1")
    assert failing.returncode == 1, failing.stderr
    assert "instance 1 failed" in failing.stderr
    assert "(ego_speed=500, gap=1)" in failing.stderr
    assert [row["weight"] for row in pq.read_table(tmp_path / "failing" / "outcomes.parquet").to_pylist()] == [0.5, 1.0]
