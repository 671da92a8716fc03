"""A PyTorch dataset over recordings: any channels, read when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from drivesim.errors import RecordingError, did_you_mean
from drivesim.learning.contents import Channel, Every, Measured, Recording, read_contents, recordings_in
from drivesim.recording.decode import CAMERA_CONTENT, FURTHER_CONTENT, read_measurement
from drivesim.transforms import Pose

Item = dict[str, Any]

_COLUMNS_LAST = {"rgb", "normal", "albedo", "flow_backward", "flow_forward"}
"""Content of cameras whose files have a pixel's components together; PyTorch wants them apart."""


class RecordingDataset(Dataset[Item]):
    """Moments of recordings as tensors.

    Item: ``{"CAM_FRONT": {...}, "LIDAR_TOP": {...}, "recording": k, "sample": token}``. Every channel has ``timestamp``
    (microseconds), ``world_from_ego`` and ``ego_from_sensor`` (4, 4) float64, and

    - cameras: ``rgb`` (3, H, W) uint8, ``depth`` (H, W) float32 m (inf: sky), ``semantic`` (H, W) uint8 (CARLA's
      classes), ``instance`` (H, W) int32, ``intrinsic`` (3, 3) float64; where asked for, of cameras that record it,
      ``normal`` (3, H, W) float32 in camera axes, ``albedo`` (3, H, W) float32, ``flow_backward``, ``flow_forward``
      (2, H, W) float32 pixels (NaN: nowhere) with ``seen_backward``, ``seen_forward`` (H, W) bool;
    - lidars: ``points`` (N, 3) float32 m in the sensor frame, ``intensity``, ``ring``, ``semantic``, ``instance``, ...;
    - radars: nuScenes' fields (``x``, ``y``, ``rcs``, ``vx_comp``, ...), ``range``, ``azimuth``, ``semantic``, ...

    Only file names are kept in memory; the dataset can be pickled, so that any number of loader workers share it.

    Args:
        places: folders of recordings, or folders with recordings in them such as a sweep's.
        channels: those to read; None: all of the first recording.
        every: ``sample``: annotated keyframes (2 Hz) of which all channels have a measurement; ``measurement``: all of
            the first channel's, with those of other channels that are nearest in time.
        content: what to read of cameras: ``rgb``, ``depth``, ``semantic``, ``instance``, ``normal``, ``albedo``,
            ``flow_backward``, ``flow_forward``.
        transform: applied to every item; must be picklable for loader workers.

    Attributes:
        recordings: with their manifests, where parameters and seeds are; an item's ``recording`` is a place herein.

    Raises:
        RecordingError: no recordings there, or one lacks a channel or a camera's content.
    """

    def __init__(
        self,
        places: str | Path | Sequence[str | Path],
        channels: Sequence[str] | None = None,
        *,
        every: Every = "sample",
        content: Sequence[str] = CAMERA_CONTENT,
        transform: Callable[[Item], Any] | None = None,
    ) -> None:
        known = (*CAMERA_CONTENT, *FURTHER_CONTENT)
        for name in content:
            if name not in known:
                raise RecordingError(f"cameras have no '{name}'", element="content",
                                     remedy=did_you_mean(name, known))  # fmt: skip
        folders = recordings_in([places] if isinstance(places, (str, Path)) else places)
        self.recordings: Sequence[Recording]
        self.recordings, self._moments = read_contents(folders, channels, every)
        self._content = tuple(content)
        _check_recorded(self.recordings, channels, [name for name in content if name in FURTHER_CONTENT])
        self._transform = transform

    def __len__(self) -> int:
        return len(self._moments)

    def __getitem__(self, index: int) -> Any:
        moment = self._moments[index]
        recording = self.recordings[moment.recording]
        item: Item = {
            name: self._channel(recording, recording.channels[name], measured)
            for name, measured in moment.measured.items()
        }
        item |= {"recording": moment.recording, "sample": moment.sample}
        return self._transform(item) if self._transform else item

    def recording_of(self, index: int) -> Recording:
        """The recording that an item is from."""
        return self.recordings[self._moments[index].recording]

    def _channel(self, recording: Recording, channel: Channel, measured: Measured) -> Item:
        arrays = read_measurement(recording.folder, measured.file, channel.modality, self._content)
        item: Item = {name: torch.from_numpy(array) for name, array in arrays.items()}
        for name in _COLUMNS_LAST & item.keys():
            item[name] = item[name].permute(2, 0, 1).contiguous()
        if channel.intrinsic:
            item["intrinsic"] = torch.tensor(channel.intrinsic, dtype=torch.float64)
        item["timestamp"] = measured.timestamp
        item["world_from_ego"] = _matrix(measured.ego_translation, measured.ego_rotation)
        item["ego_from_sensor"] = _matrix(channel.translation, channel.rotation)
        return item


def collate(items: Sequence[Any]) -> Any:
    """Items as a batch: tensors of one shape are stacked, those of several (point clouds) become a list."""
    first = items[0]
    if isinstance(first, Mapping):
        return {name: collate([item[name] for item in items]) for name in first}
    if isinstance(first, torch.Tensor):
        alike = all(item.shape == first.shape for item in items)
        return torch.stack(list(items)) if alike else list(items)
    if isinstance(first, (int, float)):
        return torch.tensor(items)
    return list(items)


def _check_recorded(recordings: Sequence[Recording], channels: Sequence[str] | None, further: Sequence[str]) -> None:
    """Raise unless every camera that is read has recorded what only some do."""
    for recording in recordings:
        for name in channels if channels is not None else recordings[0].channels:
            missing = [kind for kind in further if not (recording.folder / "extra" / name / kind).is_dir()]
            if missing and recording.channels[name].modality == "camera":
                raise RecordingError(
                    f"camera '{name}' has not recorded '{missing[0]}'", file=recording.folder,
                    remedy=f"record it with channels: [{missing[0].split('_')[0]}] in the rig's device",
                )  # fmt: skip


def _matrix(translation: Sequence[float], rotation: Sequence[float]) -> torch.Tensor:
    return torch.from_numpy(Pose.from_quaternion(translation, rotation).matrix)
