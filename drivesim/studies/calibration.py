"""Influence calibration: how much each parameter changes what is measured, and a remap that makes it even.

The influence of a parameter at position u of its law is the mean over base configurations C of
N(C(u), C(u + step)) / step, with N a dissimilarity (Dahmen et al. 2019). Its integral, normalised, is the monotone
remap; even steps of the remap sample where the parameter matters, and weights keep estimates right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from drivesim import __version__
from drivesim.errors import DrivesimError, RecordingError, ScenarioError
from drivesim.studies.measures import Measure
from drivesim.studies.parameter import F64
from drivesim.studies.remap import Remap
from drivesim.studies.samples import digest
from drivesim.studies.sampling import draw_samples
from drivesim.studies.space import Space

SUFFIX = ".calibration.json"
MOST_VARIATION = 0.2
"""Coefficient of variation of the influence along a parameter that counts as even."""


@dataclass(frozen=True)
class Influence:
    """What was measured along one parameter.

    Attributes:
        at: (M,) positions within the law, in the middle of steps.
        mean: (M,) change of the measure per unit of position, over configurations; error: its standard error.
        noise: coefficient of variation that these errors alone would make.
        knots: (2, K) positions and shares of the remap.
        before, after: coefficient of variation of the influence along the law, and along the remap.
        length: whole influence of the parameter over the mean of all that have any; steps of equal change number so.
        rate: mean influence per unit of ``length``, measured again along the remap.
    """

    at: list[float]
    mean: list[float]
    error: list[float]
    noise: float
    knots: list[list[float]]
    before: float
    after: float
    length: float
    rate: float


@dataclass(frozen=True)
class Calibration:
    """Remaps of a space's parameters.

    Attributes:
        space, space_sha256: the file it belongs to.
        settings: how it was measured, for the record.
    """

    space: str
    space_sha256: str
    parameters: Mapping[str, Influence]
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = __version__

    def positions(self, space: Space, shares: F64) -> tuple[F64, F64]:
        """Points (N, D) evenly spread in influence, as points of the unit cube, and their weights (N,)."""
        points, weights = shares.copy(), np.ones(len(shares))
        for axis, name in enumerate(space.parameters):
            if name in self.parameters:
                remap = Remap(*self.parameters[name].knots)
                points[:, axis] = remap.position(shares[:, axis])
                weights /= remap.density(points[:, axis])
        return points, weights

    def check(self, space: Space) -> None:
        """Raises:
        ScenarioError: it belongs to another space, or to another state of it.
        """
        if digest(space.path) != self.space_sha256:
            raise ScenarioError(
                f"this calibration was measured on another {self.space}", file=space.path, element="--calibration",
                remedy="measure anew with --calibrate",
            )  # fmt: skip

    def write(self, path: Path) -> None:
        """Raises:
        RecordingError: the file cannot be written.
        """
        try:
            path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        except OSError as error:
            raise RecordingError(
                f"cannot be written: {error.strerror}", file=path, remedy="choose another file"
            ) from error


def read_calibration(path: Path) -> Calibration:
    """Read what :meth:`Calibration.write` wrote.

    Raises:
        DrivesimError: no such file, or not a calibration.
    """
    try:
        raw = json.loads(path.read_text())
        raw["parameters"] = {name: Influence(**entry) for name, entry in raw["parameters"].items()}
        return Calibration(**raw)
    except OSError as error:
        raise DrivesimError(f"cannot be read: {error.strerror}", file=path, remedy="check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DrivesimError("is no calibration", file=path, remedy="measure one with --calibrate") from error


def calibrate(
    space: Space, measure: Measure, *, configurations: int = 8, points: int = 12, step: float = 0.02, seed: int = 0,
    settings: Mapping[str, Any] | None = None, progress: Callable[[int, int], None] | None = None,
) -> Calibration:  # fmt: skip
    """Measure the influence of every parameter that is not a list of values, and fit its remap.

    Args:
        configurations: of the other parameters, spread by Latin hypercube; the same for all positions.
        points: positions along each parameter. step: between the two instances compared, as a share of the law.
        progress: called with (comparisons done, comparisons to do).

    Raises:
        ScenarioError: nothing to calibrate, numbers out of range, or constraints that refuse the space.
    """
    names = [name for name, parameter in space.parameters.items() if not parameter.choices]
    if not space.stochastic or not names:
        raise ScenarioError("every value of this space is listed, there is nothing to calibrate", file=space.path,
                            element="--calibrate", remedy="give a parameter a law between bounds")  # fmt: skip
    if configurations < 1 or points < 4 or not 0.0 < step <= 0.25:
        raise ScenarioError("too few configurations or positions, or a step that is none", element="--calibrate",
                            remedy="give 1 or more, 4 or more, and a step above 0, at most 0.25")  # fmt: skip
    base = draw_samples(space, configurations, seed)
    meter = _Meter(space, measure, base.instances, base.seeds, step, 2 * points * len(names), progress)
    at = np.linspace(0.0, 1.0 - step, points)
    middle = at + 0.5 * step
    first = {name: meter.along(name, at, at + step) / step for name in names}
    remaps = {name: Remap.of(middle, shrunk(rows)) for name, rows in first.items()}
    totals = {name: float(rows.mean()) for name, rows in first.items()}
    felt = [total for total in totals.values() if total > 0]
    parameters = {}
    for name in names:
        remap = remaps[name]
        again = meter.along(name, remap.position(at), remap.position(at + step)).mean(axis=0) / step
        length = totals[name] / float(np.mean(felt)) if felt else 0.0
        parameters[name] = Influence(
            at=middle.tolist(), mean=first[name].mean(axis=0).tolist(),
            error=standard_error(first[name]).tolist(), noise=_noise(first[name]),
            knots=[remap.positions.tolist(), remap.shares.tolist()],
            before=variation(first[name].mean(axis=0)), after=variation(again), length=length,
            rate=float(again.mean()) / length if length > 0 else 0.0,
        )  # fmt: skip
    return Calibration(space.path.name, digest(space.path), parameters, dict(settings or {}))


class _Meter:
    """Compares instances along one parameter, all else as in the base configurations."""

    def __init__(
        self, space: Space, measure: Measure, runs: tuple[dict[str, str], ...], seeds: tuple[int, ...], step: float,
        total: int, progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self.space, self.measure, self.runs, self.seeds, self.step = space, measure, runs, seeds, step
        self._done, self._total, self._progress = 0, total, progress

    def along(self, name: str, start: F64, end: F64) -> F64:
        """(C, M) differences between the instances at ``start`` and ``end`` (M,)."""
        parameter = self.space.parameters[name]
        pairs = list(zip(parameter.values(start), parameter.values(end), strict=True))
        found = np.zeros((len(self.runs), len(pairs)))
        for column, pair in enumerate(pairs):
            for row, (run, seed) in enumerate(zip(self.runs, self.seeds, strict=True)):
                first, second = (self.measure.look({**run, name: value}, seed) for value in pair)
                found[row, column] = self.measure.difference(first, second)
            self._done += 1
            if self._progress:
                self._progress(self._done, self._total)
        return found


def standard_error(rows: F64) -> F64:
    """(M,) standard error of the mean over configurations, rows (C, M); 0 for a single one, which says nothing."""
    count = len(rows)
    return np.asarray(rows.std(axis=0, ddof=1) / np.sqrt(count)) if count > 1 else np.zeros(rows.shape[1])


def shrunk(rows: F64) -> F64:
    """(M,) mean influence, drawn towards its overall mean as far as its variation is noise (James & Stein 1961).

    A remap must not follow what other configurations would have measured differently.
    """
    mean = rows.mean(axis=0)
    spread = float(np.var(mean, ddof=1))
    trust = max(0.0, 1.0 - float(np.mean(np.square(standard_error(rows)))) / spread) if spread > 0 else 0.0
    return np.asarray(mean.mean() + trust * (mean - mean.mean()))


def _noise(rows: F64) -> float:
    mean = float(rows.mean())
    return float(np.sqrt(np.mean(np.square(standard_error(rows))))) / mean if mean > 0 else 0.0


def variation(influence: F64) -> float:
    """Coefficient of variation; 0 where there is no influence at all."""
    mean = float(np.mean(influence))
    return float(np.std(influence)) / mean if mean > 0 else 0.0
