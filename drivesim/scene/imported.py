"""Meshes that users bring (glTF, OBJ, PLY), with a table that says what each of their materials is.

Beside ``car.glb`` may lie ``car.materials.yaml``::

    up: y                # which way is up in the file: y (glTF's rule, the default there) or z
    materials:           # the mesh's material names: one of drivesim's, see drivesim.materials
      Body: car_paint
      Windscreen: car_glass

What the table leaves out is guessed from its name. The mesh is scaled to the entity's bounding box, whatever its unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from drivesim.errors import ScenarioError
from drivesim.materials import MaterialId
from drivesim.mesh import Mesh, merge
from drivesim.taxonomy import Tag
from drivesim.types import Actor

SUFFIXES = (".glb", ".gltf", ".obj", ".ply")
MOST_TRIANGLES = 500_000
"""Of one mesh: more than any sensor resolves, and every scene keeps its own copy."""
_WORST_STRETCH = 1.5
"""Largest ratio between the scales of two axes: more means a mesh that lies on its side or is another thing."""

_WORDS = {
    "glass": MaterialId.CAR_GLASS, "window": MaterialId.CAR_GLASS, "windscreen": MaterialId.CAR_GLASS,
    "windshield": MaterialId.CAR_GLASS, "tyre": MaterialId.RUBBER, "tire": MaterialId.RUBBER,
    "rubber": MaterialId.RUBBER, "rim": MaterialId.ALLOY_RIM, "wheel": MaterialId.ALLOY_RIM,
    "chrome": MaterialId.CHROME, "headl": MaterialId.HEADLAMP, "taill": MaterialId.TAILLAMP,
    "brake": MaterialId.TAILLAMP, "indicator": MaterialId.INDICATOR, "blinker": MaterialId.INDICATOR,
    "plate": MaterialId.NUMBER_PLATE, "plastic": MaterialId.BLACK_PLASTIC, "interior": MaterialId.SYNTHETIC,
    "seat": MaterialId.SYNTHETIC, "wood": MaterialId.WOOD, "brick": MaterialId.BRICK,
}  # fmt: skip
"""Parts of names, first match wins."""

_Y_UP = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
"""glTF looks along +z with y up; drivesim along +x with z up."""


def mesh_file(actor: Actor) -> Path | None:
    """The mesh an entity asks for: its property ``mesh``, else its ``model3d`` where such a file exists.

    Raises:
        ScenarioError: the property names a file that is not there or not readable as a mesh.
    """
    wanted = actor.properties.get("mesh")
    if wanted is not None:
        path = Path(wanted).expanduser()
        if path.suffix.lower() not in SUFFIXES:
            raise ScenarioError(
                f"'{wanted}' is no mesh drivesim reads", element=actor.name, remedy=f"use one of {', '.join(SUFFIXES)}"
            )
        if not path.is_file():
            raise ScenarioError(
                f"there is no mesh '{wanted}'", element=actor.name, remedy="correct the property 'mesh'"
            )
        return path
    path = Path(actor.model)
    return path if path.suffix.lower() in SUFFIXES and path.is_file() else None


def imported_mesh(path: Path, actor: Actor) -> Mesh:
    """A user's mesh, labelled with the actor's class, filling the actor's box.

    Raises:
        ScenarioError: the file or its table of materials cannot be used.
    """
    table = _table(path)
    parts = [
        _part(path, geometry, name, table.get("materials") or {}, Tag(actor.tag)) for name, geometry in _read(path)
    ]
    mesh = merge(parts)
    if not len(mesh.triangles):
        raise ScenarioError("the mesh has no triangles", file=path, remedy="export surfaces, not curves or points")
    if len(mesh.triangles) > MOST_TRIANGLES:
        raise ScenarioError(
            f"the mesh has {len(mesh.triangles):,} triangles, more than {MOST_TRIANGLES:,}", file=path,
            remedy="decimate it: 20,000 are plenty for a car",
        )  # fmt: skip
    if not np.isfinite(mesh.vertices).all():
        raise ScenarioError(
            "the mesh has vertices that are not numbers", file=path, remedy="repair and export it again"
        )
    up = table.get("up", "y" if path.suffix.lower() in (".glb", ".gltf") else "z")
    if up not in ("y", "z"):
        raise ScenarioError(f"'up' is '{up}'", file=_table_path(path), remedy="set it to y or z")
    return _fitted(path, mesh, np.eye(3) if up == "z" else _Y_UP, actor)


def _fitted(path: Path, mesh: Mesh, turn: NDArray[np.float64], actor: Actor) -> Mesh:
    points = mesh.vertices.astype(np.float64) @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.array([actor.box.length, actor.box.width, actor.box.height])
    extent = high - low
    if (extent < 1e-9 * extent.max()).any() or not (size > 0.0).all():
        raise ScenarioError("the mesh or the bounding box is flat", file=path, remedy="give both three dimensions")
    scale = size / extent
    if scale.max() / scale.min() > _WORST_STRETCH:
        raise ScenarioError(
            f"the mesh's proportions {_written(extent * np.median(scale))} do not suit the box {_written(size)} m",
            file=path, element=actor.name,
            remedy=f"correct BoundingBox, or say 'up: y' or 'up: z' in {_table_path(path).name}",
        )  # fmt: skip
    normals = mesh.normals.astype(np.float64) @ turn.T / scale
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    arrays = mesh.arrays()
    arrays["vertices"] = ((points - (low + high) / 2) * scale + np.array(actor.box.center)).astype(np.float32)
    arrays["normals"] = normals.astype(np.float32)
    return Mesh(**arrays)


def _written(size: NDArray[np.float64]) -> str:
    return " x ".join(f"{value:.2f}" for value in size)


def _table_path(path: Path) -> Path:
    return path.with_suffix(".materials.yaml")


def _table(path: Path) -> Mapping[str, Any]:
    """The table of materials beside a mesh, empty where there is none."""
    beside = _table_path(path)
    if not beside.is_file():
        return {}
    try:
        table = yaml.safe_load(beside.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ScenarioError(
            "not YAML", file=beside, line=mark.line + 1 if mark else None, remedy="see docs/scenarios.md"
        ) from error
    if not isinstance(table, dict) or not isinstance(table.get("materials") or {}, dict):
        raise ScenarioError("the table of materials is no mapping", file=beside, remedy="see docs/scenarios.md")
    return table


def _read(path: Path) -> list[tuple[str, Any]]:
    """(material name, trimesh geometry with its place applied) of every part of a file."""
    try:
        import trimesh
    except ImportError as error:
        raise ScenarioError(
            "reading meshes needs trimesh", file=path, remedy="pip install 'drivesim[meshes]'"
        ) from error
    try:
        scene = trimesh.load_scene(path, process=False)
        pieces = scene.dump()
    except Exception as error:  # trimesh raises whatever its parsers meet
        raise ScenarioError(
            f"not readable as {path.suffix[1:]}: {error}", file=path, remedy="export it again"
        ) from error
    meshes = [piece for piece in pieces if isinstance(piece, trimesh.Trimesh)]
    return [(str(getattr(getattr(mesh.visual, "material", None), "name", None) or ""), mesh) for mesh in meshes]


def _part(path: Path, geometry: Any, name: str, materials: Mapping[str, str], tag: Tag) -> Mesh:
    faces, count = np.asarray(geometry.faces), len(geometry.vertices)
    if len(faces) and not 0 <= faces.min() <= faces.max() < count:
        raise ScenarioError(
            f"a triangle names a vertex beyond the {count:,} there are", file=path, remedy="repair and export it again"
        )
    used, index = np.unique(faces, return_inverse=True)  # points that belong to no surface do not count for the size
    faces = index.reshape(-1, 3).astype(np.int32)
    return Mesh.build(
        np.asarray(geometry.vertices, dtype=np.float32)[used],
        faces,
        material=_material(path, name, materials),
        albedo=_albedo(geometry, len(faces)),
        semantic=tag,
        normals=np.asarray(geometry.vertex_normals, dtype=np.float32)[used],
    )


def _material(path: Path, name: str, materials: Mapping[str, str]) -> MaterialId:
    if name in materials:
        known = {material.name.lower(): material for material in MaterialId}
        wanted = str(materials[name]).lower()
        if wanted not in known:
            raise ScenarioError(
                f"there is no material '{materials[name]}'", file=_table_path(path), element=name,
                remedy=f"use one of {', '.join(sorted(known))}",
            )  # fmt: skip
        return known[wanted]
    return next((material for word, material in _WORDS.items() if word in name.lower()), MaterialId.CAR_PAINT)


def _albedo(geometry: Any, count: int) -> NDArray[np.float32]:
    """(T, 3) linear: the material's base colour, or colours of faces or vertices; grey where there is none."""
    material = getattr(geometry.visual, "material", None)
    colour = getattr(material, "baseColorFactor", None)
    if colour is None:
        colour = getattr(material, "diffuse", None)
    if colour is None and material is None:
        colour = np.asarray(geometry.visual.face_colors)[:, :3]
    if colour is None:
        return np.full((count, 3), 0.4, dtype=np.float32)
    encoded = np.broadcast_to(np.asarray(colour, dtype=np.float64)[..., :3], (count, 3))
    if encoded.max(initial=0.0) > 1.0:
        encoded = encoded / 255.0
    if hasattr(material, "baseColorFactor"):  # linear by glTF's specification
        return encoded.astype(np.float32)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)
