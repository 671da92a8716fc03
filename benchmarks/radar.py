"""Radar: a cycle of an ARS408 (far and near scan) in the street of the child crossing, energy tier.

Peers: the same cycle without mirrors, its rays alone, and a field half as wide (cost goes with rays). Run:
``python -m benchmarks.radar``.
"""

from __future__ import annotations

import numpy as np

from benchmarks.camera import Row, best
from drivesim.openscenario import load_scenario
from drivesim.sensors.beams import BeamHits
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.device import RadarDevice
from drivesim.sensors.radar.fan import fan
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import Sensor, load_rig
from drivesim.simulation import Simulation


def rows() -> list[Row]:
    """Name, seconds, and seconds relative to drivesim's cycle."""
    with Simulation(load_scenario("child_crossing"), load_rig("default"), duration=5.0) as simulation:
        states = [frame.state for frame in simulation]
        motion = EgoMotion(states[-2], states[-1], simulation.ego.index)
        rays = simulation.simulator._scene.rays  # type: ignore[attr-defined]
        weather = simulation.world.weather
        sensor = load_rig("default").of_kind("radar")[0]
        assert isinstance(sensor.device, RadarDevice)
        whole = Radar(_every_tick(sensor, sensor.device), 0)
        direct = Radar(_every_tick(sensor, sensor.device.model_copy(update={"reflections": 0})), 0)
        half = Radar(_every_tick(sensor, _half(sensor.device)), 0)
        count = _rays(whole)

        def trace() -> None:
            for scan in whole.device.scans:
                beams = fan(scan, 1, 1)
                hits = BeamHits.empty(*beams.azimuth.shape)
                whole._shoot(beams, scan, rays, motion, motion.end_ns, hits, None)

        ours = best(lambda: whole.capture(rays, motion, weather))
        without, traced, less = (
            best(work)
            for work in (
                lambda: direct.capture(rays, motion, weather), trace, lambda: half.capture(rays, motion, weather)
            )
        )  # fmt: skip
    return [
        (f"ARS408 cycle, far and near, {count / 1000:.0f} thousand rays", ours, 1.0),
        ("the same without mirrors", without, without / ours),
        ("its rays alone, labels included", traced, traced / ours),
        (f"half the field, {_rays(half) / count:.2f} of the rays", less, less / ours),
    ]


def _every_tick(sensor: Sensor, device: RadarDevice) -> Sensor:
    """The sensor with another device, measuring in every tick."""
    return Sensor(sensor.channel, device, sensor.ego_from_sensor, 20.0, 0.0)


def _half(device: RadarDevice) -> RadarDevice:
    scans = [
        scan.model_copy(update={"azimuth_pattern_db": [(angle / 2, gain) for angle, gain in scan.azimuth_pattern_db]})
        for scan in device.scans
    ]
    return device.model_copy(update={"scans": scans})


def _rays(radar: Radar) -> int:
    return int(np.sum([fan(scan, 1, 1).azimuth.size for scan in radar.device.scans]))


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
