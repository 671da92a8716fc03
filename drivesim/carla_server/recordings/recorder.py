"""Keeps what an episode's actors do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drivesim.carla_server.recordings.file import LARGEST, STATE, Frame, Newcomer
from drivesim.carla_server.wire import Refusal

if TYPE_CHECKING:
    from drivesim.carla_server.episode import Episode


class Recorder:
    """Appends frames to a file until it is closed, the episode ends or the file is as large as one may be.

    Args:
        file: with its head.
    """

    def __init__(self, file: Path, episode: Episode) -> None:
        self._episode = episode.number
        self._start = episode.time
        self._known: set[int] = set()
        self._room = LARGEST
        try:
            self._file = file.open("ab")
        except OSError as error:
            raise Refusal(f"cannot write {file}: {error.strerror}") from error

    def append(self, episode: Episode, states: bytes) -> bool:
        """Keep the newest frame; False if that was not to be and the recording is over.

        Args:
            states: the actors' records of the frame's snapshot.
        """
        if episode.number != self._episode:
            return False
        records, names = episode.records, {r.name: r.id for r in episode.records.values() if r.name is not None}
        came = tuple(
            Newcomer(r.id, r.parent, r.description, r.place if r.parent else episode.place(r))
            for r in records.values()
            if r.id not in self._known
        )
        gone = tuple(sorted(self._known - records.keys()))
        touched = tuple(
            (names[met.first], names[met.second])
            for met in episode.touched
            if met.first in names and met.second in names
        )
        self._known = set(records)
        moment = episode.time - self._start
        packed = Frame(moment, came, gone, touched, np.frombuffer(states, dtype=STATE)).pack()
        self._room -= len(packed)
        if self._room < 0:
            return False
        try:
            self._file.write(packed)
        except OSError:  # the disk is full
            return False
        return True

    def close(self) -> None:
        """Legal twice."""
        self._file.close()
