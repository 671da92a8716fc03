"""The vector environment is many single ones, to the last bit."""

from __future__ import annotations

import gc
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.vector import AutoresetMode

from drivesim.envs import ScenarioEnv, ScenarioVectorEnv
from drivesim.envs.registration import environment_id, playable
from drivesim.errors import DrivesimError

IDS = [environment_id(name) for name in playable()]


@pytest.mark.parametrize("name", IDS)
def test_every_environment_of_a_batch_is_a_single_one_bit_by_bit(name):
    count, steps = 5, 260
    vector = gym.make_vec(name, count, vectorization_mode="vector_entry_point", time_limit=7.0)
    singles = [gym.make(name, time_limit=7.0).unwrapped for _ in range(count)]
    vector.action_space.seed(0)
    observations, infos = vector.reset(seed=11)
    for i, env in enumerate(singles):
        observation, info = env.reset(seed=11 + i)
        np.testing.assert_array_equal(observation, observations[i])
        assert info["episode_seed"] == infos["episode_seed"][i]
    ended, episodes = [False] * count, 0
    for _ in range(steps):
        actions = 0.3 * vector.action_space.sample()
        observations, rewards, terminated, truncated, infos = vector.step(actions)
        for i, env in enumerate(singles):
            if ended[i]:
                observation, info = env.reset()
                reward, over, cut = 0.0, False, False
                assert info["episode_seed"] == infos["episode_seed"][i]
            else:
                observation, reward, over, cut, info = env.step(actions[i])
                assert info["time"] == infos["time"][i]
                assert info["reward_terms"]["comfort"] == infos["reward_terms"]["comfort"][i]
            np.testing.assert_array_equal(observation, observations[i])
            assert (reward, over, cut) == (rewards[i], terminated[i], truncated[i])
            if over or cut:
                episodes += 1
                assert {k: infos["outcome"][k][i] for k in info["outcome"]} == info["outcome"]
            ended[i] = over or cut
    assert episodes >= count


def test_same_step_reset_gives_the_last_observation_and_outcome_aside():
    count = 3
    vector = ScenarioVectorEnv(count, "child_crossing", autoreset_mode="SameStep", time_limit=0.2)
    single = ScenarioEnv("child_crossing", time_limit=0.2)
    assert vector.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    vector.reset(seed=5)
    single.reset(seed=5)
    action = np.zeros(2, np.float32)
    for _ in range(4):
        observations, _, _, truncated, infos = vector.step(np.zeros((count, 2), np.float32))
        last, *_, info = single.step(action)
    assert truncated.all()
    np.testing.assert_array_equal(infos["final_obs"][0], last)
    assert infos["final_info"]["outcome"]["duration"][0] == info["outcome"]["duration"]
    np.testing.assert_array_equal(observations[0], single.reset()[0])


def test_without_autoreset_environments_are_reset_by_mask():
    vector = ScenarioVectorEnv(2, "child_crossing", autoreset_mode=AutoresetMode.DISABLED, time_limit=0.1)
    vector.reset(seed=5)
    actions = np.zeros((2, 2), np.float32)
    vector.step(actions)
    vector.step(actions)
    with pytest.raises(ResetNeeded):
        vector.step(actions)
    vector.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ResetNeeded):
        vector.step(actions)
    vector.reset(options={"reset_mask": np.array([False, True])})
    vector.step(actions)


def test_observations_handed_out_are_not_written_again():
    vector = ScenarioVectorEnv(2, "child_crossing", observation=("state", "lidar"))
    first, _ = vector.reset(seed=5)
    kept = {name: values.copy() for name, values in first.items()}
    vector.step(vector.action_space.sample())
    for name, values in kept.items():
        np.testing.assert_array_equal(first[name], values)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        (np.zeros((3, 2)), "3 actions for 2 environments"),
        (np.zeros((2, 1)), "shape"),
        (np.full((2, 2), np.nan), "not a number"),
        (np.full((2, 2), 2.0), "out of bounds"),
        (None, "one for each"),
    ],
)
def test_actions_that_are_none_are_refused(actions, words):
    vector = ScenarioVectorEnv(2, "child_crossing")
    vector.reset(seed=0)
    with pytest.raises(InvalidAction, match=words):
        vector.step(actions)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_options_that_are_none_are_refused_and_nothing_else_is_said():
    with pytest.raises(DrivesimError, match="at least one"):
        ScenarioVectorEnv(0)
    with pytest.raises(DrivesimError, match=r"(?i)did you mean 'NextStep'"):
        ScenarioVectorEnv(2, autoreset_mode="nextstep")
    with pytest.raises(DrivesimError, match="rgb_array"):
        ScenarioVectorEnv(2, render_mode="human")
    with pytest.raises(DrivesimError, match="Choose one of"):
        ScenarioVectorEnv(2, action="fly")
    gc.collect()


@pytest.mark.slow
def test_cameras_of_a_batch_see_what_single_ones_see_whatever_ran_before():
    options = {"observation": "camera", "distribution": {"ego_speed": (30, 50)}, "time_limit": 0.15}
    vector, single = ScenarioVectorEnv(2, "child_crossing", **options), ScenarioEnv("child_crossing", **options)
    single.reset(seed=99)
    images, _ = vector.reset(seed=4)
    np.testing.assert_array_equal(images[1], single.reset(seed=5)[0])
    for step in range(5):
        images, *_ = vector.step(np.zeros((2, 2), np.float32))
        image = single.reset()[0] if step == 3 else single.step(np.zeros(2, np.float32))[0]
        np.testing.assert_array_equal(images[1], image)
    vector.close()
    single.close()


@pytest.mark.slow
def test_runs_in_processes_of_their_own():
    vector = gym.make_vec(
        "drivesim/ChildCrossing-v0", 2, vectorization_mode="async", vector_kwargs={"context": "spawn"}
    )
    native = gym.make_vec("drivesim/ChildCrossing-v0", 2, vectorization_mode="vector_entry_point")
    try:
        a, b = vector.reset(seed=3)[0], native.reset(seed=3)[0]
        np.testing.assert_array_equal(a, b)
        for _ in range(5):
            actions = np.zeros((2, 2), np.float32)
            np.testing.assert_array_equal(vector.step(actions)[0], native.step(actions)[0])
    finally:
        vector.close()


@pytest.mark.slow
def test_a_process_forked_after_rendering_says_that_it_must_be_spawned():
    """In a process of its own: this one may have rendered with threads of another kind."""
    code = """
import gymnasium as gym
import numba
import drivesim.envs
from drivesim.errors import DrivesimError

name, camera = "drivesim/ChildCrossing-v0", {"observation": "camera"}
single = gym.make(name, **camera)
single.reset(seed=0)
print(numba.threading_layer())
forked = gym.make_vec(name, 2, vectorization_mode="async", vector_kwargs={"context": "fork"}, **camera)
try:
    forked.reset(seed=0)
except DrivesimError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    layer, said = done.stdout.split("\n", 1)
    if layer != "omp":
        pytest.skip(f"compiled code runs on {layer}, not on OpenMP")
    assert "context='spawn'" in said
