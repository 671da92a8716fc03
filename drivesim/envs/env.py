"""A scenario file as a gymnasium environment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from gymnasium.error import ResetNeeded

from drivesim.envs import rewards
from drivesim.envs.actions import checked
from drivesim.envs.batch import Batch
from drivesim.envs.settings import Settings
from drivesim.errors import DrivesimError, did_you_mean

if TYPE_CHECKING:
    from drivesim.envs.render import Renderer
    from drivesim.envs.window import Window

RENDER_MODES = ("rgb_array", "human")
VIEWS = ("top", "chase")


class ScenarioEnv(gym.Env[Any, Any]):
    """Any OpenSCENARIO file as an environment; the agent drives the ego, or is any other actor.

    Args:
        scenario: a shipped name or a path.
        render_mode: ``rgb_array``, ``human`` or None.
        view: what is rendered: ``top`` or ``chase``.
        options: every other field of :class:`drivesim.envs.settings.Settings`.

    An episode is terminated when the agent collides, reaches its goal or leaves the road, and truncated at its time
    limit or when the storyboard ends. Everything in an episode derives from one seed, which is drawn from
    ``np_random``; ``reset(options={"episode_seed": n})`` plays a certain one. The last step's ``info["outcome"]`` says
    how it ended.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 20}  # noqa: RUF012 (gymnasium declares it so)

    def __init__(
        self,
        scenario: str | Path = "child_crossing",
        *,
        render_mode: str | None = None,
        view: str = "top",
        **options: Any,
    ) -> None:
        check_rendering(render_mode, RENDER_MODES, view)
        self.settings = settings_of(scenario, options)
        self.metadata = {**self.metadata, "render_fps": round(1.0 / self.settings.step_duration)}
        self.render_mode, self.view = render_mode, view
        self.batch = Batch(self.settings, 1)
        self.action_space = self.batch.actions.space
        self.observation_space = space_of(self.batch)
        self._renderer: Renderer | None = None
        self._window: Window | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        episode = self.batch.reset(0, episode_seed(self.np_random, options))
        if self.render_mode == "human":
            self.render()
        return self._observation(), {"episode_seed": episode.seed, "parameters": dict(episode.parameters)}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        batch = self.batch
        episode = batch.episodes[0]
        if episode is None or episode.ended:
            raise ResetNeeded("the episode is over or has not begun; call env.reset() before env.step()")
        batch.step([checked(self.action_space, action)])
        terminated, truncated = bool(batch.terminated[0]), bool(batch.truncated[0])
        info = {
            "time": episode.world.time,
            "reward_terms": dict(zip(rewards.TERMS, batch.terms[0].tolist(), strict=True)),
        }
        if episode.ended:
            info["outcome"] = batch.outcome(0)
        if self.render_mode == "human":
            self.render()
        return self._observation(), float(batch.reward[0]), terminated, truncated, info

    def render(self) -> np.ndarray | None:
        """The agent and its surroundings, (H, W, 3) uint8; in mode ``human`` shown in a window, None."""
        if self.render_mode is None:
            gym.logger.warn("nothing is rendered: make the environment with render_mode='rgb_array' or 'human'")
            return None
        if self.batch.episodes[0] is None:
            raise ResetNeeded("there is nothing to see yet; call env.reset() before env.render()")
        if self._renderer is None:
            from drivesim.envs.render import renderer_of

            self._renderer = renderer_of(self.view, self.batch)
        image = self._renderer.image(0)
        if self.render_mode == "rgb_array":
            return image
        if self._window is None:
            from drivesim.envs.window import Window

            self._window = Window(self.metadata["render_fps"])
        self._window.show(image)
        return None

    def close(self) -> None:
        """Release scenes and windows; legal twice."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        if self._window is not None:
            self._window.close()
            self._window = None
        self.batch.close()

    def _observation(self) -> Any:
        parts = {name: part.values[0].copy() for name, part in self.batch.observations.items()}
        return parts if len(parts) > 1 else next(iter(parts.values()))


def check_rendering(mode: str | None, modes: Sequence[str], view: str) -> None:
    """Whether there are such pictures.

    Raises:
        DrivesimError: no such mode or view.
    """
    if mode is not None and mode not in modes:
        raise DrivesimError(f"no render mode '{mode}'", element="render_mode", remedy=did_you_mean(str(mode), modes))
    if view not in VIEWS:
        raise DrivesimError(f"no view '{view}'", element="view", remedy=did_you_mean(str(view), VIEWS))


def settings_of(scenario: str | Path, options: dict[str, Any]) -> Settings:
    """Settings from keyword arguments.

    Raises:
        DrivesimError: an option that there is not.
    """
    known = set(Settings.__dataclass_fields__)
    for name in options:
        if name not in known:
            raise DrivesimError(
                f"no option is called '{name}'", element="ScenarioEnv", remedy=did_you_mean(name, known)
            )
    return Settings(scenario=scenario, **options)


def space_of(batch: Batch) -> gym.Space[Any]:
    """The space of one world's observation; a dict where there are several."""
    spaces = {name: part.space for name, part in batch.observations.items()}
    return gym.spaces.Dict(spaces) if len(spaces) > 1 else next(iter(spaces.values()))  # type: ignore[arg-type]


def episode_seed(random: np.random.Generator, options: dict[str, Any] | None) -> int:
    """The seed of the next episode: drawn, or the one that ``options`` asks for.

    Raises:
        DrivesimError: an option that there is not.
    """
    drawn = int(random.integers(2**31))
    for name in options or {}:
        if name != "episode_seed":
            raise DrivesimError(f"no reset option is called '{name}'", element="options",
                                remedy="the only one is 'episode_seed'")  # fmt: skip
    if not options:
        return drawn
    wanted = options["episode_seed"]
    if not isinstance(wanted, (int, np.integer)):
        raise DrivesimError(f"{wanted!r} is no seed", element="episode_seed", remedy="give a whole number")
    return int(wanted)
