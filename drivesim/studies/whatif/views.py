"""What the sensors of each rig had in view at one instant of one run: pictures for reports."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drivesim.ego import ego_parameters
from drivesim.ego.chain import ChainEvent
from drivesim.studies.whatif.firsts import FirstMeasurement, Firsts
from drivesim.studies.whatif.run import Run, run_of
from drivesim.studies.whatif.stage import Stage, Zones, zones_of
from drivesim.studies.whatif.study import Study, values_of
from drivesim.types import F64, CameraImage, Frame, Measurement, PointCloud, RadarDetections, WorldState

AHEAD, ASIDE = 45.0, 10.0
"""Ground that the view from above shows, ahead and to each side of the car, m."""
SCALE = 14
"""Its pixels a metre."""
RECENT = 0.25
"""Detections of measurements not older than this are drawn, s."""
BACKGROUND, GREY, CAR, TRUTH = (24, 28, 34), (120, 128, 140), (230, 190, 60), (90, 210, 110)
"""Colours are red, green, blue."""
OF_SENSOR = {"camera": (255, 150, 40), "lidar": (90, 170, 255), "radar": (240, 90, 170)}
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class View:
    """One rig's: picture of its camera, if it has one, and the view from above, both RGB; when each of its sensors
    first measured the target, and why not before."""

    rig: str
    camera: Image | None
    above: Image
    firsts: tuple[FirstMeasurement, ...] = ()


@dataclass(frozen=True, slots=True)
class Telling:
    """An instance worth a look: which, why, and at what time, s."""

    index: int
    why: str
    time: float


def telling(instances: Sequence[dict[str, Any]], rigs: Sequence[str], count: int = 3) -> list[Telling]:
    """Instances that show most: where rigs differ most, where all fail, where all only just succeed.

    The instant is that at which the first rig braked, so that one sees what it saw and the others did not.
    """

    def speeds(entry: dict[str, Any]) -> list[float]:
        return [float(outcome["impact_speed"]) for outcome in entry["outcomes"]]

    def gap(entry: dict[str, Any]) -> float:
        return min(float(outcome["minimum_distance"]) for outcome in entry["outcomes"])

    differing = sorted((e for e in instances if max(speeds(e)) > min(speeds(e))),
                       key=lambda e: min(speeds(e)) - max(speeds(e)))  # fmt: skip
    failing = sorted((e for e in instances if min(speeds(e)) > 0.0), key=lambda e: -min(speeds(e)))
    braked = [e for e in instances if max(speeds(e)) == 0.0 and _instant(e) is not None]
    narrow = sorted(braked, key=gap)
    chosen: dict[int, Telling] = {}
    for entries, kind in ((differing, "differ"), (failing, "fail"), (narrow, "narrow"), (differing[1:], "differ")):
        for entry in entries:
            at = _instant(entry)
            if at is not None and entry["index"] not in chosen and len(chosen) < count:
                chosen[entry["index"]] = Telling(entry["index"], _sentence(kind, entry, rigs), at)
                break
    return list(chosen.values())


def _instant(entry: dict[str, Any]) -> float | None:
    for name in ("brake", "detection", "sight"):
        times = [o[name]["time"] for o in entry["outcomes"] if math.isfinite(o[name]["time"])]
        if times:
            return float(min(times))
    return None


def _sentence(kind: str, entry: dict[str, Any], rigs: Sequence[str]) -> str:
    ends = ", ".join(
        f"{rig} " + (f"hits at {o['impact_speed']:.0f} km/h" if o["collided"] else "stops or passes in time")
        for rig, o in zip(rigs, entry["outcomes"], strict=True)
    )
    start = {"differ": "The rigs differ most", "fail": "No rig avoids it", "narrow": "All avoid it, narrowly"}[kind]
    return f"{start}: {ends}."


def sights_of(
    study: Study, finished: Sequence[dict[str, Any]], rigs: Sequence[str], zones: Zones | None = None
) -> list[tuple[Telling, list[View]]]:
    """The telling instances of a study, each played once more under every rig up to its instant.

    Args:
        zones: of the study's street; found if absent.
    """
    if zones is None:
        zones = zones_of(study.scenario, (values_of(study, index) for index in range(len(study.instances))))
    seeds = {entry["index"]: entry["seed"] for entry in finished}
    return [(which, _views(study, which, seeds[which.index], zones)) for which in telling(finished, rigs)]


def _views(study: Study, which: Telling, seed: int, zones: Zones) -> list[View]:
    found = []
    with closing(Stage(zones)) as stage:
        for rig in study.rigs:
            run = run_of(
                study.scenario, rig, values_of(study, which.index), parameters=ego_parameters(study.ego), seed=seed,
                target=study.target, full=study.full, stage=stage, detectors=dict(study.detectors),
            )  # fmt: skip
            found.append(_view(run, which.time))
    return found


def _view(run: Run, time: float) -> View:
    latest: dict[str, Measurement] = {}
    states: list[WorldState] = []
    firsts = Firsts(run)

    def watch(frame: Frame) -> bool:
        firsts.watch(frame)
        latest.update(frame.measurements)
        states[:] = [frame.state]
        return float(frame.state.time[0]) >= time - 1e-6

    run.play(watch)
    camera = next((m for m in latest.values() if isinstance(m, CameraImage)), None)
    return View(
        run.rig.name, camera.rgb if camera is not None else None, _above(run, latest, states[0]), firsts.found()
    )


def _above(run: Run, latest: dict[str, Measurement], state: WorldState) -> Image:
    """The ground ahead: car, true boxes, points, radar detections, and what the detectors made of them."""
    canvas = np.full((int(2 * ASIDE * SCALE), int(AHEAD * SCALE), 3), BACKGROUND, np.uint8)
    into = state.pose(run.car.index).inverse()
    for distance in range(10, int(AHEAD), 10):
        cv2.line(canvas, _pixel(distance, ASIDE), _pixel(distance, -ASIDE), (45, 52, 62), 1)
        _write(canvas, f"{distance} m", _pixel(distance + 0.3, -ASIDE + 0.4), GREY)
    for measurement in latest.values():
        local = (into @ measurement.world_from_ego @ measurement.ego_from_sensor).apply
        if isinstance(measurement, PointCloud):
            points = local(measurement.points.astype(np.float64))
            for x, y, z in points[(points[:, 2] > 0.2) & (points[:, 0] < AHEAD)].tolist():
                cv2.circle(canvas, _pixel(x, y), 1, (90, 110 + int(40 * min(z, 2.5)), 235), -1)
        elif isinstance(measurement, RadarDetections):
            _radar(canvas, measurement, local)
    for actor in run.simulation.actors:
        if state.present[0, actor.index]:
            box = actor.box
            corners = np.array(
                [[i * box.length / 2, j * box.width / 2, 0.0] for i, j in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
            )
            outline = into.apply(state.pose(actor.index).apply(corners + np.array(box.center)))
            colour = CAR if actor is run.car else TRUTH if actor.index == run.target.index else GREY
            cv2.polylines(canvas, [np.array([_pixel(x, y) for x, y, _ in outline.tolist()])], True, colour, 2)
    now = float(state.time[0])
    for event in run.chain.events:
        if event.kind == "detection" and now - event.stamp <= RECENT:
            _detection(canvas, event, into.apply([*event.position, 0.0]))
    return canvas


def _radar(canvas: Image, radar: RadarDetections, local: Any) -> None:
    flat = radar.range * np.cos(radar.elevation)
    places = np.column_stack([flat * np.cos(radar.azimuth), flat * np.sin(radar.azimuth), np.zeros(len(flat))])
    for (x, y, _), speed in zip(
        local(places.astype(np.float64)).tolist(), radar.radial_velocity_compensated, strict=True
    ):
        moving = abs(float(speed)) >= 0.4
        cv2.circle(canvas, _pixel(x, y), 4, (240, 90, 170) if moving else (110, 70, 95), 1 if not moving else 2)


def _detection(canvas: Image, event: ChainEvent, place: F64) -> None:
    kind = next((kind for kind in OF_SENSOR if kind[:3].upper() in event.sensor.upper()), "camera")
    x, y = _pixel(float(place[0]), float(place[1]))
    cv2.drawMarker(canvas, (x, y), OF_SENSOR[kind], cv2.MARKER_CROSS, 15, 2)


def _pixel(x: float, y: float) -> tuple[int, int]:
    return round(float(x) * SCALE), round((ASIDE - float(y)) * SCALE)


def _write(canvas: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)


def as_html(image: Image, alt: str) -> str:
    """An image element with its data in it."""
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return f"<img alt='{alt}' src='data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}'>"
