"""Lidar and radar over what CARLA's semantic lidar hits: the rays are CARLA's, the signal models ours.

A semantic lidar of CARLA's at the sensor's place fires one whole revolution (or fan) a tick, from where the sensor is
at the tick's end. Each of our rays, at its own time, meets the plane through the hit whose direction is nearest. What
takes more than that cannot be there: echoes behind glass, ghosts, swinging limbs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivesim.materials import MaterialId
from drivesim.sensors.beams import BeamHits
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.lidar.secondary import Onward
from drivesim.sensors.lidar.sensor import Lidar
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.device import RadarDevice
from drivesim.sensors.radar.fan import Facets, Fan, fan_shape
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import Sensor
from drivesim.taxonomy import Tag
from drivesim.types import WorldState

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

BLUEPRINT = "sensor.lidar.ray_cast_semantic"
_MOST_CHANNELS = 256
_MARGIN = 1.5
"""How far beyond the outermost beams a fan reaches, rays: CARLA's rays lie half a step beside ours."""

_HIT = np.dtype([("xyz", "<f4", 3), ("cosine", "<f4"), ("actor", "<u4"), ("tag", "<u4")])
"""CARLA documentation, sensor reference, "Semantic LIDAR sensor": raw_data."""

_FACET_AREA = np.full(256, 1.0, dtype=np.float32)
"""Of the flat pieces that surfaces of a tag are taken to be made of, m2: how wide they scatter. Vehicles have some ten
thousand triangles on 30 m2 here as in CARLA, bodies as many on 2; curvature comes from neighbouring hits."""
_FACET_AREA[[Tag.CAR, Tag.TRUCK, Tag.BUS, Tag.TRAIN, Tag.MOTORCYCLE, Tag.BICYCLE]] = 2e-3
_FACET_AREA[[Tag.PEDESTRIAN, Tag.RIDER]] = 2e-4
_FACET_AREA[Tag.VEGETATION] = 0.02
_EDGE_ON = 0.03
"""Cosine of incidence below which a plane through neighbouring hits is not believed."""
_TRUSTED = 2.0
"""How much farther or nearer than the hit itself its plane may be met, m."""
_SHARPEST = 100.0
"""Curvature beyond which a hit counts as an edge, 1/m."""

MATERIAL_OF = np.full(256, MaterialId.CONCRETE, dtype=np.uint8)
"""Material by CARLA's semantic tag: CARLA says no more about a surface."""
for _tag, _material in {
    Tag.ROADS: MaterialId.ASPHALT, Tag.SIDEWALKS: MaterialId.PAVING, Tag.BUILDING: MaterialId.PLASTER,
    Tag.WALL: MaterialId.BRICK, Tag.FENCE: MaterialId.WOOD, Tag.POLE: MaterialId.GALVANISED_STEEL,
    Tag.TRAFFIC_LIGHT: MaterialId.BLACK_PLASTIC, Tag.TRAFFIC_SIGN: MaterialId.SIGN_SHEET,
    Tag.VEGETATION: MaterialId.FOLIAGE, Tag.TERRAIN: MaterialId.GRASS, Tag.GROUND: MaterialId.SOIL,
    Tag.PEDESTRIAN: MaterialId.COTTON, Tag.RIDER: MaterialId.COTTON, Tag.CAR: MaterialId.CAR_PAINT,
    Tag.TRUCK: MaterialId.CAR_PAINT, Tag.BUS: MaterialId.CAR_PAINT, Tag.TRAIN: MaterialId.CAR_PAINT,
    Tag.MOTORCYCLE: MaterialId.CAR_PAINT, Tag.BICYCLE: MaterialId.GALVANISED_STEEL,
    Tag.STATIC: MaterialId.CONCRETE, Tag.DYNAMIC: MaterialId.SYNTHETIC, Tag.ROAD_LINE: MaterialId.ROAD_PAINT,
    Tag.RAIL_TRACK: MaterialId.GALVANISED_STEEL, Tag.GUARD_RAIL: MaterialId.GALVANISED_STEEL,
}.items():  # fmt: skip
    MATERIAL_OF[_tag] = _material


@dataclass(frozen=True, slots=True)
class Scan:
    """A regular scan of C channels (elevation) and W columns (azimuth) that CARLA fires in one tick.

    Attributes:
        low, high: elevation of the outer channels, rad; width: of the fan, rad, all round at 2 pi.
    """

    channels: int
    columns: int
    low: float
    high: float
    width: float
    reach: float

    def attributes(self, delta: float) -> dict[str, str]:
        """Of the blueprint, for ticks of ``delta`` s."""
        return {
            "channels": str(self.channels),
            "range": str(self.reach),
            "points_per_second": str(math.ceil(self.channels * self.columns / delta)),
            "rotation_frequency": repr(1.0 / delta),
            "upper_fov": repr(math.degrees(self.high)),
            "lower_fov": repr(math.degrees(self.low)),
            "horizontal_fov": repr(math.degrees(self.width)),
            "sensor_tick": "0.0",
        }


def scans_of(sensor: Sensor) -> dict[str, Scan]:
    """The scans that a lidar or radar needs, by name: a lidar's one, one of each of a radar's."""
    device = sensor.device
    assert isinstance(device, (LidarDevice, RadarDevice))
    if isinstance(device, RadarDevice):
        return {scan.name: _radar_scan(device, scan.name) for scan in device.scans}
    rings = device.elevations
    low, high = float(rings.min()), float(rings.max())
    finest = float(np.diff(rings).min()) if len(rings) > 1 else 0.0
    channels = min(round((high - low) / finest) + 1, _MOST_CHANNELS) if finest > 1e-6 else 1
    if device.pattern is not None:
        half = math.radians(device.pattern.vertical_deg) / 2.0
        low, high, channels = -half, half, _MOST_CHANNELS
    columns = min(max(device.columns_at(sensor.rate_hz), 360), 4096)
    high += 1e-4 if high == low else 0.0
    return {"": Scan(max(channels, 2), columns, low, high, 2 * math.pi, device.max_range)}


def _radar_scan(device: RadarDevice, name: str) -> Scan:
    scan = next(scan for scan in device.scans if scan.name == name)
    columns, rows = fan_shape(scan, device.thinning)
    across, up = 2 * scan.azimuth_limit / columns, 2 * scan.elevation_limit / rows
    wide = columns + 2 * math.ceil(_MARGIN)
    half = scan.elevation_limit + up * (_MARGIN - 0.5)
    return Scan(rows + 2 * math.ceil(_MARGIN) - 1, wide, -half, half, across * wide, scan.max_range)


class Echoes:
    """The hits of one scan in one tick, found by direction.

    Args:
        raw: the measurement's bytes.
        instances: drivesim's instance id by CARLA's actor id.
    """

    def __init__(self, raw: Any, scan: Scan, instances: Mapping[int, int]) -> None:
        hits = np.frombuffer(raw, dtype=_HIT)
        self._scan = scan
        self.point = hits["xyz"].astype(np.float64) * (1.0, -1.0, 1.0)
        self.length = np.linalg.norm(self.point, axis=1)
        seen = self.length > 1e-3
        hits, self.point, self.length = hits[seen], self.point[seen], self.length[seen]
        self.cosine = np.clip(np.abs(hits["cosine"]), 0.0, 1.0)
        self.semantic = hits["tag"].astype(np.uint8)
        self.material = MATERIAL_OF[self.semantic]
        numbers, row = np.unique(hits["actor"], return_inverse=True)
        self.instance = np.array([instances.get(int(n), 0) for n in numbers], dtype=np.int32)[row]
        azimuth = np.arctan2(self.point[:, 1], self.point[:, 0])
        elevation = np.arcsin(np.clip(self.point[:, 2] / np.maximum(self.length, 1e-9), -1.0, 1.0))
        self._phase = _phase(azimuth, self._across)
        self._table = np.full((scan.channels, self._wide), -1, dtype=np.int64)
        self._table[self._cell(azimuth, elevation)] = np.arange(len(hits))

    @property
    def _across(self) -> float:
        """Angle between columns, rad."""
        return self._scan.width / self._scan.columns

    @property
    def _up(self) -> float:
        return (self._scan.high - self._scan.low) / (self._scan.channels - 1)

    @property
    def _wide(self) -> int:
        """Columns of the table: one more where it does not close."""
        return self._scan.columns + (0 if self._all_round else 1)

    @property
    def _all_round(self) -> bool:
        return self._scan.width > 2 * math.pi - 1e-6

    def _cell(self, azimuth: NDArray[Any], elevation: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Channel and column of the nearest ray; of the outermost for directions beyond."""
        channel = np.clip(np.rint((elevation - self._scan.low) / self._up), 0, self._scan.channels - 1)
        start = 0.0 if self._all_round else self._scan.width / 2.0
        column = np.rint((azimuth + start - self._phase) / self._across).astype(np.int64)
        column = column % self._scan.columns if self._all_round else np.clip(column, 0, self._wide - 1)
        return channel.astype(np.int64), column

    def nearest(self, direction: F32) -> NDArray[np.int64]:
        """Row of the hit for each direction (..., 3) in the sensor's frame, -1 for none."""
        azimuth = np.arctan2(direction[..., 1], direction[..., 0])
        elevation = np.arcsin(np.clip(direction[..., 2], -1.0, 1.0))
        found: NDArray[np.int64] = self._table[self._cell(azimuth, elevation)]
        return found

    def facets(self) -> Facets:
        """How much each hit's surface bends: incidence that changes more from ray to ray than the rays do."""
        angle = np.arccos(self.cosine.astype(np.float64))
        bend = np.zeros(len(angle))
        for axis, step in ((0, self._up), (1, self._across)):
            beside = np.roll(self._table, -1, axis=axis)
            here, there = self._table.ravel(), beside.ravel()
            both = (here >= 0) & (there >= 0)
            here, there = here[both], there[both]
            turn = np.where(self._joined(here, there), np.abs(angle[here] - angle[there]), 0.0)
            np.maximum.at(bend, here, np.maximum(turn / step - 1.0, 0.0))
        curvature = np.minimum(bend / np.maximum(self.length, 0.5), _SHARPEST)
        area = np.append(_FACET_AREA[self.semantic], np.float32(1.0))  # one more, for rays that hit nothing
        return Facets(area, np.append(curvature, 0.0).astype(np.float32))

    def normals(self) -> F64:
        """(N, 3) unit normals in the sensor's frame, from the hits beside each; along the ray where none is near."""
        beside = []
        for axis in (0, 1):
            there = np.roll(self._table, -1, axis=axis)
            back = np.roll(self._table, 1, axis=axis)
            there = np.where(
                self._joined(self._table, there), there, np.where(self._joined(self._table, back), back, -1)
            )
            tangent = np.zeros((len(self.length), 3))
            known = (self._table >= 0) & (there >= 0)
            here, there = self._table[known], there[known]
            tangent[here] = self.point[there] - self.point[here]
            beside.append(tangent)
        normal = np.cross(beside[0], beside[1])
        size = np.linalg.norm(normal, axis=1)
        ahead = self.point / self.length[:, None]
        flat = size > 1e-9
        normal[flat] /= size[flat, None]
        # A plane across a gap in depth looks edge-on: there the ray itself is the better guess.
        flat &= np.abs(np.einsum("ni,ni->n", normal, ahead)) > _EDGE_ON
        normal[~flat] = ahead[~flat]
        return normal

    def _joined(self, here: NDArray[np.int64], there: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether neighbouring cells (C, W) see one surface."""
        both = (here >= 0) & (there >= 0)
        same = (self.semantic[here] == self.semantic[there]) & (self.instance[here] == self.instance[there])
        joined: NDArray[np.bool_] = both & same
        return joined

    def fill(
        self, hits: BeamHits, direction: F32, here: SensorAt, end: SensorAt, early: NDArray[Any], moving: Moving
    ) -> None:
        """Write what C columns of B rays hit: each ray meets the plane through the hit whose direction is nearest, from
        where the sensor is when it fires, and with the actor where it is then.

        Args:
            direction: (C, B, 3) in the sensor's frame.
            here: the sensor when each column fires; end: at the tick's end, where CARLA's rays left it.
            early: (C,) how long before the tick's end columns fire, s.
        """
        if not len(self.length):
            hits.forget()
            return
        ahead = np.einsum("cij,cbj->cbi", here.rotation, direction.astype(np.float64))
        row = self.nearest(ahead @ end.rotation[0])
        none = row < 0
        point = self.point @ end.rotation[0].T + end.translation[0]
        velocity = moving.velocity(point, self.instance)
        normal = (self.normals() @ end.rotation[0].T)[row]
        then = point[row] - velocity[row] * early[:, None, None]
        gap = then - here.translation[:, None]
        slant = np.einsum("cbi,cbi->cb", normal, ahead)
        length = np.einsum("cbi,cbi->cb", normal, gap) / np.where(np.abs(slant) < 1e-9, 1e-9, slant)
        straight = np.einsum("cbi,cbi->cb", gap, ahead)
        length = np.where(np.abs(length - straight) < _TRUSTED, length, straight)
        hits.length[...] = np.where(none | (length <= 0.0), np.inf, length)
        for name in ("cosine", "material", "semantic", "instance"):
            getattr(hits, name)[...] = np.where(none, 0, getattr(self, name)[row])
        if hits.rate.size:
            closing = np.einsum("cbi,cbi->cb", velocity[row] - here.velocity[:, None], ahead)
            hits.rate[...], hits.triangle[...] = np.where(none, 0.0, closing), row


class SensorAt(NamedTuple):
    """A sensor at C instants: rotations (C, 3, 3) and translations (C, 3) of ``world_from_sensor``, velocities (C, 3),
    as :meth:`~drivesim.sensors.motion.EgoMotion.sensor_motion` gives them."""

    rotation: F64
    translation: F64
    velocity: F64


class Moving:
    """How fast points of actors move.

    Args:
        state: the world at the tick's end.
    """

    def __init__(self, state: WorldState) -> None:
        self._state = state

    def velocity(self, point: F64, instance: NDArray[np.int32]) -> F64:
        """(N, 3) m/s, world frame, of points (N, 3) of rigid actors; 0 for instance 0."""
        state, column = self._state, np.maximum(instance - 1, 0)
        arm = point - state.position[0, column]
        turned = state.velocity[0, column] + np.cross(state.angular_velocity[0, column], arm)
        return np.where((instance > 0)[:, None], turned, 0.0)


class CarlaLidar(Lidar):
    """A lidar whose rays CARLA traces; give it :attr:`echoes` before every capture."""

    echoes: Echoes
    moving: Moving

    def _shoot(
        self, rays: Any, motion: EgoMotion, times: NDArray[np.int64], direction: F32, hits: BeamHits, facing: F32
    ) -> tuple[F64, F64, Onward]:
        here = SensorAt(*motion.sensor_motion(times, self.sensor.ego_from_sensor))
        end = SensorAt(*motion.sensor_motion(np.array([motion.end_ns]), self.sensor.ego_from_sensor))
        self.echoes.fill(hits, direction, here, end, (motion.end_ns - times) * 1e-9, self.moving)
        return here.rotation, here.translation, Onward.none()


class CarlaRadar(Radar):
    """A radar whose rays CARLA traces; give it :attr:`echoes` by scan before every capture."""

    echoes: Mapping[str, Echoes]
    moving: Moving

    def _movers_at(self, rays: Any, motion: EgoMotion, time_ns: int) -> None:
        """CARLA traces all rays, whatever moves."""

    def _shoot(
        self, beams: Fan, scan: Any, rays: Any, motion: EgoMotion, time_ns: int, hits: BeamHits, movers: Any
    ) -> Facets:
        times = np.full(len(beams.direction), time_ns, dtype=np.int64)
        here = SensorAt(*motion.sensor_motion(times, self.sensor.ego_from_sensor))
        end = SensorAt(*motion.sensor_motion(np.array([motion.end_ns]), self.sensor.ego_from_sensor))
        early = (motion.end_ns - times) * 1e-9
        self.echoes[scan.name].fill(hits, beams.direction, here, end, early, self.moving)
        return self.echoes[scan.name].facets()

    def _mirrored(self, scan: Any, rays: Any, motion: EgoMotion, time_ns: int, first: Any, own: Any) -> None:
        """CARLA's rays end where they hit."""


def _phase(azimuth: F64, step: float) -> float:
    """Where columns lie within a step, rad: their mean on the circle."""
    if not len(azimuth):
        return 0.0
    return float(np.angle(np.exp(2j * math.pi * azimuth / step).mean())) * step / (2 * math.pi)
