"""Robustness layers: what is varied of a test, and how well that must be stood.

Conditions and rules are those of the official calculator ``euroncap-rating-2026`` 5.4.9 and, where it says nothing, of
the Frontal Collisions protocol v1.1, 5.2.1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOON, NIGHT = "2026-06-15T12:30:00", "2026-06-15T23:30:00"


@dataclass(frozen=True, slots=True)
class Layer:
    """A variation that a robust car stands; tests by what they are a part of (``Test.loadcase``).

    Attributes:
        official: its name in the calculator's sheet of robustness predictions.
        settings: parameters by test. faster: by how much the target is, km/h, by test.
        outward: by how much cyclists across whose way the vehicle turns ride farther from its road, m.
        same: tests of which every cell must be as good as without it; of the others none may be red that was not.
    """

    official: str
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    faster: Mapping[str, float] = field(default_factory=dict)
    outward: float = 0.0
    same: frozenset[str] = frozenset()

    @property
    def tests(self) -> frozenset[str]:
        """Those that it varies."""
        return (
            frozenset(self.settings) | frozenset(self.faster) | (frozenset(("CBTA",)) if self.outward else frozenset())
        )


CROSSING_SPEEDS = {"CPNA": 5.0, "CPFA": 8.0, "CPNCO": 5.0, "CPTA": 5.0,
                   "CBNA": 15.0, "CBNAO": 10.0, "CBFA": 20.0, "CBTA": 15.0}  # fmt: skip
"""Of people and cyclists who cross the vehicle's way, km/h."""
_PEOPLE, _CYCLISTS = ("CPNA", "CPFA", "CPNCO"), ("CBNA", "CBNAO", "CBFA")
_HEAD_ON, _BRAKING = ("CCFhos", "CCFhol"), ("CCRb", "CMRb")
_JUNCTIONS = ("CCFtap", "CMFtap", "CCCscp", "CMCscp")
_VEHICLES = ("CCRs", "CCRm", "CMRs", *_BRAKING, *_HEAD_ON, *_JUNCTIONS)
_ON_FOOT_OR_BICYCLE = (*_PEOPLE, *_CYCLISTS, "CPLA", "CBLA", "CPTA", "CBTA")
_ALL = (*_ON_FOOT_OR_BICYCLE, *_VEHICLES)


def _for(tests: tuple[str, ...], **settings: str) -> dict[str, dict[str, str]]:
    return dict.fromkeys(tests, settings)


def _by(tests: tuple[str, ...], faster: float) -> dict[str, float]:
    return dict.fromkeys(tests, faster)


LAYERS: Mapping[str, Layer] = MappingProxyType({
    "target_faster": Layer(
        "Speed", faster=_by((*_PEOPLE, "CPTA"), 3.0) | _by((*_CYCLISTS, "CBTA", *_HEAD_ON, *_JUNCTIONS), 5.0),
        same=frozenset(("CPTA", "CBTA", *_JUNCTIONS)),
    ),
    "target_slower": Layer(
        "Speed", faster=_by(_PEOPLE, -2.0) | _by(_CYCLISTS, -3.0) | _by((*_HEAD_ON, *_JUNCTIONS), -5.0),
        same=frozenset((*_PEOPLE, *_CYCLISTS, *_JUNCTIONS)),
    ),
    "target_nearer": Layer("Initial position offset",
                           _for(_PEOPLE, early_start="0.25") | _for(_BRAKING, headway="0.5"),
                           outward=-0.5, same=frozenset(("CBTA",))),
    "target_farther": Layer("Initial position offset", _for(_BRAKING, headway="1.5"), outward=0.5,
                            same=frozenset(("CBTA",))),
    "target_turned": Layer("Trajectory/Heading", _for(_PEOPLE, rotation="20"), same=frozenset(_PEOPLE)),
    "target_turned_away": Layer("Trajectory/Heading", _for(("CPNA", "CPFA"), rotation="-10"),
                                same=frozenset(("CPNA", "CPFA"))),
    "brakes_harder": Layer("Acceleration", _for(_BRAKING, deceleration="6")),
    "brakes_softer": Layer("Acceleration", _for(_BRAKING, deceleration="2"), same=frozenset(_BRAKING)),
    "other_looks": Layer("Appearance", _for(_ON_FOOT_OR_BICYCLE, **{"seed.bodies": "4711"})
                         | _for(_VEHICLES, **{"seed.vehicles": "4711"}), same=frozenset(_ALL)),
    # 10 mm/h is heavy rain by the World Meteorological Organization's classes (WMO-No. 8); the calculator names none.
    "heavy_rain": Layer("Adverse weather conditions", _for(_ALL, rain="10")),
    # The vehicle drives east; the sun is 8 degrees above the road. Flare in a lens is not modelled, exposure is.
    "low_sun": Layer("Illumination (Sun glare)", _for(_ALL, time_of_day="2026-03-20T07:20:00")),
    "darkness": Layer("Illumination (Night)",
                      _for((*_VEHICLES, *_CYCLISTS, "CPTA", "CBTA", "CBLA"), time_of_day=NIGHT)),
})  # fmt: skip
"""Robustness layers that the scenarios' parameters can express; the others need a driver, clutter or another target."""
