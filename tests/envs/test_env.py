"""Every shipped scenario as gymnasium and stable-baselines3 expect it; exact seeds; how episodes end."""

from __future__ import annotations

import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.utils.env_checker import check_env

from drivesim.envs import ScenarioEnv
from drivesim.envs.registration import environment_id, playable
from drivesim.errors import DrivesimError, ScenarioError

IDS = [environment_id(name) for name in playable()]


def rollout(env, seed, steps=60, action=None):
    """Everything an episode gives, flattened into one array."""
    rows = []
    observation, _ = env.reset(seed=seed)
    env.action_space.seed(seed)
    for _ in range(steps):
        chosen = env.action_space.sample() if action is None else action
        observation, reward, terminated, truncated, info = env.step(chosen)
        rows.append([*observation, reward, terminated, truncated, info["time"]])
        if terminated or truncated:
            break
    return np.array(rows)


def finish(env, action, **reset):
    """The outcome of an episode with one action throughout."""
    env.reset(**reset)
    while True:
        _, _, terminated, truncated, info = env.step(action)
        if terminated or truncated:
            return terminated, truncated, info["outcome"]


@pytest.mark.parametrize("name", IDS)
def test_checkers_have_nothing_to_say(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = gym.make(name).unwrapped
        check_env(env)
        env.close()
        env.close()
        sb3 = pytest.importorskip("stable_baselines3.common.env_checker")
        sb3.check_env(gym.make(name).unwrapped, warn=True)


@pytest.mark.parametrize(
    "options",
    [
        {"observation": ("state", "lidar", "radar"), "action": "discrete"},
        {"observation": "radar", "action": "target_speed"},
        {"agent": "Child"},
        {"agent": "Child", "action": "discrete"},
        pytest.param({"observation": ("state", "camera"), "action": "acceleration"}, marks=pytest.mark.slow),
        pytest.param({"observation": ("RADAR_FRONT", "LIDAR_TOP"), "rig": "default"}, marks=pytest.mark.slow),
    ],
)
def test_checkers_accept_every_kind_of_observation_action_and_agent(options):
    sb3 = pytest.importorskip("stable_baselines3.common.env_checker")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = ScenarioEnv("child_crossing", **options)
        check_env(env, skip_render_check=True)
        sb3.check_env(env, warn=True, skip_render_check=True)
        env.close()


@pytest.mark.slow
def test_camera_images_follow_the_drive_and_repeat_exactly():
    options = {"observation": "camera", "action": "acceleration", "parameters": {"child_behavior": "protocol"}}
    env = ScenarioEnv("child_crossing", **options)
    hold = np.zeros(1, np.float32)

    def images():
        yield env.reset(seed=0)[0]
        for _ in range(105):
            yield env.step(hold)[0]

    first, again = list(images()), list(images())
    env.close()
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert first[0].shape == (72, 128, 3)
    assert first[0].std() > 20
    assert (first[0] != first[-1]).mean() > 0.5


@pytest.mark.parametrize("name", IDS)
def test_same_seed_same_trajectory_whatever_was_played_before(name):
    env = gym.make(name).unwrapped
    first = rollout(env, 3)
    rollout(env, 8)
    again, fresh = rollout(env, 3), rollout(gym.make(name).unwrapped, 3)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, fresh)


def test_an_episode_can_be_asked_for_by_its_seed():
    env = ScenarioEnv("child_crossing", distribution={"ego_speed": (30, 50)})
    _, drawn = env.reset(seed=1)
    first = env.reset(seed=2, options={"episode_seed": drawn["episode_seed"]})
    assert first[1] == drawn
    assert 30 <= float(drawn["parameters"]["ego_speed"]) <= 50


def test_holding_speed_into_the_protocol_child_ends_in_a_collision():
    env = ScenarioEnv("child_crossing", parameters={"child_behavior": "protocol"}, action="acceleration")
    terminated, truncated, outcome = finish(env, np.zeros(1, np.float32), seed=0)
    assert terminated
    assert not truncated
    assert outcome["collision"]
    assert outcome["collision_with"] == "Child"
    assert outcome["impact_speed"] == pytest.approx(40 / 3.6, abs=0.3)
    assert outcome["duration"] == pytest.approx(6.0, abs=0.1)


def test_a_driver_who_arrives_has_reached_the_goal_and_one_who_stands_runs_out_of_time():
    calm = {"child_behavior": "natural", "child_looks": "true"}
    env = ScenarioEnv("child_crossing", parameters=calm, goal_distance=20.0, time_limit=4.0, action="target_speed")
    terminated, truncated, outcome = finish(env, np.ones(1, np.float32), seed=0)
    assert terminated
    assert outcome["goal"]
    assert outcome["distance"] == pytest.approx(20.0, abs=0.6)
    terminated, truncated, outcome = finish(env, -np.ones(1, np.float32), seed=0)
    assert truncated
    assert not terminated
    assert outcome["duration"] == pytest.approx(4.0)
    assert outcome["hardest_braking"] == pytest.approx(8.83, abs=0.05)  # 0.9 g: what dry asphalt gives


def test_a_duration_that_cannot_be_extended_ends_the_episode(tmp_path):
    from drivesim import content

    text = (content.shipped("scenarios") / "child_crossing.xosc").read_text()
    text = text.replace(
        '<ValueConstraint rule="lessOrEqual" value="600"/>', '<ValueConstraint rule="lessOrEqual" value="2"/>'
    )
    text = text.replace(
        'name="duration" parameterType="double" value="8.0"', 'name="duration" parameterType="double" value="2"'
    )
    file = tmp_path / "short.xosc"
    file.write_text(
        text.replace("residential_street.xodr", str(content.shipped("scenarios") / "residential_street.xodr"))
    )
    _, truncated, outcome = finish(ScenarioEnv(file, goal_distance=500.0), np.zeros(2, np.float32), seed=0)
    assert truncated
    assert outcome["duration"] == pytest.approx(2.0, abs=0.06)


def test_full_steering_leaves_the_road_or_hits_what_stands_beside_it():
    env = ScenarioEnv("pedestrian_at_night", action="continuous")
    terminated, _, outcome = finish(env, np.array([-1.0, 0.0], np.float32), seed=0)
    assert terminated
    assert outcome["off_road"]


def test_lane_keeping_actions_stay_in_the_lane():
    env = ScenarioEnv("motorway_cut_in", action="discrete")
    env.reset(seed=0)
    for _ in range(100):
        observation, _, terminated, _, _ = env.step(1)
        assert abs(observation[4] * 3.0) < 0.3
        assert not terminated


def test_the_hidden_child_is_not_in_the_state_and_the_same_child_is_when_hiding_does_not_count():
    protocol = {"child_behavior": "protocol"}

    def persons(observation):
        return observation[13:].reshape(-1, 12)[:, 9].sum()

    seeing = ScenarioEnv("child_crossing", parameters=protocol, occlusion=False)
    assert persons(seeing.reset(seed=0)[0]) == 1
    env = ScenarioEnv("child_crossing", parameters=protocol, action="acceleration")
    hidden = persons(env.reset(seed=0)[0]) == 0
    first_seen = None
    for tick in range(120):
        observation, _, terminated, _, _ = env.step(np.zeros(1, np.float32))
        if first_seen is None and persons(observation):
            first_seen = 0.05 * (tick + 1)
        if terminated:
            break
    assert hidden
    # Euro NCAP geometry, 40 km/h against 5 km/h: first sight 1.47 s before the impact at 6 s, for eyes at the bumper's
    # middle 1.5 m behind the front; corners of the box are seen a little earlier.
    assert first_seen == pytest.approx(6.0 - 1.47, abs=0.3)


def test_the_agent_may_be_the_child():
    env = ScenarioEnv("child_crossing", agent="Child", action="discrete")
    _, _, outcome = finish(env, 0, seed=0)
    assert not outcome["collision"]
    env = ScenarioEnv("child_crossing", agent="Child", action="target_speed", parameters={"ego_driver": "constant"})
    env.reset(seed=0)
    total, done = 0.0, False
    for tick in range(200):
        _, reward, terminated, truncated, info = env.step(np.array([1.0 if tick > 60 else -1.0], np.float32))
        total += reward
        done = terminated or truncated
        if done:
            break
    assert done
    assert info["outcome"]["distance"] > 3.0


@pytest.mark.parametrize("parts", ["lidar", "radar", ("state", "lidar", "radar")])
def test_observations_lie_in_their_space(parts):
    env = ScenarioEnv("cyclist_from_behind_van", observation=parts)
    observation, _ = env.reset(seed=0)
    for _ in range(40):
        assert env.observation_space.contains(observation)
        observation, *_ = env.step(env.action_space.sample())


def test_lidar_ranges_are_those_of_the_geometry():
    """The parked car ahead on the right: the ray to the middle of its rear meets it where the drawing says."""
    env = ScenarioEnv("child_crossing", observation="lidar", rays=3600, reach=80.0)
    scan = env.reset(seed=0)[0] * 80.0
    world = env.batch.world
    ego, car = env.batch.agent, env.batch.stage.actors[3]
    rear = world.position[0, 3, :2] + [car.box.center[0] - car.box.length / 2, 0.0]
    offset = rear - world.position[0, ego.index, :2] - [ego.box.center[0], 0.0]
    index = round(np.arctan2(offset[1], offset[0]) / (2 * np.pi) * 3600) % 3600
    assert scan[index] == pytest.approx(np.hypot(*offset), abs=0.03)
    assert scan[1800] == pytest.approx(80.0)


def test_rewards_are_the_weighted_sum_of_their_terms():
    weights = {"progress": 2.0, "time": -3.0}
    env = ScenarioEnv("child_crossing", reward=weights, action="acceleration")
    env.reset(seed=0)
    _, reward, _, _, info = env.step(np.zeros(1, np.float32))
    assert info["reward_terms"]["progress"] == pytest.approx(0.05 * 40 / 3.6 / 10, rel=1e-6)
    assert info["reward_terms"]["speeding"] == pytest.approx(0.05 * 10 / 30, rel=1e-6)
    assert reward == pytest.approx(2.0 * info["reward_terms"]["progress"] - 3.0 * 0.05)


def test_render_gives_pictures():
    env = ScenarioEnv("child_crossing", render_mode="rgb_array")
    env.reset(seed=0)
    before = env.render()
    for _ in range(10):
        env.step(env.action_space.sample())
    after = env.render()
    assert before.shape == after.shape
    assert before.dtype == np.uint8
    assert (before != after).any()


def test_seen_from_above_the_hidden_child_is_an_outline_and_the_visible_one_orange():
    def orange(occlusion):
        env = ScenarioEnv(
            "child_crossing", render_mode="rgb_array", occlusion=occlusion, parameters={"child_behavior": "protocol"}
        )
        env.reset(seed=0)
        for _ in range(60):
            env.step(np.zeros(2, np.float32))
        red, green, blue = env.render()[:-40].astype(int).transpose(2, 0, 1)
        return int(((red > 180) & (abs(green - 92) < 20) & (blue < 70)).sum())

    assert orange(occlusion=True) < 3
    assert orange(occlusion=False) > 10


def test_a_wide_map_is_drawn_as_finely_as_a_narrow_one():
    """Lane markings of the motorway, 0.15 m and 0.3 m wide at 9 pixels a metre, are not smeared."""
    env = ScenarioEnv("motorway_cut_in", render_mode="rgb_array")
    env.reset(seed=0)
    bright = (env.render()[:480] > 200).all(axis=2)
    runs = np.diff(np.flatnonzero(np.diff(np.pad(bright[:, 20], 1).astype(int)))).tolist()[::2]
    assert runs
    assert max(runs) <= 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"observation": "stat"}, "did you mean 'state'"),
        ({"action": "steering"}, "choose one of"),
        ({"agent": "Chld"}, "did you mean 'Child'"),
        ({"reward": {"progres": 1.0}}, "did you mean 'progress'"),
        ({"reward": {"progress": float("nan")}}, "give a number"),
        ({"distribution": {"ego_speed": (1, 500)}}, "ego_speed"),
        ({"distribution": {"egospeed": (20, 30)}}, "did you mean 'ego_speed'"),
        ({"distribution": {"ego_speed": ()}}, "list of values"),
        ({"dt": 0.0}, "positive"),
        ({"oclusion": False}, "did you mean 'occlusion'"),
        ({"render_mode": "rgb"}, "rgb_array"),
        ({"view": "tip"}, "did you mean 'top'"),
        ({"observation": 3}, "such as 'state'"),
        ({"observation": ()}, "at least one"),
        ({"rays": 1.5}, "whole number"),
        ({"dt": "fast"}, "positive number"),
        ({"simulator": "unreal"}, "embedded or carla"),
        ({"reward": {"progress": "much"}}, "give a number"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(options, words):
    with pytest.raises(DrivesimError, match="(?i)" + words):
        ScenarioEnv("child_crossing", **options)


def test_a_scenario_without_a_vehicle_is_refused(tmp_path):
    from drivesim import content

    text = (content.shipped("scenarios") / "child_crossing.xosc").read_text()
    walker = text[: text.index('<ScenarioObject name="Ego">')] + text[text.index('<ScenarioObject name="Child">') :]
    walker = walker.replace('entityRef="Ego"', 'entityRef="Child"')
    for name in ("SmallParkedCar", "LargeParkedCar", "ParkedCarAhead"):
        start = walker.index(f'<ScenarioObject name="{name}">')
        walker = walker[:start] + walker[walker.index("</ScenarioObject>", start) + len("</ScenarioObject>") :]
        walker = walker.replace(f'entityRef="{name}"', 'entityRef="Child"')
    file = tmp_path / "no_ego.xosc"
    file.write_text(walker)
    with pytest.raises(ScenarioError, match="no vehicle"):
        ScenarioEnv(file)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ([0.0, 1.5], "out of bounds; clip it"),
        ([np.nan, 0.0], "is not a number; look for where the policy diverges"),
        ([np.inf, 0.0], "out of bounds"),
        ([0.0], r"shape \(1,\), not \(2,\)"),
        (0.0, r"shape \(\), not \(2,\)"),
        ("left", "no numbers"),
    ],
)
def test_actions_that_are_none_are_refused(action, words):
    env = ScenarioEnv("child_crossing")
    env.reset(seed=0)
    with pytest.raises(InvalidAction, match=words):
        env.step(action)


def test_the_refused_action_has_not_been_played():
    env, spared = ScenarioEnv("child_crossing"), ScenarioEnv("child_crossing")
    env.reset(seed=0)
    spared.reset(seed=0)
    with pytest.raises(InvalidAction):
        env.step(np.full(2, np.nan))
    np.testing.assert_array_equal(env.step(np.zeros(2))[0], spared.step(np.zeros(2))[0])


def test_reset_options_that_are_none_are_refused():
    env = ScenarioEnv("child_crossing")
    with pytest.raises(DrivesimError, match="episode_seed"):
        env.reset(options={"seed": 1})
    with pytest.raises(DrivesimError, match="whole number"):
        env.reset(options={"episode_seed": "first"})


def test_a_step_needs_a_reset_before_it():
    env = ScenarioEnv("child_crossing", time_limit=0.05)
    with pytest.raises(ResetNeeded, match="reset"):
        env.step(env.action_space.sample())
    env.reset(seed=0)
    assert env.step(np.zeros(2, np.float32))[3]
    with pytest.raises(ResetNeeded, match="reset"):
        env.step(env.action_space.sample())
