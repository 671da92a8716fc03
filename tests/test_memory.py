"""A recording of any length takes the memory of its first minute."""

from __future__ import annotations

from pathlib import Path

import pytest

import drivesim

RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 96, height: 54, fx: 76, fy: 76, cx: 48, cy: 27, antialiasing: 1}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 2
  LIDAR_TOP:
    device: {base: velodyne_vlp16, firing_cycle_us: null, columns: 90}
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 2
"""
MINUTES = 10
GROWTH = 60e6
"""Bytes: what allocators keep between runs of the same work; the pictures alone that went by are twenty times that."""


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the process's memory from /proc")
def test_ten_minutes_take_no_more_memory_than_the_first(tmp_path):
    (tmp_path / "small.yaml").write_text(RIG)
    seen = {}

    def note(frame, _):
        minute, rest = divmod(frame.time_ns, 60_000_000_000)
        if rest == 0:
            seen[minute] = resident()

    summary = drivesim.record(
        "child_crossing", tmp_path / "small.yaml", tmp_path / "long", parameters={"duration": f"{60 * MINUTES}"},
        dt=0.25, progress=note,
    )  # fmt: skip
    assert summary.duration == pytest.approx(60.0 * MINUTES, abs=1.0)
    assert summary.counts["CAM_FRONT"] >= 2 * 60 * MINUTES - 2
    assert max(seen) - min(seen) >= MINUTES - 2
    assert max(seen.values()) - seen[min(seen)] < GROWTH
    assert (tmp_path / "long" / "contact_sheet.png").is_file()
    assert not (tmp_path / "long" / "extra" / ".states.part").exists()
