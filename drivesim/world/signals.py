"""What traffic signals show: as the scenario says, else by a plain fixed-time programme.

The same for who looks at them (:mod:`drivesim.scene.signals`) and for who drives by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

RED, AMBER, GREEN = 1, 2, 4
"""Bits of what is lit."""

_LENSES = {"red": RED, "yellow": AMBER, "amber": AMBER, "green": GREEN}
_IN_ORDER = (RED, AMBER, GREEN)
_PROGRAMME = ((0.0, GREEN), (12.0, AMBER), (15.0, RED), (31.0, RED | AMBER))
"""(from second, lit) of a cycle of :data:`_CYCLE` seconds: amber 3 s and red with amber 1 s (RiLSA 2015, 50 km/h)."""
_CYCLE = 32.0


def lit_lenses(state: str) -> int:
    """Bits of what a scenario's state means: colour words, or ``on;off;off`` for red, amber and green."""
    parts = [part.strip().lower() for part in state.replace(",", ";").split(";")]
    if any(part in ("on", "off") for part in parts):
        return sum(bit for part, bit in zip(parts, _IN_ORDER, strict=False) if part == "on")
    return sum(bit for name, bit in _LENSES.items() if any(name in part for part in parts))


def programme(group: int, time: float) -> int:
    """What signals nobody controls show: group 0 and group 1 of a crossing take turns."""
    now = (time + group * _CYCLE / 2.0) % _CYCLE
    return [lit for start, lit in _PROGRAMME if start <= now][-1]


def group_of(heading: float) -> int:
    """Which of the two groups a signal on a road of this heading, rad, belongs to: crossing roads differ."""
    return int(abs(math.cos(heading)) < math.sqrt(0.5))


def shown(name: str, group: int, states: Mapping[str, str], time: float) -> int:
    """What the signal called ``name`` shows at ``time`` seconds, given what the scenario says of signals."""
    return lit_lenses(states[name]) if name in states else programme(group, time)
