"""How much a step along each parameter changes what is measured, over many settings of all other parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivesim.errors import DrivesimError
from drivesim.studies.measures import Measure
from drivesim.studies.parameter import F64
from drivesim.studies.remap import Remap
from drivesim.studies.sampling import draw_samples
from drivesim.studies.space import Space
from drivesim.studies.sweep.workers import finished_here

CHANCE = 0.12
"""Coefficient of variation that chance alone may make, when nobody says how many configurations to take: three fifths
of what counts as even."""
_BATCH, MOST = 16, 1024
"""Configurations that are added at a time, and taken at most."""
FELT = 1e-3
"""A parameter with less influence than this share of the strongest one's changes nothing worth evening out: it is not
measured until its noise is low."""
_APART = 1_000_000
"""Between the scenario seeds of measurements that are to be independent."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of ``size`` along one parameter, from ``starts`` (M,) to ``ends`` (M,) of its law."""

    name: str
    starts: F64
    ends: F64
    size: float

    def through(self, name: str, remap: Remap) -> Steps:
        """Steps of this size in the shares of a remap."""
        return Steps(name, remap.position(self.starts), remap.position(self.ends), self.size)


def cells(even: Steps, remap: Remap, rows: F64) -> tuple[F64, F64]:
    """Edges (M + 1,) within a law and influence (M,) per unit of it between them, of rows (C, M) along a remap.

    Each step stands for what lies nearest to it. What chance alone may have made is left as the remap has it.
    """
    between = 0.5 * (even.ends[:-1] + even.starts[1:])
    shares = np.concatenate([[0.0], between, [1.0]])
    edges = remap.position(shares)
    edges[0], edges[-1] = 0.0, 1.0
    return edges, shrunk(rows) * np.diff(shares) / np.diff(edges)


Pairs = tuple[tuple[str, str], ...]
"""Values of one parameter that are compared, one step each."""


@dataclass(frozen=True, slots=True)
class Base:
    """One configuration, and for each parameter (by name) the values between which it is compared there.

    All of them go to one process: along most parameters nothing but what moves changes, and the scene stays.
    """

    run: Mapping[str, str]
    seed: int
    walks: tuple[tuple[str, Pairs], ...]


@dataclass(frozen=True, slots=True)
class _Compare:
    """Picklable: worker processes make their own stages."""

    measure: Measure

    def __call__(self, index: int, base: Base) -> dict[str, Any]:
        return {"rows": [self._row(base, name, pairs) for name, pairs in base.walks]}

    def _row(self, base: Base, name: str, pairs: Pairs) -> list[float]:
        row = []
        last: tuple[str, Any] | None = None
        for first, second in pairs:
            begin = last[1] if last is not None and last[0] == first else self._look(base, name, first)
            last = second, self._look(base, name, second)
            row.append(self.measure.difference(begin, last[1]))
        return row

    def _look(self, base: Base, name: str, value: str) -> Any:
        return self.measure.look({**base.run, name: value}, base.seed)


class Meter:
    """Measures influences.

    Args:
        configurations: of the other parameters, for each measurement; None takes as many as it needs until chance alone
            makes less than :data:`CHANCE`, at most :data:`MOST`.
        jobs: processes.
        progress: called with (walks along a parameter done, walks to do as far as is known).
    """

    def __init__(
        self, space: Space, measure: Measure, *, configurations: int | None, seed: int, jobs: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self._space, self._compare, self._jobs = space, _Compare(measure), jobs
        self._configurations, self._seed = configurations, seed
        self._done, self._progress, self._measurements = 0, progress, 0

    def along(self, steps: Sequence[Steps], least: float = 0.0) -> dict[str, F64]:
        """(C, M) changes by step size for each parameter, in configurations that no earlier call has seen.

        Args:
            least: mean influence that is felt; by default as by :data:`FELT` among these parameters.
        """
        first_seed = self._seed + self._measurements * _APART
        self._measurements += 1
        rows: dict[str, F64] = {each.name: np.empty((0, len(each.starts))) for each in steps}
        noisy, count = list(steps), 0
        batch = self._configurations or _BATCH
        while noisy and count < (self._configurations or MOST):
            drawn = draw_samples(self._space, batch, first_seed + count)
            walks = tuple((each.name, self._pairs(each)) for each in noisy)
            found = self._walked([Base(*each, walks) for each in zip(drawn.instances, drawn.seeds, strict=True)])
            for number, each in enumerate(noisy):
                fresh = np.array([walked[number] for walked in found]) / each.size
                rows[each.name] = np.concatenate([rows[each.name], fresh])
            count += batch
            floor = least or felt_from(rows)
            unsure = [each for each in noisy if noise(rows[each.name]) > CHANCE and rows[each.name].mean() >= floor]
            noisy = [] if self._configurations else unsure
        return rows

    def _pairs(self, steps: Steps) -> Pairs:
        parameter = self._space.parameters[steps.name]
        return tuple(zip(parameter.values(steps.starts), parameter.values(steps.ends), strict=True))

    def _walked(self, bases: Sequence[Base]) -> list[list[list[float]]]:
        """Rows of each configuration by parameter, in the order of ``bases``, whoever walked them.

        Raises:
            DrivesimError: an instance cannot be measured.
        """
        found: dict[int, list[list[float]]] = {}
        total = self._done + sum(len(base.walks) for base in bases)
        for number, rows in self._results(bases):
            found[number] = rows
            self._done += len(rows)
            if self._progress:
                self._progress(self._done, total)
        return [found[number] for number in range(len(bases))]

    def _results(self, bases: Sequence[Base]) -> Iterator[tuple[int, list[list[float]]]]:
        if self._jobs == 1:
            yield from ((number, self._compare(number, base)["rows"]) for number, base in enumerate(bases))
            return
        todo: Iterable[int] = range(len(bases))
        for result in finished_here(self._compare, bases, todo, self._jobs):
            if result.row is None:
                raise DrivesimError(result.error or "failed", element="--calibrate", remedy="play it with drivesim run")
            yield result.index, result.decoded["rows"]


def felt_from(rows: Mapping[str, F64]) -> float:
    """Mean influence from which on a parameter is felt, of rows (C, M) of all of them."""
    return FELT * max((float(row.mean()) for row in rows.values()), default=0.0)


def standard_error(rows: F64) -> F64:
    """(M,) standard error of the mean over configurations, rows (C, M); 0 for a single one, which says nothing."""
    count = len(rows)
    return np.asarray(rows.std(axis=0, ddof=1) / np.sqrt(count)) if count > 1 else np.zeros(rows.shape[1])


def noise(rows: F64) -> float:
    """Coefficient of variation along a parameter that the standard errors of rows (C, M) alone would make."""
    mean = float(rows.mean())
    return float(np.sqrt(np.mean(np.square(standard_error(rows))))) / mean if mean > 0 else 0.0


def variation(influence: F64) -> float:
    """Coefficient of variation; 0 where there is no influence at all."""
    mean = float(np.mean(influence))
    return float(np.std(influence)) / mean if mean > 0 else 0.0


def shrunk(rows: F64) -> F64:
    """(M,) mean influence, drawn towards its overall mean as far as its variation is noise (James & Stein 1961).

    A remap must not follow what other configurations would have measured differently.
    """
    mean = rows.mean(axis=0)
    spread = float(np.var(mean, ddof=1))
    trust = max(0.0, 1.0 - float(np.mean(np.square(standard_error(rows)))) / spread) if spread > 0 else 0.0
    return np.asarray(mean.mean() + trust * (mean - mean.mean()))
