"""nuScenes tables from a journal: schema v1.0 (13 tables), lidarseg and panoptic, and our own beside them.

Tokens are hashes of what they stand for: the same run gives the same tables.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.recording.journal import read_journal
from drivesim.recording.manifest import RunManifest
from drivesim.taxonomy import NUSCENES_CATEGORIES
from drivesim.transforms import rotation_from_quaternion

VERSION = "v1.0-drivesim"

VISIBILITY = (("1", "v0-40", 0.4), ("2", "v40-60", 0.6), ("3", "v60-80", 0.8), ("4", "v80-100", 2.0))
ATTRIBUTES = (
    "vehicle.moving", "vehicle.stopped", "vehicle.parked", "cycle.with_rider", "cycle.without_rider",
    "pedestrian.moving", "pedestrian.standing", "pedestrian.sitting_lying_down",
)  # fmt: skip

Row = dict[str, Any]


def token(*parts: object) -> str:
    """32 hexadecimal digits that stand for ``parts``."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def run_token(manifest: RunManifest) -> str:
    """What all tokens of one run derive from."""
    return token(manifest.scenario_sha256, manifest.seed, sorted(manifest.resolved.items()), manifest.rig_source)


def write_tables(folder: Path) -> int:
    """Make all tables of a recording from its journal, each replaced at once; how many samples there are."""
    manifest = RunManifest.read(folder)
    records = list(read_journal(folder))
    start = next(r for r in records if r["type"] == "start")
    frames = [r for r in records if r["type"] == "frame"]
    book = _Tables(folder, manifest, start, frames)
    tables = book.build()
    target = folder / VERSION
    target.mkdir(exist_ok=True)
    for name, rows in tables.items():
        part = target / f".{name}.json.part"
        part.write_text(json.dumps(rows, indent=0) + "\n")
        part.replace(target / f"{name}.json")
    return len(tables["sample"])


class _Tables:
    def __init__(self, folder: Path, manifest: RunManifest, start: Row, frames: Sequence[Row]) -> None:
        self._folder, self._manifest, self._start, self._frames = folder, manifest, start, frames
        self._run = run_token(manifest)
        midnight = dt.datetime.fromisoformat(manifest.date[:10]).replace(tzinfo=dt.UTC)
        self._epoch = int(midnight.timestamp()) * 1_000_000

    def build(self) -> dict[str, list[Row]]:
        channels: list[Row] = self._start["channels"]
        data = [
            self._sample_data(frame, item)
            for frame in self._frames
            for item in frame["files"]
            if (self._folder / item["file"]).is_file()  # a kill leaves some that were journalled but not yet written
        ]
        samples = self._samples(data, [c["channel"] for c in channels])
        self._assign(data, samples)
        annotations, instances = self._annotations(samples, data)
        scene = token(self._run, "scene")
        log = token(self._run, "log")
        chosen = [s["token"] for s in samples]
        tables: dict[str, list[Row]] = {
            "category": [
                {"token": token("category", name), "name": name, "description": "", "index": index}
                for index, name in enumerate(NUSCENES_CATEGORIES)
            ],
            "attribute": [{"token": token("attribute", n), "name": n, "description": ""} for n in ATTRIBUTES],
            "visibility": [{"token": t, "level": level, "description": level} for t, level, _ in VISIBILITY],
            "instance": instances,
            "sensor": [
                {"token": token("sensor", c["channel"]), "channel": c["channel"], "modality": c["modality"]}
                for c in channels
            ],
            "calibrated_sensor": [
                {
                    "token": token(self._run, "calibration", c["channel"]),
                    "sensor_token": token("sensor", c["channel"]),
                    "translation": c["translation"],
                    "rotation": c["rotation"],
                    "camera_intrinsic": c["intrinsic"],
                }
                for c in channels
            ],
            "ego_pose": [item["ego"] for item in data],
            "log": [
                {
                    "token": log, "logfile": self._manifest.scenario, "vehicle": self._manifest.rig,
                    "date_captured": self._manifest.date[:10], "location": self._start["map"],
                }
            ],
            "scene": [
                {
                    "token": scene, "log_token": log, "nbr_samples": len(samples),
                    "first_sample_token": next(iter(chosen), ""),
                    "last_sample_token": next(reversed(chosen), ""),
                    "name": self._manifest.scenario, "description": self._manifest.description,
                }
            ],
            "sample": [{k: v for k, v in s.items() if k != "frame"} | {"scene_token": scene} for s in samples],
            "sample_data": [item["row"] for item in data],
            "sample_annotation": annotations,
            "map": [
                {"token": token(self._run, "map"), "log_tokens": [log], "category": "semantic_prior",
                 "filename": self._start["map_file"]}
            ],
        }  # fmt: skip
        keys = [item["row"]["token"] for item in data
                if item["row"]["is_key_frame"] and item["file"]["modality"] == "lidar"]  # fmt: skip
        for task, suffix in (("lidarseg", "_lidarseg.bin"), ("panoptic", "_panoptic.npz")):
            names = {key: f"{task}/{VERSION}/{key}{suffix}" for key in keys}
            tables[task] = [
                {"token": key, "sample_data_token": key, "filename": name}
                for key, name in names.items()
                if (self._folder / name).is_file()
            ]
        tables["object_ann_2d"] = [
            {"sample_data_token": item["row"]["token"], "instance_token": self._instance(box["instance"]), **box}
            for item in data
            for box in item["file"].get("boxes", [])
        ]
        return tables

    def _sample_data(self, frame: Row, item: Row) -> Row:
        channel, time_ns = item["channel"], item["time_ns"]
        name = token(self._run, "data", channel, time_ns)
        pose = {"token": token(self._run, "pose", channel, time_ns), "timestamp": self._time(time_ns),
                "translation": item["ego_translation"], "rotation": item["ego_rotation"]}  # fmt: skip
        row = {
            "token": name, "sample_token": "", "ego_pose_token": pose["token"],
            "calibrated_sensor_token": token(self._run, "calibration", channel), "timestamp": self._time(time_ns),
            "fileformat": item["format"], "is_key_frame": item["key"], "height": item["height"], "width": item["width"],
            "filename": item["file"], "prev": "", "next": "",
        }  # fmt: skip
        return {"row": row, "ego": pose, "file": item, "frame": frame}

    def _samples(self, data: Sequence[Row], channels: Sequence[str]) -> list[Row]:
        """One sample per keyframe for which every channel has a measurement; others lose their key flag."""
        groups: dict[int, dict[str, Row]] = {}
        for item in data:
            if item["file"]["key"]:
                groups.setdefault(item["file"]["sample"], {})[item["file"]["channel"]] = item
        samples: list[Row] = []
        for number, group in sorted(groups.items()):
            if set(group) != set(channels):
                for item in group.values():
                    item["row"]["is_key_frame"] = False
                continue
            members = list(group.values())
            leader = next((i for i in members if i["file"]["modality"] == "lidar"), members[0])
            made = {"token": token(self._run, "sample", number), "timestamp": leader["row"]["timestamp"], "prev": "",
                    "next": "", "frame": leader["frame"]}  # fmt: skip
            for item in group.values():
                item["row"]["sample_token"] = made["token"]
            samples.append(made)
        _chain(samples)
        return samples

    def _assign(self, data: Sequence[Row], samples: Sequence[Row]) -> None:
        """Sweeps belong to the next sample (the last one at the end); files of one channel are chained."""
        by_channel: dict[str, list[Row]] = {}
        for item in data:
            by_channel.setdefault(item["file"]["channel"], []).append(item["row"])
        for rows in by_channel.values():
            _chain(rows)
            owner = samples[-1]["token"] if samples else ""
            for row in reversed(rows):
                owner = row["sample_token"] or owner
                row["sample_token"] = owner

    def _annotations(self, samples: Sequence[Row], data: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        lidar = {i["row"]["sample_token"]: i for i in data
                 if i["row"]["is_key_frame"] and i["file"]["modality"] == "lidar"}  # fmt: skip
        rows: list[Row] = []
        by_actor: dict[int, list[Row]] = {}
        categories: dict[int, str] = {}
        for sample in samples:
            cloud = lidar.get(sample["token"])
            points = self._points(cloud) if cloud else None
            for label in sample["frame"]["labels"]:
                count = _points_in_box(points, label) if points is not None else 0
                row = {
                    "token": token(self._run, "annotation", sample["token"], label["instance"]),
                    "sample_token": sample["token"], "instance_token": self._instance(label["instance"]),
                    "visibility_token": next(t for t, _, top in VISIBILITY if label["visibility"] < top),
                    "attribute_tokens": [token("attribute", label["attribute"])] if label["attribute"] else [],
                    "translation": label["translation"], "size": label["size"], "rotation": label["rotation"],
                    "prev": "", "next": "", "num_lidar_pts": count, "num_radar_pts": max(label["num_radar_pts"], 0),
                }  # fmt: skip
                rows.append(row)
                by_actor.setdefault(label["instance"], []).append(row)
                categories[label["instance"]] = label["category"]
        instances = []
        for actor, chain in sorted(by_actor.items()):
            _chain(chain)
            instances.append(
                {"token": self._instance(actor), "category_token": token("category", categories[actor]),
                 "nbr_annotations": len(chain), "first_annotation_token": chain[0]["token"],
                 "last_annotation_token": chain[-1]["token"], "name": self._start["actors"][actor - 1]}
            )  # fmt: skip
        return rows, instances

    def _points(self, item: Row) -> NDArray[np.float64]:
        """Points (N, 3) of a lidar keyframe in the world, as the devkit would place them."""
        raw = np.fromfile(self._folder / item["row"]["filename"], dtype="<f4").reshape(-1, 5)[:, :3].astype(np.float64)
        calibration = next(c for c in self._start["channels"] if c["channel"] == item["file"]["channel"])
        for pose in (calibration, item["ego"]):
            raw = raw @ rotation_from_quaternion(pose["rotation"]).T + np.array(pose["translation"])
        return raw

    def _instance(self, number: int) -> str:
        return token(self._run, "instance", number)

    def _time(self, time_ns: int) -> int:
        return self._epoch + round(time_ns / 1000)


def _points_in_box(points: NDArray[np.float64], label: Mapping[str, Any]) -> int:
    """How many points lie in an annotation's box, faces included (the devkit's rule)."""
    local = (points - np.array(label["translation"])) @ rotation_from_quaternion(label["rotation"])
    width, length, height = label["size"]
    return int((np.abs(local) <= np.array([length, width, height]) / 2).all(axis=1).sum())


def _chain(rows: Sequence[Row]) -> None:
    for before, after in pairwise(rows):
        before["next"], after["prev"] = after["token"], before["token"]
