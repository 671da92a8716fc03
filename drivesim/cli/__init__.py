"""The command line: thin commands over the Python API.

Exit codes: 0 done; 1 ran, but the answer is no; 2 bad input, one clear message; 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from drivesim.errors import DrivesimError


def main() -> None:
    """Entry point of the ``drivesim`` command."""
    from drivesim.cli.app import app

    try:
        sys.exit(app(standalone_mode=False) or 0)
    except DrivesimError as error:
        _complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _interrupted()
    except Exception as error:
        if _was_interrupted(error):
            _interrupted()
        if type(error).__module__.split(".")[0] not in {"click", "typer"}:
            raise
        _usage_error(error)


def _interrupted() -> NoReturn:
    _complain("interrupted; what was written stays readable")
    sys.exit(130)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is what is behind an error: compiled code that it meets raises a SystemError because of it."""
    while isinstance(error, SystemError):
        error = error.__cause__
    return isinstance(error, KeyboardInterrupt)


def _complain(message: str) -> None:
    from rich.console import Console

    Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]error:[/] {_escaped(message)}")


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _usage_error(error: Exception) -> None:
    """Show what the command-line parser rejected, in its own words."""
    if type(error).__name__ == "Abort":
        sys.exit(130)
    show = getattr(error, "show", None)
    if show is not None:
        show()
    sys.exit(getattr(error, "exit_code", 2))
