"""What sensors look at: meshes of roads, city, vehicles and bodies, and the ray scene made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["RayScene", "RaySceneBuilder", "Scene"]

if TYPE_CHECKING:
    from drivesim.scene.raycast import RayScene, RaySceneBuilder
    from drivesim.scene.scene import Scene


def __getattr__(name: str) -> Any:
    if name == "Scene":
        from drivesim.scene.scene import Scene

        return Scene
    if name in __all__:
        from drivesim.scene import raycast

        return getattr(raycast, name)
    raise AttributeError(f"module 'drivesim.scene' has no attribute {name!r}")
