"""What the nodes of a tree share: keys with texts, one board per subtree, joined by remapping."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

REFERENCE = re.compile(r"^\{(\w+)\}$")
"""A port that reads or writes the blackboard: ``{key}``."""


@lru_cache(maxsize=4096)
def referred(text: str) -> str | None:
    """The key that a port's text refers to; None for a plain text."""
    found = REFERENCE.match(text)
    return found.group(1) if found else None


class Board:
    """A blackboard; keys that a subtree's ports remap live on the board outside.

    Args:
        values: texts set from the start.
        outer: the board of the tree outside, and this board's keys by their names there.
        passes_all: whether keys unknown here are looked up outside under the same name (``_autoremap``).
    """

    def __init__(
        self,
        values: Mapping[str, str],
        outer: Board | None = None,
        names: Mapping[str, str] | None = None,
        *,
        passes_all: bool = False,
    ) -> None:
        self._values = dict(values)
        self._outer = outer
        self._names = dict(names or {})
        self._passes_all = passes_all

    def _home(self, key: str) -> tuple[Board, str]:
        if self._outer is not None and key in self._names:
            return self._outer._home(self._names[key])
        if self._outer is not None and self._passes_all and key not in self._values:
            return self._outer._home(key)
        return self, key

    def __contains__(self, key: object) -> bool:
        board, name = self._home(str(key))
        return name in board._values

    def __getitem__(self, key: str) -> str:
        board, name = self._home(key)
        return board._values[name]

    def __setitem__(self, key: str, text: str) -> None:
        board, name = self._home(key)
        board._values[name] = text

    def get(self, key: str) -> str | None:
        board, name = self._home(key)
        return board._values.get(name)

    def keys(self) -> list[str]:
        """All keys that can be read here."""
        outside = self._outer.keys() if self._outer is not None and self._passes_all else []
        return sorted({*self._values, *(k for k in self._names if k in self), *outside})


class Ports(Mapping[str, str]):
    """A node's ports: plain texts, and ``{key}`` read from the board at the moment they are asked for."""

    def __init__(self, texts: Mapping[str, str], board: Board) -> None:
        self._texts, self._board = texts, board
        self._keys = {port: referred(text) for port, text in texts.items()}
        self._numbers: dict[str, float] = {}

    def __getitem__(self, port: str) -> str:
        key = self._keys[port]
        return self._texts[port] if key is None else self._board[key]

    def number(self, port: str) -> float:
        """A port's value as a number; that of a plain text is kept."""
        value = self._numbers.get(port)
        if value is None:
            value = float(self[port])
            if self._keys[port] is None:
                self._numbers[port] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)
