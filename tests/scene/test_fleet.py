"""Rigid parts move as their actors do: places, orientations, velocities and what rays meet, part by part."""

from dataclasses import replace

import numpy as np
import pytest

from drivesim.scene.actors import Cast
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.trace import nearest
from drivesim.scene.vehicles import vehicle_model
from drivesim.studio.stage import Stand, state_of
from drivesim.studio.vehicles import CARS, vehicle
from drivesim.transforms import Pose, quaternion_from_rotation

TICK = 0.05


def states(actor):
    """A car that turns left, pitches and brakes."""
    still = state_of([Stand(actor, 2.0, 0.4, x=1.0, steering=0.2)], 0.0)
    before = replace(
        still, orientation=np.array([[[0.4, 0.02, -0.01]]]), velocity=np.array([[[8.0, 3.0, 0.0]]]),
        angular_velocity=np.array([[[0.0, 0.1, 0.5]]]), wheel_rotation=np.array([[70.0]]),
    )  # fmt: skip
    after = replace(
        before, time=np.array([TICK]), position=before.position + (0.4, 0.15, 0.0), steering=np.array([[0.25]]),
        orientation=np.array([[[0.425, 0.025, -0.01]]]), wheel_rotation=np.array([[71.2]]),
    )  # fmt: skip
    return before, after


def test_body_and_wheels_are_where_the_poses_say():
    actor = vehicle(CARS[1], "car")
    model = vehicle_model(actor, 1)
    builder = RaySceneBuilder((100.0, -50.0, 0.0))
    cast = Cast([actor], builder, 1)
    before, after = states(actor)
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(before, after, np.zeros(1))
        tables, origin = rays.tables, rays.origin
        omega = np.array([0.0, 0.1, 0.5])
        parts = [(Pose.identity(), False)]
        parts += [(Pose(np.asarray(wheel.center, dtype=float), np.eye(3)), wheel.steered) for wheel in model.wheels]
        for number, (hub, steered) in enumerate(parts, start=1):
            for end, state in enumerate((before, after)):
                turn = float(state.steering[0, 0]) if steered else 0.0
                pose = state.pose(0) @ hub @ Pose.from_ypr((0.0, 0.0, 0.0), (turn, 0.0, 0.0))
                assert tables.inst_translation[number, end] == pytest.approx(pose.translation - origin, abs=1e-4)
                quaternion = quaternion_from_rotation(pose.rotation)
                assert abs(tables.inst_quaternion[number, end] @ quaternion) == pytest.approx(1.0, abs=1e-6)
            arm = after.pose(0).rotation @ hub.translation
            assert tables.inst_velocity[number] == pytest.approx(
                np.array([8.0, 3.0, 0.0]) + np.cross(omega, arm), abs=1e-4
            )
            rolling = 24.0 * pose.rotation[:, 1] if number > 1 else 0.0
            assert tables.inst_omega[number] == pytest.approx(omega + rolling, abs=1e-3)
            rolled = tables.inst_spin[number, 1] - tables.inst_spin[number, 0]
            assert rolled == pytest.approx(1.2 if number > 1 else 0.0, abs=1e-5)


@pytest.mark.parametrize(("distance", "rolled"), [(31.0, 1.2), (33.0, 0.0)])
def test_far_wheels_show_how_they_end_the_tick_and_keep_their_doppler(distance, rolled):
    actor = vehicle(CARS[1], "car")
    builder = RaySceneBuilder()
    cast = Cast([actor], builder, 1)
    before, after = states(actor)
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(before, after, np.array([distance]))
        spin, omega = rays.tables.inst_spin[2:6], rays.tables.inst_omega[2:6]
        assert spin[:, 1] - spin[:, 0] == pytest.approx(rolled, abs=1e-5)
        assert np.exp(1j * spin[:, 1]) == pytest.approx(np.exp(1j * float(after.wheel_rotation[0, 0])), abs=1e-4)
        assert np.linalg.norm(omega, axis=1) == pytest.approx(24.0, rel=0.05)


def test_who_is_not_there_is_not_hit_and_comes_back():
    actor = vehicle(CARS[1], "car")
    builder = RaySceneBuilder()
    cast = Cast([actor], builder, 1)
    before = state_of([Stand(actor, 0.0, x=5.0)], 0.0)
    gone = replace(before, present=np.zeros((1, 1), dtype=bool))
    with builder.build() as rays:
        cast.enter(rays)
        for state, there in ((before, True), (gone, False), (before, True)):
            cast.move(state, state, np.zeros(1))
            assert np.isfinite(nearest(rays, (6.0, 0.0, 10.0), (0.0, 0.0, -1.0)).distance[0]) == there


def test_a_crowd_is_the_same_on_any_number_of_threads():
    import numba

    from drivesim.studio.people import person

    people = [replace(person(f"p{i}", 30.0, 0.0), index=i) for i in range(20)]
    stands = [Stand(actor, float(i), speed=1.4, gait_phase=0.07 * i) for i, actor in enumerate(people)]
    before, after = state_of(stands, 0.0), state_of(stands, TICK)
    after = replace(after, gait_phase=before.gait_phase + 0.05)
    seen, threads = [], numba.get_num_threads()
    try:
        for count in {1, threads}:
            numba.set_num_threads(count)
            builder = RaySceneBuilder()
            cast = Cast(people, builder, 1)
            with builder.build() as rays:
                cast.enter(rays)
                cast.move(before, after, 60.0 * (np.arange(20) % 3))
                origins = np.array([(5.0, y, z) for y in np.arange(-1.0, 20.0, 0.05) for z in (0.3, 0.8, 1.4)])
                times = np.linspace(0.0, 1.0, len(origins))
                hits = nearest(rays, origins, (-1.0, 0.0, 0.0), times)
                seen.append((hits.distance.tobytes(), hits.velocity.tobytes(), rays.tables.normals.tobytes()))
    finally:
        numba.set_num_threads(threads)
    assert all(one == seen[0] for one in seen)
