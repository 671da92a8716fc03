"""RayScene: motion, velocities, masks and identities, against values known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.raycast import EGO_BODY, EVERYONE
from drivesim.scene.trace import nearest, occluded
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose, interpolate

CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
FACES = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4)]
FACES += [(1, 5, 7), (1, 7, 3)]
TIMES = np.array([0.0, 0.25, 0.5, 1.0])


def box(size=(1.0, 1.0, 1.0), center=(0.0, 0.0, 0.0), material=MaterialId.CAR_PAINT, semantic=Tag.CAR, instance=0):
    vertices = CORNERS * np.array(size) / 2 + center
    return Mesh.build(vertices, FACES, material=material, albedo=(0.5, 0.1, 0.1), semantic=semantic, instance=instance)


def wheel(radius=0.3, width=0.2, sides=64):
    angle = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([radius * np.cos(angle), np.zeros(sides), radius * np.sin(angle)], axis=1)
    vertices = np.concatenate([np.subtract(ring, (0, width / 2, 0)), np.add(ring, (0, width / 2, 0))])
    i = np.arange(sides)
    j = (i + 1) % sides
    faces = np.concatenate([np.stack([i, j, j + sides], 1), np.stack([i, j + sides, i + sides], 1)])
    return Mesh.build(vertices, faces, material=MaterialId.RUBBER, albedo=(0.02,) * 3, semantic=Tag.CAR)


def ground(half=500.0, z=0.0):
    corners = [(-half, -half, z), (half, -half, z), (half, half, z), (-half, half, z)]
    return Mesh.build(
        corners, [(0, 1, 2), (0, 2, 3)], material=MaterialId.ASPHALT, albedo=(0.1,) * 3, semantic=Tag.ROADS
    )


def at(x=0.0, y=0.0, z=0.0, yaw=0.0, pitch=0.0, roll=0.0):
    return Pose.from_ypr((x, y, z), (yaw, pitch, roll))


def test_moving_box_is_hit_at_the_interpolated_place():
    builder = RaySceneBuilder()
    part = builder.add_rigid(box(), 7)
    with builder.build() as rays:
        rays.set_motion(part, at(x=10.0), at(x=20.0), velocity=(200.0, 0.0, 0.0))
        rays.commit()
        hits = nearest(rays, np.tile((0.0, 0.1, 0.2), (4, 1)), (1.0, 0.0, 0.0), TIMES)
    np.testing.assert_allclose(hits.distance, 9.5 + 10.0 * TIMES, rtol=1e-6)
    np.testing.assert_array_equal(hits.instance, 7)
    np.testing.assert_allclose(hits.normal, np.tile((-1.0, 0.0, 0.0), (4, 1)), atol=1e-6)
    np.testing.assert_allclose(hits.velocity, np.tile((200.0, 0.0, 0.0), (4, 1)))


def test_turning_box_shows_the_face_of_its_moment():
    before, after = at(x=10.0, yaw=0.0, pitch=0.1), at(x=10.0, yaw=0.6, pitch=-0.2)
    builder = RaySceneBuilder()
    part = builder.add_rigid(box((2.0, 4.0, 2.0)), 1)
    with builder.build() as rays:
        rays.set_motion(part, before, after, omega=(0.0, 0.0, 2.0))
        rays.commit()
        hits = nearest(rays, np.zeros((4, 3)), (1.0, 0.0, 0.0), TIMES)
    expected = np.array([interpolate(before, after, t).rotation[:, 0] for t in TIMES])
    np.testing.assert_allclose(hits.normal, -expected, atol=1e-5)
    np.testing.assert_allclose(hits.distance, 10.0 - 1.0 / expected[:, 0], rtol=1e-5)
    np.testing.assert_allclose(hits.velocity[:, 1], 2.0 * (hits.distance - 10.0), atol=1e-5)


@pytest.mark.parametrize("turns", [0.37, 1.0, 5.3])
def test_rolling_wheel_does_not_shrink(turns):
    spin = (0.4, 0.4 + 2 * np.pi * turns)
    builder = RaySceneBuilder()
    part = builder.add_rigid(wheel(), 1)
    times = np.linspace(0.0, 1.0, 41)
    with builder.build() as rays:
        rays.set_motion(part, at(z=0.3), at(z=0.3), spin=spin)
        rays.commit()
        hits = nearest(rays, np.tile((0.0, 0.0, 2.0), (41, 1)), (0.0, 0.0, -1.0), times)
    step = max(0.2, 2 * np.pi * turns / 128)  # Embree takes no more than 129 time steps
    between_steps, of_the_mesh = 1 - np.cos(step / 2), 1 - np.cos(np.pi / 64)
    np.testing.assert_allclose(2.0 - hits.distance - 0.3, 0.3, atol=0.3 * (between_steps + of_the_mesh) + 1e-5)


def test_wheel_normals_and_velocity_follow_the_spin():
    """A face of a spinning box seen from above: at each time its normal is the one turned by the spin."""
    builder = RaySceneBuilder()
    part = builder.add_rigid(box((0.4, 0.2, 0.4)), 1)
    with builder.build() as rays:
        rays.set_motion(part, at(yaw=0.3), at(yaw=0.3), spin=(0.0, 0.5), omega=(0.0, 10.0, 0.0), velocity=(3.0, 0, 0))
        rays.commit()
        hits = nearest(rays, np.tile((0.0, 0.0, 2.0), (4, 1)), (0.0, 0.0, -1.0), TIMES)
    angle = 0.5 * TIMES
    expected = np.stack([np.sin(angle) * np.cos(0.3), np.sin(angle) * np.sin(0.3), np.cos(angle)], axis=1)
    np.testing.assert_allclose(hits.normal, expected, atol=1e-5)
    np.testing.assert_allclose(hits.velocity[:, 0], 3.0 + 10.0 * (2.0 - hits.distance), rtol=1e-5)


@pytest.mark.parametrize(("shots", "seen"), [(1, (1, 1, 1, 1)), (2, (0, 0, 1, 1)), (3, (0, 0.5, 0.5, 1))])
def test_deforming_body_moves_with_its_vertices_and_its_frame(shots, seen):
    """The body is shown by still shots, exact at the ends of the tick; its frame moves on meanwhile."""
    mesh = box((1.0, 1.0, 1.0))
    builder = RaySceneBuilder()
    builder.add_static(ground())
    body = builder.add_deforming(mesh, 3)
    shift = np.array([0.0, 0.4, 0.0], dtype=np.float32)
    quarter = at(x=10.0, z=1.0, yaw=-np.pi / 2)
    with builder.build() as rays:
        for _ in range(2):  # once more: nothing is left over from before
            memory = rays.shots(body, shots)
            for share, vertices in zip(np.linspace(0, 1, shots) if shots > 1 else [1.0], memory, strict=True):
                vertices[...] = mesh.vertices + np.float32(share) * shift
            rays.reshaped(body)
            normals, velocity = rays.normals_and_velocity(body)
            normals[...], velocity[...] = mesh.normals, shift / np.float32(0.05)
            rays.set_motion(body, quarter, at(x=12.0, z=1.0, yaw=-np.pi / 2), velocity=(40.0, 0.0, 0.0))
            rays.commit()
            hits = nearest(rays, np.tile((0.0, 0.0, 1.0), (4, 1)), (1.0, 0.0, 0.0), TIMES)
        rays.set_present(body, False)
        rays.commit()
        assert not np.isfinite(nearest(rays, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)).distance).any()
    np.testing.assert_allclose(hits.distance, 9.5 + 2.0 * TIMES + 0.4 * np.array(seen), rtol=1e-5)
    np.testing.assert_allclose(hits.velocity[:, 0], 48.0, rtol=1e-5)
    np.testing.assert_array_equal(hits.instance, 3)


def test_no_ray_falls_between_two_shots():
    builder = RaySceneBuilder()
    body = builder.add_deforming(box((1.0, 1.0, 1.0)), 1)
    times = np.linspace(0.0, 1.0, 5000)
    with builder.build() as rays:
        for shots in (2, 3, 4):
            for vertices in rays.shots(body, shots):
                vertices[...] = box((1.0, 1.0, 1.0)).vertices
            rays.reshaped(body)
            rays.set_motion(body, at(x=5.0), at(x=6.0))
            rays.commit()
            hits = nearest(rays, np.zeros((len(times), 3)), (1.0, 0.0, 0.0), times)
            np.testing.assert_allclose(hits.distance, 4.5 + times, rtol=1e-5)


def test_ego_body_is_hidden_from_sensors_but_casts_shadow():
    builder = RaySceneBuilder()
    builder.add_static(ground())
    part = builder.add_rigid(box(), 1, mask=EGO_BODY)
    with builder.build() as rays:
        rays.set_motion(part, at(z=5.0), at(z=5.0))
        rays.commit()
        down, up = (0.0, 0.0, -1.0), (0.0, 0.0, 1.0)
        assert nearest(rays, (0.1, 0.2, 10.0), down).distance == pytest.approx([4.5])
        assert nearest(rays, (0.1, 0.2, 10.0), down, mask=EVERYONE).distance == pytest.approx([10.0])
        assert occluded(rays, (0.1, 0.2, 0.1), up).tolist() == [True]
        assert occluded(rays, (0.1, 0.2, 0.1), up, mask=EVERYONE).tolist() == [False]
        assert occluded(rays, (0.1, 0.2, 0.1), up, limit=4.0).tolist() == [False]


def test_parts_come_and_go():
    builder = RaySceneBuilder()
    part = builder.add_rigid(box(), 1)
    with builder.build() as rays:

        def seen() -> bool:
            rays.commit()
            return bool(np.isfinite(nearest(rays, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)).distance[0]))

        assert not seen()
        rays.set_motion(part, at(x=5.0), at(x=5.0))
        assert seen()
        rays.set_present(part, False)
        assert not seen()
        rays.set_present(part, True)
        assert seen()


def test_static_instances_keep_their_own_identity_and_shared_meshes_their_actor():
    builder = RaySceneBuilder()
    builder.add_static(box(center=(5.0, 0.0, 0.0), semantic=Tag.POLE, instance=42))
    shared = box()
    first, second = builder.add_rigid(shared, 1), builder.add_rigid(shared, 2)
    with builder.build() as rays:
        rays.set_motion(first, at(y=5.0), at(y=5.0))
        rays.set_motion(second, at(y=-5.0), at(y=-5.0))
        rays.commit()
        hits = nearest(rays, (0.0, 0.0, 0.0), [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)])
        assert hits.instance.tolist() == [42, 1, 2]
        assert rays.tables.semantic[hits.triangle].tolist() == [Tag.POLE, Tag.CAR, Tag.CAR]
        assert len(rays.tables.triangles) == 24


def test_copies_stand_where_they_are_put_from_the_start_and_never_move():
    builder = RaySceneBuilder(origin=(100.0, 0.0, 0.0))
    shape = box(size=(2.0, 1.0, 1.0))
    for instance, place in ((11, at(x=110.0)), (12, at(x=100.0, y=10.0, yaw=np.pi / 2))):
        builder.add_copy(shape, instance, place)
    with builder.build() as rays:
        hits = nearest(rays, (0.0, 0.0, 0.0), [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)], [0.0, 1.0])
        assert len(rays.tables.triangles) == 12
    np.testing.assert_allclose(hits.distance, [9.0, 9.0], rtol=1e-6)
    np.testing.assert_allclose(hits.normal, [(-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)], atol=1e-6)
    assert hits.instance.tolist() == [11, 12]
    assert not hits.velocity.any()


def test_what_stands_still_is_held_once():
    """A town's mesh is most of its memory: what was given is let go, and the tables hold it."""
    builder, given = RaySceneBuilder(), ground()
    builder.add_static(given)
    builder.add_rigid(box(), 1)
    with builder.build() as rays:
        (_, _, kept, _), *_ = rays.shapes_at(1.0, EVERYONE)
        assert np.array_equal(kept.triangles, given.triangles)
        assert np.shares_memory(kept.vertices, rays.tables.vertices)
        assert not np.shares_memory(kept.vertices, given.vertices)


def test_far_origin_keeps_millimetres():
    far = np.array([450_000.0, 5_400_000.0, 300.0])
    builder = RaySceneBuilder(origin=far)
    part = builder.add_rigid(box(), 1)
    with builder.build() as rays:
        place = np.add(far, (20.001, 0, 0))
        rays.set_motion(part, at(*place), at(*place))
        rays.commit()
        assert nearest(rays, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0)).distance == pytest.approx([19.501], abs=1e-5)
