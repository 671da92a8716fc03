"""The camera against geometry that has a formula, and against itself with other threads."""

import numba
import numpy as np
import pytest

from drivesim.materials import MaterialId
from drivesim.mesh import Mesh
from drivesim.scene.builder import RaySceneBuilder
from drivesim.scene.city.parts import icosphere
from drivesim.scene.raycast import EGO_BODY
from drivesim.sensors.camera.sensor import Camera
from drivesim.sensors.camera.sky import daylight
from drivesim.sensors.rig import VIEW_FROM_CAMERA, Sensor, load_device
from drivesim.taxonomy import Tag
from drivesim.transforms import Pose
from drivesim.types import Weather

WIDTH, HEIGHT, FOCAL = 320, 180, 260.0
RED = {"material": MaterialId.COTTON, "albedo": (0.5, 0.05, 0.05), "semantic": Tag.PEDESTRIAN}


def camera(**changes):
    device = load_device("camera_1600x900").model_copy(
        update={
            "width": WIDTH,
            "height": HEIGHT,
            "fx": FOCAL,
            "fy": FOCAL,
            "cx": WIDTH / 2,
            "cy": HEIGHT / 2,
            **changes,
        }
    )
    mount = Pose(np.array([0.0, 0.0, 1.5]), VIEW_FROM_CAMERA)
    return Camera(Sensor("CAM", device, mount, 10.0, 0.0), seed=1)


def wall(distance):
    corners = [(distance, 400, -300), (distance, -400, -300), (distance, -400, 400), (distance, 400, 400)]
    return Mesh.build(
        corners, [(0, 1, 2), (0, 2, 3)], material=MaterialId.CONCRETE, albedo=(0.4,) * 3, semantic=Tag.WALL
    )


def sphere(radius, level=5):
    points, faces = icosphere(level)
    return Mesh.build(points * radius, faces, smooth=True, **RED)


def picture(builder, weather=None, times=(1.0, 1.0), **changes):
    with builder.build() as rays:
        return camera(**changes).render(rays, Pose.identity(), weather or Weather(), times=times)


def test_depth_is_planar():
    """Row C4 of the sensor goals: a wall at 20 m is 20.000 m away everywhere in the picture."""
    builder = RaySceneBuilder()
    builder.add_static(wall(20.0))
    image = picture(builder)
    assert image.depth == pytest.approx(20.0, abs=1e-3)
    assert (image.semantic == Tag.WALL).all()


def test_silhouette_of_a_sphere():
    """Semantic and instance masks equal the analytic outline, intersection over union at least 0.99."""
    builder = RaySceneBuilder()
    ball = builder.add_rigid(sphere(1.0), 7)
    centre = np.array([8.0, 0.9, 1.9])
    with builder.build() as rays:
        rays.set_motion(ball, Pose.from_ypr(centre, (0, 0, 0)), Pose.from_ypr(centre, (0, 0, 0)))
        rays.commit()
        image = camera().render(rays, Pose.identity(), Weather())
    x, y = np.meshgrid(np.arange(WIDTH) + 0.5 - WIDTH / 2, np.arange(HEIGHT) + 0.5 - HEIGHT / 2)
    beam = np.stack([np.full_like(x, FOCAL), -x, -y], axis=-1)
    beam /= np.linalg.norm(beam, axis=-1, keepdims=True)
    offset = centre - [0, 0, 1.5]
    along = beam @ offset
    expected = offset @ offset - along**2 <= 1.0
    found = image.instance == 7
    assert (found & expected).sum() / (found | expected).sum() >= 0.99
    assert ((image.semantic == Tag.PEDESTRIAN) == found).all()
    assert np.isinf(image.depth[~found]).all()


def test_every_row_has_its_own_time():
    """A ball that moves 2 m within the tick is seen where it is at the exposure's time."""
    builder = RaySceneBuilder()
    ball = builder.add_rigid(sphere(0.5), 1)
    columns = []
    with builder.build() as rays:
        rays.set_motion(ball, Pose.from_ypr((10, 1, 1.5), (0, 0, 0)), Pose.from_ypr((10, -1, 1.5), (0, 0, 0)))
        rays.commit()
        for time in (0.0, 0.25, 1.0):
            image = camera().render(rays, Pose.identity(), Weather(), times=(time, time))
            columns.append(np.nonzero(image.instance == 1)[1].mean() + 0.5)
    expected = [WIDTH / 2 - FOCAL * y / 10 for y in (1.0, 0.5, -1.0)]
    assert columns == pytest.approx(expected, abs=0.6)


def test_the_ego_looks_past_its_own_body():
    builder = RaySceneBuilder()
    builder.add_static(wall(20.0))
    bonnet = builder.add_rigid(sphere(1.0), 1, mask=EGO_BODY)
    with builder.build() as rays:
        pose = Pose.from_ypr((3, 0, 1.5), (0, 0, 0))
        rays.set_motion(bonnet, pose, pose)
        rays.commit()
        image = camera().render(rays, Pose.identity(), Weather())
    assert (image.semantic == Tag.WALL).all()


def test_threads_do_not_change_a_bit():
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("this machine has one core")
    builder = RaySceneBuilder()
    builder.add_static(wall(30.0))
    builder.add_static(sphere(1.0).placed(Pose.from_ypr((9, 1, 1.5), (0, 0, 0))))
    with builder.build() as rays:
        images = []
        for threads in (1, 2):
            numba.set_num_threads(threads)
            images.append(camera().render(rays, Pose.identity(), Weather()))
    for name in ("rgb", "depth", "semantic", "instance"):
        assert (getattr(images[0], name) == getattr(images[1], name)).all()


def test_fog_leaves_five_per_cent_at_its_visual_range():
    """Koschmieder's law with the WMO's 5 % contrast threshold (row C21)."""
    light = daylight(Weather(fog_visual_range=120.0))
    assert np.exp(-light.extinction * 120.0) == pytest.approx(0.05, abs=0.003)


def test_fog_hides_what_is_far():
    def contrast(weather):
        builder = RaySceneBuilder()
        builder.add_static(wall(60.0))
        builder.add_static(sphere(4.0).placed(Pose.from_ypr((50, 0, 1.5), (0, 0, 0))))
        rgb = picture(builder, weather, noise=0.0).rgb.astype(float)
        return np.ptp(rgb[..., 1])

    assert contrast(Weather(fog_visual_range=40.0)) < 0.25 * contrast(Weather())


def test_sun_and_shade_differ_as_light_does():
    """What faces the sun is brighter than what only sees the sky; at night it is dark without lamps."""
    light, night = daylight(Weather()), daylight(Weather(sun_elevation=-0.4, sun_illuminance=0.0))
    assert light.sun[1] / np.pi > light.cube[4, 1] > light.cube[0, 1] * 0.5
    assert night.cube.max() < 0.01
    assert night.sun.max() == 0.0


def test_diffuse_daylight_is_a_sixth_of_direct():
    """ASHRAE clear-sky diffuse share, whatever the sun's height."""
    for elevation in (0.3, 0.8, 1.3):
        light = daylight(Weather(sun_elevation=elevation, sun_illuminance=80_000.0, cloud_cover=0.0))
        luminance = light.cube[4] @ [0.2126, 0.7152, 0.0722] * np.pi
        assert luminance / 80_000.0 == pytest.approx(0.16, rel=0.1)


def test_a_lamp_shines_by_its_own_switch():
    """Two amber glasses side by side: the left indicator lights the left one alone."""
    builder = RaySceneBuilder()
    corners = [(10.0, y, z) for y in (0.2, 2.0, -2.0, -0.2) for z in (0.5, 2.5)]
    faces = [(1, 0, 2), (1, 2, 3), (5, 4, 6), (5, 6, 7)]
    look = {"material": MaterialId.INDICATOR, "albedo": (0.5, 0.2, 0.02), "semantic": Tag.CAR, "instance": 1}
    glasses = Mesh.build(corners, faces, **look)
    lamps = np.array([32, 32, 16, 16], dtype=np.uint8)
    part = builder.add_rigid(glasses, 1, lamps=lamps)
    dusk = Weather(sun_illuminance=2000.0, sun_elevation=0.1, sun_azimuth=1.5)
    with builder.build() as rays:
        rays.set_motion(part, Pose.identity(), Pose.identity())
        rays.commit()
        eye = camera(exposure=2000.0, noise=0.0)
        off, left = (
            eye.render(rays, Pose.identity(), dusk, lit=np.array([0, flags], np.uint16)).rgb.astype(int)
            for flags in (0, 32)
        )
    row, shift = HEIGHT // 2, int(FOCAL * 1.1 / 10.0)
    brighter = (left - off)[row, [WIDTH // 2 - shift, WIDTH // 2 + shift], 0]
    assert brighter[0] > 40
    assert brighter[1] == 0


def test_few_smooth_triangles_are_shaded_as_many():
    """A ball of 320 triangles beside one of 20,480, in the sun: less than a grey level apart; facets would be two."""

    def seen(level):
        builder = RaySceneBuilder()
        part = builder.add_rigid(sphere(1.0, level), 1)
        with builder.build() as rays:
            there = Pose(np.array([6.0, 0.0, 1.5]), np.eye(3))
            rays.set_motion(part, there, there)
            rays.commit()
            return camera(noise=0.0).render(rays, Pose.identity(), Weather()).rgb.astype(int)

    front = np.s_[HEIGHT // 2 - 25 : HEIGHT // 2 + 25, WIDTH // 2 - 25 : WIDTH // 2 + 25, 0]
    few, many = seen(2)[front], seen(5)[front]
    assert np.ptp(many) > 20
    assert np.abs(few - many).mean() < 0.8


def test_what_moves_takes_its_texture_along():
    """Bark and the eye 3.7 m further on and 0.3 to the side: the same marks at the same places of the picture."""
    builder = RaySceneBuilder()
    look = {"material": MaterialId.BARK, "albedo": (0.3, 0.25, 0.2), "semantic": Tag.VEGETATION}
    corners = [(4, 2, 0), (4, -2, 0), (4, -2, 3), (4, 2, 3)]
    part = builder.add_rigid(Mesh.build(corners, [(0, 1, 2), (0, 2, 3)], **look), 1)
    pictures = []
    with builder.build() as rays:
        for place in ((0.0, 0.0, 0.0), (3.7, 0.3, 0.0)):
            there = Pose(np.array(place), np.eye(3))
            rays.set_motion(part, there, there)
            rays.commit()
            image = camera(noise=0.0).render(rays, there, Weather())
            pictures.append(image.rgb.astype(int)[60:-60, 100:-100])
    assert pictures[0].std() > 3.0
    assert np.abs(pictures[0] - pictures[1]).mean() < 0.1 * pictures[0].std()


def test_wet_ground_mirrors_what_stands_on_it():
    """Below a red wall a dry road is grey and a wet one is red."""

    def below(wetness):
        builder = RaySceneBuilder()
        floor = [(-50, -50, 0), (50, -50, 0), (50, 50, 0), (-50, 50, 0)]
        look = {"material": MaterialId.ASPHALT, "albedo": (0.1,) * 3, "semantic": Tag.ROADS}
        builder.add_static(Mesh.build(floor, [(0, 1, 2), (0, 2, 3)], **look))
        tall = [(20, 40, 0), (20, -40, 0), (20, -40, 20), (20, 40, 20)]
        builder.add_static(Mesh.build(tall, [(0, 1, 2), (0, 2, 3)], **RED))
        grey_day = Weather(cloud_cover=1.0, sun_illuminance=1000.0, wetness=wetness)
        image = picture(builder, grey_day, noise=0.0).rgb.astype(float)
        red, green, _ = image[HEIGHT * 6 // 10 : HEIGHT * 7 // 10].reshape(-1, 3).mean(axis=0)
        return red / green

    assert below(0.0) < 1.15
    assert below(1.0) > below(0.0) + 0.15


def _upturned(material, albedo):
    """A plate before the camera that leans back by 45 degrees: what mirrors shows the zenith."""
    corners = [(6, 3, -1.5), (6, -3, -1.5), (12, -3, 4.5), (12, 3, 4.5)]
    return Mesh.build(
        corners, [(0, 1, 2), (0, 2, 3)], material=material, albedo=(albedo,) * 3, semantic=Tag.BUILDING
    )  # fmt: skip


def test_a_window_mirrors_as_much_as_two_panes_do():
    """Under an overcast sky, nearly even overhead, a window that mirrors 15 % looks as a matt plate of about that
    albedo does that sees 0.85 of it; one pane's 4 % would look as black rubber."""

    def brightness(material, albedo):
        builder = RaySceneBuilder()
        builder.add_static(_upturned(material, albedo))
        overcast = Weather(cloud_cover=1.0, sun_illuminance=20_000.0)
        image = picture(builder, overcast, exposure=300.0, noise=0.0, ambient_occlusion=False)
        return float(image.rgb[HEIGHT // 2 - 8 : HEIGHT // 2 + 8, WIDTH // 2 - 8 : WIDTH // 2 + 8].mean())

    window = brightness(MaterialId.WINDOW_GLASS, 0.0)
    assert brightness(MaterialId.RUBBER, 0.09) < window < brightness(MaterialId.RUBBER, 0.22)
