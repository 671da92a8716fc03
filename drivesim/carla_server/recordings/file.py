"""Recordings on disk: msgpack objects one after the other, a head and then the frames; each frame has the records of
the world snapshot that clients saw. Nothing in a file is code; one that was cut off is read as far as it goes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgpack
import numpy as np
from numpy.typing import NDArray

from drivesim.carla_server.wire import Description, Refusal, transform
from drivesim.simulators.carla.frames import Transform

FORMAT = "drivesim recording 1"
LARGEST = 128 * 1024 * 1024
"""Bytes at which a recording ends: a quarter of an hour of fifty vehicles, read again in a second."""
_MOST = 16
"""Recordings that a folder takes."""
_LONGEST_NAME = 100

STATE = np.dtype([
    ("id", "<u4"), ("state", "u1"), ("place", "<f4", 3), ("rotation", "<f4", 3), ("velocity", "<f4", 3),
    ("spin", "<f4", 3), ("acceleration", "<f4", 3), ("own", "V54"),
])  # fmt: skip
"""An actor in a world snapshot."""


@dataclass(frozen=True, slots=True)
class Head:
    town: str
    date: str


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An actor from the frame on in which it is named first."""

    id: int
    parent: int
    description: Description
    place: Transform

    def pack(self) -> list[Any]:
        return [self.id, self.parent, self.description.pack(), [list(part) for part in self.place]]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame: s since the recording began, who came and went, who touched whom (ids), and every actor's state."""

    time: float
    came: tuple[Newcomer, ...]
    gone: tuple[int, ...]
    touched: tuple[tuple[int, int], ...]
    states: NDArray[Any]

    def pack(self) -> bytes:
        packed: bytes = msgpack.packb([
            self.time, [one.pack() for one in self.came], self.gone, self.touched, self.states.tobytes()
        ])  # fmt: skip
        return packed


class Folder:
    """Where a server keeps recordings.

    Args:
        path: made when the first recording starts; ``drivesim/recordings`` in the user's data folder if None.
    """

    def __init__(self, path: Path | None = None) -> None:
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        self.path = path or Path(data) / "drivesim" / "recordings"

    def file(self, name: str) -> Path:
        """The file that a client calls ``name``; folders before it are left out, since clients may be anyone.

        Raises:
            Refusal: no file can be called so.
        """
        short = PurePosixPath(name.replace("\\", "/")).name
        if not re.fullmatch(r"[\w][\w.\- ]*", short) or len(short) > _LONGEST_NAME:
            raise Refusal(f"a recording cannot be called '{name[:80]}': use letters, digits, '.', '_' and '-'")
        return self.path / (short if short.endswith(".log") else f"{short}.log")

    def new(self, name: str, town: str) -> Path:
        """A recording's file with its head; one of that name is replaced.

        Raises:
            Refusal: there are too many, or the folder cannot be written.
        """
        file = self.file(name)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not file.exists() and sum(1 for _ in self.path.glob("*.log")) >= _MOST:
                raise Refusal(f"there are {_MOST} recordings in {self.path} already: delete some")
            head = [FORMAT, town, time.strftime("%Y-%m-%d %H:%M:%S")]
            file.write_bytes(msgpack.packb(head))
        except OSError as error:
            raise Refusal(f"cannot write {file}: {error.strerror}") from error
        return file

    def read(self, name: str) -> tuple[Head, Iterator[Frame]]:
        """A recording's head, and its frames as they are asked for.

        Raises:
            Refusal: there is none, or it is none.
        """
        file = self.file(name)
        if not file.is_file():
            raise Refusal(f"there is no recording '{file.name}' in {self.path}")
        parts = _parts(file)
        try:
            kind, town, date = next(parts)
        except (StopIteration, TypeError, ValueError):
            kind = town = date = ""
        if kind != FORMAT:
            raise Refusal(f"{file} is no recording of drivesim's")
        return Head(str(town), str(date)), (_frame(part) for part in parts)


def _parts(file: Path) -> Iterator[Any]:
    with file.open("rb") as opened:
        try:
            yield from msgpack.Unpacker(opened, raw=False, max_buffer_size=LARGEST, unicode_errors="replace")
        except (ValueError, msgpack.exceptions.UnpackException):
            return  # cut off, or not ours from here on


def _frame(part: Any) -> Frame:
    """Raises:
    Refusal: it is none.
    """
    try:
        moment, came, gone, touched, states = part
        newcomers = tuple(
            Newcomer(int(number), int(parent), Description.unpack(description), transform(place))
            for number, parent, description, place in came
        )
        pairs = tuple((int(one), int(two)) for one, two in touched)
        return Frame(float(moment), newcomers, tuple(map(int, gone)), pairs, np.frombuffer(states, dtype=STATE))
    except (TypeError, ValueError) as error:
        raise Refusal(f"the recording is damaged: {error}") from None
