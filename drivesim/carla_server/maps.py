"""The maps a server offers: drivesim's own, those in the user's folders, and one that a client sends."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from drivesim import content
from drivesim.carla_server.wire import Refusal
from drivesim.errors import DrivesimError, did_you_mean
from drivesim.opendrive import RoadNetwork, read_network

SENT = "OpenDriveMap"
"""What CARLA calls the map of ``generate_opendrive_world``."""


class Maps:
    """Finds maps by the names that clients use, with or without CARLA's folders before them.

    Args:
        folders: searched for ``.xodr`` files before drivesim's own.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise DrivesimError("there is no such folder", file=folder, remedy="give a folder with .xodr files")
        self._files: dict[str, Path] = {}
        for folder in (content.shipped("scenarios"), *folders):
            self._files.update({path.stem: path for path in sorted(folder.glob("*.xodr"))})
        self._sent: tempfile.TemporaryDirectory[str] | None = None

    def names(self) -> list[str]:
        return sorted(self._files)

    def keep(self, text: str) -> None:
        """The map that a client sends; loaded by the name :data:`SENT`.

        Raises:
            Refusal: it is no OpenDRIVE.
        """
        sent = tempfile.TemporaryDirectory(prefix="drivesim-map-")
        path = Path(sent.name, f"{SENT}.xodr")
        path.write_text(text, encoding="utf-8")
        try:
            read_network(path)
        except DrivesimError as error:
            sent.cleanup()
            raise Refusal(str(error)) from error
        self.close()
        self._sent = sent

    def load(self, name: str) -> tuple[str, RoadNetwork]:
        """The map's short name and the map.

        Raises:
            Refusal: there is none, or it cannot be read.
        """
        short = name.rsplit("/", 1)[-1]
        if short == SENT and self._sent is not None:
            path: Path | None = Path(self._sent.name, f"{SENT}.xodr")
        else:
            path = self._files.get(short) or self._files.get(short.removesuffix("_Opt"))
        if path is None:
            raise Refusal(f"there is no map '{short}'; {did_you_mean(short, self._files)}")
        try:
            return short, read_network(path)
        except DrivesimError as error:
            raise Refusal(str(error)) from error

    def close(self) -> None:
        """Forget the map that was sent."""
        if self._sent is not None:
            self._sent.cleanup()
            self._sent = None
