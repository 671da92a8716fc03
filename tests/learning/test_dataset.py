"""The dataset gives back what was simulated, in every worker."""

import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from drivesim.errors import DrivesimError, RecordingError

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'drivesim[torch]'")
from torch.utils.data import DataLoader  # noqa: E402

from drivesim.learning import RecordingDataset, collate  # noqa: E402
from drivesim.recording.decode import read_measurement  # noqa: E402
from drivesim.recording.encode import radar_jobs, radar_pcd  # noqa: E402
from drivesim.simulation import record, simulate  # noqa: E402

RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, width: 96, height: 54, fx: 76, fy: 76, cx: 48.0, cy: 27.0, antialiasing: 1}
    translation: [1.7, 0.0, 1.51]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
  LIDAR_TOP:
    device: velodyne_vlp16
    translation: [0.94, 0.0, 1.84]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 10
  RADAR_FRONT:
    device: continental_ars408
    translation: [3.41, 0.0, 0.5]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 20
"""
SECONDS = 1.2
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two recordings, as a sweep leaves them, and one that was not finished."""
    made = tmp_path_factory.mktemp("learning")
    (made / "rig.yaml").write_text(RIG)
    for number in range(2):
        record(
            "child_crossing", made / "rig.yaml", made / "recordings" / f"{number:06d}", seed=number, duration=SECONDS,
            parameters={"ego_speed": str(40 + number)},
        )  # fmt: skip
    (made / "recordings" / ".000002.part").mkdir()
    (made / "recordings" / ".000002.part" / "recording.json").touch()
    return made


@pytest.fixture(scope="module")
def frames(place):
    """By channel and nanoseconds, what was simulated for the first recording."""
    played = simulate("child_crossing", place / "rig.yaml", seed=0, duration=SECONDS, parameters={"ego_speed": "40"})
    return [measurement for frame in played for measurement in frame.measurements.values()]


def test_every_measurement_comes_back_as_it_was_simulated(place, frames):
    data = RecordingDataset(place / "recordings" / "000000", every="measurement")
    cameras, lidars, radars = (
        [m for m in frames if m.channel == name] for name in ("CAM_FRONT", "LIDAR_TOP", "RADAR_FRONT")
    )
    assert len(data) == len(cameras) == 12
    items = [data[index] for index in range(len(data))]
    for camera, item in zip(cameras, items, strict=True):
        seen = item["CAM_FRONT"]
        assert np.array_equal(seen["semantic"], camera.semantic)
        assert np.array_equal(seen["instance"], camera.instance)
        assert seen["rgb"].shape == (3, 54, 96)
        # JPEG at quality 95.
        assert np.abs(seen["rgb"].permute(1, 2, 0).numpy().astype(float) - camera.rgb).mean() < 4.0
        near = camera.depth < 255.0
        assert np.abs(seen["depth"].numpy()[near] - camera.depth[near]).max() <= 1.0 / 256.0
        assert torch.isinf(seen["depth"]).numpy()[np.isinf(camera.depth)].all()
        assert np.allclose(seen["world_from_ego"], camera.world_from_ego.matrix, atol=1e-9)
        assert np.allclose(seen["ego_from_sensor"], camera.ego_from_sensor.matrix, atol=1e-9)
        assert np.allclose(seen["intrinsic"], camera.intrinsic)
    clouds = {cloud.time_ns: cloud for cloud in lidars}
    start = items[0]["CAM_FRONT"]["timestamp"] - cameras[0].time_ns // 1000
    for item in items:
        cloud = clouds[(item["LIDAR_TOP"]["timestamp"] - start) * 1000]
        assert np.array_equal(item["LIDAR_TOP"]["points"], cloud.points)
        assert np.array_equal(item["LIDAR_TOP"]["instance"], cloud.instance)
        assert abs(item["LIDAR_TOP"]["timestamp"] - item["CAM_FRONT"]["timestamp"]) <= 50_000
    lists = {cycle.time_ns: cycle for cycle in radars}
    for item in items:
        cycle = lists[(item["RADAR_FRONT"]["timestamp"] - start) * 1000]
        assert np.array_equal(item["RADAR_FRONT"]["range"], cycle.range)
        assert np.array_equal(item["RADAR_FRONT"]["rcs"], cycle.rcs)
        assert item["RADAR_FRONT"]["x"].shape == cycle.range.shape


def test_samples_are_the_annotated_keyframes(place):
    data = RecordingDataset(place)
    tables = [json.loads((r.folder / "v1.0-drivesim" / "sample.json").read_text()) for r in data.recordings]
    assert [row["token"] for table in tables for row in table] == [data[i]["sample"] for i in range(len(data))]
    assert [recording.manifest.parameters["ego_speed"] for recording in data.recordings] == ["40", "41"]
    assert data.recording_of(len(data) - 1).manifest.seed == 1
    assert data[len(data) - 1]["recording"] == 1


def test_channels_and_contents_are_read_only_when_asked_for(place):
    data = RecordingDataset(place, ["RADAR_FRONT", "CAM_FRONT"], every="measurement", content=["semantic"])
    assert len(data) == 2 * 24
    item = data[0]
    assert set(item) == {"RADAR_FRONT", "CAM_FRONT", "recording", "sample"}
    assert {"rgb", "depth", "instance"}.isdisjoint(item["CAM_FRONT"])


def brightness(item):
    return item["CAM_FRONT"]["rgb"].float().mean()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_gives_the_same_batches_with_workers(place, workers):
    data = RecordingDataset(place, every="measurement")
    loader = DataLoader(data, batch_size=5, num_workers=workers, collate_fn=collate,
                        multiprocessing_context="spawn" if workers else None)  # fmt: skip
    batches = list(loader)
    assert len(batches) == 5
    assert batches[0]["CAM_FRONT"]["rgb"].shape == (5, 3, 54, 96)
    assert batches[0]["CAM_FRONT"]["timestamp"].shape == (5,)
    assert len(batches[0]["LIDAR_TOP"]["points"]) == 5
    assert [int(n) for batch in batches for n in batch["recording"]] == [0] * 12 + [1] * 12
    whole = torch.cat([batch["CAM_FRONT"]["semantic"] for batch in batches])
    assert torch.equal(whole, torch.stack([data[i]["CAM_FRONT"]["semantic"] for i in range(24)]))
    means = DataLoader(RecordingDataset(place, transform=brightness), batch_size=3, num_workers=workers)
    assert torch.cat(list(means)).min() > 10.0


def test_it_is_small_when_pickled_and_knows_no_pixel(place):
    data = RecordingDataset(place, every="measurement")
    again = pickle.loads(pickle.dumps(data))
    assert torch.equal(again[3]["LIDAR_TOP"]["points"], data[3]["LIDAR_TOP"]["points"])
    assert len(pickle.dumps(data)) < 100_000


def test_normals_albedo_and_flow_come_back_too(tmp_path):
    rig = tmp_path / "rig.yaml"
    rig.write_text(RIG.split("  LIDAR_TOP")[0].replace("antialiasing: 1", "channels: [normal, albedo, flow]"))
    record("child_crossing", rig, tmp_path / "made", seed=3, duration=0.35)
    played = simulate("child_crossing", rig, seed=3, duration=0.35)
    images = [measurement for frame in played for measurement in frame.measurements.values()]
    content = ["normal", "albedo", "flow_backward", "flow_forward"]
    data = RecordingDataset(tmp_path / "made", every="measurement", content=content)
    items = [data[index]["CAM_FRONT"] for index in range(len(data))]
    assert len(items) == len(images) == 3
    for number, (image, item) in enumerate(zip(images, items, strict=True)):
        assert np.allclose(item["normal"].permute(1, 2, 0), image.normal, atol=2 / 65535)
        assert np.allclose(item["albedo"].permute(1, 2, 0), image.albedo, atol=0.51 / 255)
        back, onward = (item[f"flow_{way}"].permute(1, 2, 0).numpy() for way in ("backward", "forward"))
        if number == 0:
            assert np.isnan(back).all()
            assert not item["seen_backward"].any()
        else:
            assert np.array_equal(back, image.flow_backward, equal_nan=True)
            assert np.array_equal(item["seen_backward"], image.seen_backward)
        if number == len(items) - 1:
            assert np.isnan(onward).all()
        else:
            assert np.array_equal(onward, images[number + 1].flow_forward, equal_nan=True)


def test_what_a_camera_has_not_recorded_is_named_before_anything_is_read(place):
    with pytest.raises(RecordingError, match=r"CAM_FRONT.*'flow_forward'.*channels: \[flow\]"):
        RecordingDataset(place, content=["rgb", "flow_forward"])


def test_a_radar_list_without_detections(place, frames, tmp_path):
    """nuScenes writes one point of NaN for it; the dataset gives none."""
    cycle = next(m for m in frames if m.channel == "RADAR_FRONT")
    empty = dataclasses.replace(cycle, **{
        f.name: getattr(cycle, f.name)[:0] for f in dataclasses.fields(cycle)
        if isinstance(getattr(cycle, f.name), np.ndarray)
    })  # fmt: skip
    sample, extra = tmp_path / "samples" / "R", tmp_path / "extra" / "R"
    for path, make in radar_jobs(empty, sample, extra, "stem"):
        path.parent.mkdir(parents=True)
        path.write_bytes(make())
    assert (sample / "stem.pcd").read_bytes() == radar_pcd(empty)
    arrays = read_measurement(tmp_path, "samples/R/stem.pcd", "radar")
    assert {len(array) for array in arrays.values()} == {0}


def test_what_is_not_there_is_named(place, tmp_path):
    with pytest.raises(RecordingError, match=r"no channel 'CAM_FRON'.*CAM_FRONT"):
        RecordingDataset(place, ["CAM_FRON"])
    with pytest.raises(RecordingError, match="holds no recording"):
        RecordingDataset(tmp_path)
    with pytest.raises(RecordingError, match=r"cameras have no 'dept'.*depth"):
        RecordingDataset(place, content=["dept"])
    broken = RecordingDataset(place / "recordings" / "000001")
    picture = next((broken.recordings[0].folder / "samples" / "CAM_FRONT").glob("*.jpg"))
    kept = picture.read_bytes()
    try:
        picture.write_bytes(b"no picture")
        with pytest.raises(RecordingError, match=picture.name):
            [broken[i] for i in range(len(broken))]
    finally:
        picture.write_bytes(kept)


def test_without_torch_the_message_says_how_to_get_it():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from drivesim.errors import DrivesimError\n"
        "try: from drivesim.learning import RecordingDataset\n"
        "except DrivesimError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "drivesim[torch]" in done.stdout
    assert issubclass(RecordingError, DrivesimError)
