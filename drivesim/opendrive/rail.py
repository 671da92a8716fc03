"""What OpenDRIVE says of railways: switches of tracks, stations with their platforms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Track:
    """Where a switch meets a track: the road that is the track, at ``s`` m, and whether it leads on along s (1) or
    against it (-1)."""

    road: str
    s: float
    direction: int


@dataclass(frozen=True, slots=True)
class Switch:
    """A railway switch of a road that is a track.

    Attributes:
        position: ``dynamic``, ``straight`` or ``turn``.
        main, side: the tracks that it joins.
        partner: id of the switch that the side track leads to, None without one.
    """

    id: str
    name: str
    position: str
    main: Track
    side: Track
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """Beside tracks: (road, from s, to s, side ``left`` or ``right``), m."""

    id: str
    name: str
    segments: tuple[tuple[str, float, float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Station:
    """Where trains, trams or buses stop; ``type`` is ``small``, ``medium`` or ``large``."""

    id: str
    name: str
    type: str
    platforms: tuple[Platform, ...] = ()
