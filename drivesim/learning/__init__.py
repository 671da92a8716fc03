"""Recordings as training data for PyTorch (extra ``torch``)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from drivesim.errors import DrivesimError

__all__ = ["RecordingDataset", "collate"]

if TYPE_CHECKING:
    from drivesim.learning.dataset import RecordingDataset, collate


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'drivesim.learning' has no attribute {name!r}")
    try:
        return getattr(import_module("drivesim.learning.dataset"), name)
    except ImportError as error:
        if error.name != "torch":
            raise
        raise DrivesimError(
            "datasets for training need PyTorch", remedy="install it: pip install 'drivesim[torch]'"
        ) from error
