"""Measurements as files: nuScenes formats, and PNG/npz for what nuScenes lacks."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RecordingError
from drivesim.types import CameraImage, PointCloud, RadarDetections

JPEG_QUALITY = 95
DEPTH_SCALE = 256.0
"""Depth PNGs hold metres times this in 16 bits (KITTI's convention); 0 is sky or beyond 255.99 m."""
NORMAL_STEPS = 32767.0
"""Codes of a unit normal's component per unit: -1 to 1 is 1 to 65535; 0 is sky."""

RADAR_FIELDS = (
    ("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("dyn_prop", "i1"), ("id", "<i2"), ("rcs", "<f4"), ("vx", "<f4"),
    ("vy", "<f4"), ("vx_comp", "<f4"), ("vy_comp", "<f4"), ("is_quality_valid", "i1"), ("ambig_state", "i1"),
    ("x_rms", "i1"), ("y_rms", "i1"), ("invalid_state", "i1"), ("pdh0", "i1"), ("vx_rms", "i1"), ("vy_rms", "i1"),
)  # fmt: skip
"""The 18 fields of a nuScenes radar point."""

RMS_BOUNDS = np.array([
    0.005, 0.006, 0.008, 0.011, 0.014, 0.018, 0.023, 0.029, 0.038, 0.049, 0.063, 0.081, 0.105, 0.135, 0.174, 0.224,
    0.288, 0.371, 0.478, 0.616, 0.794, 1.023, 1.317, 1.697, 2.187, 2.817, 3.630, 4.676, 6.025, 7.762, 10.0,
])  # fmt: skip
"""Upper bounds of the codes of ``x_rms`` .. ``vy_rms``, m or m/s: the ARS4xx interface's table of qualities."""
RMS_INVALID = len(RMS_BOUNDS)
"""Code of what the table does not hold."""

Job = tuple[Path, Callable[[], bytes]]


def camera_jobs(image: CameraImage, sample: Path, extra: Path, stem: str) -> list[Job]:
    """JPEG, depth, semantic and instance of one exposure."""
    jobs: list[Job] = [(sample / f"{stem}.jpg", lambda: _jpeg(image.rgb))]
    jobs.append((extra / "depth" / f"{stem}.png", lambda: _png(_depth(image.depth))))
    jobs.append((extra / "semantic" / f"{stem}.png", lambda: _png(image.semantic)))
    jobs.append((extra / "instance" / f"{stem}.png", lambda: _png(image.instance.astype(np.uint16))))
    return jobs + _further_jobs(image, extra, stem)


def _further_jobs(image: CameraImage, extra: Path, stem: str) -> list[Job]:
    """Raw codes, normals, albedo, events and flow, where the camera was asked for them, and times of rows that differ.

    Forward flow goes with the picture before.
    """
    jobs: list[Job] = []
    normal, albedo, back, onward = image.normal, image.albedo, image.flow_backward, image.flow_forward
    rows = image.row_time_ns
    if rows is not None:
        jobs.append((extra / "rows" / f"{stem}.npz", lambda: npz({"time_ns": rows})))
    if image.raw is not None:
        read_out = {field.name: np.asarray(getattr(image.raw, field.name)) for field in fields(image.raw)}
        jobs.append((extra / "raw" / f"{stem}.npz", lambda: npz(read_out)))
    if normal is not None:
        jobs.append((extra / "normal" / f"{stem}.png", lambda: _png(_normals(normal))))
    if albedo is not None:
        jobs.append((extra / "albedo" / f"{stem}.png", lambda: _png(np.rint(albedo[..., ::-1] * 255).astype(np.uint8))))
    if back is not None and image.seen_backward is not None:
        seen = {"flow": back, "seen": image.seen_backward}
        jobs.append((extra / "flow_backward" / f"{stem}.npz", lambda: npz(seen)))
    if image.events is not None:
        changes = {field.name: getattr(image.events, field.name) for field in fields(image.events)}
        jobs.append((extra / "events" / f"{stem}.npz", lambda: npz(changes)))
    if onward is not None and image.seen_forward is not None:
        before = f"{image.channel}__{image.previous_ns // 1000:012d}"
        shown = {"flow": onward, "seen": image.seen_forward}
        jobs.append((extra / "flow_forward" / f"{before}.npz", lambda: npz(shown)))
    return jobs


def _normals(normal: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Components from -1 to 1 as 1 to 65535 of red, green and blue (x, y, z); 0 for sky."""
    code = np.rint((normal + 1.0) * NORMAL_STEPS + 1.0).astype(np.uint16)
    code[~normal.any(axis=-1)] = 0
    return code[..., ::-1]


def lidar_jobs(cloud: PointCloud, sample: Path, extra: Path, stem: str) -> list[Job]:
    """Points as nuScenes has them; times and labels per point beside."""
    points = np.column_stack([cloud.points, cloud.intensity, cloud.ring]).astype("<f4")
    labels: dict[str, NDArray[Any]] = {
        "time_offset": cloud.time_offset,
        "semantic": cloud.semantic,
        "instance": cloud.instance.astype(np.uint16),
        "return_number": cloud.return_number,
        "clutter": cloud.clutter,
        "true_range": cloud.true_range,
        "cos_incidence": cloud.cos_incidence,
    }
    return [(sample / f"{stem}.pcd.bin", points.tobytes), (extra / f"{stem}.npz", lambda: npz(labels))]


def radar_jobs(detections: RadarDetections, sample: Path, extra: Path, stem: str) -> list[Job]:
    """A radar list as nuScenes has it; signal-to-noise, rates and labels per detection beside."""
    labels: dict[str, NDArray[Any]] = {
        "range": detections.range,
        "azimuth": detections.azimuth,
        "elevation": detections.elevation,
        "radial_velocity": detections.radial_velocity,
        "radial_velocity_compensated": detections.radial_velocity_compensated,
        "snr": detections.snr,
        "semantic": detections.semantic,
        "instance": detections.instance.astype(np.uint16),
        "deviation": detections.deviation,
        "true_range": detections.true_range,
        "true_azimuth": detections.true_azimuth,
        "true_elevation": detections.true_elevation,
        "true_radial_velocity": detections.true_radial_velocity,
        "true_rcs": detections.true_rcs,
        "bounces": detections.bounces,
        "paths": detections.paths,
    }
    jobs: list[Job] = [(sample / f"{stem}.pcd", lambda: radar_pcd(detections))]
    jobs.append((extra / f"{stem}.npz", lambda: npz(labels)))
    further: dict[str, Any] = {
        "paths": detections.contributions, "clusters": detections.clusters, "tracks": detections.tracks,
    }  # fmt: skip
    further |= {f"cube_{scan}": cube for scan, cube in (detections.cubes or {}).items()}
    for name, product in further.items():
        if product is not None:
            columns = {field.name: getattr(product, field.name) for field in fields(product)}
            jobs.append((extra / name / f"{stem}.npz", partial(npz, columns)))
    return jobs


def write(path: Path, make: Callable[[], bytes]) -> int:
    """Write one file, whole or not at all; its size.

    Raises:
        RecordingError: the disk is full or the folder is not writable.
    """
    data = make()
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RecordingError(
            f"cannot write: {error.strerror}", file=path, remedy="free space, then record again with --overwrite"
        ) from error
    return len(data)


def radar_pcd(detections: RadarDetections) -> bytes:
    """A binary PCD 0.7 with nuScenes' 18 fields.

    No detections are one point of NaN, as the devkit expects; a newline follows the data, since the devkit
    insists that the file goes on after the last record.
    """
    count = max(len(detections.range), 1)
    points = np.zeros(count, dtype=list(RADAR_FIELDS))
    if len(detections.range) == 0:
        points["x"] = points["y"] = points["z"] = np.nan
    else:
        flat = detections.range * np.cos(detections.elevation)
        c, s = np.cos(detections.azimuth), np.sin(detections.azimuth)
        points["x"], points["y"] = flat * c, flat * s
        points["z"] = detections.range * np.sin(detections.elevation)
        points["dyn_prop"] = detections.dynamic
        points["id"] = np.arange(count)
        points["rcs"] = detections.rcs
        points["vx"], points["vy"] = detections.radial_velocity * c, detections.radial_velocity * s
        points["vx_comp"] = detections.radial_velocity_compensated * c
        points["vy_comp"] = detections.radial_velocity_compensated * s
        codes = rms_code(detections.deviation)
        points["is_quality_valid"] = (codes < RMS_INVALID).all(axis=1)
        points["ambig_state"] = detections.ambiguity
        points["invalid_state"] = detections.invalid
        points["pdh0"] = detections.false_alarm
        for column, name in enumerate(("x_rms", "y_rms", "vx_rms", "vy_rms")):
            points[name] = codes[:, column]
    kinds = [np.dtype(kind) for _, kind in RADAR_FIELDS]
    header = [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        "FIELDS " + " ".join(name for name, _ in RADAR_FIELDS),
        "SIZE " + " ".join(str(kind.itemsize) for kind in kinds),
        "TYPE " + " ".join("F" if kind.kind == "f" else "I" for kind in kinds),
        "COUNT " + " ".join("1" for _ in kinds),
        f"WIDTH {count}",
        "HEIGHT 1",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {count}",
        "DATA binary",
    ]
    return ("\n".join(header) + "\n").encode() + points.tobytes() + b"\n"


def rms_code(deviation: NDArray[np.float32]) -> NDArray[np.int8]:
    """Codes of standard deviations, m or m/s."""
    return np.searchsorted(RMS_BOUNDS, deviation, side="right").astype(np.int8)


def npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    """A compressed npz; NumPy dates its members 1980, so equal arrays are equal bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _jpeg(rgb: NDArray[np.uint8]) -> bytes:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def _png(image: NDArray[Any]) -> bytes:
    return bytes(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


def _depth(metres: NDArray[np.float32]) -> NDArray[np.uint16]:
    scaled = np.where(metres < 65535.0 / DEPTH_SCALE, metres * np.float32(DEPTH_SCALE), 0.0)
    return scaled.astype(np.uint16)
