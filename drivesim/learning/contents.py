"""What recordings hold, without reading any of it: files by moment and channel."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from drivesim.errors import RecordingError, did_you_mean
from drivesim.recording import RunManifest
from drivesim.recording.manifest import FILE
from drivesim.recording.tables import VERSION

Every = Literal["sample", "measurement"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A sensor of a recording: ``camera``, ``lidar`` or ``radar``; where it sits; cameras' pinhole matrix, else ()."""

    modality: str
    translation: tuple[float, ...]
    rotation: tuple[float, ...]
    intrinsic: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording: its folder, what it was made of, and its sensors by name."""

    folder: Path
    manifest: RunManifest
    channels: Mapping[str, Channel]


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: its file, time (microseconds, as in the tables), and the car's pose then."""

    file: str
    timestamp: int
    ego_translation: tuple[float, ...]
    ego_rotation: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """What belongs together: a measurement of every channel; ``sample`` is a keyframe's token, else empty."""

    recording: int
    sample: str
    measured: Mapping[str, Measured]


def recordings_in(places: Iterable[str | Path]) -> list[Path]:
    """Folders of recordings: those given, and all below those that are none (a sweep's folder, say), by name.

    Raises:
        RecordingError: a place without any.
    """
    found: list[Path] = []
    for place in map(Path, places):
        here = [place] if (place / FILE).is_file() else sorted(path.parent for path in place.rglob(FILE))
        whole = [folder for folder in here if not folder.name.startswith(".")]
        if not whole:
            raise RecordingError("holds no recording", file=place, remedy="make some with drivesim record or sweep")
        found += whole
    return found


def read_contents(
    folders: Sequence[Path], channels: Sequence[str] | None, every: Every
) -> tuple[list[Recording], list[Moment]]:
    """Recordings, and their moments in order.

    Args:
        channels: those to have; None: all of the first recording. With ``every="measurement"`` the first one leads.
        every: a moment per annotated ``sample`` (2 Hz), or per ``measurement`` of the leading channel, with those of
            other channels that are nearest in time.

    Raises:
        RecordingError: a recording without a wanted channel, or without tables.
    """
    recordings: list[Recording] = []
    moments: list[Moment] = []
    for number, folder in enumerate(folders):
        recording, by_channel = _read(folder)
        wanted = list(channels) if channels is not None else list(recordings[0].channels if recordings else by_channel)
        for name in wanted:
            if name not in by_channel:
                raise RecordingError(f"no channel '{name}'", file=folder, remedy=did_you_mean(name, by_channel))
        recordings.append(recording)
        moments += (_samples if every == "sample" else _measurements)(number, {n: by_channel[n] for n in wanted})
    return recordings, moments


Rows = list[tuple[Measured, str]]
"""A channel's measurements in time, with the sample that each is a keyframe of, else empty."""


def _read(folder: Path) -> tuple[Recording, dict[str, Rows]]:
    tables = {name: _table(folder, name) for name in ("sensor", "calibrated_sensor", "ego_pose", "sample_data")}
    sensors = {row["token"]: row for row in tables["sensor"]}
    poses = {row["token"]: row for row in tables["ego_pose"]}
    channels: dict[str, Channel] = {}
    names: dict[str, str] = {}
    for row in tables["calibrated_sensor"]:
        sensor = sensors[row["sensor_token"]]
        names[row["token"]] = sensor["channel"]
        matrix = tuple(tuple(line) for line in row["camera_intrinsic"])
        channels[sensor["channel"]] = Channel(
            sensor["modality"], tuple(row["translation"]), tuple(row["rotation"]), matrix
        )
    by_channel: dict[str, Rows] = {name: [] for name in channels}
    for row in sorted(tables["sample_data"], key=lambda row: row["timestamp"]):
        pose = poses[row["ego_pose_token"]]
        measured = Measured(row["filename"], row["timestamp"], tuple(pose["translation"]), tuple(pose["rotation"]))
        by_channel[names[row["calibrated_sensor_token"]]].append(
            (measured, row["sample_token"] if row["is_key_frame"] else "")
        )
    return Recording(folder, RunManifest.read(folder), channels), by_channel


def _table(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / VERSION / f"{name}.json"
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise RecordingError(
            f"no readable table: {error}", file=path, remedy=f"drivesim.recording.write_tables('{folder}') makes it"
        ) from error
    return rows


def _samples(number: int, channels: Mapping[str, Rows]) -> list[Moment]:
    groups: dict[str, dict[str, Measured]] = {}
    for name, rows in channels.items():
        for measured, sample in rows:
            if sample:
                groups.setdefault(sample, {})[name] = measured
    whole = [Moment(number, sample, group) for sample, group in groups.items() if len(group) == len(channels)]
    return sorted(whole, key=lambda moment: min(m.timestamp for m in moment.measured.values()))


def _measurements(number: int, channels: Mapping[str, Rows]) -> list[Moment]:
    leader, *others = channels
    if not all(channels.values()):
        return []
    times = {name: [measured.timestamp for measured, _ in channels[name]] for name in others}
    moments = []
    for measured, sample in channels[leader]:
        nearest = {name: channels[name][_nearest(times[name], measured.timestamp)][0] for name in others}
        moments.append(Moment(number, sample, {leader: measured, **nearest}))
    return moments


def _nearest(times: Sequence[int], time: int) -> int:
    """Place of the time nearest to ``time``; of two as near, the earlier."""
    after = bisect_left(times, time)
    if after == 0 or after == len(times):
        return min(after, len(times) - 1)
    return after if times[after] - time < time - times[after - 1] else after - 1
