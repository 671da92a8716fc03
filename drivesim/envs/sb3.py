"""The native vector environment for stable-baselines3, whose learners want a vector interface of their own.

``PPO("MlpPolicy", ScenarioVecEnv(16, "child_crossing", action="target_speed"))``
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvIndices

from drivesim.envs.vector import ScenarioVectorEnv

Observations = Any
"""(B, ...) array, or a dict of them."""


class ScenarioVecEnv(VecEnv):
    """Environments of one process that begin anew in the step in which they end.

    Args:
        num_envs: how many; scenario and options as for :class:`drivesim.envs.ScenarioEnv`.
    """

    def __init__(self, num_envs: int, scenario: str | Path = "child_crossing", **options: Any) -> None:
        self.render_mode = options.get("render_mode")
        self._env = ScenarioVectorEnv(num_envs, scenario, autoreset_mode=AutoresetMode.SAME_STEP, **options)
        super().__init__(num_envs, self._env.single_observation_space, self._env.single_action_space)
        self._actions: Any = None
        self._return = np.zeros(num_envs)
        self._length = np.zeros(num_envs, dtype=np.int64)

    def reset(self) -> Observations:
        seeds = None if self._seeds[0] is None else self._seeds
        observations, infos = self._env.reset(seed=seeds)
        self.reset_infos = [self._single(infos, row) for row in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        self._return[:], self._length[:] = 0.0, 0
        return observations

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    def step_wait(self) -> tuple[Observations, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        observations, rewards, terminated, truncated, infos = self._env.step(self._actions)
        done = terminated | truncated
        self._return += rewards
        self._length += 1
        told: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for row in np.flatnonzero(done).tolist():
            told[row] = {
                "terminal_observation": infos["final_obs"][row],
                "TimeLimit.truncated": bool(truncated[row] and not terminated[row]),
                "outcome": self._single(infos["outcome"], row),
                "episode": {"r": float(self._return[row]), "l": int(self._length[row]), "t": 0.0},
            }
            self._return[row], self._length[row] = 0.0, 0
        return observations, rewards.astype(np.float32), done, told

    def close(self) -> None:
        self._env.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        return self._env.render() or [None] * self.num_envs

    @staticmethod
    def _single(infos: dict[str, Any], row: int) -> dict[str, Any]:
        """What the infos of a batch say of one environment."""
        told = {}
        for key, value in infos.items():
            if key.startswith("_"):
                continue
            if isinstance(value, dict):
                told[key] = ScenarioVecEnv._single(value, row)
            elif infos.get(f"_{key}", np.ones(row + 1, dtype=np.bool_))[row]:
                told[key] = value[row]
        return told

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        return [getattr(self._env, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        setattr(self._env, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        raise NotImplementedError("the environments of a batch have no methods of their own")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        return [False] * len(list(self._get_indices(indices)))
