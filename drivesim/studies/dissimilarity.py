"""How different two measurements are: numbers that are 0 for equal ones.

Peak signal to noise would be infinite there, so images are compared by structure.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from drivesim.studies.parameter import F64
from drivesim.types import U8

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
OSPA_CUTOFF = 5.0
"""Metres: detections farther apart than this count as another's."""


def structure(first: U8, second: U8) -> float:
    """1 - SSIM of two (H, W, 3) sRGB images, on their luma (Wang et al. 2004: 11 x 11 window, sigma 1.5 pixels)."""
    x, y = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (first, second))

    def mean(image: F64) -> F64:
        return np.asarray(cv2.GaussianBlur(image, (11, 11), 1.5))

    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    similar = (2 * mx * my + _C1) * (2 * vxy + _C2) / ((mx * mx + my * my + _C1) * (vx + vy + _C2))
    return float(1.0 - similar.mean())


def chamfer(first: F64, second: F64) -> float:
    """Mean distance to the nearest point of the other cloud, (N, 3) and (M, 3), both ways, m.

    An empty cloud counts as one point at the sensor.
    """
    first, second = (cloud if len(cloud) else np.zeros((1, 3)) for cloud in (first, second))
    there, _ = cKDTree(second).query(first)
    back, _ = cKDTree(first).query(second)
    return float(0.5 * (np.mean(there) + np.mean(back)))


def ospa(first: F64, second: F64, cutoff: float = OSPA_CUTOFF) -> float:
    """Optimal sub-pattern assignment of positions (N, D) and (M, D), order 1, m (Schuhmacher et al. 2008)."""
    small, large = sorted((first, second), key=len)
    if len(large) == 0:
        return 0.0
    cost = 0.0
    if len(small):
        apart = np.minimum(np.linalg.norm(small[:, None] - large[None], axis=2), cutoff)
        cost = float(apart[linear_sum_assignment(apart)].sum())
    return (cost + cutoff * (len(large) - len(small))) / len(large)
