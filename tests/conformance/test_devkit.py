"""A recording opens in the unmodified nuscenes-devkit, which needs an environment of its own (numpy < 2)."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

CHECK = Path(__file__).with_name("devkit_check.py")


@pytest.fixture(scope="module")
def devkit_python(tmp_path_factory):
    home = tmp_path_factory.mktemp("devkit") / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "nuscenes-devkit==1.2.0"], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"nuscenes-devkit 1.2.0 cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return python


@pytest.mark.slow
def test_the_devkit_opens_a_recording_and_counts_the_same_points(devkit_python, tmp_path):
    command = [sys.executable, "-c", "from drivesim.cli import main; main()", "record", "child_crossing"]
    subprocess.run([*command, "--duration", "1.2", "--out", tmp_path / "recording", "--quiet"], check=True)
    done = subprocess.run(
        [devkit_python, CHECK, tmp_path / "recording", tmp_path / "pictures"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "human.pedestrian.child" in done.stdout
    assert (tmp_path / "pictures" / "LIDAR_TOP_in_CAM_FRONT.png").stat().st_size > 10_000
