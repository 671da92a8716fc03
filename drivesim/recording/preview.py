"""Pictures of a recording for people: a video of what every sensor saw, and a contact sheet of its telling moments."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from drivesim.taxonomy import PALETTE
from drivesim.types import Actor, CameraImage, Frame, Labels, PointCloud, RadarDetections, WorldState

WIDTH, HEIGHT = 1280, 720
SHEET = "contact_sheet.png"
VIDEO = "preview.mp4"
MOMENTS = 6

_BACK = (22, 24, 28)
_INK = (236, 238, 240)
_DIM = (150, 155, 162)
_CAMERA = (12, 52, 832, 468)
_SEMANTIC = (12, 528, 320, 180)
_BIRD = (856, 52, 412, 656)
_NOTES = (344, 528, 500, 180)
"""Panels as x, y, width, height."""
_BIRD_REACH = 42.0
"""Metres from the middle of the bird's-eye view to its left and right edge."""
_BOX_COLOURS = {
    "human": (255, 92, 92),
    "vehicle.bicycle": (255, 176, 64),
    "vehicle.motorcycle": (255, 176, 64),
    "vehicle": (92, 190, 255),
}
_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7))
_BRIGHT = np.clip(PALETTE.astype(np.float64) * 0.75 + 60, 0, 255).astype(np.uint8)

_KEPT = 160
"""Small pictures kept for the contact sheet, some 300 kB each, before some are forgotten."""
_SPREAD = 64
"""As many are kept of the whole run, evenly spaced."""
_DENSE = 2.5
"""Seconds around the moment that counts, and before now, in which all are kept."""
_AHEAD = 2
"""Frames that may wait to be drawn."""

Canvas = NDArray[np.uint8]


class Preview:
    """Collects frames while a run goes on; memory does not grow with its length.

    Args:
        folder: of the recording. title: of the run. rate: pictures per second of the video.
    """

    def __init__(self, folder: Path, title: str, actors: Sequence[Actor], ego: int, rate: float) -> None:
        self._folder, self._title, self._actors, self._ego = folder, title, tuple(actors), ego
        self._file: Any = av.open(str(folder / VIDEO), "w")
        self._stream: Any = self._file.add_stream("libx264", rate=Fraction(rate).limit_denominator(1000))
        self._stream.width, self._stream.height, self._stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._stream.options = {"crf": "22", "preset": "veryfast", "threads": "1"}
        self._cloud: PointCloud | None = None
        self._radar: list[RadarDetections] = []
        self._moments: list[tuple[float, float, bytes]] = []
        self._crash: float | None = None
        self._has_camera = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="preview")
        self._pending: deque[Future[None]] = deque()

    def add(self, frame: Frame) -> None:
        """Show a frame, drawn while the next one is sensed, if a camera (or, without cameras, a lidar) took a picture
        in it."""
        while len(self._pending) > _AHEAD:
            self._pending.popleft().result()
        self._pending.append(self._pool.submit(self._show, frame))

    def _show(self, frame: Frame) -> None:
        images = [m for m in frame.measurements.values() if isinstance(m, CameraImage)]
        clouds = [m for m in frame.measurements.values() if isinstance(m, PointCloud)]
        radars = [m for m in frame.measurements.values() if isinstance(m, RadarDetections)]
        self._cloud = clouds[0] if clouds else self._cloud
        self._radar = radars or self._radar
        if frame.collisions and self._crash is None:
            self._crash = frame.time_ns * 1e-9
        if frame.labels is None or not (images or (clouds and not self._has_camera)):
            return
        self._has_camera = bool(images) or self._has_camera
        panel = self._panel(frame, images[0] if images else None, frame.labels)
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(panel, format="rgb24")):
            self._file.mux(packet)
        small = cv2.resize(panel, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
        encoded = cv2.imencode(".png", small[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
        self._moments.append((frame.time_ns * 1e-9, self._closeness(frame.state), bytes(encoded)))
        self._thin_out()

    def _thin_out(self) -> None:
        """Once there are many, keep the latest, those near the moment that counts, and the rest evenly spaced."""
        if len(self._moments) <= _KEPT:
            return
        times = np.array([moment[0] for moment in self._moments])
        lasting = (np.abs(times - self._key_time()) < _DENSE) | (times > times[-1] - _DENSE)
        place = np.floor((times - times[0]) / (times[-1] - times[0]) * _SPREAD)
        lasting |= np.diff(place, prepend=-1.0) > 0.0
        self._moments = [moment for moment, lasts in zip(self._moments, lasting, strict=True) if lasts]

    def close(self) -> None:
        """Finish the video and lay out the contact sheet; legal twice."""
        if self._file is None:
            return
        self._pool.shutdown()
        for packet in self._stream.encode():
            self._file.mux(packet)
        self._file.close()
        self._file = None
        if self._moments:
            self._write_sheet()
        while self._pending:
            self._pending.popleft().result()

    def _closeness(self, state: WorldState) -> float:
        """Distance from the ego to the nearest person or rider, else to the nearest vehicle on the move, m."""
        people, others = [np.inf], [np.inf]
        for actor in self._actors:
            if actor.index == self._ego or not state.present[0, actor.index]:
                continue
            gap = float(np.linalg.norm(state.position[0, actor.index, :2] - state.position[0, self._ego, :2]))
            if actor.kind == "pedestrian" or actor.category in ("bicycle", "motorbike"):
                people.append(gap)
            elif abs(state.speed[0, actor.index]) > 0.5:
                others.append(gap)
        return min(people) if len(people) > 1 else min(others)

    def _key_time(self) -> float:
        """When the collision was, or when the ego was closest to anybody, or the middle; s."""
        if self._crash is not None:
            return self._crash
        gaps = np.array([moment[1] for moment in self._moments])
        if np.isfinite(gaps).any():
            return self._moments[int(np.argmin(gaps))][0]
        return 0.5 * (self._moments[0][0] + self._moments[-1][0])

    def _chosen(self) -> list[int]:
        """Moments for the sheet: the start, the end, the closest (or the collision), and what leads up to it."""
        times = np.array([moment[0] for moment in self._moments])
        key = self._key_time()
        wanted = [times[0], key - 1.5, key - 0.7, key, key + 0.7, times[-1]]
        picked = {int(np.argmin(np.abs(times - t))) for t in wanted}
        for t in np.linspace(times[0], times[-1], 25):
            if len(picked) >= min(MOMENTS, len(times)):
                break
            picked.add(int(np.argmin(np.abs(times - t))))
        return sorted(picked)[:MOMENTS]

    def _write_sheet(self) -> None:
        chosen = self._chosen()
        rows = (len(chosen) + 1) // 2
        width, height = WIDTH // 2, HEIGHT // 2
        sheet = np.empty((rows * (height + 8) + 8, 2 * width + 24, 3), np.uint8)
        sheet[:] = _BACK
        for place, number in enumerate(chosen):
            small = cv2.imdecode(np.frombuffer(self._moments[number][2], np.uint8), cv2.IMREAD_COLOR)
            y, x = 8 + (place // 2) * (height + 8), 8 + (place % 2) * (width + 8)
            sheet[y : y + height, x : x + width] = small[..., ::-1]  # type: ignore[index]
        cv2.imwrite(str(self._folder / SHEET), sheet[..., ::-1])

    def _panel(self, frame: Frame, image: CameraImage | None, labels: Labels) -> Canvas:
        canvas = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        canvas[:] = _BACK
        seconds = frame.time_ns * 1e-9
        speed = float(frame.state.speed[0, self._ego]) * 3.6
        _text(canvas, 14, 12, self._title, 24, _INK)
        _text(canvas, 858, 14, f"{seconds:5.2f} s     ego {speed:4.1f} km/h", 21, _INK)
        if image is not None:
            view, scale = _fitted(image.rgb, _CAMERA[2], _CAMERA[3], cv2.INTER_AREA)
            _draw_boxes(view, image, labels, scale)
            _place(canvas, view, _CAMERA)
            classes, _ = _fitted(image.semantic, _SEMANTIC[2], _SEMANTIC[3], cv2.INTER_NEAREST)
            _place(canvas, PALETTE[classes], _SEMANTIC)
        else:
            _text(canvas, _CAMERA[0] + 300, _CAMERA[1] + 220, "no camera in this rig", 20, _DIM)
        _place(canvas, self._birds_eye(labels, frame.state), _BIRD)
        self._notes(canvas, labels, frame)
        return canvas

    def _birds_eye(self, labels: Labels, state: WorldState) -> Canvas:
        _, _, width, height = _BIRD
        view = np.empty((height, width, 3), np.uint8)
        view[:] = (12, 13, 16)
        scale = width / 2 / _BIRD_REACH
        pose = state.pose(self._ego)

        def pixel(points: Any) -> NDArray[np.float64]:
            """World points (..., 3) to pixels: the ego looks up."""
            local = (np.asarray(points) - pose.translation) @ pose.rotation
            return np.stack([width / 2 - local[..., 1] * scale, height * 0.72 - local[..., 0] * scale], axis=-1)

        for metres in (10, 20, 30, 40):
            cv2.circle(view, (width // 2, int(height * 0.72)), int(metres * scale), (38, 41, 48), 1, cv2.LINE_AA)
        if self._cloud is not None:
            cloud = self._cloud
            world = cloud.world_from_ego.apply(cloud.ego_from_sensor.apply(cloud.points))
            cell = pixel(world).astype(np.int64)
            inside = (cell >= 0).all(axis=1) & (cell[:, 0] < width) & (cell[:, 1] < height)
            view[cell[inside, 1], cell[inside, 0]] = _BRIGHT[cloud.semantic[inside]]
        else:
            _text(view, 120, 20, "no lidar in this rig", 16, _DIM)
        for i in range(len(labels.instance)):
            length, wide, _ = labels.size[i]
            corners = np.array([(1, 1, 0), (1, -1, 0), (-1, -1, 0), (-1, 1, 0)]) * [length / 2, wide / 2, 0]
            outline = pixel(corners @ labels.rotation[i].T + labels.center[i])
            _polyline(view, outline, _colour(labels.category[i]), closed=True)
        box = self._actors[self._ego].box
        mine = np.array([(1, 0.6), (1, -0.6), (-1, -1), (-1, 1)]) * [box.length / 2, box.width / 2]
        mine = np.column_stack([mine + [box.center[0], 0], np.zeros(4)]) @ pose.rotation.T + pose.translation
        _polyline(view, pixel(mine), _INK, closed=True)
        for radar in self._radar:
            flat = radar.range * np.cos(radar.elevation)
            local = np.stack([flat * np.cos(radar.azimuth), flat * np.sin(radar.azimuth), np.zeros_like(flat)], axis=-1)
            uv = pixel(radar.world_from_ego.apply(radar.ego_from_sensor.apply(local)))
            tip = local * (1 + radar.radial_velocity_compensated / np.maximum(radar.range, 1.0))[:, None]
            ends = pixel(radar.world_from_ego.apply(radar.ego_from_sensor.apply(tip)))
            for point, end, rate, valid in zip(uv, ends, radar.radial_velocity_compensated, radar.valid, strict=True):
                if not valid:
                    continue
                colour = (255, 90, 90) if rate < -0.3 else (110, 170, 255) if rate > 0.3 else (255, 214, 90)
                _polyline(view, np.array([point, end]), colour, closed=False)
                cv2.circle(view, (int(point[0]), int(point[1])), 3, colour, -1, cv2.LINE_AA)
        _text(view, 10, height - 26, "lidar by class    radar: approaching · still · receding", 13, _DIM)
        return view

    def _notes(self, canvas: Canvas, labels: Labels, frame: Frame) -> None:
        """Who is near: class, distance, speed, visibility, lidar points."""
        x, y, _, _ = _NOTES
        columns = ((0, "object"), (216, "dist"), (280, "km/h"), (340, "visible"), (420, "lidar pts"))
        for dx, name in columns:
            _text(canvas, x + dx, y, name, 14, _DIM)
        here = frame.state.position[0, self._ego]
        distance = np.linalg.norm(labels.center - here, axis=1)
        urgent = [not c.startswith("human") for c in labels.category]
        order = np.lexsort((distance, np.array(urgent, dtype=bool)))[:7]
        for line, i in enumerate(order):
            top = y + 22 + 22 * line
            speed = float(np.linalg.norm(labels.velocity[i])) * 3.6
            points = labels.num_lidar_points[i]
            cells = (
                (0, labels.actor[i]), (216, f"{distance[i]:.1f} m"), (280, f"{speed:.0f}"),
                (340, f"{100 * labels.visibility[i]:.0f} %"), (420, str(points) if points >= 0 else "–"),
            )  # fmt: skip
            for dx, text in cells:
                _text(canvas, x + dx, top, text, 15, _colour(labels.category[i]) if dx == 0 else _INK)


def _colour(category: str) -> tuple[int, int, int]:
    for prefix, colour in _BOX_COLOURS.items():
        if category.startswith(prefix):
            return colour
    return (200, 200, 120)


def _fitted(image: Canvas, width: int, height: int, how: int) -> tuple[Canvas, float]:
    """The image scaled to fit, and by how much."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8), scale


def _place(canvas: Canvas, view: Canvas, where: tuple[int, int, int, int]) -> None:
    x, y, width, height = where
    top, left = y + (height - view.shape[0]) // 2, x + (width - view.shape[1]) // 2
    canvas[top : top + view.shape[0], left : left + view.shape[1]] = view


def _polyline(view: Canvas, points: NDArray[np.float64], colour: tuple[int, int, int], *, closed: bool) -> None:
    fixed = np.round(np.clip(points, -4000, 4000) * 16).astype(np.int32)
    cv2.polylines(view, [fixed], closed, colour, 1, cv2.LINE_AA, shift=4)


def _draw_boxes(view: Canvas, image: CameraImage, labels: Labels, scale: float) -> None:
    """Edges of the 3D boxes of what the cameras can see, cut at 0.3 m before the camera."""
    pose = image.world_from_ego @ image.ego_from_sensor
    signs = np.array(
        [(1, 1, -1), (1, -1, -1), (-1, -1, -1), (-1, 1, -1), (1, 1, 1), (1, -1, 1), (-1, -1, 1), (-1, 1, 1)]
    )
    for i in range(len(labels.instance)):
        if labels.visibility[i] <= 0.0:
            continue
        corners = (signs * labels.size[i] / 2) @ labels.rotation[i].T + labels.center[i]
        local = (corners - pose.translation) @ pose.rotation
        for a, b in _EDGES:
            p, q = local[a], local[b]
            if max(p[2], q[2]) < 0.3:
                continue
            if min(p[2], q[2]) < 0.3:
                share = (0.3 - p[2]) / (q[2] - p[2])
                cut = p + share * (q - p)
                p, q = (cut, q) if p[2] < 0.3 else (p, cut)
            ends = np.array([image.intrinsic @ (v / v[2]) for v in (p, q)])[:, :2] * scale
            _polyline(view, ends, _colour(labels.category[i]), closed=False)


@lru_cache(maxsize=512)
def _glyphs(text: str, size: int) -> NDArray[np.float32]:
    """Coverage of a line of text, (H, W) 0..1."""
    font = ImageFont.load_default(size)
    box = font.getbbox(text)
    picture = Image.new("L", (int(box[2]) + 2, int(box[3]) + 2))
    ImageDraw.Draw(picture).text((0, 0), text, fill=255, font=font)
    return np.asarray(picture, dtype=np.float32) / 255.0


def _text(canvas: Canvas, x: int, y: int, text: str, size: int, colour: tuple[int, int, int]) -> None:
    """Text with its top left corner at x, y."""
    cover = _glyphs(text, size)[: max(canvas.shape[0] - y, 0), : max(canvas.shape[1] - x, 0), None]
    area = canvas[y : y + cover.shape[0], x : x + cover.shape[1]]
    area[:] = (area * (1 - cover) + np.array(colour) * cover).astype(np.uint8)
