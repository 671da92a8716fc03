"""The child crossing in Ray RLlib: PPO over the same environment, in whatever gymnasium RLlib pins.

RLlib refuses gymnasium 1.4 and later, so it lives in an environment of its own:

    python -m venv .venv-rllib
    .venv-rllib/bin/pip install drivesim 'ray[rllib]' torch
    .venv-rllib/bin/python examples/train_rllib.py --iterations 50
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium as gym
import ray
from ray.rllib.algorithms.ppo import PPOConfig
from ray.tune.registry import register_env

NAME = "drivesim.envs:drivesim/ChildCrossing-v0"


def child_crossing(settings: dict[str, Any]) -> gym.Env[Any, Any]:
    return gym.make(NAME, **settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=50)
    parser.add_argument("--batch", type=int, default=4000, help="steps an iteration")
    parser.add_argument("--runners", type=int, default=0, help="processes that play; 0 plays in this one")
    options = parser.parse_args()
    ray.init(address="local", include_dashboard=False, log_to_driver=False, num_cpus=max(options.runners, 1) + 1)
    register_env("child_crossing", child_crossing)
    config = (
        PPOConfig()
        .environment("child_crossing", env_config={"action": "target_speed", "action_repeat": 2})
        .env_runners(num_env_runners=options.runners)
        .training(train_batch_size=options.batch, minibatch_size=min(128, options.batch), num_epochs=10)
        .debugging(seed=0)
    )
    algorithm = config.build_algo()
    for iteration in range(options.iterations):
        result = algorithm.train()
        mean = result["env_runners"].get("episode_return_mean", float("nan"))
        print(f"iteration {iteration + 1}: mean return {mean:.2f}", flush=True)
    algorithm.stop()
    ray.shutdown()


if __name__ == "__main__":
    main()
