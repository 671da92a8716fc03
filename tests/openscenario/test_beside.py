"""Seeds and mounting beside declared parameters: each changes what it is for, and nothing else."""

import numpy as np
import pytest

from drivesim.errors import RigError, ScenarioError
from drivesim.openscenario import load_scenario
from drivesim.openscenario.beside import split
from drivesim.sensors.rig import load_rig
from drivesim.simulation import Simulation

RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 640, height: 360, fx: 506.57, fy: 506.57, cx: 320, cy: 190, antialiasing: 1}
    translation: [1.70, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 20
"""


def test_seeds_stand_beside_declared_parameters():
    scenario = load_scenario(
        "child_crossing", {"ego_speed": "30", "seed.city": "7", "seed.bodies": "12345678901234567"}
    )
    assert dict(scenario.beside.seeds) == {"city": 7, "bodies": 12345678901234567}
    assert scenario.parameters["ego_speed"] == 30.0
    assert "seed.city" not in scenario.parameters


@pytest.mark.parametrize(("given", "message"), [
    ({"seed.citty": "1"}, r"own called 'citty'. Did you mean 'seed.city'"),
    ({"seed.city": "-1"}, r"<seed.city>: '-1' is no seed"),
    ({"seed.city": "1.5"}, r"'1.5' is no seed"),
    ({"seed.city": "many"}, r"'many' is no seed"),
    ({"mount.CAM_FRONT.w": "1"}, r"'mount.CAM_FRONT.w' names no way to move a sensor. Write mount.CHANNEL.AXIS"),
    ({"mount.x": "1"}, r"names no way to move a sensor"),
    ({"mount.CAM_FRONT.x": "nan"}, r"'nan' is no offset. Give m within 30"),
    ({"mount.CAM_FRONT.yaw": "400"}, r"'400' is no offset. Give deg within 360"),
])  # fmt: skip
def test_what_is_none_of_these_is_said(given, message):
    with pytest.raises(ScenarioError, match=message):
        split(given)


def path_of(name, **values):
    with Simulation(load_scenario("child_crossing", values), seed=1) as run:
        index = next(actor.index for actor in run.actors if actor.name == name)
        return np.array([frame.state.position[0, index] for frame in run])


def test_only_decisions_change_with_the_seed_of_behaviour():
    same = path_of("Child", **{"seed.city": "5", "seed.bodies": "5", "seed.vehicles": "5", "seed.noise": "5"})
    plain = path_of("Child")
    assert (same == plain).all()
    others = [path_of("Child", **{"seed.behavior": str(seed)}) for seed in range(2, 6)]
    assert any(len(other) != len(plain) or (other != plain).any() for other in others)
    assert (path_of("Child", **{"seed.behavior": "1"}) == plain).all()


def picture(folder, **values):
    path = folder / "rig.yaml"
    path.write_text(RIG)
    with Simulation(load_scenario("adult_from_far_side", values), load_rig(path), seed=1) as run:
        people = [actor.instance for actor in run.actors if actor.kind == "pedestrian"]
        vehicles = [actor.instance for actor in run.actors if actor.kind == "vehicle"]
        for frame in run:
            if frame.index == 50:
                return frame.measurements["CAM_FRONT"], people, vehicles
    raise AssertionError("the run is longer")


@pytest.mark.slow
def test_looks_and_noise_change_one_by_one(tmp_path):
    plain, people, vehicles = picture(tmp_path)
    assert np.isin(plain.instance, people).any()
    assert np.isin(plain.instance, vehicles).any()

    bodies, _, _ = picture(tmp_path, **{"seed.bodies": "99"})
    person = np.isin(plain.instance, people) | np.isin(bodies.instance, people)
    assert (plain.depth != bodies.depth).any()
    assert (plain.depth == bodies.depth)[~person].all()

    styled, _, _ = picture(tmp_path, **{"seed.vehicles": "99"})
    vehicle = np.isin(plain.instance, vehicles) | np.isin(styled.instance, vehicles)
    assert (plain.depth != styled.depth).any()
    assert (plain.depth == styled.depth)[~vehicle].all()

    noisy, _, _ = picture(tmp_path, **{"seed.noise": "99"})
    assert (plain.depth == noisy.depth).all()
    assert (plain.rgb != noisy.rgb).any()

    city, _, _ = picture(tmp_path, **{"seed.city": "99"})
    seen = np.isin(plain.instance, people) & np.isin(city.instance, people)
    assert seen.any()
    assert (plain.depth == city.depth)[seen].all()
    assert (plain.depth != city.depth).mean() > 0.05


def test_sensors_move_as_parameters_say(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(RIG)
    values = {"mount.CAM_FRONT.z": "0.2", "mount.all.x": "-1", "mount.all.z": "0.1", "mount.CAM_FRONT.yaw": "90"}
    with Simulation(load_scenario("child_crossing", values), load_rig(path), duration=0.05) as run:
        pose = next(iter(run)).measurements["CAM_FRONT"].ego_from_sensor
    assert pose.translation == pytest.approx([0.7, 0.0, 1.81])
    assert pose.rotation[:, 2] == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)  # it looks to the left


def test_a_sensor_that_the_rig_has_not_is_named(tmp_path):
    path = tmp_path / "rig.yaml"
    path.write_text(RIG)
    with pytest.raises(RigError, match=r"<mount.CAM_FORNT.x>: this rig has no sensor 'CAM_FORNT'.*'CAM_FRONT'"):
        Simulation(load_scenario("child_crossing", {"mount.CAM_FORNT.x": "1"}), load_rig(path))
