"""What the sensors say is what the car does: nothing else reaches its decisions."""

import dataclasses

import numpy as np
import pytest
from ego_scenes import CAR, MOUNT, drive, echoes, ego_at, sweep

from drivesim.ego import Detection, OwnState, ego_parameters
from drivesim.ego.chain import EgoChain
from drivesim.ego.lidar import LidarDetector
from drivesim.ego.radar import RadarDetector
from drivesim.errors import DrivesimError
from drivesim.types import CameraImage

PARKED = (20.0, -3.2, 4.4, 1.8, 1.5)


def child(time):
    """Walks from the right at 1.4 m/s into the path, in the middle of the lane at 2.9 s."""
    return (38.0, -4.0 + 1.4 * time, 0.4, 0.4, 1.15)


def kinds(chain: EgoChain) -> list[str]:
    return [event.kind for event in chain.events]


def test_a_crossing_child_in_the_point_cloud_makes_the_car_brake():
    chain = drive(LidarDetector(), lambda t, x: sweep(t, x, [PARKED, child(t)]))
    assert chain.braking
    order = kinds(chain)
    assert order.index("detection") < order.index("confirmation") < order.index("warning") <= order.index("brake")


def test_without_the_child_in_the_sensor_data_the_car_does_not_brake():
    assert "brake" not in kinds(drive(LidarDetector(), lambda t, x: sweep(t, x, [PARKED])))


def test_a_ghost_in_the_sensor_data_makes_the_car_brake():
    ghost = (30.0, 0.0, 0.5, 0.5, 1.7)
    chain = drive(LidarDetector(), lambda t, x: sweep(t, x, [ghost]), duration=2.2)
    assert chain.braking


def test_a_child_that_stops_at_the_kerb_is_no_threat():
    still = (38.0, -2.6, 0.4, 0.4, 1.15)
    assert "brake" not in kinds(drive(LidarDetector(), lambda t, x: sweep(t, x, [still])))


class Says:
    """Reports something in the way at some times."""

    oracle = False

    def __init__(self, kind, times, x=45.0):
        self.kind, self.times, self.x = kind, times, x

    def detect(self, measurement):
        said = any(abs(measurement.time_ns * 1e-9 - each) < 0.01 for each in self.times)
        away = self.x - measurement.world_from_ego.translation[0]
        return [Detection(np.array([away, 0.0]), np.eye(2) * 0.04, 0.25, 0.2, True)] * said


@pytest.mark.parametrize(("once", "brakes"), [("", True), ("lidar", False), ("radar", True)])
def test_what_a_lidar_has_seen_and_sees_no_more_is_not_braked_for(once, brakes):
    """A camera says three times of five that something is in the way. That a lidar never saw it says nothing; that it
    saw it once, and then looked five times in vain, does. A radar's silence says nothing: who crosses is silent."""
    often = [0.1 * number for number in range(1, 30) if number % 5 in (1, 2, 4)]
    times = {"camera": often, "lidar": [], "radar": []} | {once: [0.2]}
    chain = EgoChain(
        {kind: Says(kind, times[kind]) for kind in ("camera", "lidar", "radar")}, CAR, ego_parameters("aeb")
    )
    for tick in range(1, 60):
        time, x = tick * 0.05, 12.0 * tick * 0.05
        chain.decide(OwnState(time, ego_at(x), 12.0), 0.05)
        if tick % 2 == 0:
            now, black, blank = round(time * 1e9), np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8)
            image = CameraImage("CAM", now, MOUNT, ego_at(x), black, blank, blank, blank, np.eye(3))
            heard = echoes(time, x, [(45.0, 0.0, 0.0, 20.0)])
            chain.receive({"CAM": image, "LIDAR": sweep(time, x, []), "RADAR": heard})
    assert chain.braking is brakes


def test_a_gap_between_parked_cars_is_driven_through():
    pair = [PARKED, (20.0, 3.2, 4.4, 1.8, 1.5)]
    assert "brake" not in kinds(drive(LidarDetector(), lambda t, x: sweep(t, x, pair)))


def test_a_steel_plate_on_the_road_is_driven_over():
    plate = (30.0, 0.0, 3.0, 2.4, 0.03)
    assert "brake" not in kinds(drive(LidarDetector(), lambda t, x: sweep(t, x, [plate])))


def test_labels_do_not_change_any_decision():
    def relabelled(t, x):
        cloud = sweep(t, x, [PARKED, child(t)])
        wrong = np.arange(len(cloud.points)) % 7
        return dataclasses.replace(cloud, instance=wrong.astype(np.int32), semantic=wrong.astype(np.uint8))

    def done(measure):
        return [(e.kind, e.time, e.position) for e in drive(LidarDetector(), measure).events]

    assert done(relabelled) == done(lambda t, x: sweep(t, x, [PARKED, child(t)]))


def test_a_detector_never_sees_labels_unless_it_is_an_oracle():
    seen = []

    class Peeking:
        kind, oracle = "lidar", False

        def detect(self, measurement):
            seen.append(int(measurement.instance.max()))
            return []

    class Oracle(Peeking):
        oracle = True

    drive(Peeking(), lambda t, x: sweep(t, x, []), duration=0.5)
    drive(Oracle(), lambda t, x: sweep(t, x, []), duration=0.3)
    assert set(seen[:-2]) == {0}
    assert seen[-1] == 1


def test_cars_that_share_measurements_and_answers_ask_once_and_do_the_same():
    class Counting(LidarDetector):
        asked = 0

        def detect(self, measurement):
            Counting.asked += 1
            return super().detect(measurement)

    once = {"lidar": {}}
    clouds = {tick: sweep(0.05 * tick, 0.6 * tick, [PARKED, child(0.05 * tick)]) for tick in range(2, 60, 2)}

    def done(**how):
        chain = EgoChain({"lidar": Counting()}, CAR, ego_parameters("aeb"), **how)
        for tick in range(1, 60):
            chain.decide(OwnState(0.05 * tick, ego_at(0.6 * tick), 12.0), 0.05)
            chain.receive({"LIDAR": clouds[tick]} if tick in clouds else {})
        return [(event.kind, event.time, event.position) for event in chain.events]

    first, second = done(answers=once), done(answers=once)
    assert Counting.asked == len(clouds)
    assert first == second == done()


def test_nothing_is_known_before_the_latency_is_over():
    chain = drive(LidarDetector(), lambda t, x: sweep(t, x, [(30.0, 0.0, 0.5, 0.5, 1.7)]))
    assert all(event.time >= event.stamp + 0.1 - 1e-9 for event in chain.events if event.kind != "brake")


def test_radar_brakes_for_what_comes_nearer_and_strong_enough():
    def oncoming(t, x, snr=25.0):
        return echoes(t, x, [(60.0 - 3.0 * t, 0.0, -3.0, snr)])

    assert drive(RadarDetector(), oncoming, duration=3.6).braking
    assert "detection" not in kinds(drive(RadarDetector(), lambda t, x: oncoming(t, x, 8.0), duration=3.6))


@pytest.mark.parametrize("lost", [1.5, 1.8, 2.3, 2.8])
def test_what_is_promised_is_asked_for_only_when_it_can_change_what_the_car_does(lost):
    """The car brakes for something that vanishes at some time, and lets go where it stays away. It does the same to the
    bit if measurements are promised from its warning and braking on, of which it asks for some."""

    def driven(promises):
        chain = EgoChain({"lidar": LidarDetector()}, CAR, ego_parameters("aeb"))
        speed, x, did, asked = 12.0, 0.0, [], []
        for tick in range(1, 120):
            time = tick * 0.05
            slower = chain.decide(OwnState(time, ego_at(x), speed), 0.05)
            did.append((slower, chain.braking, chain.warned))
            x, speed = x + speed * 0.05, max(speed - slower * 0.05, 0.0)
            there = [(34.0, 0.0, 0.5, 0.5, 1.7)] if time < lost else []

            def measure(time=time, x=x, there=there):
                asked.append(time)
                return {"LIDAR": sweep(time, x, there)}

            if promises and chain.braking and chain.warned:
                chain.promise(measure)
            else:
                chain.receive(measure())
        return did, asked

    (received, every), (promised, some) = driven(False), driven(True)
    assert received == promised
    assert any(braking for _, braking, _ in received)
    assert some == every[: len(some)]
    assert len(some) < len(every) - 40 if received[-1][1] else len(some) == len(every)


def test_measurements_keep_their_order_behind_a_promise():
    """What is handed over while something promised is unread waits behind it."""
    asked = []

    class Noting(LidarDetector):
        def detect(self, measurement):
            asked.append(measurement.time_ns)
            return super().detect(measurement)

    chain = EgoChain({"lidar": Noting()}, CAR, ego_parameters("aeb"))
    chain.promise(lambda: {"LIDAR": sweep(0.1, 0.0, [])})
    chain.receive({"LIDAR": sweep(0.2, 0.0, [])})
    assert asked == []
    chain.decide(OwnState(0.3, ego_at(0.0), 12.0), 0.05)
    assert asked == [100_000_000, 200_000_000]


def test_radar_does_not_start_tracks_from_what_stands_still():
    chain = drive(RadarDetector(), lambda t, x: echoes(t, x, [(30.0, 0.0, 0.1, 30.0)]))
    assert "confirmation" not in kinds(chain)


def test_one_sensors_silence_does_not_undo_anothers_sight():
    """A second sensor that never sees the child must not keep the first one's track from being confirmed."""
    from ego_scenes import CAR, ego_at

    from drivesim.ego import OwnState, ego_parameters

    chain = EgoChain({"lidar": LidarDetector(), "radar": RadarDetector()}, CAR, ego_parameters("aeb"))
    for tick in range(1, 60):
        time = tick * 0.05
        chain.decide(OwnState(time, ego_at(12.0 * time), 12.0), 0.05)
        seen = {"RADAR": echoes(time, 12.0 * time, [(80.0, 9.0, -2.0, 25.0)])}
        if tick % 2 == 0:
            seen["LIDAR"] = sweep(time, 12.0 * time, [child(time)])
        chain.receive(seen)
    assert chain.braking


def test_a_second_sensor_that_saw_it_once_does_not_take_trust_away():
    from ego_scenes import CAR, ego_at

    from drivesim.ego import OwnState, ego_parameters

    chain = EgoChain({"lidar": LidarDetector(), "radar": RadarDetector()}, CAR, ego_parameters("aeb"))
    for tick in range(1, 60):
        time, x = tick * 0.05, 12.0 * tick * 0.05
        chain.decide(OwnState(time, ego_at(x), 12.0), 0.05)
        glimpse = (*child(time)[:2], -0.8, 25.0) if tick == 20 else (80.0, 9.0, -2.0, 25.0)
        seen = {"RADAR": echoes(time, x, [glimpse])}
        if tick % 2 == 0:
            seen["LIDAR"] = sweep(time, x, [child(time)])
        chain.receive(seen)
    brake = next(event for event in chain.events if event.kind == "brake")
    assert brake.sensor == "LIDAR+RADAR"


@pytest.mark.parametrize("answer", [[Detection(np.array([np.nan, 0.0]), np.eye(2), 0.2, 0.2, True)], "nonsense"])
def test_a_detector_that_talks_nonsense_is_named(answer):
    class Broken:
        kind, oracle = "lidar", False

        def detect(self, measurement):
            return answer

    with pytest.raises(DrivesimError, match="Broken"):
        drive(Broken(), lambda t, x: sweep(t, x, []), duration=0.5)


def test_a_detector_that_raises_is_named():
    class Raising:
        kind, oracle = "lidar", False

        def detect(self, measurement):
            raise IndexError("no such thing")

    with pytest.raises(DrivesimError, match=r"Raising failed: IndexError: no such thing"):
        drive(Raising(), lambda t, x: sweep(t, x, []), duration=0.5)


def test_a_piece_of_a_car_that_hangs_in_the_air_starts_no_person():
    """Bodies of cars shatter into clusters as wide as a person; one that begins at 0.7 m is none that stands there, but
    may be what is left in sight of somebody who is followed already."""
    whole = sweep(1.0, 0.0, [(20.0, -2.5, 0.3, 0.3, 1.15)])
    height = MOUNT.apply(whole.points)[:, 2]
    road = np.arange(len(height)) < 3000
    for kept, starts in ((road | (height < 2.0), True), (road | (height > 0.7), False)):
        (found,) = LidarDetector().detect(dataclasses.replace(whole, points=whole.points[kept]))
        assert (found.person, found.starts) == (True, starts)


def brake_ttc(offset, across):
    """TTC at which the car brakes for somebody 30 m ahead who is ``offset`` m to the right when they would meet."""

    def person(t, x):
        arrival = (30.0 - CAR.front) / 10.0
        return sweep(t, x, [(30.0, -offset + across * (t - arrival), 0.3, 0.45, 1.15)])

    chain = drive(LidarDetector(), person, speed=10.0, duration=2.6)
    return next(event.time_to_collision for event in chain.events if event.kind == "brake")


def test_the_car_waits_longer_for_who_is_not_in_its_path_yet():
    """Somebody stands in the way: braked for 0.35 s before it must be. Somebody walks into it: 0.1 s."""
    needed = 10.0 / (2 * 9.0) + 0.1 + 0.1
    assert brake_ttc(0.0, 0.0) == pytest.approx(needed + 0.35, abs=0.08)
    assert brake_ttc(0.4, 2.0) == pytest.approx(needed + 0.10, abs=0.08)
