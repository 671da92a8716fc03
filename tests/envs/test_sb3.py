"""The adapter for stable-baselines3 says what its own vector of single environments says."""

from __future__ import annotations

import numpy as np
import pytest

from drivesim.envs import ScenarioEnv

vec_env = pytest.importorskip("stable_baselines3.common.vec_env")

OPTIONS = {"action": "target_speed", "distribution": {"ego_speed": (30, 50)}, "time_limit": 3.0}


def test_same_numbers_as_a_vector_of_single_environments():
    from drivesim.envs.sb3 import ScenarioVecEnv

    native = ScenarioVecEnv(3, "child_crossing", **OPTIONS)
    singles = vec_env.DummyVecEnv([lambda: ScenarioEnv("child_crossing", **OPTIONS)] * 3)
    native.seed(7)
    singles.seed(7)
    np.testing.assert_array_equal(native.reset(), singles.reset())
    assert native.reset_infos == singles.reset_infos
    rng = np.random.default_rng(0)
    ends = 0
    for _ in range(150):
        actions = rng.uniform(-1.0, 1.0, (3, 1)).astype(np.float32)
        ours, theirs = native.step(actions), singles.step(actions)
        for a, b in zip(ours[:3], theirs[:3], strict=True):
            np.testing.assert_array_equal(a, b)
        for row in np.flatnonzero(ours[2]):
            ends += 1
            for key in ("TimeLimit.truncated", "outcome"):
                assert ours[3][row][key] == theirs[3][row][key]
            np.testing.assert_array_equal(ours[3][row]["terminal_observation"], theirs[3][row]["terminal_observation"])
    assert ends >= 6


@pytest.mark.slow
def test_ppo_learns_from_it():
    from stable_baselines3 import PPO

    from drivesim.envs.sb3 import ScenarioVecEnv

    model = PPO("MlpPolicy", ScenarioVecEnv(4, "child_crossing", **OPTIONS), n_steps=64, device="cpu", seed=0)
    before = model.policy.state_dict()["action_net.weight"].clone()
    model.learn(512)
    assert model.num_timesteps == 512
    assert len(model.ep_info_buffer) > 0
    assert (before != model.policy.state_dict()["action_net.weight"]).any()
