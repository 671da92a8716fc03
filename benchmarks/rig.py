"""The full nuScenes rig: six cameras, lidar and five radars, everything labelled and written.

``drivesim record`` of the child crossing in this process, with the time of its main thread by what it is spent on.
Writing goes on beside it in threads of its own: what the main thread waits for them counts as encoding.
Run: ``python -m benchmarks.rig``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import drivesim
from drivesim.recording import Recorder
from drivesim.recording.preview import Preview
from drivesim.scene.scene import Scene
from drivesim.sensors import labels
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.radar.sensor import Radar

Row = tuple[str, str, str]

HEADINGS = ("s", "share")
SECONDS = 1.5
"""Of the scenario that are recorded."""

_PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "cameras: tracing and shading": ((Camera, "capture"),),
    "lidar: tracing and signal model": ((Lidar, "capture"),),
    "radars: tracing and signal model": ((Radar, "capture"),),
    "labels: tracing": ((labels, "sights"), (labels, "skeletons"), (labels, "tight_boxes")),
    "encoding, writing and the preview": (
        (Recorder, "append"),
        (Recorder, "close"),
        (Preview, "add"),
        (Preview, "close"),
    ),
    "bodies and vehicles put in place": ((Scene, "update"),),
}
_INSIDE = tuple(_PARTS)[:5]
"""What the aim of 15 % leaves out."""


def rows() -> list[Row]:
    """What, seconds, share of the main thread's time between the first frame and the last file."""
    spent = dict.fromkeys(_PARTS, 0.0)
    began: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder, _watched(spent):
        drivesim.record("child_crossing", "nuscenes", Path(folder) / "warm", duration=0.6)
        spent.update(dict.fromkeys(_PARTS, 0.0))
        start = time.perf_counter()
        summary = drivesim.record(
            "child_crossing", "nuscenes", Path(folder) / "whole", duration=SECONDS,
            progress=lambda *_: began.append((time.perf_counter(), time.process_time())),
        )  # fmt: skip
        end, worked = time.perf_counter(), time.process_time()
    # Building the street comes before the first frame; its own share of the parts is small and counted.
    whole = end - began[0][0]
    outside = whole - sum(spent[name] for name in _INSIDE)
    made = [(f"record, full nuScenes rig, {SECONDS:g} s, after the first frame", f"{whole:.1f}", "1.00")]
    made += [(name, f"{seconds:.2f}", f"{seconds / whole:.3f}") for name, seconds in spent.items()]
    made.append(
        ("outside tracing, shading, signal models and encoding (aim: 0.15)", f"{outside:.2f}", f"{outside / whole:.3f}")
    )
    made.append((f"{summary.samples} key frames: a minute makes", f"{60.0 * summary.samples / whole:.1f}", ""))
    made.append(("processor time of a key frame, both threads", f"{(worked - began[0][1]) / summary.samples:.1f}", ""))
    made.append(("start, street built or read, first frame", f"{began[0][0] - start:.1f}", ""))
    return made


@contextmanager
def _watched(spent: dict[str, float]) -> Iterator[None]:
    """Add up the time that the parts take, while this is open."""

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **values: Any) -> Any:
            start = time.perf_counter()
            try:
                return work(*args, **values)
            finally:
                spent[name] += time.perf_counter() - start

        return run

    with ExitStack() as stack:
        for name, places in _PARTS.items():
            for owner, attribute in places:
                stack.enter_context(patch.object(owner, attribute, timed(name, getattr(owner, attribute))))
        yield


if __name__ == "__main__":
    for row in rows():
        print(*row, sep="\t")
