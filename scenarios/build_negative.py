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
"""Where the child stands, from the middle of the lane: its middle a metre beside the car, m."""
KERB_START = 4.0
"""Where it starts, from the middle of the lane, m."""
WALK = 5 / 3.6
"""How fast it walks, m/s."""
HALT = 3.0
"""How it slows down, m/s2: what the behaviour tree's ``Stand`` does."""


def child_at_kerb() -> Draft:
    """A child walks up to the road and stops; it stands still ``stands`` seconds before the car could be there."""
    draft = country_road("negative/child_at_kerb", "A child walks up to the road and stops", 50.0)
    draft.parameter("stands", xosc.ParameterType.double, 2.0, 0, 3)
    walked = KERB_START - KERB_DISTANCE - WALK**2 / (2.0 * HALT)
    draft.add(
        "Target", pedestrian("child", 1.154, 0.45, 0.298, 21.0, age="6"),
        lane_position(1, -1, IMPACT_S, -KERB_START, math.pi / 2), 0.0,
        controller(
            "childBrain", behaviorTree="adult_crossing.xml", behavior="protocol", speed=str(round(WALK, 4)),
            master="Ego", start_distance=f"${{{walked:.4f} + {WALK:.4f} * ($stands + {WALK / HALT:.4f})}}",
            crossing_distance=f"{walked:.4f}", acceleration_distance="1.0",
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
