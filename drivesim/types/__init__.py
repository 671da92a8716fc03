"""The few data types everything speaks.

All are frozen; arrays in them are never written after construction. Frames are ISO 8855 (x forward, y left, z up)
except camera sensor frames (x right, y down, z forward, as in nuScenes). Times in recordings are integer nanoseconds
since scenario start.

They are imported from here, whichever file of this room they are written in.
"""

from drivesim.types.arrays import F32, F64, I32, U8, U16
from drivesim.types.frame import Decision, Frame, StoryboardEvent
from drivesim.types.labels import Box2D, Labels, Skeleton
from drivesim.types.measurements import CameraEvents, CameraImage, Measurement, Paths, PointCloud, RawImage
from drivesim.types.radar import (
    RADAR_INVALID,
    RadarClusters,
    RadarContributions,
    RadarCube,
    RadarDetections,
    RadarTracks,
)
from drivesim.types.world import Actor, Axles, BoundingBox, Collision, Light, Performance, Weather, WorldState

__all__ = [
    "F32",
    "F64",
    "I32",
    "RADAR_INVALID",
    "U8",
    "U16",
    "Actor",
    "Axles",
    "BoundingBox",
    "Box2D",
    "CameraEvents",
    "CameraImage",
    "Collision",
    "Decision",
    "Frame",
    "Labels",
    "Light",
    "Measurement",
    "Paths",
    "Performance",
    "PointCloud",
    "RadarClusters",
    "RadarContributions",
    "RadarCube",
    "RadarDetections",
    "RadarTracks",
    "RawImage",
    "Skeleton",
    "StoryboardEvent",
    "Weather",
    "WorldState",
]
