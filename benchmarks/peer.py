"""The peer: Open3D's ray caster over the triangles of a drivesim scene, for pipelines written with NumPy around it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.scene.frozen import freeze
from drivesim.scene.raycast import RayScene


def open3d() -> Any:
    """The package, or None where it is not installed; its wheel expects a USB library that machines may lack."""
    try:
        import libusb_package

        ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
        import open3d
    except ImportError:
        return None
    return open3d


def world_triangles(rays: RayScene) -> tuple[NDArray[np.float32], NDArray[np.uint32], NDArray[np.int64]]:
    """All present triangles of the scene at the end of the tick, flat, and the table row of each."""
    frozen = freeze(rays)
    flat = frozen.corners.reshape(-1, 3)
    return flat, np.arange(len(flat), dtype=np.uint32).reshape(-1, 3), frozen.row
