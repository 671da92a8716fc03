"""Build what an emergency brake must leave alone: ``python scenarios/build_negative.py``.

After the false-activation tests of FMVSS 127 (49 CFR 571.127 S8: steel trench plate, pass-through gap, 80 km/h) and a
child who stops at the kerb, as UN R152 asks not to brake without need.
"""

from __future__ import annotations

import math

from build_ncap import IMPACT_S, country_road
from build_scenarios import (
    ESTATE,
    HERE,
    REFERENCE_CAR,
    SALOON,
    Draft,
    controller,
    lane_position,
    pedestrian,
)
from scenariogeneration import xosc

PLATE = (3.7, 2.4, 0.025)
"""Length, width and thickness of the steel plate, m: about those of NHTSA's test procedures (assumed)."""
KERB_DISTANCE = 2.0
"""Where the child stops, from the middle of the lane: a metre beside the car, m."""


def child_at_kerb() -> Draft:
    """A child walks up to the road and stops."""
    draft = country_road("negative/child_at_kerb", "A child walks up to the road and stops", 50.0)
    draft.add(
        "Target", pedestrian("child", 1.154, 0.45, 0.298, 21.0, age="6"),
        lane_position(1, -1, IMPACT_S, -4.0, math.pi / 2), 0.0,
        controller(
            "childBrain", behaviorTree="adult_crossing.xml", behavior="protocol", speed=str(round(5 / 3.6, 4)),
            master="Ego", start_distance="4.0", crossing_distance=str(4.0 - KERB_DISTANCE),
            acceleration_distance="1.0",
        ),
    )  # fmt: skip
    return draft


def steel_plate() -> Draft:
    """A steel plate covers a trench in the lane."""
    draft = country_road("negative/steel_plate", "A steel plate covers a trench in the lane", 80.0)
    length, width, thickness = PLATE
    box = xosc.BoundingBox(width, length, thickness, 0.0, 0.0, thickness / 2)
    plate = xosc.MiscObject("steel_plate", 1700.0, xosc.MiscObjectCategory.obstacle, box, "steel_plate")
    draft.add("Target", plate, lane_position(1, -1, IMPACT_S))
    return draft


def parked_gap() -> Draft:
    """Two cars stand beside the lane, one on each side."""
    draft = country_road("negative/parked_gap", "Two cars stand beside the lane, one on each side", 80.0)
    for name, car, side in (("Target", ESTATE, -1.0), ("OtherCar", SALOON, 1.0)):
        aside = side * (REFERENCE_CAR.width / 2 + 1.0 + car.width / 2)
        draft.add(name, car.entity(), lane_position(1, -1, IMPACT_S, round(aside, 4)))
    return draft


def main() -> None:
    (HERE / "negative").mkdir(exist_ok=True)
    for build in (child_at_kerb, steel_plate, parked_gap):
        print(build().write().relative_to(HERE.parent))


if __name__ == "__main__":
    main()
