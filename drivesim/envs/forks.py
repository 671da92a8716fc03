"""Forked processes: OpenMP, which compiled code renders with, does not survive a fork and ends the process."""

from __future__ import annotations

import os

import numba

from drivesim.errors import DrivesimError

_state = {"unsafe": False}


def _note() -> None:
    try:
        _state["unsafe"] = numba.threading_layer() == "omp"
    except ValueError:  # no threads yet: the fork starts its own
        _state["unsafe"] = False


os.register_at_fork(after_in_child=_note)


def refuse_fork() -> None:
    """Call before rendering.

    Raises:
        DrivesimError: this process was forked from one that had rendered.
    """
    if _state["unsafe"]:
        raise DrivesimError(
            "this process was forked from one that had rendered already, and OpenMP ends such processes",
            element="AsyncVectorEnv", remedy="start it anew: AsyncVectorEnv(..., context='spawn')",
        )  # fmt: skip
