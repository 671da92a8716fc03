"""Small things several commands share."""

from __future__ import annotations

from drivesim.errors import ScenarioError


def parse_settings(settings: list[str]) -> dict[str, str]:
    """``["a=1", "b=x"]`` as a mapping.

    Raises:
        ScenarioError: an item without ``=``.
    """
    parsed = {}
    for item in settings:
        name, sep, value = item.partition("=")
        if not sep or not name:
            raise ScenarioError(f"'{item}' is not NAME=VALUE", element="--set", remedy="write e.g. --set ego_speed=50")
        parsed[name.strip()] = value.strip()
    return parsed


def use_threads(jobs: int | None) -> None:
    """Let kernels use ``jobs`` threads (all cores when None).

    Raises:
        ScenarioError: fewer than one, or more than the machine has.
    """
    import numba

    if jobs is None:
        return
    available: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    if not 1 <= jobs <= available:
        raise ScenarioError(f"{jobs} threads asked for", element="--jobs", remedy=f"choose 1 to {available}")
    numba.set_num_threads(jobs)
