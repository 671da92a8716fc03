"""Keyframes hold what belongs together: one measurement per channel, the nearest to the lidar's."""

import numpy as np
import pytest

from drivesim.recording import ChannelInfo
from drivesim.recording.keyframes import Keyframes
from drivesim.sensors.clock import due, nanoseconds, stamp
from drivesim.sensors.rig import load_rig
from drivesim.transforms import Pose


def channels_of(rig):
    return [
        ChannelInfo(s.channel, s.kind, Pose.identity(), rate_hz=s.rate_hz, phase=s.phase) for s in load_rig(rig).sensors
    ]


@pytest.mark.parametrize("rig", ["default", "nuscenes", "kitti"])
def test_every_keyframe_has_the_nearest_measurement_of_every_channel(rig):
    channels = channels_of(rig)
    keyframes = Keyframes(channels)
    for channel in channels:
        stamps = [
            stamp(k, channel.rate_hz, channel.phase) for k in due(0, nanoseconds(8.0), channel.rate_hz, channel.phase)
        ]
        chosen = {keyframes.number(channel, t): t for t in stamps if keyframes.number(channel, t) is not None}
        assert list(chosen) == list(range(len(chosen)))
        assert len(chosen) >= 16
        for number, time_ns in chosen.items():
            late = np.array(stamps) - keyframes.moment_ns(number)
            assert abs(time_ns - keyframes.moment_ns(number)) == np.abs(late).min()


def test_the_nuscenes_cameras_fire_within_half_a_period_of_the_lidar():
    channels = channels_of("nuscenes")
    keyframes = Keyframes(channels)
    for camera in (c for c in channels if c.modality == "camera"):
        gaps = []
        for k in due(0, nanoseconds(4.0), camera.rate_hz, camera.phase):
            time_ns = stamp(k, camera.rate_hz, camera.phase)
            number = keyframes.number(camera, time_ns)
            if number:
                gaps.append(time_ns - keyframes.moment_ns(number))
        assert max(map(abs, gaps)) < 0.5e9 / camera.rate_hz


def test_moments_are_the_lidars_half_seconds():
    lidar = ChannelInfo("LIDAR_TOP", "lidar", Pose.identity(), rate_hz=20.0)
    keyframes = Keyframes([ChannelInfo("CAM_FRONT", "camera", Pose.identity(), rate_hz=12.0), lidar])
    assert [keyframes.moment_ns(k) for k in range(3)] == [50_000_000, 500_000_000, 1_000_000_000]
