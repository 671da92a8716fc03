"""What sensors of the official client receive: complete frames, in CARLA's axes and units."""

import math
import queue

import numpy as np
import pytest

carla = pytest.importorskip("carla", reason="the official CARLA client is not installed (extra 'carla')")


@pytest.fixture
def sense(world, spawn):
    """``sense(blueprint, parent, x, z, **attributes)`` gives a function that returns the measurement of a frame."""

    def make(name, parent, x=0.0, y=0.0, z=1.5, yaw=0.0, **attributes):
        received = queue.Queue()
        spawn(name, x, y, yaw, z, parent=parent, listen=received.put, **attributes)

        def of(frame):
            while (measurement := received.get(timeout=60)).frame < frame:
                pass
            assert measurement.frame == frame
            return measurement

        of.received = received
        return of

    return make


def settled(world):
    """The frame after a few, when subscriptions have reached the server."""
    import time

    time.sleep(0.3)
    return world.tick()


def pixels(image):
    return np.frombuffer(image.raw_data, dtype=np.uint8).reshape(image.height, image.width, 4)


def test_cameras_agree_on_a_car_ahead(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    lead = spawn("vehicle.carlamotors.carlacola", 40, 1.75)
    world.tick()
    size = {"image_size_x": 160, "image_size_y": 120}
    kinds = ("rgb", "depth", "semantic_segmentation", "instance_segmentation")
    cameras = [sense(f"sensor.camera.{kind}", ego, 2.0, **size) for kind in kinds]
    frame = settled(world)
    rgb, depth, semantic, instance = (pixels(camera(frame)).astype(int) for camera in cameras)
    centre = 60, 80
    code = depth[centre]
    metres = 1000.0 * (code[2] + 256 * code[1] + 65536 * code[0]) / (2**24 - 1)
    gap = lead.get_location().x - lead.bounding_box.extent.x - (ego.get_location().x + 2.0)
    assert metres == pytest.approx(gap, abs=0.5)
    assert semantic[centre][2] == int(carla.CityObjectLabel.Truck)
    assert instance[centre][1] + 256 * instance[centre][0] == lead.id
    assert rgb[..., :3].std() > 10
    sky = semantic[..., 2] == int(carla.CityObjectLabel.Sky)
    assert sky[:40].mean() > 0.2
    assert not sky[90:].any()


def test_lidar_finds_the_car_on_the_right_at_positive_y(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    other = spawn("vehicle.audi.a2", 25, 6.0)
    world.tick()
    scan = sense(
        "sensor.lidar.ray_cast_semantic", ego, z=2.2, range=50, points_per_second=400000, rotation_frequency=20
    )
    cloud = scan(settled(world))
    hits = [(p.point.x, p.point.y, p.point.z) for p in cloud if p.object_idx == other.id]
    assert len(hits) > 20
    x, y, z = np.mean(hits, axis=0)
    assert x == pytest.approx(5.0, abs=1.9)
    assert y == pytest.approx(4.25, abs=0.9)
    assert -2.2 < z < 0.0
    assert all(p.object_tag == int(carla.CityObjectLabel.Car) for p in cloud if p.object_idx == other.id)
    assert all(0.0 <= p.cos_inc_angle <= 1.0 for p in cloud)
    assert not any(p.object_idx == ego.id for p in cloud)


def test_a_lidar_over_flat_ground_sees_rings_of_known_radius(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    scan = sense(
        "sensor.lidar.ray_cast", ego, z=2.0, range=30, channels=1, upper_fov=-30, lower_fov=-30,
        points_per_second=20000, rotation_frequency=20, dropoff_general_rate=0, dropoff_intensity_limit=0,
    )  # fmt: skip
    cloud = scan(settled(world))
    points = np.frombuffer(cloud.raw_data, dtype=np.float32).reshape(-1, 4)
    assert len(points) == 1000
    ground = points[np.abs(points[:, 2] + 2.0) < 0.02]
    assert len(ground) > 300
    assert np.hypot(ground[:, 0], ground[:, 1]) == pytest.approx(2.0 / math.tan(math.radians(30)), abs=0.05)
    assert ground[:, 3] == pytest.approx(math.exp(-0.004 * 4.0), abs=1e-3)


def test_radar_sees_an_approaching_car_with_negative_velocity(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    other = spawn("vehicle.carlamotors.carlacola", 50, 1.75, yaw=180)
    world.tick()
    radar = sense("sensor.other.radar", ego, 2.5, horizontal_fov=10, vertical_fov=4, points_per_second=4000)
    settled(world)
    other.set_target_velocity(carla.Vector3D(-10, 0, 0))
    detections = radar(world.tick())
    fast = [d for d in detections if d.velocity < -5]
    assert fast
    assert np.median([d.velocity for d in fast]) == pytest.approx(-10, abs=0.5)
    gap = other.get_location().x - other.bounding_box.extent.x - (ego.get_location().x + 2.5)
    assert np.median([d.depth for d in fast]) == pytest.approx(gap, abs=1.0)


def test_position_and_inertia(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75, yaw=0)
    world.tick()
    gnss, imu = sense("sensor.other.gnss", ego), sense("sensor.other.imu", ego)
    frame = settled(world)
    where, felt = gnss(frame), imu(frame)
    origin = world.get_map().transform_to_geolocation(carla.Location(0, 0, 0))
    metre = math.degrees(1 / 6_371_000)
    assert where.latitude == pytest.approx(origin.latitude - 1.75 * metre, abs=0.2 * metre)  # y points south
    east = 20 * metre / math.cos(math.radians(origin.latitude))
    assert where.longitude == pytest.approx(origin.longitude + east, rel=1e-6)
    assert felt.accelerometer.z == pytest.approx(9.81, abs=1e-3)
    assert felt.compass == pytest.approx(math.pi / 2)
    ego.apply_control(carla.VehicleControl(throttle=1.0))
    felt = imu(world.tick())
    assert 3.0 < felt.accelerometer.x < 6.0


def test_a_crash_is_reported_once_with_whom(world, spawn):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    wall = spawn("static.prop.container", 40, 1.75)
    events = queue.Queue()
    spawn("sensor.other.collision", parent=ego, listen=events.put)
    settled(world)
    ego.set_target_velocity(carla.Vector3D(12, 0, 0))
    for _ in range(60):
        world.tick()
    event = events.get(timeout=10)
    assert event.other_actor.id == wall.id
    assert event.normal_impulse.x < 0
    assert events.empty()


def test_a_sensor_keeps_its_own_pace(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    imu = sense("sensor.other.imu", ego, sensor_tick=0.2)
    settled(world)
    for _ in range(40):
        last = world.tick()
    times = []
    while not times or times[-1] <= last * 0.05 - 0.3:
        times.append(imu.received.get(timeout=10).timestamp)
    assert np.diff(times) == pytest.approx(0.2, abs=1e-6)


def test_a_traffic_light_shows_what_it_was_set_to(client):
    world = client.load_world("crossing_with_lights")
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    world.tick()
    light = next(a for a in world.get_actors().filter("traffic.*") if a.get_opendrive_id() == "11")
    light.freeze(True)
    blueprint = world.get_blueprint_library().find("sensor.camera.rgb")
    for name, value in {"image_size_x": 96, "image_size_y": 96, "fov": 40}.items():
        blueprint.set_attribute(name, str(value))
    camera = world.spawn_actor(blueprint, carla.Transform(carla.Location(96.5, 5.0, 3.2)))
    pictures = queue.Queue()
    camera.listen(pictures.put)
    redder = []
    for state in (carla.TrafficLightState.Red, carla.TrafficLightState.Green):
        light.set_state(state)
        frame = settled(world)
        picture = pictures.get(timeout=60)
        while picture.frame < frame:
            picture = pictures.get(timeout=60)
        _, green, red = pixels(picture)[..., :3].astype(float).reshape(-1, 3).T
        redder.append((np.maximum(red - green, 0).sum(), np.maximum(green - red, 0).sum()))
    camera.stop()
    camera.destroy()
    (red_when_red, green_when_red), (red_when_green, green_when_green) = redder
    assert red_when_red > red_when_green + 2000.0  # of some 40 pixels of a lens
    assert green_when_green > green_when_red + 2000.0


def test_normals_point_up_on_the_road_and_back_from_a_truck(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    spawn("vehicle.carlamotors.carlacola", 40, 1.75)
    world.tick()
    camera = sense("sensor.camera.normals", ego, 2.0, image_size_x=160, image_size_y=120)
    picture = pixels(camera(settled(world))).astype(int)
    x, y, z = (2.0 * picture[..., channel] / 255.0 - 1.0 for channel in (2, 1, 0))
    assert (x[110, 80], y[110, 80], z[110, 80]) == pytest.approx((0.0, 0.0, 1.0), abs=0.02)
    assert x[60, 80] == pytest.approx(-1.0, abs=0.1)
    assert not picture[2, 80, :3].any()  # the sky
    assert (picture[..., 3] == 255).all()


def test_optical_flow_is_motion_in_half_pictures(world, spawn, sense):
    """A camera that moves over flat ground: the ground below runs out of the picture, as the pinhole equation says."""
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    world.tick()
    width, height = 160, 120
    camera = sense("sensor.camera.optical_flow", ego, 2.0, z=2.0, image_size_x=width, image_size_y=height)
    settled(world)
    ego.set_target_velocity(carla.Vector3D(10, 0, 0))
    world.tick()
    before = ego.get_location().x
    image = camera(world.tick())
    moved = ego.get_location().x - before
    assert moved == pytest.approx(0.5, abs=0.02)
    flow = np.frombuffer(image.raw_data, dtype=np.float32).reshape(height, width, 2)
    row, column, focal = 100, 120, width / 2
    down, right = (row + 0.5 - height / 2) / focal, (column + 0.5 - width / 2) / focal
    depth = 2.0 / down
    nearer = focal * (right * depth / depth - right * depth / (depth + moved)) / (width / 2)
    lower = -focal * (2.0 / depth - 2.0 / (depth + moved)) / (height / 2)
    assert flow[row, column] == pytest.approx((nearer, lower), rel=0.03)
    assert flow[5] == pytest.approx(0.0, abs=1e-5)  # the sky stays


def test_optical_flow_of_something_that_crosses(world, spawn, sense):
    ego = spawn("vehicle.tesla.model3", 20, 1.75)
    other = spawn("vehicle.carlamotors.carlacola", 40, -3.0, yaw=90)
    world.tick()
    camera = sense("sensor.camera.optical_flow", ego, 2.0, image_size_x=160, image_size_y=120)
    settled(world)
    other.set_target_velocity(carla.Vector3D(0, 8, 0))
    image = camera(world.tick())
    flow = np.frombuffer(image.raw_data, dtype=np.float32).reshape(120, 160, 2)
    moving = np.abs(flow[..., 0]) > 1e-6
    assert 0.01 < moving.mean() < 0.03
    assert np.median(flow[moving][:, 0]) == pytest.approx(0.4 / (18.0 - 1.3), rel=0.1)  # to the right
    assert np.median(flow[moving][:, 1]) == pytest.approx(0.0, abs=1e-3)
