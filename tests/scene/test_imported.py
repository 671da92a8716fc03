"""Meshes that users bring: read, named, fitted to the box; bad ones are refused with a reason."""

import numpy as np
import pytest

from drivesim.errors import ScenarioError
from drivesim.materials import MaterialId
from drivesim.scene.vehicles import prop_model, vehicle_model
from drivesim.taxonomy import Tag
from drivesim.types import Actor, BoundingBox, Light

trimesh = pytest.importorskip("trimesh")

SIZE = (4.4, 1.8, 1.5)
BOX = BoundingBox((1.4, 0.0, 0.75), *SIZE)


def car(path, box=BOX, kind="vehicle"):
    return Actor(0, "Mine", kind, "car", "car", box, properties={"mesh": str(path)})


def block(name, extents, place):
    mesh = trimesh.creation.box(extents)
    mesh.apply_translation(place)
    material = trimesh.visual.material.PBRMaterial(name=name, baseColorFactor=[0.5, 0.25, 0.0, 1.0])
    mesh.visual = trimesh.visual.TextureVisuals(material=material)
    return mesh


@pytest.fixture
def model(tmp_path):
    """A car of blocks in millimetres, y up, nose along +z, as glTF says."""
    parts = {
        "shell": block("Lack", (1800, 800, 4400), (0, 400, 0)),
        "cabin": block("Front Glass", (1600, 700, 2000), (0, 1150, -300)),
        "left": block("Blinker", (100, 100, 100), (800, 500, 2150)),
        "right": block("Blinker", (100, 100, 100), (-800, 500, 2150)),
    }
    path = tmp_path / "car.glb"
    trimesh.Scene(parts).export(path)
    return path


def test_it_fills_the_box_whatever_its_unit_and_axes(model):
    low, high = vehicle_model(car(model), 0).body.bounds()
    assert low == pytest.approx([1.4 - 2.2, -0.9, 0.0], abs=1e-4)
    assert high == pytest.approx([1.4 + 2.2, 0.9, 1.5], abs=1e-4)


def test_materials_come_from_names_and_indicators_know_their_side(model):
    made = vehicle_model(car(model), 0)
    body = made.body
    assert {MaterialId(m) for m in np.unique(body.material)} == {
        MaterialId.CAR_PAINT, MaterialId.CAR_GLASS, MaterialId.INDICATOR,
    }  # fmt: skip
    assert (body.semantic == Tag.CAR).all()
    assert body.albedo[0] == pytest.approx([0.5, 0.25, 0.0], abs=0.01)
    centre = body.vertices[body.triangles].mean(axis=1)
    left = made.lamp_group == Light.LEFT_BLINKER
    assert left.sum() == 12
    assert (centre[left, 1] > 0.5).all()
    assert (centre[left, 0] > 3.0).all()


def test_a_table_says_what_names_do_not(model):
    model.with_suffix(".materials.yaml").write_text("materials:\n  Lack: chrome\n")
    assert MaterialId.CHROME in vehicle_model(car(model), 0).body.material
    model.with_suffix(".materials.yaml").write_text("materials:\n  Lack: cheese\n")
    with pytest.raises(ScenarioError, match="no material 'cheese'"):
        vehicle_model(car(model), 0)


@pytest.mark.parametrize("suffix", ["obj", "ply"])
def test_other_formats_stand_upright(tmp_path, suffix):
    path = tmp_path / f"crate.{suffix}"
    trimesh.creation.box((4.4, 1.8, 1.5)).export(path)
    low, high = prop_model(car(path, kind="misc"), 0).bounds()
    assert high - low == pytest.approx(SIZE, abs=1e-4)


def test_bad_meshes_are_refused_with_a_reason(tmp_path, model):
    def refused(path, why, **how):
        with pytest.raises(ScenarioError, match=why):
            vehicle_model(car(path, **how), 0)

    refused(tmp_path / "nowhere.glb", "there is no mesh")
    refused(tmp_path / "car.fbx", "no mesh drivesim reads")
    broken = tmp_path / "broken.glb"
    broken.write_bytes(b"glTF nonsense")
    refused(broken, "not readable as glb")
    model.with_suffix(".materials.yaml").write_text("up: z\n")
    refused(model, "proportions")
    model.with_suffix(".materials.yaml").write_text("up: [")
    refused(model, "not YAML")
    flat = tmp_path / "flat.ply"
    trimesh.Trimesh([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [(0, 1, 2)]).export(flat)
    refused(flat, "flat")
    huge = tmp_path / "huge.ply"
    trimesh.creation.icosphere(subdivisions=8).export(huge)
    refused(huge, "triangles, more than")
    torn = tmp_path / "torn.ply"
    lists = "element vertex 3\nproperty float x\nproperty float y\nproperty float z\nelement face 1\n"
    torn.write_text(
        f"ply\nformat ascii 1.0\n{lists}property list uchar int vertex_indices\nend_header\n"
        "0 0 0\n4 0 0\n0 2 1\n3 0 1 77\n"
    )
    refused(torn, "beyond the 3 there are")


def test_holes_and_stray_points_do_no_harm(tmp_path):
    ball = trimesh.creation.icosphere(subdivisions=3)
    points, faces = np.vstack([ball.vertices * SIZE, [(50.0, 0.0, 0.0)]]), ball.faces[100:]
    path = tmp_path / "torn.ply"
    trimesh.Trimesh(points, faces, process=False).export(path)
    low, high = prop_model(car(path, kind="misc"), 0).bounds()
    assert high - low == pytest.approx(SIZE, abs=1e-4)


def test_a_model_name_that_is_no_file_is_a_hint_as_before():
    it = Actor(0, "Car", "vehicle", "car", "../models/car_white.glb", BOX)
    assert len(vehicle_model(it, 0).wheels) == 4
