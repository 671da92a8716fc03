"""Open a recording with an unmodified nuscenes-devkit and look at everything it promises.

Runs inside an environment of its own that has nuscenes-devkit 1.2.0 (it needs numpy < 2):
``python devkit_check.py RECORDING [PICTURES]``. Exits 1 with the reason if anything is not as it should be.
"""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from nuscenes import NuScenes
from nuscenes.utils.data_classes import LidarPointCloud, RadarPointCloud
from nuscenes.utils.geometry_utils import points_in_box


def main(folder: Path, pictures: Path) -> None:
    nusc = NuScenes("v1.0-drivesim", str(folder), verbose=True)
    nusc.list_scenes()
    channels = {row["channel"]: row["modality"] for row in nusc.sensor}
    boxes = checked = 0
    categories = set()
    for sample in nusc.sample:
        assert set(sample["data"]) == set(channels), f"sample lacks {set(channels) - set(sample['data'])}"
        for channel, modality in channels.items():
            path, _, intrinsic = nusc.get_sample_data(sample["data"][channel])
            if modality == "radar":
                points = RadarPointCloud.from_file(path, invalid_states=None, dynprop_states=None, ambig_states=None)
                assert points.points.shape[0] == 18
                boxes += 1
            assert (len(intrinsic) == 3) == (modality == "camera") if intrinsic is not None else modality != "camera"
        lidar = sample["data"].get("LIDAR_TOP")
        if lidar is None:
            continue
        path, found, _ = nusc.get_sample_data(lidar)
        cloud = LidarPointCloud.from_file(path)
        for box in found:
            stored = nusc.get("sample_annotation", box.token)["num_lidar_pts"]
            counted = int(points_in_box(box, cloud.points[:3]).sum())
            assert stored == counted, f"{box.name}: {stored} points stored, {counted} counted"
            checked += 1
            categories.add(box.name)
        labels = np.fromfile(folder / nusc.get("lidarseg", lidar)["filename"], dtype=np.uint8)
        assert len(labels) == cloud.points.shape[1]
    assert checked > 0, "no annotation at all"
    sample = nusc.sample[len(nusc.sample) // 2]
    pictures.mkdir(exist_ok=True)
    for channel in channels:
        nusc.render_sample_data(
            sample["data"][channel], out_path=str(pictures / f"{channel}.png"), nsweeps=1, verbose=False
        )
    cameras = [c for c, m in channels.items() if m == "camera"]
    for camera in cameras[:1]:
        for sensor in [c for c, m in channels.items() if m != "camera"]:
            nusc.render_pointcloud_in_image(
                sample["token"], pointsensor_channel=sensor, camera_channel=camera,
                out_path=str(pictures / f"{sensor}_in_{camera}.png"), verbose=False,
            )  # fmt: skip
    nusc.get_sample_lidarseg_stats(sample["token"])
    print(f"{len(nusc.sample)} samples, {checked} boxes recounted, categories: {', '.join(sorted(categories))}")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    main(target, Path(sys.argv[2]) if len(sys.argv) > 2 else target / "devkit")
