"""Memory that connections leave behind."""

from __future__ import annotations

import ctypes
import sys

_EVERY = 256


class Tidy:
    """Gives memory back to the system now and then: buffers of many short connections leave holes in the C library's
    heap, which it keeps (a quarter of a GiB after fifty thousand of them)."""

    def __init__(self) -> None:
        self._ended = 0
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None

    def connection_ended(self) -> None:
        self._ended += 1
        if self._trim is not None and self._ended % _EVERY == 0:
            self._trim(0)
