"""A server's recorder and player: at most one of each runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drivesim.carla_server.recordings.file import Folder
from drivesim.carla_server.recordings.recorder import Recorder
from drivesim.carla_server.recordings.replay import Replay
from drivesim.carla_server.wire import Refusal
from drivesim.simulators.carla.frames import Transform

if TYPE_CHECKING:
    from drivesim.carla_server.episode import Episode

_FASTEST = 100.0


@dataclass(slots=True)
class Options:
    """How recordings are played: how many times as fast, and whether heroes and the spectator are played too."""

    factor: float = 1.0
    heroes: bool = True
    spectator: bool = True


class Deck:
    """Records what happens after each step, and before each says what is played.

    Args:
        folder: of recordings; None for the user's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = Folder(folder)
        self.options = Options()
        self._recorder: Recorder | None = None
        self._replay: Replay | None = None

    def record(self, name: str, episode: Episode) -> Path:
        """Begin to record; where."""
        self.stop_recording()
        file = self.folder.new(name, episode.name)
        self._recorder = Recorder(file, episode)
        return file

    def stop_recording(self) -> None:
        """Legal twice."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def play(
        self, name: str, episode: Episode, start: float, duration: float, follow: int, offset: Transform
    ) -> tuple[str, float]:
        """Begin to play a recording, from its end if ``start`` is negative; its map, and how long it is, s.

        Raises:
            Refusal: there is none, or it is of another map.
        """
        self.stop_playing(episode, keep=False)
        self.stop_recording()
        head, frames = self.folder.read(name)
        if head.town != episode.name:
            raise Refusal(f"that was recorded on the map '{head.town}', here is '{episode.name}': load that map first")
        length = max((frame.time for frame in frames), default=0.0)
        begin = max(length + start, 0.0) if start < 0.0 else start
        self._replay = Replay(
            episode, self.folder.read(name)[1], begin, duration, follow, offset, heroes=self.options.heroes
        )
        return head.town, length

    def set_factor(self, factor: float) -> None:
        """Raises:
        Refusal: no recording can be played so fast.
        """
        if not (math.isfinite(factor) and 0.0 <= factor <= _FASTEST):
            raise Refusal(f"a recording cannot be played {factor} times as fast, but 0 to {_FASTEST:.0f} times")
        self.options.factor = factor

    def stop_playing(self, episode: Episode, *, keep: bool) -> None:
        """Legal twice."""
        if self._replay is not None:
            self._replay.stop(episode, keep=keep)
            self._replay = None

    def before_step(self, episode: Episode) -> None:
        if self._replay is None:
            return
        try:
            self._replay.step(episode, self.options.factor, spectator=self.options.spectator)
        except Refusal:  # damaged from here on
            self.stop_playing(episode, keep=True)
            return
        if self._replay.over:
            self.stop_playing(episode, keep=True)

    def after_step(self, episode: Episode, states: bytes) -> None:
        """``states``: the actors' part of the snapshot."""
        if self._recorder is not None and not self._recorder.append(episode, states):
            self.stop_recording()
