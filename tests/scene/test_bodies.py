"""People: stature, proportions, gait that does not slide, appearance that says nothing about behaviour."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist
from scipy.stats import chi2_contingency

from drivesim.materials import MaterialId
from drivesim.scene.actors import Cast
from drivesim.scene.bodies import Body, RiderSeat, shaped
from drivesim.scene.bodies.anthropometry import median_stature
from drivesim.scene.bodies.appearance import appearance
from drivesim.scene.bodies.basis import BONES, FOOT, FOREARM, HAND, KEYPOINTS, SHANK, SIDE, THIGH, TOES, UPPER_ARM
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.trace import nearest
from drivesim.taxonomy import Tag
from drivesim.types import Actor, BoundingBox, WorldState
from drivesim.world.gait import LEG_LENGTH, stride_length

PHASES = np.linspace(0.0, 1.0, 41)


def person(name="someone", height=1.75, kind="pedestrian", category="pedestrian", **properties):
    box = BoundingBox((0.0, 0.0, 0.5 * height), 0.5, 0.6, height)
    return Actor(0, name, kind, category, "walker", box, properties=properties)


def walking_state(time, speed=1.4, phase=0.75):
    """One adult who walks along x."""
    zeros, nothing = np.zeros((1, 1)), np.zeros((1, 1, 3))
    return WorldState(
        time=np.array([time]), present=np.ones((1, 1), dtype=bool), position=nothing + (speed * time, 0.0, 0.0),
        orientation=nothing, velocity=nothing + (speed, 0.0, 0.0), acceleration=nothing, angular_velocity=nothing,
        speed=zeros + speed, steering=zeros, wheel_rotation=zeros,
        gait_phase=zeros + phase + speed * time / stride_length(speed, 1.75), gaze=zeros,
        lights=zeros.astype(np.uint16), fallen=zeros,
    )  # fmt: skip


@pytest.fixture(scope="module")
def child():
    return Body.for_actor(person("child", 1.15), seed=3)


@pytest.fixture(scope="module")
def adult():
    return Body.for_actor(person("adult", 1.78, sex="male", age="30"), seed=3)


def angle_between(a, b):
    return np.degrees(np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def knee_angles(body, speed):
    joints = np.array([body.joints(speed, phase) for phase in PHASES])
    return np.array([angle_between(j[SHANK] - j[THIGH], j[FOOT] - j[SHANK]) for j in joints])


@pytest.mark.parametrize("height", [0.95, 1.1, 1.25, 1.4])
def test_a_childs_inferred_age_has_the_stature_as_its_median(height):
    look = appearance(person("c", height), seed=1)
    assert median_stature(look.age, look.female) == pytest.approx(height, abs=0.02)


@pytest.mark.parametrize("height", [0.9, 1.15, 1.5, 1.65, 1.95])
def test_standing_height_is_the_box_height(height):
    body = Body.for_actor(person("h", height), seed=2)
    lower, upper = body.mesh.bounds()
    assert upper[2] - lower[2] == pytest.approx(height, abs=0.01)
    assert lower[2] == pytest.approx(0.0, abs=0.01)


def test_a_childs_head_is_larger_for_its_body(child, adult):
    def heads_tall(body):
        points = dict(zip(KEYPOINTS, body.pose(0.0, 0.0).keypoints, strict=True))
        crown = body.mesh.vertices[:, 2].max()
        return body.stature / (2.0 * (crown - points["left_eye"][2]))

    assert heads_tall(child) < 0.9 * heads_tall(adult)


def stance(speed, stature):
    """Share of the cycle on the ground (Kirtley et al. 1985: 64.2 - 3.5 v % of adults, whose legs are 0.92 m)."""
    return 0.642 - 0.035 * speed * np.sqrt(0.92 / (LEG_LENGTH * stature))


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.4])
@pytest.mark.parametrize("who", ["child", "adult"])
def test_the_toes_leave_the_ground_when_published(who, speed, request):
    body = request.getfixturevalue(who)
    phases = np.linspace(0.5, 0.7, 201)
    ball = np.array([body.joints(speed, p)[TOES] for p in phases])
    moved = ball - ball[0] + np.outer(phases - phases[0], (stride_length(speed, body.stature), 0.0, 0.0))
    gone = np.abs(moved).max(axis=1) > 0.004
    assert phases[gone.argmax()] == pytest.approx(stance(speed, body.stature), abs=0.012)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.4])
@pytest.mark.parametrize("who", ["child", "adult"])
def test_the_standing_foot_does_not_slide(who, speed, request):
    body = request.getfixturevalue(who)
    stride = stride_length(speed, body.stature)
    phases = np.linspace(0.12, stance(speed, body.stature) - 0.005, 40)  # foot flat until the toes leave
    ball = np.array([body.joints(speed, p)[TOES] for p in phases])
    on_ground = ball[:, 0] + stride * phases
    assert np.ptp(on_ground) < 0.02
    assert np.ptp(ball[:, 1]) < 0.02
    assert np.ptp(ball[:, 2]) < 0.02


@pytest.mark.parametrize("speed", [0.0, 0.3, 0.8, 1.4, 2.0])
@pytest.mark.parametrize("who", ["child", "adult"])
def test_a_walker_touches_the_ground_all_the_time(who, speed, request):
    body = request.getfixturevalue(who)
    lowest = [body.pose(speed, phase).vertices[:, 2].min() for phase in PHASES]
    assert min(lowest) > -0.02
    assert max(lowest) < 0.02


def test_a_runner_flies_and_lands(adult):
    lowest = np.array([adult.pose(3.5, phase).vertices[:, 2].min() for phase in PHASES])
    assert lowest.max() > 0.01
    assert (lowest < 0.01).mean() > 0.4
    assert lowest.min() > -0.02


def test_knees_bend_as_published(adult):
    """Winter 1991: 60 .. 70 degrees in the swing of walking; Novacheck 1998: 80 .. 110 in running."""
    walking, running = knee_angles(adult, 1.4), knee_angles(adult, 3.2)
    assert 52 < walking.max() < 75
    assert walking.min() < 12
    assert PHASES[walking.argmax()] == pytest.approx(0.72, abs=0.06)
    assert 75 < running.max() < 115


def test_arms_swing_against_the_legs_once_a_cycle(adult):
    joints = np.array([adult.joints(1.4, phase) for phase in PHASES[:-1]])
    hand, foot = joints[:, HAND, 0], joints[:, FOOT, 0]
    assert np.corrcoef(hand, foot)[0, 1] < -0.7
    assert np.abs(np.fft.rfft(hand - hand.mean())).argmax() == 1
    assert 0.2 < np.ptp(hand) < 0.9


def test_left_and_right_are_half_a_cycle_apart(adult):
    early, late = adult.joints(1.4, 0.2), adult.joints(1.4, 0.7)
    assert late[FOOT + SIDE, 0] == pytest.approx(early[FOOT, 0], abs=0.01)
    assert late[FOOT + SIDE, 1] == pytest.approx(-early[FOOT, 1], abs=0.01)


@pytest.mark.parametrize("speed", [1.4, 2.1, 3.5])
def test_motion_is_continuous(adult, speed):
    """No joint jumps within a cycle, nor from its end to its beginning."""
    joints = np.array([adult.joints(speed, phase) for phase in np.linspace(0.0, 1.0, 201)])
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=2)
    assert steps.max() < 0.06
    assert np.abs(joints[0] - joints[-1]).max() < 1e-6


def test_speed_blends_from_standing_to_running(adult):
    """Changing speed a little changes the pose a little, through the change from walking to running as well."""
    poses = [adult.joints(speed, 0.2) for speed in np.linspace(0.0, 4.0, 201)]
    assert max(np.abs(b - a).max() for a, b in pairwise(poses)) < 0.12


def test_vertex_velocity_is_the_derivative_of_the_pose(adult):
    rate = 1.4 / stride_length(1.4, adult.stature)
    velocity = adult.velocity(1.4, 0.3)
    dt = 0.004
    moved = adult.pose(1.4, 0.3 + rate * dt).vertices - adult.pose(1.4, 0.3 - rate * dt).vertices
    np.testing.assert_allclose(velocity, moved / (2 * dt), atol=0.08)
    planted = adult.pose(1.4, 0.3).vertices[:, 2] < 0.02
    assert np.median(velocity[planted, 0]) == pytest.approx(-1.4, abs=0.05)
    assert np.abs(adult.velocity(0.0, 0.3)).max() == 0.0


def test_gaze_turns_the_face(adult):
    points = adult.pose(0.0, 0.0, gaze=1.0).keypoints
    nose, ears = points[0], points[3:5].mean(axis=0)
    assert np.arctan2(nose[1] - ears[1], nose[0] - ears[0]) == pytest.approx(1.0, abs=0.1)


def test_the_fallen_lie_on_the_ground(child):
    vertices = child.pose(0.0, 0.0, fallen=1.0).vertices
    assert vertices[:, 2].min() == pytest.approx(0.0, abs=1e-3)
    assert vertices[:, 2].max() < 0.45 * child.stature
    assert np.ptp(vertices[:, 0]) > 0.8 * child.stature


def test_keypoints_lie_in_the_body(adult):
    for speed, phase in ((0.0, 0.0), (1.4, 0.1), (3.5, 0.6)):
        posed = adult.pose(speed, phase)
        assert posed.keypoints.shape == (17, 3)
        assert (posed.keypoints >= posed.vertices.min(axis=0) - 0.01).all()
        assert (posed.keypoints <= posed.vertices.max(axis=0) + 0.01).all()
        left = [i for i, name in enumerate(KEYPOINTS) if name.startswith("left") and "ankle" not in name]
        assert (posed.keypoints[left, 1] > posed.keypoints[[i + 1 for i in left], 1]).all()


def test_normals_are_unit_and_point_outwards(adult):
    posed = adult.pose(1.4, 0.3)
    np.testing.assert_allclose(np.linalg.norm(posed.normals, axis=1), 1.0, atol=1e-3)
    corners = posed.vertices[adult.mesh.triangles].astype(np.float64)
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6.0
    assert volume > 0.03


def test_mesh_is_labelled_and_dressed(child):
    mesh = child.mesh
    assert (mesh.semantic == Tag.PEDESTRIAN).all()
    assert {MaterialId.SKIN, MaterialId.HAIR, MaterialId.LEATHER} <= {MaterialId(int(m)) for m in mesh.material}
    assert {MaterialId.COTTON, MaterialId.SYNTHETIC} & {MaterialId(int(m)) for m in mesh.material}
    assert 3000 < len(mesh.vertices) < 9000
    assert mesh.albedo.min() > 0.0
    assert mesh.albedo.max() < 1.0


def test_riders_hold_the_bar_and_turn_the_pedals():
    rider = Body.for_actor(person("rider", 1.8, kind="vehicle", category="bicycle"), seed=5)
    seat = RiderSeat((0.28, 0.0, 0.93), (0.85, 0.27, 1.0), (0.85, -0.27, 1.0), (0.43, 0.0, 0.28), 0.12, 0.17)
    assert (rider.mesh.semantic == Tag.RIDER).all()
    posed = [rider.pose_riding(seat, turns) for turns in np.linspace(0.0, 1.0, 21)]
    wrists = np.array([p.keypoints[9] for p in posed])
    assert np.linalg.norm(wrists - seat.left_grip, axis=1).max() < 0.2
    ankle = np.array([p.keypoints[15] for p in posed])
    assert np.ptp(ankle[:, 2]) == pytest.approx(2 * seat.crank_radius, abs=0.1)
    assert np.abs(rider.velocity_riding(seat, 0.2, 1.0)).max() < 3.0


def test_the_same_name_and_seed_give_the_same_person():
    first, again = (Body.for_actor(person("twin", 1.6), seed=9) for _ in range(2))
    other = Body.for_actor(person("twin", 1.6), seed=10)
    assert np.array_equal(first.mesh.vertices, again.mesh.vertices)
    assert np.array_equal(first.mesh.albedo, again.mesh.albedo)
    assert first.appearance != other.appearance


TRAITS = {
    "top": lambda look: look.top,
    "bottom": lambda look: look.bottom,
    "hair": lambda look: look.hair,
    "bag": lambda look: look.backpack,
    "sex": lambda look: look.female,
    "skin": lambda look: look.skin[0] > 0.3,
    "dark clothes": lambda look: sum(look.top_colour) < 0.3,
    "old": lambda look: look.age > 45.0,
    "heavy": lambda look: look.weight > 0.5,
}


@pytest.mark.parametrize("trait", sorted(TRAITS))
def test_looks_are_independent_of_role_and_behaviour(trait):
    """Chi-squared at one in a hundred over all nine traits: what people look like says nothing of what they will do."""
    roles = ("crossing", "waiting", "Child_dashes", "police_officer")
    seen = [[TRAITS[trait](appearance(person(f"{role}_{i}", 1.7), seed=4)) for i in range(500)] for role in roles]
    values = sorted({value for row in seen for value in row})
    table = np.array([[row.count(value) for value in values] for row in seen])
    assert chi2_contingency(table).pvalue > 0.01 / len(TRAITS)


def test_role_controller_and_model_do_not_dress_anyone():
    plain, other = (
        appearance(person("same", 1.7, **given), seed=4) for given in ({}, {"model": "b", "role": "police"})
    )
    assert plain == other


# WHO Child Growth Standards 2006 and WHO Reference 2007, median standing height, m: boys, girls.
WHO = {
    2: (0.871, 0.857), 3: (0.961, 0.951), 4: (1.033, 1.027), 5: (1.100, 1.094), 6: (1.160, 1.151), 8: (1.273, 1.266),
    10: (1.378, 1.386), 12: (1.491, 1.512), 14: (1.632, 1.598), 16: (1.729, 1.625), 19: (1.765, 1.632),
}  # fmt: skip


@pytest.mark.parametrize("age", sorted(WHO))
@pytest.mark.parametrize("sex", ["male", "female"])
def test_someone_of_whom_only_the_age_is_known_has_its_median_stature(age, sex):
    actor = person("unmeasured", 0.0, age=str(age), sex=sex)
    body = Body.for_actor(actor, seed=2)
    lower, upper = body.mesh.bounds()
    assert upper[2] - lower[2] == pytest.approx(WHO[age][sex == "female"], abs=0.02)


def test_the_old_are_shorter_by_what_was_measured():
    """Sorkin et al. 1999: 5 cm (men) and 8 cm (women) from 30 to 80 years."""
    assert median_stature(30, 0) - median_stature(80, 0) == pytest.approx(0.05, abs=0.01)
    assert median_stature(30, 1) - median_stature(80, 1) == pytest.approx(0.08, abs=0.01)


def test_an_umbrella_is_held_over_the_head_even_while_walking():
    plain, holding = (Body.for_actor(person("rainy", 1.7, **given), seed=5) for given in ({}, {"carries": "umbrella"}))
    assert holding.stature == plain.stature == 1.7
    assert holding.appearance == plain.appearance
    for phase in (0.1, 0.4, 0.8):
        posed = holding.pose(1.3, phase)
        above = posed.vertices[posed.vertices[:, 2] > 1.58]
        assert np.ptp(above[:, 0]) == pytest.approx(1.0, abs=0.15)
        assert np.ptp(above[:, 1]) == pytest.approx(1.0, abs=0.15)
        right = holding.joints(1.3, phase)[HAND + SIDE]
        assert 0.9 < right[2] < 1.35
        shaft = posed.vertices[np.abs(posed.vertices[:, 2] - right[2] - 0.12) < 0.15]
        assert np.linalg.norm(shaft - right, axis=1).min() < 0.1


def test_some_hold_a_telephone_when_they_stand():
    people = [Body.for_actor(person(f"n{i}", 1.7), seed=6) for i in range(25)]
    looking = [body for body in people if (body.mesh.material == MaterialId.BLACK_PLASTIC).any()]
    assert 1 <= len(looking) <= 10
    for body in looking:
        black = body.mesh.vertices[np.unique(body.mesh.triangles[body.mesh.material == MaterialId.BLACK_PLASTIC])]
        assert pdist(black).max() == pytest.approx(0.167, abs=0.005)  # 15 by 7.2 cm
        joints = body.joints(0.0, 0.0)
        assert min(np.linalg.norm(black.mean(axis=0) - joints[HAND + side]) for side in (0, SIDE)) < 0.15


def test_bones_are_named_left_before_right():
    assert [name.replace("left", "right") for name in BONES[6:15]] == BONES[15:]


@pytest.mark.parametrize("number", range(4))
def test_hems_are_level(number):
    """What hangs over the hips ends at one height before and behind."""
    names = (f"n{i}" for i in range(300))
    wanted = [n for n in names if appearance(person(n, 1.7), seed=6).bottom == "trousers"]
    body = Body.for_actor(person(wanted[number], 1.7), seed=6)
    mesh, look = body.mesh, body.appearance
    top = np.abs(mesh.albedo - np.float32(look.top_colour)).max(axis=1) < 1e-6
    points = mesh.vertices[np.unique(mesh.triangles[top])]
    trunk = points[np.hypot(points[:, 0], points[:, 1]) < 0.13 * body.stature]
    angle = np.arctan2(trunk[:, 1], trunk[:, 0])
    front = [trunk[np.abs(angle - a) < 0.15][:, 2].min() for a in np.linspace(-0.6, 0.6, 7)]
    back = [trunk[np.abs(np.abs(angle) - a) < 0.15][:, 2].min() for a in (2.7, 2.9, 3.1)]
    assert np.ptp(front + back) < 0.03


@pytest.mark.parametrize(("age", "female", "seed"), [(80, 0, 0), (80, 0, 1), (65, 0, 0), (50, 1, 1), (50, 0, 1)])
def test_trousers_stay_under_the_shirt_while_walking(age, female, seed):
    """Above the hem no vertex of them comes through the shirt at any phase."""
    name, sex = f"p{age}{float(female)}", "female" if female else "male"
    who = Body.for_actor(person(name, median_stature(age, female), age=str(age), sex=sex), seed)
    mesh, look = who.mesh, who.appearance
    assert look.bottom == "trousers"
    worn = [np.unique(mesh.triangles[np.abs(mesh.albedo - np.float32(colour)).max(axis=1) < 1e-4])
            for colour in (look.top_colour, look.bottom_colour)]  # fmt: skip
    trunk = worn[0][np.abs(mesh.vertices[worn[0], 1]) < 0.13 * who.stature]
    for phase in PHASES[::3]:
        posed = who.pose(1.2, phase)
        points, normals = posed.vertices, posed.normals
        under = worn[1][points[worn[1], 2] > points[trunk, 2].min() + 0.03 * who.stature]
        away = points[trunk, :2] - points[trunk, :2].mean(axis=0)
        outside = trunk[(away * normals[trunk, :2]).sum(axis=1) > 0]
        assert len(under) > 100
        _, near = cKDTree(points[outside]).query(points[under])
        assert ((points[under] - points[outside][near]) * normals[outside][near]).sum(axis=1).max() < 0.0


def test_people_hold_themselves_differently_when_they_stand():
    poses = [Body.for_actor(person(f"p{i}", 1.7), seed=8).joints(0.0, 0.0) for i in range(12)]
    hands = np.array([[pose[HAND], pose[HAND + SIDE]] for pose in poses])
    assert np.ptp(hands, axis=0).max() > 0.1
    feet = np.array([pose[TOES] - pose[FOOT] for pose in poses])
    out = np.degrees(np.arctan2(feet[:, 1], feet[:, 0]))
    assert 2.0 < out.mean() < 13.0  # Murray et al. 1964: 6.7 degrees


def outlines(skin, bones):
    """What is covered from the front and from the side, in pixels of 2.5 mm."""
    vertices = np.empty_like(skin.vertices)
    shaped(skin, bones, vertices)
    masks = []
    for axis in (0, 1):
        mask = np.zeros((960, 960), dtype=np.uint8)
        for triangle in np.round(vertices[skin.mesh.triangles][:, :, [axis, 2]] * 6400 + (7680, 1280)).astype(int):
            cv2.fillConvexPoly(mask, triangle, 1, shift=4)
        masks.append(mask.astype(bool))
    return masks


@pytest.mark.parametrize("who", ["child", "adult"])
@pytest.mark.parametrize(("level", "distance", "triangles"), [(1, 13.0, 0.45), (2, 32.0, 0.2), (3, 72.0, 0.08)])
def test_coarse_outlines_are_within_a_pixel_where_they_take_over(who, level, distance, triangles, request):
    """A pixel of the rigs' camera of 1600 pixels, whose focal length is 1266; and silhouettes stay as large."""
    body = request.getfixturevalue(who)
    coarse = body.skins[level]
    assert len(coarse.mesh.triangles) < triangles * len(body.near.mesh.triangles)
    for phase in (0.12, 0.4):
        bones = body.bones(1.4, phase)
        for fine, rough in zip(outlines(body.near, bones), outlines(coarse, bones), strict=True):
            apart = np.concatenate([distance_transform_edt(~fine)[rough], distance_transform_edt(~rough)[fine]])
            assert 0.0025 * apart.max() < distance / 1266.0
            assert 0.9 < rough.sum() / fine.sum() < 1.05


def test_people_near_the_ego_move_within_a_tick_and_others_do_not():
    """A walking leg is where it is at each ray time within 3 cm near the ego; far away it is where the tick ends."""
    before, after = (walking_state(time) for time in (0.0, 0.05))
    builder = RaySceneBuilder()
    cast = Cast([person("walker", 1.75, sex="male", age="30")], builder, 3)
    with builder.build() as rays:
        cast.enter(rays)
        ((_, body),) = cast.bodies
        for distance, limit in ((5.0, 0.03), (15.0, 0.03), (30.0, 0.03), (50.0, 0.2)):
            cast.move(before, after, np.array([distance]))
            for time in (0.0, 0.4, 1.0):
                state = walking_state(0.05 * time)
                pose = body.body.pose(1.4, float(state.gait_phase[0, 0])).vertices + state.position[0, 0]
                origin = np.array([[x, 5.0, 0.35] for x in np.arange(-1.0, 1.0, 0.005)])
                seen = np.isfinite(nearest(rays, origin, (0.0, -1.0, 0.0), time).distance)
                band = pose[np.abs(pose[:, 2] - 0.35) < 0.03][:, 0]
                expected = (band.min(), band.max())
                edges = origin[seen][[0, -1], 0]
                assert np.abs(edges - expected).max() < (limit if time < 1.0 else 0.03)


def test_who_changes_speed_is_shown_in_the_pose_of_the_new_one():
    """And in the same shape whatever they did before."""
    builder = RaySceneBuilder()
    cast = Cast([person("walker", 1.75, sex="male", age="30")], builder, 3)
    with builder.build() as rays:
        cast.enter(rays)
        ((_, body),) = cast.bodies
        rows = slice(first := rays.first_vertex(body.handles[0]), first + len(body.body.near.vertices))
        for speed in (1.4, 3.2, 0.7, 1.4):
            before, after = walking_state(0.0, speed), walking_state(0.05, speed)
            cast.move(before, after, np.array([5.0]))
            pose = body.body.pose(speed, float(after.gait_phase[0, 0]), time=0.05)
            np.testing.assert_array_equal(rays.shape_at(1.0)[rows], pose.vertices)


@pytest.mark.parametrize("number", range(3))
def test_arms_of_who_stands_hang_beside_the_thighs(number):
    """Elbows bent 5 to 20 degrees, hands below the shoulders, fingers closed loosely."""
    habits = [Body.for_actor(person(f"p{i}", 1.7), seed=8) for i in range(12)]
    joints = [body.joints(0.0, 0.0) for body in habits]
    hanging = [j for j in joints if max(j[HAND, 2], j[HAND + SIDE, 2]) < 0.5 * 1.7 + 0.03][number]
    for side in (0, SIDE):
        upper, forearm, hand = (hanging[bone + side] for bone in (UPPER_ARM, FOREARM, HAND))
        fingers = hanging[HAND + side + 1]
        assert 4.0 < angle_between(forearm - upper, hand - forearm) < 22.0
        assert abs(hand[0] - upper[0]) < 0.09
        assert fingers[2] < hand[2]
