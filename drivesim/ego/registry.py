"""Detectors by name: the shipped ones, those of installed packages, and any class by its address."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from drivesim.ego.detections import Detector
from drivesim.ego.lidar import LidarDetector
from drivesim.ego.oracle_camera import OracleCamera
from drivesim.ego.radar import RadarDetector
from drivesim.ego.rgb_camera import RgbCamera
from drivesim.errors import DrivesimError, did_you_mean

GROUP = "drivesim.detectors"
"""Entry points of packages that bring detectors."""
SHIPPED: Mapping[str, type] = {
    "rgb_camera": RgbCamera, "lidar_clusters": LidarDetector, "radar_clusters": RadarDetector,
    "oracle_camera": OracleCamera,
}  # fmt: skip
REPEATABLE = (RgbCamera, LidarDetector, RadarDetector)
"""Detectors that say the same of the same measurement, whatever they were shown before."""
DEFAULTS: Mapping[str, str] = {"camera": "rgb_camera", "lidar": "lidar_clusters", "radar": "radar_clusters"}
"""By kind of sensor."""


def make_detector(kind: str, name: str, seed: int) -> Detector:
    """A detector for sensors of a kind.

    Args:
        name: of a shipped detector, of an entry point of the group ``drivesim.detectors``, or ``module:Class``.
        seed: of the instance, for detectors that draw.

    Raises:
        DrivesimError: there is none of that name, or it is none, or of another kind.
    """
    made = _called(_found(name), name, seed)
    if getattr(made, "kind", None) != kind:
        raise DrivesimError(f"detector '{name}' is for {getattr(made, 'kind', 'no kind of sensor')}, not {kind}",
                            element="--detector", remedy="give it a class attribute kind = "
                            f"'{kind}', or choose another")  # fmt: skip
    if not isinstance(getattr(made, "oracle", None), bool) or not callable(getattr(made, "detect", None)):
        raise DrivesimError(f"'{name}' is no detector", element="--detector",
                            remedy="give it oracle = False and a method detect(measurement)")  # fmt: skip
    return made


def _found(name: str) -> Callable[..., Any]:
    if name in SHIPPED:
        return SHIPPED[name]
    points = {point.name: point for point in entry_points(group=GROUP)}
    try:
        if name in points:
            found: Callable[..., Any] = points[name].load()
            return found
        module, _, attribute = name.partition(":")
        if attribute:
            found = getattr(importlib.import_module(module), attribute)
            return found
    except Exception as error:
        raise DrivesimError(f"detector '{name}' cannot be loaded: {type(error).__name__}: {error}",
                            element="--detector", remedy="install the package that has it") from error  # fmt: skip
    raise DrivesimError(f"there is no detector '{name}'", element="--detector",
                        remedy=did_you_mean(name, [*SHIPPED, *points]) + ", or write module:Class")  # fmt: skip


def _called(make: Callable[..., Any], name: str, seed: int) -> Any:
    try:
        return make(seed=seed) if make is OracleCamera else make()
    except DrivesimError:
        raise
    except Exception as error:
        raise DrivesimError(f"detector '{name}' cannot be made: {type(error).__name__}: {error}", element="--detector",
                            remedy="it is called without arguments") from error  # fmt: skip
