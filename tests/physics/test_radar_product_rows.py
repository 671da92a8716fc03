"""Rows R5, R8, R18 and R24 of what a radar puts out besides its list: side lobes, clusters, paths, the cube."""

from __future__ import annotations

import numpy as np
import pytest
from ranging import CLEAR, changed, paths
from sensor_scenes import box, ground, mounted, state, static_scene

from drivesim.recording.encode import radar_jobs
from drivesim.scene.builder import RaySceneBuilder
from drivesim.sensors.motion import EgoMotion
from drivesim.sensors.radar.model import detect, signal_to_noise
from drivesim.sensors.radar.quality import Invalid
from drivesim.sensors.radar.sensor import Radar
from drivesim.sensors.radar.volume import HANN_WIDTH, LOWEST_DB, STEP_DB, cube
from drivesim.sensors.rig import load_device
from drivesim.transforms import Pose

STANDING = EgoMotion(state(0.0), state(0.05), 0)


@pytest.fixture(scope="module")
def ars408():
    return load_device("continental_ars408")


def power_for(device, scan, target, snr_db):
    """Cross-section, m2, that gives a single target this SNR."""
    return 10 ** (snr_db / 10) / signal_to_noise(target, np.ones(1, np.float32), device, scan, CLEAR)[0]


def test_R5_side_lobes_of_a_row_of_antennas_lie_where_and_as_low_as_theory_says():
    """Eight equal antennas: -13.3 dB at 1.5 lambda / D, -17.7 at 2.5; a weak echo has none above the threshold."""
    device = load_device("ti_awr1843")
    scan = device.scans[0]
    target = paths([20.0])
    spacing = np.radians(15.0) / 0.886
    found = detect(target, np.full(1, power_for(device, scan, target, 45.0), np.float32), device, scan, CLEAR, 3, 1)
    main = ~found.lobe & (found.path >= 0)
    assert np.count_nonzero(main) == 1
    lobes = np.flatnonzero(found.lobe)
    order = np.abs(np.sin(found.azimuth[lobes])) / spacing
    np.testing.assert_allclose(np.sort(order), [1.5, 1.5, 2.5, 2.5], atol=0.05)
    level = 10 * np.log10(found.snr[lobes] / found.snr[main])
    np.testing.assert_allclose(level[order < 2], -13.3, atol=0.01)
    np.testing.assert_allclose(level[order > 2], -17.7, atol=0.1)
    assert (found.path[lobes] == found.path[main]).all()  # what they hear is the same path
    weak = detect(target, np.full(1, power_for(device, scan, target, 22.0), np.float32), device, scan, CLEAR, 3, 1)
    assert not weak.lobe.any()


def test_R5_a_side_lobe_is_an_artefact_of_the_thing_it_hears():
    device = load_device("ti_awr1843")
    with static_scene(box((0.4, 0.4, 0.4), (15.0, 0.0, 0.5), instance=9)) as rays:
        seen = Radar(mounted(device, 20.0, (0.0, 0.0, 0.5)), 0).capture(rays, STANDING, CLEAR)
    lobe = np.abs(seen.azimuth - seen.true_azimuth) > np.radians(15.0)
    assert lobe.any()
    assert (seen.invalid[lobe] == Invalid.ARTEFACT).all()
    assert (seen.instance[lobe] == 9).all()
    assert (seen.paths[lobe] == 0).all()


def test_R24_contributions_add_up_to_their_detections(ars408):
    """As many paths as a detection says, with its cross-section, at its place, of its instance."""
    device = changed(ars408, channels=["paths"])
    boxes = [box((0.5, 1.5, 1.5), place, instance=i) for i, place in ((5, (30.0, 0.0, 0.5)), (6, (18.0, 6.0, 0.5)))]
    with static_scene(ground(), *boxes) as rays:
        seen = Radar(mounted(device, 20.0, (0.0, 0.0, 0.5)), 0).capture(rays, STANDING, CLEAR)
    behind = seen.contributions
    count = len(seen.range)
    np.testing.assert_array_equal(np.bincount(behind.detection, minlength=count), seen.paths)
    with np.errstate(divide="ignore"):
        total = 10 * np.log10(np.bincount(behind.detection, 10.0 ** (behind.rcs / 10.0), count))
    real = seen.paths > 0
    np.testing.assert_allclose(total[real], seen.true_rcs[real], atol=0.01)
    power = np.bincount(behind.detection, 10.0 ** (behind.snr / 10.0), count)
    assert np.median(np.abs(10 * np.log10(power[real]) - seen.snr[real])) < 6.0  # fading of one cycle
    for row in np.flatnonzero(real):
        mine = behind.detection == row
        assert seen.instance[row] in behind.instance[mine]
        assert np.abs(behind.range[mine] - seen.range[row]).max() < 2 * 1.79
    assert {5, 6} <= set(behind.instance.tolist())


def test_R18_clusters_are_things(ars408):
    """Two cars and a person: each is one cluster, where it stands, as fast as it moves."""
    device = changed(ars408, channels=["clusters"])
    builder = RaySceneBuilder()
    places = {2: ((25.0, 5.0, 0.75), (4.4, 1.8, 1.5), -8.0), 3: ((35.0, -6.0, 0.75), (4.4, 1.8, 1.5), 6.0),
              4: ((15.0, -3.0, 0.9), (0.4, 0.5, 1.8), -1.4)}  # fmt: skip
    parts = {i: builder.add_rigid(box(size), i) for i, (_, size, _) in places.items()}
    with builder.build() as rays:
        for i, (place, _, speed) in places.items():
            pose = Pose.from_ypr(place, (np.arctan2(place[1], place[0]), 0, 0))  # smooth sides: it faces the radar
            rays.set_motion(parts[i], pose, pose, velocity=(speed, 0.0, 0.0))
        rays.commit()
        others = [(p, 0.0, (v, 0, 0), 0.0) for p, _, v in places.values()]
        tick = EgoMotion(state(0.0, others=others), state(0.05, others=others), 0)
        seen = Radar(mounted(device, 20.0, (0.0, 0.0, 0.5)), 0).capture(rays, tick, CLEAR)
    found = seen.clusters
    assert (found.member[seen.valid] >= 0).all()
    assert (found.member[~seen.valid] == -1).all()
    assert found.detections.sum() == np.count_nonzero(seen.valid)
    for i, (place, size, speed) in places.items():
        mine = np.flatnonzero(found.instance == i)
        assert len(mine) == 1, i
        assert np.abs(found.position[mine[0]] - place[:2]).max() < 0.5 * max(size[:2]) + 0.5
        assert (seen.instance[found.member == mine[0]] == i).all()
        radial = speed * place[0] / np.hypot(*place[:2])
        assert found.radial_velocity_compensated[mine[0]] == pytest.approx(radial, abs=0.4)
        assert (found.extent[mine[0]] < np.array(size[:2]) + 1.5).all()
    assert (np.diff(found.rcs) <= 0).all()


def test_R18_nothing_heard_is_no_cluster(ars408):
    with static_scene(box((0.01, 0.01, 0.01), (-5.0, 0.0, 0.0))) as rays:
        radar = Radar(mounted(changed(ars408, channels=["clusters", "paths"], threshold_snr_db=30.0), 20.0), 0)
        seen = radar.capture(rays, STANDING, CLEAR)
    assert len(seen.range) == len(seen.clusters.rcs) == len(seen.contributions.range) == 0


def decibels_of(made):
    return LOWEST_DB + STEP_DB * made.power.astype(float)


def test_R18_the_cube_shows_what_is_there(ars408):
    """Range, folded velocity, azimuth and power of a target; noise of unit mean power around it."""
    near = changed(ars408.scans[1], max_range=60.0, velocity_spans=[41.0])
    for distance, rate, azimuth in ((30.0, -3.0, 0.0), (42.3, 25.0, 0.4), (11.1, -30.0, -0.6)):
        target = paths([distance], rate=rate, azimuth=azimuth)
        made = cube(target, np.array([1e4]), near, 5, 2)
        level = decibels_of(made)
        peak = np.unravel_index(np.argmax(level), level.shape)
        assert level[peak] == pytest.approx(40.0, abs=4.5)  # at most half a bin off in each axis, 1.4 dB each
        assert made.range[peak[0]] == pytest.approx(distance, abs=near.range_resolution / HANN_WIDTH)
        folded = (rate + 20.5) % 41.0 - 20.5
        assert made.radial_velocity[peak[1]] == pytest.approx(folded, abs=near.velocity_resolution / HANN_WIDTH)
        assert made.azimuth[peak[2]] == pytest.approx(azimuth, abs=np.radians(3.2))
        far = level[: peak[0] - 5]
        assert 10 * np.log10(np.mean(10 ** (far / 10))) == pytest.approx(0.0, abs=0.1)


def test_R18_two_targets_resolve_in_the_cube_as_in_the_list(ars408):
    """Over cycles with phases of their own: half a resolution apart one peak, two resolutions two."""
    near = changed(ars408.scans[1], max_range=40.0, velocity_spans=[8.0])
    for apart, peaks in ((0.5, 1), (2.0, 2)):
        target = paths([30.0, 30.0 + apart * near.range_resolution])
        cubes = [decibels_of(cube(target, np.array([1e4, 1e4]), near, 7, cycle)) for cycle in range(12)]
        along = 10 * np.log10(np.mean([(10 ** (level / 10)).max(axis=(1, 2)) for level in cubes], axis=0))
        higher = (along[1:-1] > along[:-2]) & (along[1:-1] >= along[2:]) & (along[1:-1] > 25.0)
        assert np.count_nonzero(higher) == peaks


def test_R18_products_are_recorded_where_they_are_asked_for(ars408, tmp_path):
    device = changed(ars408, channels=["paths", "clusters", "cube"])
    with static_scene(box((1.5, 1.5, 1.5), (20.0, 0.0, 0.5), instance=3)) as rays:
        first, again = (Radar(mounted(device, 20.0, (0, 0, 0.5)), 0).capture(rays, STANDING, CLEAR) for _ in range(2))
        plain = Radar(mounted(ars408, 20.0, (0, 0, 0.5)), 0).capture(rays, STANDING, CLEAR)
    jobs = radar_jobs(first, tmp_path, tmp_path / "extra", "list")
    files = [path.relative_to(tmp_path).as_posix() for path, _ in jobs]
    assert files[2:] == [f"extra/{name}/list.npz" for name in ("paths", "clusters", "cube_far", "cube_near")]
    once_more = radar_jobs(again, tmp_path, tmp_path / "extra", "list")
    assert [make() for _, make in jobs] == [make() for _, make in once_more]
    np.testing.assert_array_equal(first.range, plain.range)
    assert len(radar_jobs(plain, tmp_path, tmp_path, "list")) == 2
    near = first.cubes["near"]
    peak = np.unravel_index(np.argmax(near.power), near.power.shape)
    assert near.range[peak[0]] == pytest.approx(19.25, abs=0.5)
