"""Files of a recording back into arrays: the other way of :mod:`drivesim.recording.encode`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RecordingError
from drivesim.recording.encode import DEPTH_SCALE, NORMAL_STEPS, RADAR_FIELDS

Arrays = dict[str, NDArray[Any]]

CAMERA_CONTENT = ("rgb", "depth", "semantic", "instance")
"""What every camera records."""
FURTHER_CONTENT = ("normal", "albedo", "flow_backward", "flow_forward")
"""What a camera records where its device asks for it (``channels``)."""


def read_measurement(folder: Path, file: str, modality: str, content: tuple[str, ...] = CAMERA_CONTENT) -> Arrays:
    """Everything a recording holds of one measurement.

    Args:
        file: as in the table ``sample_data``, relative to ``folder``.
        content: which of :data:`CAMERA_CONTENT` and :data:`FURTHER_CONTENT` to read of a camera; point clouds and
            detections are read whole.

    Returns:
        ``camera``: ``rgb`` (H, W, 3) uint8, ``depth`` (H, W) float32 m (inf: sky, or beyond 255.99 m), ``semantic``
        (H, W) uint8, ``instance`` (H, W) int32, ``normal`` (H, W, 3) float32 (zero: sky), ``albedo`` (H, W, 3) float32,
        ``flow_backward`` and ``flow_forward`` (H, W, 2) float32 pixels with ``seen_backward`` and ``seen_forward``
        (H, W) bool (NaN and False in the first picture, or the last: nothing is before or after it).
        ``lidar``: ``points`` (N, 3) float32 m, ``intensity``, ``ring`` and what lies beside.
        ``radar``: nuScenes' 18 fields and what lies beside, (N,) each; N = 0 without detections.

    Raises:
        RecordingError: a file is missing or is not what it should be.
    """
    path = folder / file
    extra = folder / "extra" / path.parent.name
    try:
        return _READ[modality](path, extra, content)
    except (OSError, ValueError, KeyError) as error:
        raise RecordingError(
            f"cannot be read: {error}", file=path, remedy="make the recording again: drivesim record --from"
        ) from error


def _camera(path: Path, extra: Path, content: tuple[str, ...]) -> Arrays:
    arrays: Arrays = {}
    for name in content:
        if name == "rgb":
            arrays[name] = np.ascontiguousarray(_image(path, cv2.IMREAD_COLOR)[..., ::-1])
            continue
        if name.startswith("flow"):
            arrays |= _flow(path, extra / name, name)
            continue
        image = _image(extra / name / f"{path.stem}.png", cv2.IMREAD_UNCHANGED)
        if name == "depth":
            metres = image.astype(np.float32) / np.float32(DEPTH_SCALE)
            arrays[name] = np.where(image > 0, metres, np.float32(np.inf))
        elif name == "normal":
            decoded = (image[..., ::-1].astype(np.float32) - 1.0) / np.float32(NORMAL_STEPS) - 1.0
            arrays[name] = np.where(image.any(axis=-1, keepdims=True), decoded, np.float32(0.0))
        elif name == "albedo":
            arrays[name] = image[..., ::-1].astype(np.float32) / np.float32(255.0)
        else:
            arrays[name] = image.astype(np.int32) if name == "instance" else image
    return arrays


def _flow(path: Path, folder: Path, name: str) -> Arrays:
    """Flow and where it is seen; nothing before the first picture, or after the last, for which there is no file."""
    file, seen = folder / f"{path.stem}.npz", name.replace("flow", "seen")
    if file.is_file() or not folder.is_dir():
        stored = _beside(file)
        return {name: stored["flow"], seen: stored["seen"]}
    size = _image(path, cv2.IMREAD_COLOR).shape[:2]
    return {name: np.full((*size, 2), np.nan, np.float32), seen: np.zeros(size, dtype=bool)}


def _image(path: Path, flags: int) -> NDArray[Any]:
    image = cv2.imdecode(np.fromfile(path, dtype=np.uint8), flags)
    if image is None:
        raise ValueError(f"{path.name} is no picture")
    return image


def _lidar(path: Path, extra: Path, _: tuple[str, ...]) -> Arrays:
    raw = np.fromfile(path, dtype="<f4").reshape(-1, 5)
    beside = _beside(extra / f"{path.name.removesuffix('.pcd.bin')}.npz")
    return {"points": raw[:, :3].copy(), "intensity": raw[:, 3].copy(), "ring": raw[:, 4].astype(np.int32), **beside}


def _radar(path: Path, extra: Path, _: tuple[str, ...]) -> Arrays:
    data = path.read_bytes()
    start = data.index(b"DATA binary\n") + len(b"DATA binary\n")
    count = int(next(line for line in data[:start].splitlines() if line.startswith(b"POINTS ")).split()[1])
    beside = _beside(extra / f"{path.stem}.npz")
    found = np.frombuffer(data, dtype=list(RADAR_FIELDS), count=count, offset=start)[: len(beside["range"])]
    return {**{name: found[name].copy() for name, _ in RADAR_FIELDS}, **beside}


def _beside(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as stored:
        arrays: Arrays = {name: stored[name] for name in stored.files}
    if "instance" in arrays:
        arrays["instance"] = arrays["instance"].astype(np.int32)
    return arrays


_READ: Mapping[str, Callable[[Path, Path, tuple[str, ...]], Arrays]] = {
    "camera": _camera,
    "lidar": _lidar,
    "radar": _radar,
}
