"""Many episodes of a scenario in one process, stepped together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from drivesim.envs import rewards
from drivesim.envs.actions import all_checked
from drivesim.envs.batch import Batch
from drivesim.envs.env import RENDER_MODES, check_rendering, episode_seed, settings_of, space_of
from drivesim.errors import DrivesimError, did_you_mean

if TYPE_CHECKING:
    from drivesim.envs.render import Renderer


class ScenarioVectorEnv(gym.vector.VectorEnv[Any, Any, Any]):
    """``num_envs`` environments whose every trajectory is, to the last bit, that of :class:`drivesim.envs.ScenarioEnv`.

    Args:
        num_envs: how many.
        autoreset_mode: what happens after an episode ends, as gymnasium defines it.
        render_mode: ``rgb_array`` (one image per environment) or None.
        options: as for :class:`drivesim.envs.ScenarioEnv`.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (gymnasium declares it so)
        "render_modes": ["rgb_array"], "render_fps": 20, "autoreset_mode": AutoresetMode.NEXT_STEP,
    }  # fmt: skip

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path = "child_crossing",
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
        view: str = "top",
        **options: Any,
    ) -> None:
        if num_envs < 1:
            raise DrivesimError(f"{num_envs} environments", element="num_envs", remedy="ask for at least one")
        check_rendering(render_mode, RENDER_MODES[:1], view)
        modes = [mode.value for mode in AutoresetMode]
        if not isinstance(autoreset_mode, AutoresetMode) and autoreset_mode not in modes:
            raise DrivesimError(f"no autoreset mode '{autoreset_mode}'", element="autoreset_mode",
                                remedy=did_you_mean(str(autoreset_mode), modes))  # fmt: skip
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.settings = settings_of(scenario, options)
        fps = round(1.0 / self.settings.step_duration)
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode, "render_fps": fps}
        self.num_envs, self.render_mode, self.view = num_envs, render_mode, view
        self._renderer: Renderer | None = None
        self.batch = Batch(self.settings, num_envs)
        self.single_action_space = self.batch.actions.space
        self.single_observation_space = space_of(self.batch)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._randoms: list[np.random.Generator | None] = [None] * num_envs

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin new episodes.

        Args:
            seed: environment i is seeded with ``seed + i``, or with ``seed[i]``.
            options: ``reset_mask``, (B,) bool, resets only some environments; ``episode_seed`` as for one.
        """
        options = dict(options or {})
        mask = np.asarray(options.pop("reset_mask", np.ones(self.num_envs, dtype=np.bool_)))
        if mask.shape != (self.num_envs,) or mask.dtype != np.bool_:
            raise DrivesimError(f"the reset mask is {mask.dtype} of shape {mask.shape}", element="reset_mask",
                                remedy=f"give {self.num_envs} booleans")  # fmt: skip
        seeds = self._seeds(seed)
        infos: dict[str, Any] = {}
        for row in np.flatnonzero(mask).tolist():
            if seeds[row] is not None or self._randoms[row] is None:
                self._randoms[row], _ = seeding.np_random(seeds[row])
            infos = self._add_info(infos, self._begin(row, options), row)
        return self._observations(), infos

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        batch = self.batch
        if np.ndim(actions) == 0 or len(actions) != self.num_envs:
            given = len(actions) if np.ndim(actions) else repr(actions)
            raise InvalidAction(f"{given} actions for {self.num_envs} environments; give one for each")
        ended = [episode is None or episode.ended for episode in batch.episodes]
        if any(episode is None for episode in batch.episodes) or (
            any(ended) and self.autoreset_mode is not AutoresetMode.NEXT_STEP
        ):
            raise ResetNeeded("an episode is over or has not begun; call reset() with a reset_mask for it")
        batch.step(all_checked(self.single_action_space, actions))
        infos: dict[str, Any] = {}
        if any(ended):
            for row in np.flatnonzero(ended).tolist():
                infos = self._add_info(infos, self._begin(row), row)
        moved = ~np.array(ended)
        infos["time"], infos["_time"] = np.where(moved, batch.world.times, 0.0), moved
        infos["reward_terms"] = {
            key: column for name, values in zip(rewards.TERMS, batch.terms.T.copy(), strict=True)
            for key, column in ((name, values), (f"_{name}", moved))
        }  # fmt: skip
        infos["_reward_terms"] = moved
        reward = batch.reward.copy()
        terminated, truncated = batch.terminated.copy(), batch.truncated.copy()
        over = np.flatnonzero(terminated | truncated).tolist()
        for row in over:
            infos = self._add_info(infos, {"outcome": batch.outcome(row)}, row)
        if over and self.autoreset_mode is AutoresetMode.SAME_STEP:
            infos = self._restart(over, infos)
        return self._observations(), reward, terminated, truncated, infos

    def _restart(self, rows: list[int], infos: dict[str, Any]) -> dict[str, Any]:
        """Begin new episodes in the step in which the old ones ended, which go into ``final_obs``, ``final_info``."""
        begun: dict[str, Any] = {}
        for row in rows:
            terms = dict(zip(rewards.TERMS, self.batch.terms[row].tolist(), strict=True))
            final = {"time": self.batch.world.times[row], "reward_terms": terms, "outcome": self.batch.outcome(row)}
            infos = self._add_info(infos, {"final_obs": self._observation(row), "final_info": final}, row)
        for row in rows:
            begun = self._add_info(begun, self._begin(row), row)
        return infos | begun

    def _begin(self, row: int, options: dict[str, Any] | None = None) -> dict[str, Any]:
        random = self._randoms[row]
        assert random is not None
        episode = self.batch.reset(row, episode_seed(random, options))
        return {"episode_seed": episode.seed, "parameters": dict(episode.parameters)}

    def _seeds(self, seed: int | Sequence[int | None] | None) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, (int, np.integer)):
            return [int(seed) + row for row in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise DrivesimError(f"{len(seed)} seeds for {self.num_envs} environments", element="seed",
                                remedy="give one for each, or a single number")  # fmt: skip
        return list(seed)

    def _observation(self, row: int) -> Any:
        parts = {name: part.values[row].copy() for name, part in self.batch.observations.items()}
        return parts if len(parts) > 1 else next(iter(parts.values()))

    def _observations(self) -> Any:
        parts = {name: part.values.copy() for name, part in self.batch.observations.items()}
        return parts if len(parts) > 1 else next(iter(parts.values()))

    def render(self) -> tuple[np.ndarray, ...] | None:
        """An image of every environment, (H, W, 3) uint8 each."""
        if self.render_mode is None:
            return None
        if self._renderer is None:
            from drivesim.envs.render import renderer_of

            self._renderer = renderer_of(self.view, self.batch)
        return tuple(self._renderer.image(row) for row in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        if "batch" not in self.__dict__:
            return  # refused when it was made; gymnasium closes what is deleted
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        self.batch.close()
