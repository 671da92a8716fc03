"""Frames to disk: files are encoded beside the simulation, facts go to a journal, tables are made at the end."""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RecordingError
from drivesim.recording import encode
from drivesim.recording.journal import Journal
from drivesim.recording.keyframes import Keyframes
from drivesim.recording.manifest import ChannelInfo, RunManifest
from drivesim.recording.tables import VERSION, run_token, token, write_tables
from drivesim.taxonomy import LIDARSEG_FROM_TAG, NUSCENES_INDEX
from drivesim.transforms import quaternion_from_rotation
from drivesim.types import (
    Actor,
    CameraImage,
    Collision,
    Decision,
    Frame,
    Labels,
    Measurement,
    PointCloud,
    Skeleton,
    StoryboardEvent,
    WorldState,
)

_STATES = "extra/.states.part"
"""Where states wait for the end of the run: on disk, so that memory does not grow with it."""
_QUEUE = 48
"""Files that may wait to be encoded before the simulation waits for them: bounds memory."""

_FORMAT = {"camera": "jpg", "lidar": "pcd", "radar": "pcd"}


@dataclass(frozen=True, slots=True)
class Summary:
    """What was recorded: seconds simulated, files by channel, 2 Hz samples, collisions, bytes on disk."""

    folder: Path
    frames: int
    duration: float
    samples: int
    counts: Mapping[str, int]
    collisions: tuple[Collision, ...]
    bytes: int


class Recorder:
    """Writes one recording; use it as a context manager.

    Leaving the context, on an error or Ctrl-C too, waits for pending files and makes the tables, so that what was
    written is readable.

    Args:
        folder: made if absent.
        map_mask: (H, W) uint8, 255 where vehicles may drive.
        overwrite: replace what is in the folder; otherwise it must be empty or absent.
        threads: for encoding; the bytes do not depend on it.

    Raises:
        RecordingError: the folder holds something, or cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        manifest: RunManifest,
        channels: Sequence[ChannelInfo],
        actors: Sequence[Actor],
        *,
        map_mask: NDArray[np.uint8],
        overwrite: bool = False,
        threads: int = 2,
    ) -> None:
        self.folder = folder
        self._actors = tuple(actors)
        self._channels = {c.channel: c for c in channels}
        self._keyframes = Keyframes(channels)
        _prepare(folder, overwrite)
        self._folders(channels)
        manifest.write(folder)
        map_file = f"maps/{token(manifest.scenario_sha256, 'map')}.png"
        encode.write(folder / map_file, lambda: encode._png(map_mask))
        self._run = manifest
        self._journal = Journal(folder)
        self._journal.append(_start_record(manifest, channels, actors, map_file))
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="encode")
        self._pending: deque[Future[int]] = deque()
        self._bytes = 0
        self._frames = 0
        self._time_ns = 0
        self._counts = dict.fromkeys(self._channels, 0)
        self._collisions: list[Collision] = []
        self._events: list[StoryboardEvent] = []
        self._decisions: list[Decision] = []
        self._states = (folder / _STATES).open("wb")
        self._summary: Summary | None = None

    def append(self, frame: Frame) -> None:
        """Record one frame; encoding goes on in the background.

        Raises:
            RecordingError: an earlier file could not be written.
        """
        files = [self._file(frame, measurement) for measurement in frame.measurements.values()]
        labels = _label_rows(frame.labels, self._actors, frame.state) if frame.labels else []
        self._journal.append({"type": "frame", "index": frame.index, "time_ns": frame.time_ns, "files": files,
                              "labels": labels})  # fmt: skip
        self._frames += 1
        self._time_ns = frame.time_ns
        self._collisions += frame.collisions
        self._events += frame.events
        self._decisions += frame.decisions
        self._spool(frame.state)
        while len(self._pending) > _QUEUE or (self._pending and self._pending[0].done()):
            self._bytes += self._pending.popleft().result()

    def _spool(self, state: WorldState) -> None:
        try:
            self._states.write(_state_rows(state).tobytes())
        except OSError as error:
            raise RecordingError(
                f"cannot write: {error.strerror}", file=self.folder / _STATES,
                remedy="free space, then record again with --overwrite",
            ) from error  # fmt: skip

    def note(self, events: Sequence[StoryboardEvent]) -> None:
        """Record transitions that no frame carries: those with which the storyboard ended."""
        self._events += events

    def beside(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write arrays of the whole run to ``extra/NAME.npz``."""
        self._bytes += encode.write(self.folder / "extra" / f"{name}.npz", lambda: encode.npz(dict(arrays)))

    def close(self) -> Summary:
        """Finish files and tables; legal twice."""
        if self._summary is not None:
            return self._summary
        while self._pending:
            self._bytes += self._pending.popleft().result()
        self._pool.shutdown()
        self._journal.close()
        self._write_runs()
        samples = write_tables(self.folder)
        self._summary = Summary(
            self.folder, self._frames, self._time_ns * 1e-9, samples, self._counts, tuple(self._collisions), self._bytes
        )
        return self._summary

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _folders(self, channels: Sequence[ChannelInfo]) -> None:
        wanted = ["maps", f"lidarseg/{VERSION}", f"panoptic/{VERSION}"]
        for c in channels:
            wanted += [f"samples/{c.channel}", f"sweeps/{c.channel}"]
            inner = ("depth", "semantic", "instance") if c.modality == "camera" else ("",)
            wanted += [f"extra/{c.channel}/{name}" for name in inner]
        for name in wanted:
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def _file(self, frame: Frame, measurement: Measurement) -> dict[str, Any]:
        """Queue a measurement's files; its journal entry."""
        info = self._channels[measurement.channel]
        number = self._keyframes.number(info, measurement.time_ns)
        key = number is not None
        self._counts[info.channel] += 1
        stem = f"{info.channel}__{measurement.time_ns // 1000:012d}"
        sample = self.folder / ("samples" if key else "sweeps") / info.channel
        extra = self.folder / "extra" / info.channel
        if isinstance(measurement, CameraImage):
            jobs = encode.camera_jobs(measurement, sample, extra, stem)
        elif isinstance(measurement, PointCloud):
            jobs = encode.lidar_jobs(measurement, sample, extra, stem)
            if key:
                jobs += self._segmentation(measurement)
        else:
            jobs = encode.radar_jobs(measurement, sample, extra, stem)
        for path, make in jobs:
            path.parent.mkdir(exist_ok=True)
            self._pending.append(self._pool.submit(encode.write, path, make))
        pose = measurement.world_from_ego
        entry: dict[str, Any] = {
            "channel": info.channel, "modality": info.modality, "time_ns": measurement.time_ns, "key": key,
            "sample": number, "file": jobs[0][0].relative_to(self.folder).as_posix(), "format": _FORMAT[info.modality],
            "width": info.width, "height": info.height, "ego_translation": pose.translation.tolist(),
            "ego_rotation": pose.quaternion.tolist(),
        }  # fmt: skip
        if isinstance(measurement, CameraImage) and frame.labels is not None:
            entry["boxes"] = [
                {"instance": b.instance, "tight": b.tight, "loose": b.loose, "visible_pixels": b.visible_pixels,
                 "occlusion": round(b.occlusion, 4), "truncation": round(b.truncation, 4), **_skeleton(b.skeleton)}
                for b in frame.labels.boxes_2d.get(info.channel, ())
            ]  # fmt: skip
        return entry

    def _segmentation(self, cloud: PointCloud) -> list[encode.Job]:
        """lidarseg and panoptic labels of a keyframe; their names are the sample_data token's."""
        by_actor = np.zeros(len(self._actors) + 1, dtype=np.uint8)
        for actor in self._actors:
            by_actor[actor.instance] = NUSCENES_INDEX[actor.nuscenes_category]
        is_actor = (cloud.instance > 0) & (cloud.instance <= len(self._actors))
        category = np.where(
            is_actor, by_actor[np.where(is_actor, cloud.instance, 0)], LIDARSEG_FROM_TAG[cloud.semantic]
        ).astype(np.uint8)
        panoptic = category.astype(np.uint16) * 1000 + np.where(is_actor, cloud.instance, 0).astype(np.uint16)
        name = token(run_token(self._run), "data", cloud.channel, cloud.time_ns)
        return [
            (self.folder / f"lidarseg/{VERSION}/{name}_lidarseg.bin", category.tobytes),
            (self.folder / f"panoptic/{VERSION}/{name}_panoptic.npz", lambda: encode.npz({"data": panoptic})),
        ]

    def _write_runs(self) -> None:
        """Trajectories, storyboard transitions and collisions of the whole run."""
        with suppress(OSError):  # a full disk, told of before
            self._states.close()
        spool = self.folder / _STATES
        row = (len(self._actors), len(STATE_COLUMNS))
        ticks = spool.stat().st_size // (8 * row[0] * row[1]) if row[0] else 0
        columns: NDArray[np.float64] = np.zeros((0, *row))
        if ticks:
            columns = np.memmap(spool, dtype=np.float64, mode="r", shape=(ticks, *row))
        encode.write(
            self.folder / "extra" / "states.npz",
            lambda: encode.npz({"state": columns, "columns": np.array(STATE_COLUMNS),
                                "actors": np.array([a.name for a in self._actors])}),
        )  # fmt: skip
        spool.unlink()
        for name, rows in (
            ("events", self._events), ("collisions", self._collisions), ("decisions", self._decisions)
        ):  # fmt: skip
            text = json.dumps([{field: getattr(row, field) for field in row.__slots__} for row in rows], indent=1)
            encode.write(self.folder / "extra" / f"{name}.json", lambda text=text: (text + "\n").encode())  # type: ignore[misc]


STATE_COLUMNS = (
    "time", "present", "x", "y", "z", "yaw", "pitch", "roll", "vx", "vy", "vz", "speed", "steering", "gaze", "fallen",
)  # fmt: skip
"""Columns of ``extra/states.npz``: s, 0/1, m, rad, m/s, m/s, rad, rad, 0..1."""


def _state_rows(state: WorldState) -> NDArray[np.float64]:
    """One row per actor, (A, columns)."""
    count = state.present.shape[1]
    parts = [np.full((count, 1), state.time[0]), state.present[0][:, None], state.position[0], state.orientation[0]]
    parts += [state.velocity[0], *(v[0][:, None] for v in (state.speed, state.steering, state.gaze, state.fallen))]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _prepare(folder: Path, overwrite: bool) -> None:
    try:
        if folder.exists() and not folder.is_dir():
            raise RecordingError("is a file", file=folder, remedy="choose another folder with --out")
        if folder.is_dir() and any(folder.iterdir()):
            if not overwrite:
                raise RecordingError(
                    "already holds files", file=folder, remedy="add --overwrite, or choose another folder with --out"
                )
            if not (folder / "recording.json").exists():
                raise RecordingError(
                    "holds files that are not a recording; they are not removed", file=folder,
                    remedy="choose another folder with --out",
                )  # fmt: skip
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"cannot be written: {error.strerror}", file=folder, remedy="choose a writable folder with --out"
        ) from error


def _start_record(
    manifest: RunManifest, channels: Sequence[ChannelInfo], actors: Sequence[Actor], map_file: str
) -> dict[str, Any]:
    return {
        "type": "start",
        "map": manifest.resolved.get("map", ""),
        "map_file": map_file,
        "actors": [actor.name for actor in actors],
        "channels": [
            {
                "channel": c.channel,
                "modality": c.modality,
                "translation": c.ego_from_sensor.translation.tolist(),
                "rotation": c.ego_from_sensor.quaternion.tolist(),
                "intrinsic": [] if c.intrinsic is None else c.intrinsic.tolist(),
                "width": c.width,
                "height": c.height,
            }
            for c in channels
        ],
    }


def _skeleton(skeleton: Skeleton | None) -> dict[str, list[float] | None]:
    """Fields of ``object_ann_2d``: 17 x (x, y, visibility) as COCO has them, and 17 x (x, y, z)."""
    if skeleton is None:
        return {"keypoints": None, "joints": None}
    return {
        "keypoints": np.round(skeleton.keypoints.astype(np.float64), 2).ravel().tolist(),
        "joints": np.round(skeleton.joints, 4).ravel().tolist(),
    }


def _label_rows(labels: Labels, actors: Sequence[Actor], state: WorldState) -> list[dict[str, Any]]:
    rows = []
    for i, instance in enumerate(labels.instance.tolist()):
        length, width, height = labels.size[i].tolist()
        rows.append(
            {
                "instance": instance,
                "category": labels.category[i],
                "translation": labels.center[i].tolist(),
                "rotation": quaternion_from_rotation(labels.rotation[i]).tolist(),
                "size": [width, length, height],
                "velocity": labels.velocity[i].tolist(),
                "visibility": float(labels.visibility[i]),
                "num_radar_pts": int(labels.num_radar_points[i]),
                "attribute": _attribute(actors[instance - 1], state),
            }
        )
    return rows


def _attribute(actor: Actor, state: WorldState) -> str:
    """The nuScenes attribute of an actor's motion; parked: has not moved since the start."""
    speed = float(np.linalg.norm(state.velocity[0, actor.index]))
    if actor.kind == "pedestrian":
        if state.fallen[0, actor.index] > 0.5:
            return "pedestrian.sitting_lying_down"
        return "pedestrian.moving" if speed > 0.2 else "pedestrian.standing"
    if actor.category in ("bicycle", "motorbike"):
        return "cycle.with_rider"
    if actor.kind != "vehicle":
        return ""
    if speed > 0.2:
        return "vehicle.moving"
    return "vehicle.stopped" if state.wheel_rotation[0, actor.index] != 0.0 else "vehicle.parked"
