"""The one exception family: every error says what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class DrivesimError(Exception):
    """Something the user can mend.

    Args:
        problem: what is wrong, one sentence without a full stop; or an error from another process, said again.
        file: the file it was found in.
        line: 1-based line in ``file``.
        element: the XML element, YAML key or option concerned.
        remedy: what the user should do.
    """

    def __init__(
        self,
        problem: str | DrivesimError,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        element: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = str(problem)
        self.file = Path(file) if file is not None else None
        self.line = line
        self.element = element
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = str(self.file) if self.file else ""
        if place and self.line:
            place += f":{self.line}"
        parts = [f"{place}: " if place else "", f"<{self.element}>: " if self.element else "", self.problem]
        if self.remedy:
            parts.append(f". {self.remedy[0].upper()}{self.remedy[1:]}")
        return "".join(parts)


class ContentNotFoundError(DrivesimError):
    """A scenario, map, rig or behaviour tree that no search folder holds."""


class ScenarioError(DrivesimError):
    """An OpenSCENARIO or OpenDRIVE file that cannot be read or played as written."""


class UnsupportedElementError(ScenarioError):
    """A valid element of the standard that this version does not play."""


class RigError(DrivesimError):
    """A sensor rig or device description that is not valid."""


class RecordingError(DrivesimError):
    """A recording that cannot be written, read or resumed."""


class SimulatorError(DrivesimError):
    """A simulator outside this process that does not do what is asked of it."""


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A remedy that names the closest of ``choices``, or all of them if none is close."""
    options = sorted(choices)
    close = get_close_matches(word, options, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"choose one of: {', '.join(options)}"
