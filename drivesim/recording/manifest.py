"""What a run was made of: enough to make it again, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivesim.errors import RecordingError
from drivesim.transforms import Pose

FILE = "recording.json"


@dataclass(frozen=True, slots=True, eq=False)
class ChannelInfo:
    """One sensor as the recorder needs it.

    Attributes:
        modality: ``camera``, ``lidar`` or ``radar``.
        intrinsic: (3, 3) for cameras, else None.
        rate_hz, phase: the k-th measurement is due at ``phase + k / rate_hz`` seconds.
    """

    channel: str
    modality: str
    ego_from_sensor: Pose
    intrinsic: NDArray[np.float64] | None = None
    width: int = 0
    height: int = 0
    rate_hz: float = 20.0
    phase: float = 0.0


@dataclass(frozen=True, slots=True)
class RunManifest:
    """Inputs of a run; everything in it is the same for the same command.

    Attributes:
        scenario: name or path as given; scenario_sha256: of the file's bytes.
        parameters: those that the user set; resolved: all of them.
        rig: name or path as given; rig_source: text of the file.
        date: the scenario's date, ISO 8601; recordings count time from its midnight UTC.
        versions: of drivesim and what its results depend on.
        simulator: what sensed, ``embedded`` or ``carla``.
    """

    scenario: str
    scenario_sha256: str
    description: str
    parameters: Mapping[str, str]
    resolved: Mapping[str, str]
    rig: str
    rig_source: str
    seed: int
    dt: float
    duration: float | None
    date: str
    versions: Mapping[str, str]
    simulator: str = "embedded"

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")

    @staticmethod
    def read(folder: Path) -> RunManifest:
        """The manifest of an existing recording.

        Raises:
            RecordingError: no recording there, or not one of ours.
        """
        path = folder / FILE
        try:
            raw: dict[str, Any] = json.loads(path.read_text())
            return RunManifest(**raw)
        except FileNotFoundError:
            raise RecordingError("holds no recording", file=folder, remedy="give the folder of a recording") from None
        except (json.JSONDecodeError, TypeError) as error:
            raise RecordingError(f"not a readable manifest: {error}", file=path, remedy="record anew") from None
