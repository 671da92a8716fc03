"""Compare map queries with ``carla.Map``, which reads OpenDRIVE without a server: ``python carla_maps.py MAP…``.

One line of JSON for each map: how many places were compared, and the largest differences of position and width.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

PLACES = 400
"""Lane positions compared for each map."""


def compare(path: Path) -> dict[str, Any]:
    """Lane centres and widths of the same (road, lane, s) in both readers; CARLA's y runs to the right."""
    import carla

    from drivesim.errors import DrivesimError
    from drivesim.opendrive import read_network

    made: dict[str, Any] = {"map": path.name, "places": 0, "position": 0.0, "width": 0.0, "worst": ""}
    try:
        network = read_network(path)
    except DrivesimError as error:
        return made | {"unread": str(error)}
    theirs = carla.Map(path.stem, path.read_text(errors="replace"))
    chance = random.Random(1)
    lanes = [
        (road, section, lane)
        for road in network.roads.values()
        for section in road.lane_sections
        for lane in section.lanes.values()
        if lane.id != 0 and section.end - section.s > 0.5
    ]
    for _ in range(PLACES if lanes else 0):
        road, section, lane = chance.choice(lanes)
        s = chance.uniform(section.s + 0.1, section.end - 0.1)
        if not road.id.isdigit() or network.lane_width(road.id, lane.id, s) < 0.05:
            continue
        waypoint = theirs.get_waypoint_xodr(int(road.id), lane.id, s)
        if waypoint is None:
            continue
        place, ours = waypoint.transform.location, network.world_from_lane(road.id, lane.id, s)
        made["places"] += 1
        distance = math.hypot(place.x - ours.x, -place.y - ours.y)
        if distance > made["position"]:
            made |= {"position": distance, "worst": f"road {road.id} lane {lane.id} s {s:.2f}"}
        made["width"] = max(made["width"], abs(waypoint.lane_width - network.lane_width(road.id, lane.id, s)))
    return made


def in_process(path: Path) -> dict[str, Any]:
    """The same in a process of its own: CARLA's reader ends the process on maps it does not like."""
    done = subprocess.run(
        [sys.executable, __file__, "--here", str(path)], capture_output=True, text=True, timeout=300, env=os.environ
    )
    if done.returncode != 0:
        return {"map": path.name, "places": 0, "unread": f"carla.Map ended with {done.returncode}"}
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    if sys.argv[1] == "--here":
        sys.stdout.write(json.dumps(compare(Path(sys.argv[2]))) + "\n")
    else:
        for name in sys.argv[1:]:
            sys.stdout.write(json.dumps(in_process(Path(name))) + "\n")
