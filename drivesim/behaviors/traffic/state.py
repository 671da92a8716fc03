"""What traffic drivers remember from tick to tick, one row an actor, and the constants of how they drive."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np

from drivesim.behaviors.driver import (
    COMFORT_ACCELERATION,
    COMFORT_DECELERATION,
    EMERGENCY_DECELERATION,
    MINIMUM_GAP,
    TIME_HEADWAY,
)

ROUTE = 48
"""Lanes of a route that are known ahead."""
HORIZON = 120
"""Metres of the path that are looked along."""
TOUCHES = 16
"""Others in the way that are kept of one driver."""
SIDE_MARGIN = 0.25
"""Room beside the body that counts as its way, m."""
ANTICIPATION = 1.5
"""m/s2 at which speed is taken off before bends and lower limits."""
_RESPONSE = 0.5
"""Seconds within which a driver corrects a speed that is too high."""


class State(NamedTuple):
    """Arrays of N actors on a graph of L lanes.

    Attributes:
        driven: (N,) who is a driver of this traffic.
        route: (N, ROUTE) lanes from the one under the rear on; count: (N,) how many are known.
        s: (N,) metres of the body's middle from the start of the first lane of the route.
        granted: (N,) how many lanes of the route are the driver's own to drive through.
        aside: (N, 3) metres left of the path, fading from metre s on over so many metres.
        waited: (N,) seconds standing; changed: (N,) seconds since the last change of lanes.
        key, draws: (N,) of the random stream of routes; factor: (N,) on speed limits.
        entered: (L,) seconds since somebody last entered a junction from a lane; back: (L,) metres before each path's
            junction at which one stops.
        path: (N, HORIZON, 7) x, y, heading, speed, metre by metre from the middle on, and the band that the body needs:
            x, y of its middle and half its width, m; reach: (N,) how many metres are known.
        shape: (N,) row of :class:`~drivesim.behaviors.traffic.swept.Sweeps`; wide: (N, 2) from and to which metre ahead
            the band is wider than the body, to is less than from where it is not; area: (N, 2, 6) least and greatest x,
            y and heading of the band, and of the wide part of it.
        careful: (N,) metres for which a driver still looks how far its body gets past others that stand.
        before: (N,) whom a driver lets by before a place where their bands meet; -1: nobody.
        beside: (N,) who stands so near beside a driver's body or its tail that it cannot drive on; -1: nobody.
        leader: (N,) who draws an actor, itself where nobody does; tail: (N,) metres from the middle of the body to the
            end of its last trailer.
        lets: (N,) whom a driver lets by before it goes on itself; -1: nobody.
        touch, touched: (N, TOUCHES) metres from the front to others in the way, nearest first, and who; met: (N,).
        acceleration, steering: (N,) decisions; blinks: (N,) -1 right, 1 left, 0.
        heads, links: who has a lane in its route: first entry of each lane (L,), next entry of each (N * ROUTE,); entry
            i * ROUTE + k is place k in the route of i.
    """

    driven: Any
    route: Any
    count: Any
    s: Any
    granted: Any
    aside: Any
    waited: Any
    changed: Any
    key: Any
    draws: Any
    factor: Any
    entered: Any
    back: Any
    path: Any
    reach: Any
    shape: Any
    wide: Any
    area: Any
    careful: Any
    before: Any
    beside: Any
    leader: Any
    lets: Any
    tail: Any
    touch: Any
    touched: Any
    met: Any
    acceleration: Any
    steering: Any
    blinks: Any
    heads: Any
    links: Any


def new_state(actors: int, lanes: int) -> State:
    """A state in which nobody drives."""
    return State(
        driven=np.zeros(actors, dtype=np.bool_),
        route=np.full((actors, ROUTE), -1),
        count=np.zeros(actors, dtype=np.int64),
        s=np.zeros(actors),
        granted=np.zeros(actors, dtype=np.int64),
        aside=np.zeros((actors, 3)),
        waited=np.zeros(actors),
        changed=np.full(actors, 1e9),
        key=np.zeros(actors, dtype=np.int64),
        draws=np.zeros(actors, dtype=np.int64),
        factor=np.ones(actors),
        entered=np.full(lanes, 1e9),
        back=np.zeros(lanes),
        path=np.zeros((actors, HORIZON, 7)),
        reach=np.zeros(actors, dtype=np.int64),
        shape=np.zeros(actors, dtype=np.int64),
        wide=np.zeros((actors, 2), dtype=np.int64),
        area=np.zeros((actors, 2, 6)),
        careful=np.zeros(actors),
        before=np.full(actors, -1),
        beside=np.full(actors, -1),
        leader=np.arange(actors),
        lets=np.full(actors, -1),
        tail=np.zeros(actors),
        touch=np.zeros((actors, TOUCHES)),
        touched=np.zeros((actors, TOUCHES), dtype=np.int64),
        met=np.zeros(actors, dtype=np.int64),
        acceleration=np.zeros(actors),
        steering=np.zeros(actors),
        blinks=np.zeros(actors, dtype=np.int64),
        heads=np.zeros(lanes, dtype=np.int64),
        links=np.zeros(actors * ROUTE, dtype=np.int64),
    )


@nb.njit(cache=True)
def car_following(speed: float, wanted: float, gap: float, closing: float) -> float:
    """m/s2 of the intelligent driver model (Treiber, Hennecke & Helbing 2000) behind somebody ``gap`` metres ahead."""
    rate = 1.0 - (speed / max(wanted, 0.1)) ** 4
    if gap < 1e8:
        room = MINIMUM_GAP + speed * TIME_HEADWAY
        room += speed * closing / (2.0 * (COMFORT_ACCELERATION * COMFORT_DECELERATION) ** 0.5)
        rate -= (max(room, 0.0) / max(gap, 0.1)) ** 2
    return max(COMFORT_ACCELERATION * rate, -EMERGENCY_DECELERATION)


@nb.njit(cache=True)
def slowing(speed: float, limit: float, distance: float, deceleration: float) -> float:
    """m/s2 so as to be no faster than ``limit`` after ``distance`` metres, braking evenly; inf: nothing to do."""
    now = (limit * limit + 2.0 * deceleration * max(distance, 0.0)) ** 0.5
    if speed <= now:
        return np.inf
    return max((now - speed) / _RESPONSE, -EMERGENCY_DECELERATION)
