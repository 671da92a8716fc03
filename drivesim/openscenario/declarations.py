"""What a scenario says of its parameters: their types, the values its constraints accept, the bounds they imply."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from drivesim.errors import ScenarioError
from drivesim.openscenario.beside import declaration, split
from drivesim.openscenario.documents import open_as, read_declarations
from drivesim.openscenario.model.parameters import ParameterDeclaration
from drivesim.openscenario.reader import Reader
from drivesim.xmlfile import Node

WHOLE = frozenset({"integer", "int", "unsignedInt", "unsignedShort"})
"""Parameter types that hold whole numbers."""


@dataclass(frozen=True)
class Declarations:
    """The parameter declarations of one scenario."""

    scenario_file: Path

    @cached_property
    def by_name(self) -> dict[str, ParameterDeclaration]:
        return {entry.name: entry for entry in read_declarations(self.scenario_file)}

    def find(self, name: str) -> ParameterDeclaration | None:
        """A parameter that the scenario declares, or that every scenario takes beside; None if there is no such one.

        Raises:
            ScenarioError: a seed or an offset of something that has none.
        """
        return self.by_name.get(name) or declaration(name)

    def refusal(self, run: Mapping[str, str]) -> ScenarioError | None:
        """Why the scenario's types and constraints refuse these values; None where they accept them."""
        reader = Reader(self.scenario_file)
        try:
            given, _ = split(run)
            if self._node is not None:
                reader.declare(self._node, given, self._node)
        except ScenarioError as error:
            return error
        return None

    @cached_property
    def _node(self) -> Node | None:
        return open_as(self.scenario_file, "Storyboard").root.find("ParameterDeclarations")


def bounds_of(declared: ParameterDeclaration) -> tuple[float, float]:
    """Lowest and highest number that a declaration's constraints accept, infinite where they leave it open.

    Groups are alternatives, so the widest of them counts; what lies between two groups is refused one by one.
    """
    spans = []
    for group in declared.groups:
        low, high = -math.inf, math.inf
        for constraint in group.constraints:
            try:
                limit = float(constraint.value)
            except ValueError:
                continue
            if constraint.rule in ("greaterThan", "greaterOrEqual", "equalTo"):
                low = max(low, limit)
            if constraint.rule in ("lessThan", "lessOrEqual", "equalTo"):
                high = min(high, limit)
        spans.append((low, high))
    if not spans:
        return -math.inf, math.inf
    return min(low for low, _ in spans), max(high for _, high in spans)


def choices_of(declared: ParameterDeclaration) -> tuple[str, ...]:
    """The values of a declaration that lists them, one ``equalTo`` a group; ``false`` and ``true`` for truth values."""
    single = [group.constraints[0] for group in declared.groups if len(group.constraints) == 1]
    if declared.groups and len(single) == len(declared.groups) and all(c.rule == "equalTo" for c in single):
        return tuple(dict.fromkeys(constraint.value for constraint in single))
    if declared.parameter_type == "boolean" and not declared.groups:
        return ("false", "true")
    return ()
