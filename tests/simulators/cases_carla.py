"""The same scenario through ``drivesim serve`` and the official client: parity, and all put back on every way out.

Row S9. This proves transport and conversion; handedness, field orders and units have fixtures of their own in
``test_carla_fixtures.py``. ``pytest tests/simulators/cases_carla.py`` runs it by hand.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

import drivesim
from drivesim.envs import ScenarioEnv, ScenarioVectorEnv
from drivesim.errors import DrivesimError, SimulatorError
from drivesim.simulation import Simulation, as_rig, as_scenario
from drivesim.simulators.carla import CarlaServerAddress
from drivesim.simulators.carla.session import Session
from drivesim.types import Weather

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")

RIG = Path(__file__).with_name("parity_rig.yaml")
OWN_RIG = Path(__file__).with_name("own_rig.yaml")
SECONDS = 0.3


class Server:
    """``drivesim serve`` as a process."""

    def __init__(self):
        command = [sys.executable, "-c", "from drivesim.cli import main; main()", "serve", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
        said = ""
        while "Ctrl-C" not in said:
            line = self.process.stdout.readline()
            assert line, said
            said += line
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", said).group(1))
        self.address = f"carla:127.0.0.1:{self.port}"

    def state(self):
        """What a client finds: settings, weather, how many actors."""
        client = carla.Client("127.0.0.1", self.port)
        client.set_timeout(60.0)
        world = client.get_world()
        settings = world.get_settings()
        actors = len(world.get_actors().filter("vehicle.*")) + len(world.get_actors().filter("walker.*"))
        sensors = len(world.get_actors().filter("sensor.*"))
        weather = world.get_weather()
        found = settings.synchronous_mode, settings.fixed_delta_seconds or None
        return (*found, round(weather.sun_altitude_angle, 3), actors, sensors)

    def stop(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server():
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def both(server):
    """Frames of either simulator."""
    return [
        list(drivesim.simulate("child_crossing", RIG, duration=SECONDS, simulator=simulator))
        for simulator in ("embedded", server.address)
    ]


def of_channel(frames, channel):
    return [frame.measurements[channel] for frame in frames if channel in frame.measurements]


def test_trajectories_are_the_same(both):
    for here, there in zip(*both, strict=True):
        assert here.measurements.keys() == there.measurements.keys()
        np.testing.assert_allclose(there.state.position, here.state.position, atol=1e-3)


def test_label_boxes_overlap(both):
    compared = 0
    for here, there in zip(*both, strict=True):
        if here.labels is None:
            continue
        assert here.labels.actor == there.labels.actor
        overlap = np.maximum(here.labels.size - np.abs(here.labels.center - there.labels.center), 0).prod(axis=1)
        smaller = np.minimum(here.labels.size, there.labels.size).prod(axis=1)
        union = here.labels.size.prod(axis=1) + there.labels.size.prod(axis=1) - np.minimum(overlap, smaller)
        assert (np.minimum(overlap, smaller) / union > 0.95).all()
        compared += len(overlap)
    assert compared


def test_visibility_is_near_the_one_by_rays(both):
    here, there = (np.array([f.labels.visibility for f in frames if f.labels is not None]) for frames in both)
    assert np.abs(here - there).max() < 0.25  # the box stands for the body


def test_lidars_agree(both):
    apart = []
    for here, there in zip(*(of_channel(frames, "LIDAR_TOP") for frames in both), strict=True):
        ranges = []
        for cloud in (here, there):
            azimuth = np.arctan2(cloud.points[:, 1], cloud.points[:, 0])
            cell = cloud.ring * 100_000 + np.round(azimuth / np.radians(0.2)).astype(int) + 2000
            ranges.append((cell, np.linalg.norm(cloud.points, axis=1)))
        _, first, second = np.intersect1d(ranges[0][0], ranges[1][0], return_indices=True)
        assert len(first) > 0.6 * len(here.points)
        assert 0.9 < len(there.points) / len(here.points) < 1.1
        apart.append(np.abs(ranges[0][1][first] - ranges[1][1][second]))
    assert np.median(np.concatenate(apart)) < 0.03


def test_radars_agree(both):
    change, here_count, there_count = [], 0, 0
    for here, there in zip(*(of_channel(frames, "RADAR_FRONT") for frames in both), strict=True):
        here_count, there_count = here_count + len(here.range), there_count + len(there.range)
        for i in range(len(here.range)):
            away = ((there.range - here.range[i]) / 1.0) ** 2 + ((there.azimuth - here.azimuth[i]) / 0.03) ** 2
            away += ((there.radial_velocity - here.radial_velocity[i]) / 0.4) ** 2
            if len(away) and away.min() < 1.0:
                change.append(there.snr[away.argmin()] - here.snr[i])
    assert len(change) > 0.4 * here_count
    assert 0.7 < there_count / here_count < 1.4
    assert abs(np.median(change)) < 2.0


def test_pictures_agree(both):
    images = list(zip(*(of_channel(frames, "CAM_FRONT") for frames in both), strict=True))
    assert images
    for here, there in images:
        assert (here.semantic == there.semantic).mean() > 0.985
        known = np.isfinite(here.depth) & np.isfinite(there.depth)
        assert np.median(np.abs(here.depth - there.depth)[known]) < 0.02
        assert (np.isfinite(here.depth) == np.isfinite(there.depth)).mean() > 0.999
        for instance in np.unique(here.instance[here.instance > 0]):
            mine, other = here.instance == instance, there.instance == instance
            if instance <= 5 and mine.sum() > 60:
                assert (mine & other).sum() / (mine | other).sum() > 0.9, instance


def test_normals_agree(both):
    for here, there in zip(*(of_channel(frames, "CAM_FRONT") for frames in both), strict=True):
        surface = here.normal.any(axis=2)
        assert (there.normal.any(axis=2) == surface).mean() > 0.999
        cosine = (here.normal * there.normal).sum(axis=2)[surface]
        assert np.percentile(cosine, 1) > np.cos(np.radians(1.0))  # CARLA's are of 8 bits


def test_flow_back_to_the_picture_before_agrees(both):
    """The camera looks at every second tick, so two of CARLA's steps make one of ours."""
    compared = 0
    for here, there in zip(*(of_channel(frames, "CAM_FRONT") for frames in both), strict=True):
        assert there.previous_ns == here.previous_ns
        if here.flow_backward is None:
            continue
        known = np.isfinite(there.flow_backward).all(axis=2)
        apart = np.linalg.norm(here.flow_backward - there.flow_backward, axis=2)[known]
        assert known.mean() > 0.95
        assert np.median(apart) < 0.03
        assert np.percentile(apart, 99) < 0.25
        assert (here.seen_backward == there.seen_backward).mean() > 0.97
        compared += 1
    assert compared


def test_carlas_own_lidar_and_radar_stand_beside_ours(server, both):
    """The same places and speeds; what CARLA's do not tell is NaN. CARLA's radar knows no power."""
    frames = list(drivesim.simulate("child_crossing", OWN_RIG, duration=SECONDS, simulator=server.address))
    for ours, own in zip(of_channel(frames, "LIDAR_TOP"), of_channel(frames, "LIDAR_CARLA"), strict=True):
        away, _ = cKDTree(ours.points).query(own.points)
        assert np.median(away) < 0.15
        assert 0.4 < len(own.points) / len(ours.points) < 0.8  # drops 45 % (dropoff_general_rate)
        assert own.ring[own.points[:, 2] > 0.5].min() > own.ring[own.points[:, 2] < -1.0].max()
        assert set(np.unique(own.time_offset)) == {np.float32(-0.05), np.float32(0.0)}
        assert 0 < own.intensity.min() <= own.intensity.max() <= 255
    radar = of_channel(frames, "RADAR_CARLA")
    assert len(radar) == round(SECONDS / 0.05)
    for measured in radar:
        assert 20 < len(measured.range) <= 75
        assert np.median(np.abs(measured.radial_velocity_compensated)) < 0.01  # most of a street stands
        assert np.median(measured.radial_velocity) < -5.0  # and the ego drives
        assert np.abs(np.degrees(measured.azimuth)).max() < 15.5
        assert np.isnan(measured.rcs).all()
    assert server.state()[3:] == (0, 0)


def run(server, ticks, interrupt):
    simulator = CarlaServerAddress("127.0.0.1", server.port, timeout=20.0)
    with Simulation(as_scenario("child_crossing"), as_rig(RIG), simulator=simulator) as simulation:
        for number, _ in enumerate(simulation):
            if number == ticks:
                interrupt()


def stop(error):
    def interrupt():
        raise error

    return interrupt


@pytest.mark.parametrize("error", [None, ValueError("a bug"), KeyboardInterrupt()], ids=["end", "exception", "ctrl-c"])
def test_everything_is_put_back(server, both, error):
    before = server.state()
    assert before[3:] == (0, 0)
    if error is None:
        list(drivesim.simulate("child_crossing", RIG, duration=0.1, simulator=server.address))
    else:
        with pytest.raises(type(error)):
            run(server, 1, stop(error))
    assert server.state() == before


def test_an_environment_sees_through_carla(server, both):
    """Two episodes: the state is the same as embedded, the picture alike (that one is taken without soft shadows)."""
    seen = {}
    for simulator in ("embedded", server.address):
        env = ScenarioEnv("child_crossing", observation=["state", "camera"], simulator=simulator)
        observations = []
        for seed in (1, 2):
            observations.append(env.reset(seed=seed)[0])
            observations.append(env.step(np.zeros(2, dtype=np.float32))[0])
        env.close()
        env.close()
        seen[simulator] = observations
    for here, there in zip(*seen.values(), strict=True):
        np.testing.assert_array_equal(here["state"], there["state"])
        assert here["camera"].shape == there["camera"].shape == (72, 128, 3)
        assert np.abs(here["camera"].astype(int) - there["camera"]).mean() < 30
        assert there["camera"].std() > 20
    assert server.state()[3:] == (0, 0)


def test_sensors_of_an_environment_are_mounted_where_each_episode_says(server):
    env = ScenarioEnv(
        "child_crossing", observation="camera", simulator=server.address, distribution={"mount.all.pitch": [-60, 60]}
    )
    brightness = {}
    for seed in range(6):
        image, info = env.reset(seed=seed)
        brightness.setdefault(info["parameters"]["mount.all.pitch"], []).append(image.mean())
    env.close()
    up, down = brightness["-60"], brightness["60"]
    assert min(up) > max(down) + 20  # sky above, asphalt below; positive pitch is nose down (ISO 8855)
    assert server.state()[3:] == (0, 0)


def test_one_server_shows_one_environment(server):
    with pytest.raises(DrivesimError, match="shows one world, not 4"):
        ScenarioVectorEnv(4, "child_crossing", observation="camera", simulator=server.address)


def test_the_script_for_real_servers_finds_nothing_wrong(server):
    script = Path(__file__).parents[2] / "launch" / "verify_carla.sh"
    environment = {**os.environ, "PYTHON": sys.executable}
    found = subprocess.run([script, f"127.0.0.1:{server.port}"], capture_output=True, text=True, env=environment)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("ok") >= 6


def test_lights_weather_and_settings_are_put_back(server):
    """Of a scenario on a map of its own; a light that somebody froze stays as it was."""
    watcher = carla.Client("127.0.0.1", server.port)
    watcher.set_timeout(60.0)
    session = Session("127.0.0.1", server.port, 60.0)
    session.load(Path(__file__).parents[1] / "carla_server" / "maps" / "crossing_with_lights.xodr")
    light = watcher.get_world().get_traffic_light_from_opendrive_id("11")
    light.set_state(carla.TrafficLightState.Yellow)
    light.freeze(True)
    time.sleep(0.3)  # the server runs by itself here

    def found():
        world = watcher.get_world()
        settings, weather = world.get_settings(), world.get_weather()
        frozen = [world.get_traffic_light_from_opendrive_id(number).is_frozen() for number in ("11", "12")]
        return settings.synchronous_mode, weather.precipitation, frozen, light.get_state()

    before = found()
    session.synchronise(0.05)
    session.set_weather(Weather(rain=20.0))
    session.set_signals({"11": "red", "12": "green", "no such": "red"})
    session.tick([])
    assert found() == (True, 40.0, [True, True], carla.TrafficLightState.Red)
    session.close()
    session.close()
    time.sleep(0.3)
    assert found() == before


def destroying(server, kind):
    """What another client does that destroys actors of a kind."""

    def destroy():
        client = carla.Client("127.0.0.1", server.port)
        client.set_timeout(60.0)
        found = client.get_world().get_actors().filter(kind)
        assert len(found)
        for actor in found:
            assert actor.destroy()

    return destroy


def test_an_actor_that_another_client_destroys_is_named(server, both):
    before = server.state()
    with pytest.raises(SimulatorError, match=f"127.0.0.1:{server.port}"):
        run(server, 1, destroying(server, "walker.*"))
    assert server.state() == before


def test_a_measurement_that_does_not_come_is_named_and_never_left_out(server, both):
    before = server.state()
    with pytest.raises(SimulatorError, match=r"no measurement of CAM_FRONT \(depth\) for frame \d+"):
        run(server, 1, destroying(server, "sensor.camera.depth"))
    assert server.state() == before


def test_ctrl_c_of_the_command_puts_everything_back(server, tmp_path):
    before = server.state()
    command = [sys.executable, "-c", "from drivesim.cli import main; raise SystemExit(main())", "record"]
    options = ["child_crossing", "--rig", str(RIG), "--simulator", "carla", "--carla", f"127.0.0.1:{server.port}"]
    recording = subprocess.Popen(
        [*command, *options, "--out", str(tmp_path / "recording")],
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells let background jobs ignore it
    )
    while not server.state()[4]:  # its sensors
        assert recording.poll() is None
        time.sleep(0.2)
    recording.send_signal(signal.SIGINT)
    assert recording.wait(60.0) != 0
    assert server.state() == before


def test_a_server_that_goes_away_is_named():
    lost = Server()
    try:
        with pytest.raises(SimulatorError, match=f"127.0.0.1:{lost.port}|no measurement"):
            run(lost, 1, lost.stop)
    finally:
        lost.stop()


def test_a_server_that_is_not_there_is_named():
    quick = CarlaServerAddress("127.0.0.1", 9, timeout=2.0)
    with pytest.raises(SimulatorError, match=r"no CARLA server answers .*drivesim serve"):
        Simulation(as_scenario("child_crossing"), as_rig(RIG), simulator=quick)
