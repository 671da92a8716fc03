"""The OpenDRIVE model: frozen records with the standard's names in snake case (ASAM OpenDRIVE 1.4 to 1.8).

Lengths in metres, angles in radians, speeds in m/s. ``s`` runs along the reference line, ``t`` to its left.
Lists that depend on s are sorted; lane ids are positive left of the reference line, negative right of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from drivesim.errors import ScenarioError
from drivesim.opendrive.rail import Station, Switch


@dataclass(frozen=True, slots=True)
class Cubic:
    """a + b ds + c ds^2 + d ds^3 with ds = s - ``s``; holds until the next record."""

    s: float
    a: float
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    pass


@dataclass(frozen=True, slots=True)
class Arc:
    curvature: float


@dataclass(frozen=True, slots=True)
class Spiral:
    """Curvature changes linearly from start to end."""

    curv_start: float
    curv_end: float


@dataclass(frozen=True, slots=True)
class Poly3:
    """v(u) = a + b u + c u^2 + d u^3 in the frame of the geometry's start."""

    a: float
    b: float
    c: float
    d: float


@dataclass(frozen=True, slots=True)
class ParamPoly3:
    """u(p), v(p) in the frame of the geometry's start; p in [0, 1] if ``normalized``, else [0, length]."""

    u: tuple[float, float, float, float]
    v: tuple[float, float, float, float]
    normalized: bool


Shape = Line | Arc | Spiral | Poly3 | ParamPoly3


@dataclass(frozen=True, slots=True)
class Geometry:
    s: float
    x: float
    y: float
    hdg: float
    length: float
    shape: Shape


@dataclass(frozen=True, slots=True)
class Crossfall:
    """Angle of the road surface against the reference plane; ``side`` is left, right or both."""

    side: str
    profile: Cubic


@dataclass(frozen=True, slots=True)
class LateralShape:
    """Height of the cross-section at ``s``: cubic in t - ``t`` from ``t`` on."""

    s: float
    profile: Cubic

    @property
    def t(self) -> float:
        return self.profile.s


@dataclass(frozen=True, slots=True)
class RoadType:
    s: float
    type: str
    speed: float | None = None
    """Speed limit in m/s; inf where the map says ``no limit``; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class LaneHeight:
    s_offset: float
    inner: float
    outer: float


@dataclass(frozen=True, slots=True)
class LaneSpeed:
    s_offset: float
    max: float


@dataclass(frozen=True, slots=True)
class MarkLine:
    """One painted line of a road mark type; ``space`` 0 for a solid line, ``color`` empty for the mark's."""

    length: float
    space: float
    t_offset: float
    s_offset: float
    width: float | None
    color: str = ""


@dataclass(frozen=True, slots=True)
class RoadMark:
    """The mark on a lane's outer border (the centre lane's: on the lane reference line), from ``s_offset`` on.

    Attributes:
        type: the standard's word (``none``, ``solid``, ``broken``, ``solid solid``, ...).
        lines: the detailed pattern of ``<type><line>``, repeated along s.
        explicit: single strokes of ``<explicit><line>``, each once.
    """

    s_offset: float
    type: str
    weight: str = "standard"
    color: str = "standard"
    width: float | None = None
    lane_change: str = "both"
    lines: tuple[MarkLine, ...] = ()
    explicit: tuple[MarkLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane of one section; ``width`` and ``border`` count s from the section's start."""

    id: int
    type: str
    level: bool = False
    predecessor: int | None = None
    successor: int | None = None
    width: tuple[Cubic, ...] = ()
    border: tuple[Cubic, ...] = ()
    height: tuple[LaneHeight, ...] = ()
    road_marks: tuple[RoadMark, ...] = ()
    speed: tuple[LaneSpeed, ...] = ()
    direction: str = "standard"
    """``standard``, ``reversed`` or ``both`` (OpenDRIVE 1.8)."""


@dataclass(frozen=True, slots=True)
class LaneSection:
    """Lanes from ``s`` to ``end``, keyed by id, the outermost left first."""

    s: float
    end: float
    lanes: Mapping[int, Lane]
    single_side: bool = False


@dataclass(frozen=True, slots=True)
class RoadLink:
    """What a road's end touches: ``element_type`` is ``road`` or ``junction``, ``contact_point`` start or end.

    Attributes:
        s, sense: of virtual junctions: where on the other road, and +1 or -1, in which direction along it the way goes
            from a predecessor or on to a successor; s is None elsewhere.
    """

    element_type: str
    element_id: str
    contact_point: str | None = None
    s: float | None = None
    sense: int = 1


@dataclass(frozen=True, slots=True)
class Corner:
    """An outline's corner: local (u, v, z) in the object's frame, or road (s, t, dz)."""

    road: bool
    a: float
    b: float
    z: float
    height: float
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    corners: tuple[Corner, ...]
    closed: bool = True
    outer: bool = True
    fill_type: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Copies of an object along the road, every ``distance`` (0: one continuous extrusion)."""

    s: float
    length: float
    distance: float
    t_start: float | None = None
    t_end: float | None = None
    z_offset_start: float | None = None
    z_offset_end: float | None = None
    width_start: float | None = None
    width_end: float | None = None
    height_start: float | None = None
    height_end: float | None = None
    length_start: float | None = None
    length_end: float | None = None


@dataclass(frozen=True, slots=True)
class ObjectMarking:
    """A painted line along one side of an object's box, or between two corners of its outline."""

    side: str
    color: str
    width: float
    line_length: float
    space_length: float
    corners: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RoadObject:
    id: str
    name: str
    type: str
    subtype: str
    s: float
    t: float
    z_offset: float
    hdg: float
    pitch: float
    roll: float
    orientation: str
    length: float | None
    width: float | None
    height: float | None
    radius: float | None
    outlines: tuple[Outline, ...] = ()
    repeats: tuple[Repeat, ...] = ()
    markings: tuple[ObjectMarking, ...] = ()
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """A tunnel or a bridge: the road is in it, or on it, for ``length`` metres from ``s`` on.

    Attributes:
        type: of tunnels ``standard`` or ``underpass``; of bridges ``concrete``, ``steel``, ``brick`` or ``wood``.
        lighting, daylight: of tunnels: shares of artificial and natural light, 0 to 1; None where the map says nothing.
        lanes: ranges (from, to) of lane ids it applies to; empty for all.
    """

    id: str
    name: str
    type: str
    s: float
    length: float
    lighting: float | None = None
    daylight: float | None = None
    lanes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign or traffic light; ``orientation`` + faces traffic in +s direction, - against it, none both."""

    id: str
    name: str
    s: float
    t: float
    z_offset: float
    h_offset: float
    pitch: float
    roll: float
    orientation: str
    dynamic: bool
    country: str
    type: str
    subtype: str
    value: float | None
    unit: str
    text: str
    width: float | None
    height: float | None
    lanes: tuple[tuple[int, int], ...] = ()
    """Ranges (from, to) of lane ids it applies to; empty for all."""


@dataclass(frozen=True, slots=True)
class SignalReference:
    """A signal of another road that also counts here."""

    id: str
    s: float
    t: float
    orientation: str
    lanes: tuple[tuple[int, int], ...] = ()
    """Ranges (from, to) of lane ids it applies to; empty for all."""


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    id: str
    name: str
    length: float
    junction: str | None
    """The junction this road is a path of, or None."""
    rule: str
    """``RHT`` or ``LHT``: on which side of the reference line traffic flows in +s direction."""
    geometries: tuple[Geometry, ...]
    lane_sections: tuple[LaneSection, ...]
    predecessor: RoadLink | None = None
    successor: RoadLink | None = None
    types: tuple[RoadType, ...] = ()
    elevation: tuple[Cubic, ...] = ()
    superelevation: tuple[Cubic, ...] = ()
    crossfall: tuple[Crossfall, ...] = ()
    shape: tuple[LateralShape, ...] = ()
    lane_offset: tuple[Cubic, ...] = ()
    objects: tuple[RoadObject, ...] = ()
    signals: tuple[Signal, ...] = ()
    signal_references: tuple[SignalReference, ...] = ()
    tunnels: tuple[Structure, ...] = ()
    bridges: tuple[Structure, ...] = ()
    switches: tuple[Switch, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """A path through a junction; ``lane_links`` are (lane of the incoming road, lane of the connecting road)."""

    id: str
    incoming_road: str
    connecting_road: str
    contact_point: str
    lane_links: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Junction:
    """Roads that meet.

    Attributes:
        priorities: (road that goes first, road that waits), where the map says so.
        controllers: ids of the traffic-light controllers that serve it.
    """

    id: str
    name: str
    type: str
    connections: tuple[Connection, ...] = ()
    priorities: tuple[tuple[str, str], ...] = ()
    controllers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Everything one file says."""

    roads: Mapping[str, Road]
    junctions: Mapping[str, Junction] = field(default_factory=lambda: MappingProxyType({}))
    geo_reference: str | None = None
    offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    """``<offset>`` x, y, z, hdg: what was subtracted from projected coordinates."""
    version: tuple[int, int] = (1, 8)
    controllers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Signal ids of each traffic-light controller."""
    stations: tuple[Station, ...] = ()
    notes: tuple[ScenarioError, ...] = ()
    """What the file says of its surface that is not read."""
