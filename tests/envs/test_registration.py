"""How environments are found in a fresh process, and that they play there what they play here."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.metadata import entry_points

import gymnasium as gym
import numpy as np
import pytest

from drivesim.envs.registration import environment_id, playable

IDS = [environment_id(name) for name in playable()]
NAME = "drivesim/ChildCrossing-v0"
INSTALLED = bool(entry_points(group="gymnasium.envs", name="drivesim"))
DRIVE = """
observations = [env.reset(seed=4)[0]]
for action in np.random.default_rng(1).uniform(-1.0, 1.0, (60, 2)).astype(np.float32):
    observations.append(env.step(action)[0])
print(hashlib.sha256(np.array(observations).tobytes()).hexdigest())
"""


def printed(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


def driven_here():
    env = gym.make(NAME)
    observations = [env.reset(seed=4)[0]]
    for action in np.random.default_rng(1).uniform(-1.0, 1.0, (60, 2)).astype(np.float32):
        observations.append(env.step(action)[0])
    return hashlib.sha256(np.array(observations).tobytes()).hexdigest()


def test_there_is_an_environment_for_every_shipped_scenario():
    assert len(IDS) >= 11
    assert {NAME, "drivesim/MotorwayCutIn-v0", "drivesim/TurningAcrossCyclist-v0"} <= set(IDS)
    assert set(IDS) <= set(gym.registry)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(f"env = gym.make('{NAME}')", id="nothing imported"),
        pytest.param(f"env = gym.make('drivesim.envs:{NAME}')", id="by full name"),
        pytest.param(f"import drivesim.envs; env = gym.make('{NAME}')", id="after importing drivesim.envs"),
        pytest.param(
            "from importlib.metadata import entry_points\n"
            "for plugin in entry_points(group='gymnasium.envs', name='drivesim'): plugin.load()()\n"
            f"env = gym.make('{NAME}')",
            id="through the entry point",
        ),
    ],
)
def test_a_fresh_process_finds_it_and_drives_the_same_trajectory(found):
    if ("entry_points" in found or "drivesim.envs" not in found) and not INSTALLED:
        pytest.skip("drivesim is not installed here, only found by path")
    (there,) = printed(f"import hashlib\nimport numpy as np\nimport gymnasium as gym\n{found}\n{DRIVE}")
    assert there == driven_here()


def test_whether_drivesim_or_gymnasium_is_imported_first_does_not_matter():
    first = f"import drivesim.envs\nimport gymnasium as gym\nprint('{NAME}' in gym.registry)"
    assert printed(first) == printed(f"import gymnasium as gym\nimport drivesim.envs\nprint('{NAME}' in gym.registry)")
    assert printed(first) == ["True"]


def test_the_vector_environment_is_found_by_full_name_too():
    code = f"""
import gymnasium as gym
envs = gym.make_vec("drivesim.envs:{NAME}", 3, vectorization_mode="vector_entry_point")
print(type(envs.unwrapped).__name__, envs.reset(seed=0)[0].shape)
"""
    assert printed(code) == ["ScenarioVectorEnv (3, 61)"]


def test_python_starts_without_what_only_gymnasium_needs():
    """What waits for gymnasium is there from the start, in every program: it must bring nothing along."""
    code = """
import sys
print(*sorted(name for name in sys.modules if name.split(".")[0] in {"drivesim", "gymnasium", "numpy", "typing"}))
"""
    expected = "drivesim drivesim.plugin" if INSTALLED else ""
    assert " ".join(printed(code)) == expected
