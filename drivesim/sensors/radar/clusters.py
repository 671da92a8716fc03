"""Clusters: detections that lie close together in range, radial velocity and across, as one thing each.

DBSCAN (Ester et al. 1996) with a core size of one, in which all that is near to each other is connected. Nearness is
counted in resolution cells of the finest scan, axis by axis: a person's limbs are metres per second apart, a car's
detections metres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from drivesim.sensors.radar.device import RadarDevice
from drivesim.types import RadarClusters, RadarDetections

F64 = NDArray[np.float64]


def clusters(detections: RadarDetections, device: RadarDevice) -> RadarClusters:
    """Things of one cycle, strongest first, from the detections that the device believes."""
    believed = np.flatnonzero(detections.valid)
    distance, azimuth, rate = (
        values[believed].astype(np.float64)
        for values in (detections.range, detections.azimuth, detections.radial_velocity_compensated)
    )
    x, y = distance * np.cos(azimuth), distance * np.sin(azimuth)
    part = _connected(x, y, rate, device)
    power = 10.0 ** (detections.rcs[believed].astype(np.float64) / 10.0)
    order = np.argsort(-_sums(part, power), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    part = rank[part] if len(part) else part
    total, count = _sums(part, power), np.bincount(part, minlength=len(order))
    member = np.full(len(detections.range), -1, dtype=np.int32)
    member[believed] = part

    def mean(values: F64) -> F64:
        return _sums(part, power * values) / total

    def extent(values: F64) -> F64:
        low, high = np.full(len(order), np.inf), np.full(len(order), -np.inf)
        np.minimum.at(low, part, values)
        np.maximum.at(high, part, values)
        return high - low

    return RadarClusters(
        member=member,
        position=np.stack([mean(x), mean(y)], axis=1).astype(np.float32),
        extent=np.stack([extent(x), extent(y)], axis=1).astype(np.float32),
        radial_velocity_compensated=mean(rate).astype(np.float32),
        rcs=(10.0 * np.log10(np.maximum(total, 1e-30))).astype(np.float32),
        detections=count.astype(np.int32),
        instance=_loudest(part, power, detections.instance[believed], len(order)),
    )


def _connected(x: F64, y: F64, rate: F64, device: RadarDevice) -> NDArray[np.int64]:
    """Number (N,) of the cluster of each detection."""
    finest = min(device.scans, key=lambda scan: scan.range_resolution)
    along, faster, aside = device.cluster_cells
    across = np.hypot(x, y) * float(finest.azimuth_resolution(np.zeros(1))[0])
    place = np.stack([x, y, rate / (faster * finest.velocity_resolution)], axis=1)
    place[:, :2] /= along * finest.range_resolution
    # Across, a cell grows with range: neighbours within `aside` of them are added to those within `along` range cells.
    reach = np.maximum(aside * across / (along * finest.range_resolution), 1.0)
    pairs = cKDTree(place).query_pairs(float(reach.max(initial=1.0)) * 1.5, output_type="ndarray")
    i, j = pairs[:, 0], pairs[:, 1]
    sight = np.stack([x, y], axis=1) / np.maximum(np.hypot(x, y), 1e-6)[:, None]
    apart = place[i, :2] - place[j, :2]
    radial = np.abs(np.einsum("pi,pi->p", apart, sight[i]))
    lateral = np.abs(apart[:, 0] * sight[i, 1] - apart[:, 1] * sight[i, 0])
    near = (radial <= 1.0) & (lateral <= np.minimum(reach[i], reach[j])) & (np.abs(place[i, 2] - place[j, 2]) <= 1.0)
    graph = coo_array((np.ones(near.sum()), (i[near], j[near])), shape=(len(x), len(x)))
    _, part = connected_components(graph, directed=False)
    return np.asarray(part, dtype=np.int64)


def _sums(part: NDArray[np.int64], values: F64) -> F64:
    return np.bincount(part, values, int(part.max(initial=-1)) + 1).astype(np.float64)


def _loudest(part: NDArray[np.int64], power: F64, instance: NDArray[np.int32], count: int) -> NDArray[np.int32]:
    """The instance with most of each cluster's power."""
    found = np.zeros(count, dtype=np.int32)
    for number in range(count):
        mine = part == number
        ids, place = np.unique(instance[mine], return_inverse=True)
        found[number] = ids[np.argmax(np.bincount(place, power[mine]))]
    return found
