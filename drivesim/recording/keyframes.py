"""Which measurements make a keyframe: those nearest to the moments at which the dataset is annotated."""

from __future__ import annotations

import math
from collections.abc import Sequence

from drivesim.recording.manifest import ChannelInfo

PERIOD_NS = 500_000_000
"""nuScenes annotates at 2 Hz."""


class Keyframes:
    """Moments of keyframes: the lidar's first sweep at or after every half second (without a lidar: the first
    channel's first measurement), from the first one after the start on.

    A measurement belongs to a keyframe if no other of its channel is nearer to the moment, which its rate alone says:
    files are sorted as they come.
    """

    def __init__(self, channels: Sequence[ChannelInfo]) -> None:
        self._leader = next((c for c in channels if c.modality == "lidar"), channels[0])

    def number(self, channel: ChannelInfo, time_ns: int) -> int | None:
        """The keyframe that a channel's measurement at ``time_ns`` belongs to, if any."""
        reach = 0.5e9 / channel.rate_hz
        nearest = min(
            range(max(0, time_ns // PERIOD_NS - 1), time_ns // PERIOD_NS + 2),
            key=lambda number: abs(time_ns - self.moment_ns(number)),
        )
        late = time_ns - self.moment_ns(nearest)
        return nearest if -reach <= late < reach else None

    def moment_ns(self, number: int) -> int:
        """When keyframe ``number`` is, ns."""
        rate, phase = self._leader.rate_hz, self._leader.phase
        start = number * PERIOD_NS * 1e-9
        count = math.ceil((start - phase) * rate - 1e-6)
        if number == 0:
            count = max(count, math.floor(-phase * rate + 1e-6) + 1)
        return round((phase + count / rate) * 1e9)
