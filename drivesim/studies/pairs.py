"""Paired samples: two instances that differ in exactly one parameter, seeds and all else alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.studies.parameter import Parameter
from drivesim.studies.samples import Samples
from drivesim.studies.sampling import draw_samples, reason
from drivesim.studies.space import Space

_ATTEMPTS = 20
"""Fresh partners in place of ones that the scenario's constraints refuse."""


def draw_pairs(
    space: Space, count: int | None, seed: int, sampler: str | None, name: str, values: tuple[str, str] | None = None
) -> Samples:
    """``count`` pairs, two rows each: rows 2k and 2k + 1 share the seed and all values but that of ``name``.

    Notes ``pair`` (k) and ``changed`` (``name``) say so in the table.

    Args:
        name: the parameter that differs.
        values: its value in the first and in the second of each pair; None draws the first from its law and the second
            half a law away (for listed values: from the others, by their shares).

    Raises:
        ScenarioError: no such parameter, values that are the same or not of the space, or none that differ.
    """
    if name not in space.parameters:
        raise ScenarioError(f"the space has no parameter '{name}'", file=space.path, element="--pair",
                            remedy=did_you_mean(name, space.parameters))  # fmt: skip
    parameter = space.parameters[name]
    if values is not None:
        parameter.positions(values)
        if parameter.typed(values[0]) == parameter.typed(values[1]):
            raise ScenarioError(f"both values of '{name}' are {values[0]}", element="--pair", remedy="give two")
    base = draw_samples(space, count, seed, sampler)
    rng = np.random.default_rng([seed, 1])
    instances: list[dict[str, str]] = []
    for run in base.instances:
        first = {**run, name: values[0]} if values is not None else run
        second = _checked(space, {**run, name: values[1]}) if values is not None else _partner(space, run, name, rng)
        instances += [_checked(space, first), second]
    return Samples(
        tuple(instances), tuple(np.repeat(base.seeds, 2).tolist()), np.repeat(base.weights, 2),
        {"pair": np.repeat(np.arange(len(base)), 2).tolist(), "changed": [name] * len(instances)},
        f"{base.method}, pairs by {name}",
    )  # fmt: skip


def _partner(space: Space, run: Mapping[str, str], name: str, rng: np.random.Generator) -> dict[str, str]:
    """The same instance with another value of ``name``, one that the scenario accepts."""
    parameter = space.parameters[name]
    for attempt in range(_ATTEMPTS):
        other = {**run, name: _other(parameter, run[name], rng, attempt)}
        if other[name] != run[name] and space.allows(other):
            return other
    raise ScenarioError(f"'{name}' takes no other value beside {run[name]}", file=space.path, element="--pair",
                        remedy="widen its law, or pair by another parameter")  # fmt: skip


def _other(parameter: Parameter, value: str, rng: np.random.Generator, attempt: int) -> str:
    if parameter.choices:
        shares = np.where([choice == value for choice in parameter.choices], 0.0, parameter.shares)
        total = shares.sum()
        return str(rng.choice(parameter.choices, p=shares / total)) if total > 0 else value
    shift = 0.5 if attempt == 0 else rng.random()
    return parameter.values((parameter.positions([value]) + shift) % 1.0)[0]


def _checked(space: Space, run: dict[str, str]) -> dict[str, str]:
    refusal = space.refusal(run)
    if refusal is not None:
        raise ScenarioError(f"the scenario refuses one of a pair: {reason(refusal)}", file=space.path,
                            element="--pair", remedy="give values that it accepts")  # fmt: skip
    return run
