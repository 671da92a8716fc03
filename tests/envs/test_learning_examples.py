"""The learning examples at toy length: they run, and what they write has the right shape."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def run(python, script, *options):
    done = subprocess.run([python, EXAMPLES / script, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def rllib_python(tmp_path_factory):
    """RLlib and the gymnasium that it pins come from the registry; all else lies behind, in this environment."""
    home = tmp_path_factory.mktemp("rllib") / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    (behind,) = home.glob("lib/python*/site-packages")
    (behind / "behind.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "ray[rllib]>=2.40"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"RLlib cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return python


@pytest.mark.slow
def test_stable_baselines3_trains_and_reports_on_held_out_episodes(tmp_path):
    pytest.importorskip("stable_baselines3")
    options = ["--steps", "64", "--episodes", "6", "--no-video", "--out", tmp_path]
    run(sys.executable, "train_child_crossing.py", *options)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["constant_speed"]["episodes"] == result["trained"]["episodes"] == 6
    assert 0.0 <= result["constant_speed"]["collision_rate"] <= 1.0
    assert (tmp_path / "learning_curve.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_shipped_policy_still_drives_as_the_docs_say(tmp_path):
    pytest.importorskip("stable_baselines3")
    policy = EXAMPLES / "child_crossing_ppo" / "policy.zip"
    options = ["--policy", policy, "--episodes", "200", "--no-video", "--out", tmp_path]
    run(sys.executable, "train_child_crossing.py", *options)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["constant_speed"]["collision_rate"] > 0.6
    assert result["trained"]["collision_rate"] < 0.05
    assert result["trained"]["goal_rate"] > 0.95
    assert result["trained"]["clear_road_speed_over_limit"] > 0.8


@pytest.mark.slow
def test_rllib_trains_with_the_gymnasium_that_it_pins(rllib_python):
    pinned = subprocess.run(
        [rllib_python, "-c", "import gymnasium; print(gymnasium.__version__)"], capture_output=True, text=True
    )
    assert tuple(int(part) for part in pinned.stdout.split(".")[:2]) < (1, 4)
    printed = run(rllib_python, "train_rllib.py", "--iterations", "1", "--batch", "256")
    assert "iteration 1: mean return" in printed


@pytest.mark.slow
def test_processes_drive_and_a_driver_who_slows_down_beside_parked_cars_seldom_hits():
    printed = run(sys.executable, "drive_in_processes.py", "--processes", "2", "--episodes", "30")
    episodes, collisions, goals = re.match(r"(\d+) episodes: ([\d.]+)% collisions, ([\d.]+)% reach", printed).groups()
    assert int(episodes) >= 30
    assert float(collisions) < 20.0  # at constant speed 74 % (docs/environments.md)
    assert float(goals) > 80.0
