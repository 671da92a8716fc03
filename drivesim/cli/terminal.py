"""How commands write to the terminal: results on standard output, everything else on standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


def terminal(*, stderr: bool = False) -> Console:
    """Lines as they are: no wrapping, no colours guessed from what they say, so that they can be piped and searched."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def counting_bar(quiet: bool) -> Progress:
    """A bar for a known number of instances, on standard error and gone when it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), console=terminal(stderr=True), disable=quiet, transient=True)
