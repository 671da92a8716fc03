"""Frames to disk in nuScenes layout, pictures of them, and the way back."""

from drivesim.recording.manifest import ChannelInfo, RunManifest
from drivesim.recording.recorder import Recorder, Summary
from drivesim.recording.tables import write_tables

__all__ = ["ChannelInfo", "Recorder", "RunManifest", "Summary", "write_tables"]
