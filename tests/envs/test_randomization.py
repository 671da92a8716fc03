"""What a distribution draws reaches the episode: parameters, seeds of their own, sensors that are mounted elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drivesim import content
from drivesim.envs import ScenarioEnv, ScenarioVectorEnv
from drivesim.envs.sensing import rig_of
from drivesim.envs.settings import Settings
from drivesim.errors import DrivesimError
from drivesim.transforms import Pose

LOOKS = "distributions/child_crossing_looks.space.yaml"
HOLD = np.zeros(1, np.float32)


def made(**options):
    return ScenarioEnv("child_crossing", **{"action": "acceleration", "occlusion": False, **options})


def states(env, seed, steps=100):
    rows = [env.reset(seed=seed)[0]]
    for _ in range(steps):
        observation, _, terminated, truncated, _ = env.step(HOLD)
        rows.append(observation)
        if terminated or truncated:
            break
    return np.array(rows)


def picture(env, seed=0, steps=1):
    env.reset(seed=seed)
    for _ in range(steps):
        observation, *_ = env.step(HOLD)
    return observation


def test_people_decide_by_the_seed_of_behaviour_where_it_is_given():
    natural = {"child_behavior": "natural", "ego_driver": "constant"}
    free, held = made(parameters=natural), made(parameters={**natural, "seed.behavior": 5})
    assert len({states(free, seed).tobytes() for seed in range(4)}) > 1
    assert len({states(held, seed).tobytes() for seed in range(4)}) == 1


def test_whole_numbers_are_drawn_with_both_ends_and_repeat():
    env = made(distribution={"seed.behavior": (3, 5), "ego_speed": (30, 50)})
    drawn = [env.reset(seed=seed)[1]["parameters"] for seed in range(40)]
    assert {each["seed.behavior"] for each in drawn} == {"3", "4", "5"}
    assert all(30 <= float(each["ego_speed"]) <= 50 for each in drawn)
    assert env.reset(seed=7)[1]["parameters"] == drawn[7]


def test_combinations_that_constraints_refuse_are_drawn_again(tmp_path):
    text = (content.shipped("scenarios") / "child_crossing.xosc").read_text()
    start = text.index("<ConstraintGroup>", text.index('name="ego_speed"'))
    end = text.index("</ParameterDeclaration>", start)
    either = "".join(
        f'<ConstraintGroup><ValueConstraint rule="{rule}" value="{value}"/></ConstraintGroup>'
        for rule, value in (("lessOrEqual", 42), ("greaterOrEqual", 48))
    )
    map_file = content.shipped("scenarios") / "residential_street.xodr"
    file = tmp_path / "either.xosc"
    file.write_text((text[:start] + either + text[end:]).replace("residential_street.xodr", str(map_file)))
    env = ScenarioEnv(file, distribution={"ego_speed": (30, 50)})
    speeds = [float(env.reset(seed=seed)[1]["parameters"]["ego_speed"]) for seed in range(30)]
    assert all(speed <= 42 or speed >= 48 for speed in speeds)
    assert min(speeds) < 42
    assert max(speeds) > 48


def test_a_deterministic_distribution_gives_its_combinations_alike(tmp_path):
    scenario = content.shipped("scenarios") / "child_crossing.xosc"
    file = tmp_path / "grid.xosc"
    members = "".join(
        f'<DeterministicSingleParameterDistribution parameterName="{name}"><DistributionSet>'
        + "".join(f'<Element value="{value}"/>' for value in values)
        + "</DistributionSet></DeterministicSingleParameterDistribution>"
        for name, values in (("ego_speed", (30, 40, 50)), ("child_speed", (5, 8)))
    )
    file.write_text(
        '<OpenSCENARIO><FileHeader revMajor="1" revMinor="2" date="2026-01-01T00:00:00" description="" author=""/>'
        f'<ParameterValueDistribution><ScenarioFile filepath="{scenario}"/><Deterministic>{members}</Deterministic>'
        "</ParameterValueDistribution></OpenSCENARIO>"
    )
    env = made(distribution=file)
    drawn = [tuple(env.reset(seed=seed)[1]["parameters"].values()) for seed in range(300)]
    shares = [drawn.count((speed, child)) / 300 for speed in ("30", "40", "50") for child in ("5", "8")]
    assert shares == pytest.approx([1 / 6] * 6, abs=4 * np.sqrt(1 / 6 * 5 / 6 / 300))


@pytest.mark.slow
def test_a_parameter_space_in_yaml_draws_all_that_it_names_and_cameras_see_it():
    env = made(distribution=LOOKS, observation="camera")
    (first, info), (second, other) = env.reset(seed=1), env.reset(seed=2)
    assert {"ego_speed", "fog", "district", "seed.bodies", "mount.all.z", "mount.all.pitch"} <= set(info["parameters"])
    assert info["parameters"] != other["parameters"]
    assert (first != second).mean() > 0.5
    np.testing.assert_array_equal(env.reset(seed=1)[0], first)
    env.close()


@pytest.mark.slow
def test_a_sensor_is_where_the_parameters_mount_it():
    rig = rig_of(Settings())
    higher = [
        replace(sensor, ego_from_sensor=Pose(sensor.ego_from_sensor.translation + [0, 0, 0.5],
                                             sensor.ego_from_sensor.rotation))
        for sensor in rig.sensors
    ]  # fmt: skip
    expected = picture(made(observation="camera", rig=replace(rig, sensors=tuple(higher))))
    np.testing.assert_array_equal(picture(made(observation="camera", parameters={"mount.CAM_FRONT.z": 0.5})), expected)
    assert (picture(made(observation="camera")) != expected).mean() > 0.3


@pytest.mark.slow
@pytest.mark.parametrize("varied", [{"seed.city": 11}, {"district": "inner_city"}])
def test_looks_change_the_picture_and_nothing_else_whatever_was_shown_before(varied):
    plain = made(observation=("state", "camera"), distribution={name: [value] for name, value in varied.items()})
    env = made(observation=("state", "camera"))
    usual, changed = picture(env), picture(plain)
    np.testing.assert_array_equal(usual["state"], changed["state"])
    assert (usual["camera"] != changed["camera"]).mean() > 0.2


@pytest.mark.slow
def test_worlds_of_a_batch_look_each_their_own_way_and_as_single_ones():
    options = {"observation": "camera", "action": "acceleration", "distribution": {"seed.vehicles": [1, 2, 3]}}
    vector, single = ScenarioVectorEnv(3, "child_crossing", **options), ScenarioEnv("child_crossing", **options)
    first, infos = vector.reset(seed=1)
    assert len(set(infos["parameters"]["seed.vehicles"])) > 1
    images, *_ = vector.step(np.zeros((3, 1), np.float32))
    for row in (2, 0, 1):
        np.testing.assert_array_equal(single.reset(seed=1 + row)[0], first[row])
        np.testing.assert_array_equal(single.step(HOLD)[0], images[row])
    vector.close()
    single.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"distribution": LOOKS}, "no sensor is observed that it could move"),
        ({"parameters": {"mount.all.z": 0.1}}, "observe 'camera'"),
        ({"distribution": {"mount.CAM_BACK.z": (0, 0.1)}, "observation": "camera"}, "no sensor 'CAM_BACK'"),
        ({"distribution": {"seed.citi": (0, 9)}}, "did you mean 'seed.city'"),
        ({"distribution": {"seed.city": (0.2, 0.4)}}, "no seed"),
        ({"distribution": "distributions/motorway_cut_in"}, "varies motorway_cut_in.xosc, not child_crossing.xosc"),
        ({"distribution": "distributions/motorway_cut_in.space.yaml"}, "varies motorway_cut_in.xosc"),
        ({"distribution": {"ego_speed": (30, float("nan"))}}, "list of values"),
        ({"distribution": {"ego_speed": 30}}, "list of values"),
        ({"distribution": [30, 50]}, "give a file, or a mapping"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_remedy(options, words):
    with pytest.raises(DrivesimError, match="(?i)" + words):
        ScenarioEnv("child_crossing", **options)
