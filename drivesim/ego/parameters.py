"""Every number of the ego's chain, named, with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from drivesim.ego.detections import PERSON_HALF_WIDTH
from drivesim.errors import DrivesimError, did_you_mean

GRAVITY = 9.81


@dataclass(frozen=True, slots=True)
class EgoParameters:
    """Latencies, tracker, decision and brakes of one ego.

    Latencies are assumptions of the order of published systems, not of a product: UN R157 allows 0.35 s from the
    event to the beginning of deceleration, all of it together. They are parameters because a study's answer depends
    on them (Wimmer et al. 2019, 10.1080/15389588.2019.1616086, name brake build-up and the definition of TTC as main
    sources of disagreement between tools).

    Attributes:
        camera_latency, lidar_latency, radar_latency: from a measurement's stamp until its detections are fused, s.
        confirm_hits, confirm_window: a track counts while M of the last N measurements saw it, the sensors'
            detections added up.
        forget: a track unseen for this long is dropped, s.
        manoeuvre: standard deviation of an object's acceleration, m/s2 (child from standstill: 1.5 to 2.5).
        corridor_margin: room beside the car that counts as its path, m.
        person_half_width, person_half_length: a person is taken to reach at least this far across and along the road
            from what is tracked of it, m, however little of it is in sight: half of 0.50 m, the width of Euro NCAP's
            adult target (a crossing child's stride spans more, 0.71 m), and half of 0.30 m, the width of its child
            target (AEB VRU v4.5.1).
        thing_moves: what is no person counts as moving once its speed is this many of its standard deviations, and as
            standing until then. Most of what stands beside a road are parked cars and posts, and the point of them that
            is in view wanders; 3 lets 0.3 % of them seem to move if errors are Gaussian (a likelihood ratio test whose
            threshold says how rare moving is; Bar-Shalom, Li and Kirubarajan 2001, 1.4.2).
        path_time: an object that will not be in the path within this time is no threat, s.
        warning_margin: the driver is warned this long before the brakes must act, s.
        brake_margin: brakes act this long before the last moment, s; infinite: as soon as there is a threat.
        beside_margin: the same for a person who is not in the path yet: most who walk up to a road stop there.
        dead_time: from the request until deceleration begins, s.
        jerk: build-up of deceleration, m/s3.
        deceleration: asked for at most, m/s2; the tyres may give less.
        range: objects farther ahead are ignored, m.
        release: brakes let go after this long without a threat, s. A car that brakes at 9 m/s2 comes to a stand in it
            within the 4 m before its bumper in which lidars and cameras lose people.
    """

    camera_latency: float = 0.10
    lidar_latency: float = 0.10
    radar_latency: float = 0.06
    confirm_hits: int = 3
    confirm_window: int = 5
    forget: float = 0.5
    manoeuvre: float = 2.5
    corridor_margin: float = 0.25
    person_half_width: float = PERSON_HALF_WIDTH
    person_half_length: float = 0.15
    thing_moves: float = 3.0
    path_time: float = 3.0
    warning_margin: float = 1.2
    brake_margin: float = 0.35
    beside_margin: float = 0.10
    dead_time: float = 0.10
    jerk: float = 45.0
    deceleration: float = 9.0
    range: float = 80.0
    release: float = 1.0

    def latency(self, kind: str) -> float:
        """Of a ``camera``, ``lidar`` or ``radar``, s."""
        return float(getattr(self, f"{kind}_latency"))


EGOS: dict[str, EgoParameters] = {
    "aeb": EgoParameters(),
    # UN R157 5.2.5: 0.35 s until deceleration begins, 6 m/s2, detection range of 46 m; no build-up in the formula.
    "regulation": EgoParameters(
        camera_latency=0.0, lidar_latency=0.0, radar_latency=0.0, dead_time=0.35, jerk=1e6, deceleration=6.0,
        range=46.0, brake_margin=float("inf"), beside_margin=float("inf"),
    ),
    # UN R157 annex 4 appendix 3: a skilled human; 0.4 s to see the risk, 0.75 s delay, 0.774 g reached in 0.6 s.
    "reference_driver": EgoParameters(
        camera_latency=0.4, lidar_latency=0.4, radar_latency=0.4, dead_time=0.75, jerk=0.774 * GRAVITY / 0.6,
        deceleration=0.774 * GRAVITY, range=100.0, brake_margin=float("inf"), beside_margin=float("inf"),
    ),
}  # fmt: skip
"""Egos by name: an emergency brake, and the two performance models of UN Regulation 157."""


def ego_parameters(name: str) -> EgoParameters:
    """Parameters of an ego by name.

    Raises:
        DrivesimError: no ego of that name.
    """
    if name not in EGOS:
        raise DrivesimError(f"no ego is called '{name}'", element="--ego", remedy=did_you_mean(name, EGOS))
    return EGOS[name]
