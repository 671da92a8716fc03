"""The four safety models for UN Regulation 157: when others are a threat, and how hard to brake for them.

Sources: *Regulation*, UN R157 5.2.3.3 (distance) and 5.2.5.2 (cut-in). *RSS*: Shalev-Shwartz, Shammah & Shashua, "On a
formal model of safe and scalable self-driving cars", arXiv:1708.06374 (2017). *FSM*: Mattas et al., "Fuzzy surrogate
safety metrics for real-time assessment of rear-end collision risk", Accid. Anal. Prev. 148:105794 (2020); performance
model 2 of UN R157 since its 01 series. Parameters of RSS and FSM: the European Commission's Joint Research Centre,
whose program compares the four (github.com/ec-jrc/JRC-FSM, ``utility/vehicle.py``).
"""

from __future__ import annotations

from drivesim.behaviors.driver import EMERGENCY_DECELERATION, REACTION_TIME
from drivesim.world.criticality import RssParameters, safe_distance

REGULATION_REACTION, REGULATION_DECELERATION = 0.35, 6.0
"""s and m/s2: UN R157 5.2.5.2."""
STEP = 0.1
"""s that the comparison's program, which decides ten times a second, allows beyond the times of its models."""
SPEEDING_UP = 3.0
"""m/s2 until the response: of RSS."""
LONGWAYS = RssParameters(
    response=REACTION_TIME, acceleration=SPEEDING_UP, brake_most=EMERGENCY_DECELERATION,
    brake_least=EMERGENCY_DECELERATION,
)  # fmt: skip
SIDEWAYS_ACCELERATION, SIDE_MARGIN = 1.0, 0.3
"""m/s2 with which who cuts in goes on until the response and stops then, and m kept beside it: of RSS."""
FIRM, HARD, LEADING = 4.0, 6.0, 7.0
"""m/s2: least and greatest deceleration of a driver who reacts to a risk, and that of who is ahead: of FSM."""
FUZZY_REACTION, MARGIN, SAFE_MARGIN = REACTION_TIME, 2.0, 2.0
"""s, m, m: of FSM."""


def regulation_gap(speed: float) -> float:
    """The least distance behind another vehicle, m (5.2.3.3: times in a table that is linear above 10 km/h)."""
    slow = 1.0 + (max(speed, 2.0) - 2.0) / 7.8
    return max(speed * (slow if speed < 10.0 / 3.6 else 1.0 + speed * 3.6 / 100.0), 2.0)


def regulation_time(closing: float) -> float:
    """The time to collision below which a cut-in need not be avoided and must be braked for, s (5.2.5.2)."""
    return closing / (2.0 * REGULATION_DECELERATION) + REGULATION_REACTION


def rss_gap(behind: float, ahead: float) -> float:
    """The safe distance lengthwise, m; speeds in m/s."""
    return safe_distance(behind, ahead, LONGWAYS)


def rss_steady_gap(speed: float) -> float:
    """The distance, m, behind who is as fast, that is still safe when who is ahead has braked for a response time."""
    slowed = max(speed - REACTION_TIME * EMERGENCY_DECELERATION, 0.0)
    return rss_gap(speed, slowed) + 0.5 * EMERGENCY_DECELERATION * REACTION_TIME**2


def rss_room(drift: float) -> float:
    """The safe distance sideways, m, of who keeps its lane from who comes nearer at ``drift`` m/s."""
    fastest = abs(drift) + SIDEWAYS_ACCELERATION * REACTION_TIME
    way = 0.5 * (abs(drift) + fastest) * REACTION_TIME
    return SIDE_MARGIN + way + fastest**2 / (2.0 * SIDEWAYS_ACCELERATION)


def fuzzy_gap(behind: float, ahead: float) -> float:
    """The distance from which on the proactive fuzzy measure is 0, m."""
    stopping = behind * FUZZY_REACTION + behind**2 / (2.0 * FIRM)
    return stopping - ahead**2 / (2.0 * LEADING) + MARGIN + SAFE_MARGIN


def proactive_fuzzy(gap: float, behind: float, ahead: float) -> float:
    """PFS: 0 where comfortable braking will do even if who is ahead brakes hard, 1 where hard braking will not."""
    unsafe = behind * FUZZY_REACTION + behind**2 / (2.0 * HARD) - ahead**2 / (2.0 * LEADING)
    return _between(gap - MARGIN, unsafe, fuzzy_gap(behind, ahead) - MARGIN)


def critical_fuzzy(gap: float, behind: float, ahead: float, acceleration: float) -> float:
    """CFS: 0 where firm braking avoids contact with who goes on as now, 1 where hard braking does not.

    Args:
        acceleration: of who is behind now, m/s2; kept up until it reacts.
    """
    if behind <= ahead:
        return 0.0
    kept = max(acceleration, -FIRM)
    later = behind + FUZZY_REACTION * kept
    if later < ahead:  # what is braked with already will do, if there is room for it
        return 1.0 if gap < (behind - ahead) ** 2 / abs(2.0 * acceleration) else 0.0
    way = (0.5 * (behind + later) - ahead) * FUZZY_REACTION
    return _between(gap, way + (later - ahead) ** 2 / (2.0 * HARD), way + (later - ahead) ** 2 / (2.0 * FIRM))


def _between(value: float, unsafe: float, safe: float) -> float:
    """1 below ``unsafe``, 0 above ``safe``, straight between."""
    if value > safe:
        return 0.0
    return 1.0 if value < unsafe else (safe - value) / (safe - unsafe)
