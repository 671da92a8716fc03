"""What sensors look at: meshes of roads, city, vehicles and bodies, and the ray scene made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["RayScene", "RaySceneBuilder", "Scene"]

if TYPE_CHECKING:
    from drivesim.scene.builder import RaySceneBuilder
    from drivesim.scene.raycast import RayScene
    from drivesim.scene.scene import Scene


def __getattr__(name: str) -> Any:
    if name == "Scene":
        from drivesim.scene.scene import Scene

        return Scene
    if name == "RaySceneBuilder":
        from drivesim.scene.builder import RaySceneBuilder

        return RaySceneBuilder
    if name == "RayScene":
        from drivesim.scene.raycast import RayScene

        return RayScene
    raise AttributeError(f"module 'drivesim.scene' has no attribute {name!r}")
