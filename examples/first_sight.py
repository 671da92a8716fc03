"""When does each sensor first notice the child? Plays the child crossing and asks every frame.

Run: ``python examples/first_sight.py`` (add ``ego_speed=50`` or other scenario parameters).
"""

import sys

import drivesim
from drivesim.types import CameraImage, PointCloud, RadarDetections


def sees(measurement: CameraImage | PointCloud | RadarDetections, instance: int) -> int:
    """Pixels, points or detections of one actor."""
    return int((measurement.instance == instance).sum())


def main(parameters: dict[str, str]) -> None:
    scenario = drivesim.load_scenario("child_crossing", parameters)
    child = next(actor for actor in scenario.actors() if actor.name == "Child")
    first: dict[str, tuple[float, float, int]] = {}
    for frame in drivesim.simulate(scenario, rig="default", seed=3, duration=6.5):
        gap = float(((frame.state.position[0, child.index] - frame.state.position[0, 0]) ** 2).sum() ** 0.5)
        for channel, measurement in frame.measurements.items():
            count = sees(measurement, child.instance)
            if count:
                first.setdefault(channel, (frame.time_ns * 1e-9, gap, count))
    for channel, (seconds, metres, count) in first.items():
        print(f"{channel:12s} at {seconds:5.2f} s, {metres:5.1f} m from the car: {count} pixels, points or detections")


if __name__ == "__main__":
    main(dict(item.split("=", 1) for item in sys.argv[1:]))
