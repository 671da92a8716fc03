"""The learning examples at toy length: they run, and what they write has the right shape."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RLLIB_PYTHON = Path(os.environ.get("DRIVESIM_RLLIB_PYTHON", ROOT / ".venv-rllib" / "bin" / "python"))


@pytest.mark.slow
def test_stable_baselines3_trains_and_reports_on_held_out_episodes(tmp_path):
    pytest.importorskip("stable_baselines3")
    script = ROOT / "examples" / "train_child_crossing.py"
    command = [sys.executable, script, "--steps", "64", "--episodes", "6", "--no-video", "--out", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["constant_speed"]["episodes"] == result["trained"]["episodes"] == 6
    assert 0.0 <= result["constant_speed"]["collision_rate"] <= 1.0
    assert (tmp_path / "learning_curve.png").stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.skipif(not RLLIB_PYTHON.exists(), reason="RLlib needs an environment of its own; see docs/environments.md")
def test_rllib_trains():
    script = ROOT / "examples" / "train_rllib.py"
    command = [RLLIB_PYTHON, script, "--iterations", "1", "--batch", "256"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "iteration 1: mean return" in done.stdout


def test_the_published_result_meets_what_the_documentation_claims():
    result = json.loads((ROOT / "examples" / "child_crossing_ppo" / "result.json").read_text())
    assert result["steps"] <= 210_000
    assert result["constant_speed"]["episodes"] == result["trained"]["episodes"] == 500
    assert result["constant_speed"]["collision_rate"] > 0.6
    assert result["trained"]["collision_rate"] < 0.05
    assert result["trained"]["goal_rate"] > 0.95
    assert result["trained"]["clear_road_speed_over_limit"] > 0.8
