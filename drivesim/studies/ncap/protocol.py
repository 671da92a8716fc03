"""What is tested and how it is judged: tests and cells.

Sources: the grids, ranges and colour bands of 2026 as the official calculator ``euroncap-rating-2026`` 5.4.9
(Frontal Collisions v1.1) has them; the grid of 2023 as the AEB VRU 4.5.1 scenario set. The points of 2023 follow the
rule of AEB VRU 4.x: up to 40 km/h in proportion to the speed taken off, above that all or nothing at 20 km/h.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from drivesim.errors import DrivesimError, did_you_mean
from drivesim.studies.ncap.layers import CROSSING_SPEEDS, LAYERS, NIGHT, NOON, Layer
from drivesim.studies.ncap.turning import (
    ONCOMING_LINE,
    RIDING_LINE,
    TURNING_SPEEDS,
    WALKING_LINE,
    meeting_parameters,
    on_front,
    on_side,
    turn_at,
    turn_parameters,
)
from drivesim.studies.whatif.outcome import POINTS, Colour, euro_ncap_colour

Protocol = Literal["2023", "2026"]


@dataclass(frozen=True, slots=True)
class Test:
    """A matrix of cells.

    Attributes:
        name: as in the protocol. scenario: that plays it.
        speeds: of the vehicle under test, km/h.
        columns: impact locations, share of its width from the right; at junctions speeds of the target, km/h.
        standard: columns of the standard range, up to a speed of ``standard_to``; the others are extended.
        turns: whether it turns in front of one that comes towards it. crosses: whether it crosses the target's way at
            a junction, the target once from either side. across: the way of a person or cyclist across which it turns,
            1: as the vehicle came, -1: against it; 0: none. nearside: where it turns to. What counts at junctions is
            whether they touch.
        riding: how far from the middle of the vehicle's road a cyclist rides across whose way it turns, m; 0: a person.
        ahead: speeds of a target that moves the same way, by the vehicle's speed, km/h; what counts there is the
            difference of speeds at impact. Empty for targets that cross or stand.
        brakes: whether that target brakes.
        towards: speeds of a car that comes towards it in its lane, by the vehicle's speed, km/h; what counts there is
            the speed taken off before they meet, as the other does not brake.
        overtakes: whether that car comes from its own lane, overtaking another.
    """

    name: str
    scenario: str
    speeds: tuple[int, ...]
    columns: tuple[float, ...]
    standard: frozenset[float]
    night: bool = False
    ahead: tuple[int, ...] = ()
    turns: bool = False
    crosses: bool = False
    across: int = 0
    nearside: bool = False
    riding: float = 0.0
    brakes: bool = False
    towards: tuple[int, ...] = ()
    overtakes: bool = False
    standard_to: int = 130

    @property
    def by_speed(self) -> bool:
        """Whether its columns are speeds of the target."""
        return self.turns or self.crosses

    @property
    def at_junction(self) -> bool:
        """Whether all that counts is whether they touch."""
        return self.by_speed or self.across != 0

    @property
    def names(self) -> frozenset[str]:
        """By which it can be asked for."""
        return frozenset((self.name, self.name.split()[0], self.loadcase))

    @property
    def loadcase(self) -> str:
        """What it is a part of, as the calculator names it: of day and night, and of turns across somebody."""
        return self.name[:4] if self.across else self.name.split()[0]

    @property
    def keeps_clear(self) -> bool:
        """Whether it must not stand in the target's way either: in turns, but not across people (v1.1, 4.3.2)."""
        return self.turns or self.riding > 0.0

    def has(self, speed: int, column: float) -> bool:
        """Whether there is such a cell: of crossing vehicles one must be slow where the other is fast."""
        return not self.crosses or min(speed, column) <= 30 or max(speed, column) <= 60

    @property
    def settings(self) -> dict[str, str]:
        """Parameters of the scenario that are the same in all cells."""
        return {"time_of_day": NIGHT if self.night else NOON}


def _crossing(name: str, columns: tuple[float, ...], standard: tuple[float, ...]) -> list[Test]:
    return [
        Test(f"{name} {light}", f"ncap/{name.lower()}", tuple(range(10, 61, 10)), columns, frozenset(standard),
             light == "night")
        for light in ("day", "night")
    ]  # fmt: skip


def _walking_ahead(columns: tuple[float, ...], speeds: tuple[int, ...]) -> list[Test]:
    return [
        Test(f"CPLA {light}", "ncap/cpla", speeds, columns, frozenset((0.5,)), light == "night",
             (5,) * len(speeds))
        for light in ("day", "night")
    ]  # fmt: skip


def _turning(columns: tuple[float, ...], speeds: tuple[int, ...]) -> list[Test]:
    return [
        Test(f"CPTA{side[0]}{way[0]}", f"ncap/cpta{side[0]}", (10,) if side == "nearside" else speeds, columns,
             frozenset((0.5,)), across=1 if way == "same" else -1, nearside=side == "nearside", standard_to=20)
        for way in ("same", "opposite")
        for side in ("farside", "nearside")
    ]  # fmt: skip


def _cyclist(name: str, columns: tuple[float, ...], standard: float, riding: float = RIDING_LINE) -> Test:
    nearside, speeds = name[4] == "n", (10,) if name[4] == "n" else TURNING_SPEEDS
    return Test(name, f"ncap/{name[:5].lower()}", speeds, columns, frozenset((standard,)), standard_to=20,
                across=1 if name[5] == "s" else -1, nearside=nearside, riding=riding)  # fmt: skip


_WIDE = (0.9, 0.75, 0.5, 0.25, 0.1)
_AHEAD = (0.75, 0.5, 0.25, 0.1)
_RIDING = tuple(range(20, 61, 10))
_DRIVING = tuple(range(30, 131, 10))
_REAR = (1.25, 1.0, 0.75, 0.5, 0.25, 0.0, -0.25)
_RIDER = (0.9, 0.75, 0.5, 0.25, 0.1)
_ONCOMING = (30, 45, 60, 80)
_HEAD_ON = (1.0, 0.75, 0.5, 0.25)
_CROSSING = tuple(range(20, 81, 10))
_FIVES = tuple(range(10, 61, 5))
_LANE_CHANGES = {
    speed: {"lane_change_length": str(length), "following_distance": str(distance)}
    for speed, length, distance in ((50, 44, 13.9), (70, 60, 19.4), (90, 78, 25.0), (100, 88, 27.8))
}
"""Of a car that overtakes, by its speed, km/h (Frontal Collisions v1.1, 3.1.1.2), m."""
TESTS: Mapping[Protocol, tuple[Test, ...]] = MappingProxyType({
    "2026": (
        Test("CCRs", "ncap/ccrs", tuple(range(10, 81, 10)), _REAR, frozenset(_REAR[1:-1])),
        *_crossing("CPNA", _WIDE, (0.75, 0.5, 0.25)),
        *_crossing("CPFA", _WIDE, (0.5,)),
        *_crossing("CPNCO", (0.75, 0.5, 0.25), (0.5,)),
        Test("CCRm", "ncap/ccrm", _DRIVING, _REAR, frozenset(_REAR[1:-1]),
             ahead=tuple(max(20, speed - 60) for speed in _DRIVING)),
        Test("CCRb", "ncap/ccrb", _DRIVING, _REAR, frozenset(_REAR[1:-1]), ahead=_DRIVING, brakes=True,
             standard_to=80),
        Test("CMRs", "ncap/cmrs", tuple(range(10, 81, 10)), _RIDER, frozenset(_RIDER[1:-1])),
        Test("CMRb", "ncap/cmrb", _DRIVING, _RIDER, frozenset(_RIDER[1:-1]), ahead=_DRIVING, brakes=True,
             standard_to=80),
        *(Test(f"CCFho{how}", f"ncap/ccfho{how}", tuple(range(30, 101, 10)), _HEAD_ON, frozenset(_HEAD_ON[1:]),
               towards=(50, 50, 50, 70, 70, 70, 90, 100), overtakes=how == "l", standard_to=80) for how in "sl"),
        Test("CCCscp", "ncap/cccscp", _CROSSING, _CROSSING, frozenset(_CROSSING[:5]), crosses=True, standard_to=60),
        Test("CMCscp", "ncap/cmcscp", _CROSSING, _CROSSING, frozenset(_CROSSING[:5]), crosses=True, standard_to=60),
        *_walking_ahead(_AHEAD, tuple(range(10, 61, 10))),
        *_turning(_WIDE, TURNING_SPEEDS),
        _cyclist("CBTAfs", (1.0, 0.75), 1.0),
        _cyclist("CBTAns", (0.75, 0.0), 0.0),
        _cyclist("CBTAfo", _WIDE, 0.5, ONCOMING_LINE),
        _cyclist("CBTAno", _WIDE[1:-1], 0.5),
        Test("CBLA", "ncap/cbla", _RIDING, _AHEAD, frozenset((0.5,)), ahead=(15,) * len(_RIDING)),
        Test("CBNA", "ncap/cbna", tuple(range(10, 61, 10)), _WIDE, frozenset((0.75, 0.5))),
        Test("CBNAO", "ncap/cbnao", tuple(range(10, 61, 10)), _WIDE, frozenset((0.75, 0.5))),
        Test("CBFA", "ncap/cbfa", tuple(range(10, 61, 10)), _WIDE, frozenset((0.5, 0.25))),
        Test("CCFtap", "ncap/ccftap", TURNING_SPEEDS, _ONCOMING, frozenset((30, 45, 60)), turns=True,
             standard_to=20),
        Test("CMFtap", "ncap/cmftap", TURNING_SPEEDS, _ONCOMING, frozenset((30, 45, 60)), turns=True,
             standard_to=20),
    ),
    "2023": (
        Test("CPNA day", "ncap/cpna", _FIVES, (0.75, 0.25), frozenset((0.75, 0.25))),
        Test("CPNA night", "ncap/cpna", _FIVES, (0.75, 0.25), frozenset((0.75, 0.25)), night=True),
        Test("CPFA day", "ncap/cpfa", _FIVES, (0.5,), frozenset((0.5,))),
        Test("CPNCO day", "ncap/cpnco", _FIVES, (0.5,), frozenset((0.5,))),
        *_walking_ahead((0.5,), _FIVES[2:]),
        *_turning((0.5,), TURNING_SPEEDS[:3]),
        Test("CBLA", "ncap/cbla", _FIVES[3:], (0.5,), frozenset((0.5,)), ahead=(15,) * len(_FIVES[3:])),
        Test("CBNA", "ncap/cbna", _FIVES, (0.5,), frozenset((0.5,))),
        Test("CBNAO", "ncap/cbnao", _FIVES, (0.5,), frozenset((0.5,))),
        Test("CBFA", "ncap/cbfa", _FIVES, (0.5,), frozenset((0.5,))),
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of the grid."""

    test: Test
    speed: int
    column: float

    @property
    def standard(self) -> bool:
        """Whether it belongs to the standard range."""
        return self.column in self.test.standard and self.speed <= self.test.standard_to

    @property
    def required(self) -> bool:
        """Whether it must be green for any points in 2026 (Frontal Collisions v1.1, 5.1)."""
        return self.test.name == "CCRs" and self.standard and self.speed <= 20

    @property
    def heading(self) -> str:
        """Of its column."""
        return f"{self.column:g} km/h" if self.test.by_speed else f"{self.column:.0%}{' side' if self.at_side else ''}"

    @property
    def at_side(self) -> bool:
        """Whether its impact location is a share of the vehicle's length, from the rear, not of its width."""
        return self.test.riding > 0.0 and self.test.across > 0 and self.column == 0.75

    @property
    def target_speed(self) -> float:
        """Of a target that moves along the lane, km/h, before it brakes if it does; 0 for others."""
        speeds = self.test.ahead or self.test.towards
        return float(speeds[self.test.speeds.index(self.speed)]) if speeds else 0.0

    @property
    def _nominal_speed(self) -> float:
        """Of the target, km/h."""
        return self.column if self.test.by_speed else self.target_speed or CROSSING_SPEEDS[self.test.loadcase]

    def runs(self, layer: Layer | None) -> list[dict[str, str]]:
        """Parameters of the scenario, run by run; the worst of them counts."""
        given = {**self._parameters(), **self.test.settings}
        more = {**layer.settings.get(self.test.loadcase, {})} if layer else {}
        if layer and self.test.loadcase in layer.faster:
            more["target_speed"] = f"{self._nominal_speed + layer.faster[self.test.loadcase]:g}"
        if layer and layer.outward and self.test.riding:
            aside = float(given["aside"])
            more["aside"] = str(aside + math.copysign(1.0, aside) * layer.outward)
        sides: tuple[dict[str, str], ...] = ({"side": "1"}, {"side": "-1"}) if self.test.crosses else ({},)
        return [{**given, **side, **more} for side in sides]

    def _parameters(self) -> dict[str, str]:
        given = {"ego_speed": str(self.speed), "duration": "12"}
        if self.test.turns:
            return given | {"target_speed": str(self.column), **turn_parameters(turn_at(self.speed))}
        if self.test.crosses:
            return given | {"target_speed": str(self.column)}
        if self.test.across:
            return given | self._meeting()
        given["impact_location"] = str(self.column)
        if (self.test.ahead or self.test.towards) and not self.test.brakes:
            given["target_speed"] = str(self.target_speed)
        if self.test.overtakes:
            given |= _LANE_CHANGES[int(self.target_speed)]
        return given

    def _meeting(self) -> dict[str, str]:
        """Parameters of who is turned across, and where."""
        test = self.test
        given = {"direction": str(test.across)}
        if not test.riding:
            near = test.nearside == (test.across > 0)  # from the side that he has 3.5 m less to go on
            given["start_distance"] = "6" if near else "9.5"
            return given | meeting_parameters(self.speed, on_front(self.column), WALKING_LINE, nearside=test.nearside)
        given["aside"] = str(-test.riding if test.nearside else test.riding)
        place = on_side(self.column, nearside=test.nearside) if self.at_side else on_front(self.column)
        return given | meeting_parameters(self.speed, place, test.riding, nearside=test.nearside)


def cells_of(protocol: str, names: list[str], *, extended: bool, layer: str | None = None) -> list[Cell]:
    """The cells that are played.

    Args:
        names: of tests, with or without day or night, CPTA and CBTA for all four turns; all if empty.
        extended: beyond the standard range too.
        layer: only tests that it varies.

    Raises:
        DrivesimError: there is no such protocol, test or layer, or the layer does not vary the tests.
    """
    if protocol not in TESTS:
        raise DrivesimError(f"there is no protocol '{protocol}'", element="--protocol", remedy="choose 2023 or 2026")
    if layer is not None and layer not in LAYERS:
        raise DrivesimError(f"there is no robustness layer '{layer}'", element="--layer",
                            remedy=did_you_mean(layer, LAYERS))  # fmt: skip
    tests = TESTS[protocol]  # type: ignore[index]
    known = {word for test in tests for word in test.names}
    for name in names:
        if name not in known:
            raise DrivesimError(f"the protocol of {protocol} has no test '{name}' here", element="--test",
                                remedy=did_you_mean(name, sorted(known)))  # fmt: skip
    varied = LAYERS[layer].tests if layer else None
    cells = [
        Cell(test, speed, column)
        for test in tests
        if not names or test.names & set(names)
        if varied is None or test.loadcase in varied
        for speed in test.speeds
        for column in test.columns
        if test.has(speed, column) and (extended or Cell(test, speed, column).standard)
    ]
    if not cells:
        raise DrivesimError(f"the robustness layer '{layer}' changes nothing of {', '.join(names) or 'any test'}",
                            element="--layer", remedy=f"it is for {', '.join(sorted(varied or ()))}")  # fmt: skip
    return cells


def _colour(cell: Cell, impact_speed: float) -> Colour:
    """Of 2026."""
    if cell.test.at_junction:
        return "green" if impact_speed <= 0.0 else "red"
    if cell.test.towards:
        taken_off = cell.speed - impact_speed
        return "red" if taken_off <= 10.0 else "orange" if taken_off <= 20.0 else "green"
    return euro_ncap_colour(cell.speed, impact_speed)


def judged(protocol: str, cell: Cell, impact_speed: float) -> tuple[Colour, float]:
    """Colour and points of a cell; impact speed, relative to a target that moves the same way, in km/h, 0 without
    contact."""
    if protocol == "2026":
        colour = _colour(cell, impact_speed)
        if cell.standard:
            return colour, POINTS[colour]
        return colour, 0.0 if colour == "red" else 1.0
    taken_off = cell.speed - impact_speed
    points = taken_off / cell.speed if cell.speed <= 40 else float(taken_off >= 20.0)
    if impact_speed <= 0.0:
        return "green", 1.0
    worse: tuple[Colour, ...] = ("yellow", "orange", "brown")
    return next((colour for colour in worse if points >= POINTS[colour]), "red"), max(points, 0.0)
