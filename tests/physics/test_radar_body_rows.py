"""Rows R11, R15 and R16: what people, wheels and vehicles look like to a radar."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from ranging import changed
from scipy.stats import gamma, kstest
from sensor_scenes import mounted, sphere, state

from drivesim.materials import MaterialId
from drivesim.scene.actors import Cast
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.beams import BeamHits, columns_of, trace_columns
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.coherent import cross_section, shoot
from drivesim.sensors.radar.scattering import Reflection
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.rig import load_device
from drivesim.transforms import Pose
from drivesim.types import Actor, Axles, BoundingBox
from drivesim.world.gait import stride_length

STANDING = EgoMotion(state(0.0), state(0.05), 0)


def person(age, height):
    return Actor(0, "Walker", "pedestrian", "pedestrian", "walker", BoundingBox((0, 0, height / 2), 0.5, 0.6, height),
                 properties={"age": f"{age}", "sex": "male"})  # fmt: skip


def vehicle(category, model, size, wheelbase, wheel, overhang):
    length, width, height = size
    box = BoundingBox((0.5 * length - overhang, 0.0, 0.5 * height), length, width, height)
    return Actor(0, model, "vehicle", category, model, box, Axles(wheelbase, 0.0, wheel, 0.85 * width, 0.6))


ADULT, CHILD = person(35, 1.78), person(6, 1.16)
HATCHBACK = vehicle("car", "hatchback", (4.28, 1.79, 1.47), 2.63, 0.63, 0.80)
LORRY = vehicle("truck", "lorry", (8.60, 2.50, 3.50), 4.80, 0.96, 2.40)
BICYCLE = vehicle("bicycle", "bicycle", (1.89, 0.50, 1.75), 1.05, 0.70, 0.40)


@pytest.fixture(scope="module")
def narrow():
    """The near beam of an ARS408, only as wide as one target."""
    device = load_device("continental_ars408")
    scan = changed(device.scans[1], azimuth_pattern_db=[(0.0, 0.0), (10.0, -0.1)])
    return changed(device, scans=[scan])


def decibels(value):
    return 10 * np.log10(value)


def aspects(device, actor, degrees, distance=20.0, cycles=2):
    """Cross-section, dBsm, of an actor seen from around, without ground; 180 degrees is its front."""
    builder = RaySceneBuilder()
    cast = Cast([actor], builder, 0)
    radar = Radar(mounted(device, 20.0, (0.0, 0.0, 0.7)), 0)
    found = []
    with builder.build() as rays:
        cast.enter(rays)
        for yaw in np.radians(degrees):
            x = actor.box.center[0]
            place = (distance - x * np.cos(yaw), -x * np.sin(yaw), 0.0)
            before, after = (state(t, place, yaw) for t in (0.0, 0.05))
            cast.move(before, after, np.zeros(1))
            sums = [radar.paths(device.scans[0], rays, STANDING, 50_000_000, c)[1].sum() for c in range(cycles)]
            found.append(np.mean(sums))
    return decibels(np.array(found))


def test_R15_cross_sections_of_people_and_vehicles(narrow):
    """Facts, section 3.5: aspect means and ranges of published 77 GHz measurements.

    A car's flat sides and plates flash within some ten degrees: steps of 30 would count that for more than it is.
    """
    round_about, finely = np.arange(0, 360, 30), np.arange(0, 360, 10)
    adult, child = (aspects(narrow, actor, round_about) for actor in (ADULT, CHILD))
    assert adult.mean() == pytest.approx(-8.0, abs=4.0)
    assert 3.0 <= adult.mean() - child.mean() <= 5.0
    assert 5.0 <= aspects(narrow, HATCHBACK, [-3, 0, 3]).mean() <= 15.0
    assert aspects(narrow, HATCHBACK, [89, 90, 91]).mean() >= aspects(narrow, HATCHBACK, finely).mean() + 10.0
    assert aspects(narrow, LORRY, [-2, 0, 2], 40.0).mean() > 20.0
    assert -5.0 <= aspects(narrow, BICYCLE, [80, 90, 100]).mean() <= 10.0
    assert -13.0 <= aspects(narrow, BICYCLE, [0, 10]).mean() <= 3.0


def walking(time, speed=1.4):
    """A walker who goes away, from 12 m on."""
    gait = np.full((1, 1), speed * time / stride_length(speed, ADULT.box.height))
    here = state(time, (12.0 + speed * time, 0.0, 0.0), 0.0, (speed, 0.0, 0.0))
    return dataclasses.replace(here, speed=np.full((1, 1), speed), gait_phase=gait)


def test_R11_a_ray_has_the_rate_of_what_it_hits():
    """On a walker's limbs it lies between those of the triangle's corners, along the ray."""
    builder = RaySceneBuilder()
    cast = Cast([ADULT], builder, 0)
    hits = BeamHits.empty(32, 64)
    aside, up = np.linspace(-0.03, 0.03, 32)[:, None], np.linspace(-0.07, 0.07, 64)[None]
    parts = np.cos(up) * np.cos(aside), np.cos(up) * np.sin(aside), np.sin(up) + 0.0 * aside
    rays_to = np.stack(parts, axis=-1).astype(np.float32)
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(walking(0.28), walking(0.32), np.zeros(1))
        still = np.tile(np.eye(3), (32, 1, 1)), np.zeros((32, 3)), np.full(32, 0.5), np.zeros(64)
        sensor = columns_of(rays, np.tile([0.0, 0.0, 0.9], (32, 1)), *still)
        trace_columns(rays, sensor, rays_to, 100.0, hits)
        hit = np.isfinite(hits.length)
        corners = 1.4 + rays.tables.vertex_velocity[rays.tables.triangles[hits.triangle[hit]]]
        rates = np.einsum("nkc,nc->nk", corners - [0.0, 1.4, 1.4], rays_to[hit])
    assert hit.sum() > 200
    assert np.ptp(hits.rate[hit]) > 2.0
    assert np.all(hits.rate[hit] >= rates.min(axis=1) - 1e-3)
    assert np.all(hits.rate[hit] <= rates.max(axis=1) + 1e-3)


def walk(device, seconds, step, speed=1.4, seed=0):
    """Radial rates and cross-sections of a walker who goes away from the radar, tick by tick."""
    builder = RaySceneBuilder()
    cast = Cast([ADULT], builder, 0)
    radar = Radar(mounted(device, 20.0, (0.0, 0.0, 0.9)), seed)
    with builder.build() as rays:
        cast.enter(rays)
        for tick in range(round(seconds / step)):
            cast.move(walking(tick * step, speed), walking((tick + 1) * step, speed), np.zeros(1))
            paths, sigma = radar.paths(device.scans[0], rays, STANDING, 25_000_000, tick)
            yield paths.radial_rate[sigma > 0], sigma[sigma > 0]


@pytest.mark.parametrize("seed", range(4))
def test_R11_a_walker_modulates_the_echo(narrow, seed):
    """1.4 m/s: the torso at 720 Hz, steps at 1.8 to 2.0 Hz, feet at 2 to 3.2 times the torso (77 GHz)."""
    per_speed = 2 * 77e9 / 299_792_458.0
    step, total, reach = 0.04, np.zeros(200), []
    for rate, sigma in walk(narrow, 4.0, step, seed=seed):
        power, _ = np.histogram(rate * per_speed, bins=200, range=(-400, 3600), weights=sigma)
        total += power
        order = np.argsort(rate)  # the envelope of a spectrogram: 98 % of the power lies below it
        reach.append(rate[order][np.searchsorted(np.cumsum(sigma[order]), 0.98 * sigma.sum())])
    smooth = np.convolve(total, np.ones(3) / 3, "same")
    assert -390 + 20 * np.argmax(smooth) == pytest.approx(720.0, abs=20.0)
    reach = np.array(reach)
    assert 2.0 <= np.percentile(reach, 95) / 1.4 <= 3.2
    spectrum = np.abs(np.fft.rfft((reach - reach.mean()) * np.hanning(len(reach)), 4096))
    frequency = np.fft.rfftfreq(4096, step)
    assert 1.8 <= frequency[np.argmax(spectrum)] <= 2.0


def test_R11_a_rolling_wheel_spreads_from_nothing_to_twice_the_speed(narrow):
    builder = RaySceneBuilder()
    wheel = builder.add_rigid(sphere(0.32, MaterialId.RUBBER), 1)
    speed = 10.0
    with builder.build() as rays:
        pose = Pose.from_ypr((8.0, 0.0, 0.32), (0, 0, 0))
        rays.set_motion(wheel, pose, pose, velocity=(speed, 0, 0), omega=(0, speed / 0.32, 0))
        rays.commit()
        radar = Radar(mounted(narrow, 20.0, (0.0, 0.0, 0.32)), 0)
        rates = []
        for cycle in range(10):
            paths, sigma = radar.paths(narrow.scans[0], rays, STANDING, 50_000_000, cycle)
            rates.append(paths.radial_rate[sigma > 0])
    rates = np.concatenate(rates)
    assert rates.max() == pytest.approx(2 * speed, rel=0.03)
    assert rates.min() == pytest.approx(0.0, abs=0.03 * 2 * speed)


@pytest.mark.slow
def test_R16_a_body_fluctuates_as_swerling_said():
    """Coherent sum over a person's surface, aspects within 5 degrees: exponential (two degrees of freedom)."""
    device = load_device("continental_ars408")
    builder = RaySceneBuilder()
    cast = Cast([ADULT], builder, 0)
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(state(0.0), state(0.05), np.zeros(1))
        sigma = [
            cross_section(shoot(rays, (-np.cos(a), -np.sin(a), 0), ADULT.box.center, 1.0, 2.0, 0.01), device.wavelength)
            for a in np.radians(np.linspace(-5.0, 5.0, 60))
        ]
    assert kstest(np.array(sigma) / np.mean(sigma), "expon").pvalue > 0.01


@pytest.mark.slow
def test_R16_a_car_fluctuates_as_swerling_said():
    """Coherent sum over a car's surface, aspects within 5 degrees of its rear quarter, away from the flashes of its
    flat ends: exponential, and the best chi-square has between the 0.6 and 4 degrees of freedom of Weinstock 1964."""
    wavelength = load_device("continental_ars408").wavelength
    builder = RaySceneBuilder()
    cast = Cast([HATCHBACK], builder, 0)
    with builder.build() as rays:
        cast.enter(rays)
        cast.move(state(0.0), state(0.05), np.zeros(1))
        sigma = [
            cross_section(
                shoot(rays, (-np.cos(a), -np.sin(a), 0), HATCHBACK.box.center, 4.0, 1.6, 2.0 * wavelength, bounces=3),
                wavelength,
            )
            for a in np.radians(np.linspace(25.0, 35.0, 40))
        ]
    share = np.array(sigma) / np.mean(sigma)
    assert kstest(share, "expon").pvalue > 0.01
    shape, _, scale = gamma.fit(share, floc=0.0)
    assert kstest(share, gamma(shape, scale=scale).cdf).pvalue > 0.01
    assert 0.6 <= 2.0 * shape <= 4.0


def two_tiers(device, cast_of, poses, front):
    """Cross-sections, m2, of both tiers: (N, 2), one row a pose.

    Args:
        cast_of: moves the target into pose n; front: width and height of the plane wave, middle of the target, m.
    """
    width, height, middle = front
    rough = Reflection(device.wavelength)
    found = []
    for n in range(poses):
        rays = cast_of(n)
        radar = Radar(mounted(device, 20.0, (0.0, 0.0, middle[2])), 0)
        energy = radar.paths(device.scans[0], rays, STANDING, 50_000_000, n)[1].sum()
        tubes = shoot(rays, (1, 0, 0), middle, width, height, 1.2 * device.wavelength, rough=rough, seed=n)
        found.append((energy, cross_section(tubes, device.wavelength)))
    return np.array(found)


@pytest.mark.slow
def test_R23_the_energy_tier_has_the_mean_of_the_coherent_one_for_people(narrow):
    """200 poses of a walk, from all sides: interference of the coherent tier averages to the energy tier's sum."""
    builder = RaySceneBuilder()
    cast = Cast([CHILD], builder, 0)
    with builder.build() as rays:
        cast.enter(rays)

        def posed(n):
            there = state(0.0, (20.0, 0.0, 0.0), 2 * np.pi * n / 200)
            gait = np.full((1, 1), 0.618 * n)
            walking = [dataclasses.replace(there, time=np.array([t]), speed=np.full((1, 1), 1.4), gait_phase=gait)
                       for t in (0.0, 0.05)]  # fmt: skip
            cast.move(*walking, np.zeros(1))
            return rays

        energy, coherent = two_tiers(narrow, posed, 200, (0.8, 1.3, (20.0, 0.0, CHILD.box.height / 2))).T
    assert decibels(energy.mean()) == pytest.approx(decibels(coherent.mean()), abs=1.5)
    assert coherent.std() > 0.5 * coherent.mean()  # it fades
    assert energy.std() < 0.5 * energy.mean()


@pytest.mark.slow
def test_R23_the_tiers_agree_on_a_metal_body_in_any_pose(narrow):
    """A smooth ellipsoid, 200 random orientations; the mean of its specular flashes, curvature for curvature."""
    builder = RaySceneBuilder()
    unit = sphere(1.0, MaterialId.CHROME, rings=160)
    radii = np.array([0.30, 0.20, 0.12])
    normals = unit.normals / radii
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    part = builder.add_rigid(dataclasses.replace(unit, vertices=unit.vertices * radii.astype(np.float32),
                                                 normals=normals.astype(np.float32)), 1)  # fmt: skip
    turns = np.random.default_rng(5).standard_normal((200, 4))
    with builder.build() as rays:

        def posed(n):
            pose = Pose.from_quaternion((20.0, 0.0, 0.0), tuple(turns[n] / np.linalg.norm(turns[n])))
            rays.set_motion(part, pose, pose)
            rays.commit()
            return rays

        energy, coherent = two_tiers(narrow, posed, 200, (0.7, 0.7, (20.0, 0.0, 0.0))).T
    assert decibels(energy.mean()) == pytest.approx(decibels(coherent.mean()), abs=1.5)
