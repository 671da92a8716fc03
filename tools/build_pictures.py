"""Take the photographs in ``docs/images``: ``python tools/build_pictures.py [NAME...]``.

All of them, or those named: a scenario, or the studio's people, walk, things, vehicles, district. Look at each before
committing it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from PIL import Image

from drivesim.openscenario import load_scenario
from drivesim.recording.preview import VIDEO
from drivesim.sensors.rig import Sensor, load_rig
from drivesim.simulation import Simulation, record
from drivesim.studio import draw_sheet

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SHEETS = {"people": (4, 1300), "walk": (0, 1400), "things": (0, 1300), "vehicles": (10, 1300), "district": (0, 1200)}
"""Seed and width in pixels."""
LONGER = {"duration": "13"}
MOMENTS: dict[str, tuple[float, Mapping[str, str]]] = {
    "adult_from_far_side": (5.1, {}),
    "child_after_ball": (5.8, {}),
    "cyclist_from_behind_van": (5.0, {}),
    "end_of_traffic_jam": (12.0, LONGER),
    "motorway_cut_in": (5.5, {}),
    "oncoming_overtaker": (8.0, LONGER),
    "pedestrian_at_night": (5.6, {}),
    "pedestrian_behind_bus": (5.4, {}),
    "turning_across_cyclist": (5.3, {}),
    "wrong_way_cyclist": (5.5, {}),
}
"""When the event is seen best, s, and the parameters that it takes."""
STILLS = {"child_crossing": 5.3}
"""Scenarios that are shown by their recordings' preview at a time, s."""
SIZE, QUALITY = (960, 540), 82


def photograph(scenario: str, second: float, parameters: Mapping[str, str]) -> Image.Image:
    """What the default rig's camera sees of a scenario at one instant."""
    rig = load_rig("default")
    camera: Sensor = rig.of_kind("camera")[0]
    once = replace(rig, sensors=(replace(camera, rate_hz=0.01, phase=second),))
    with Simulation(load_scenario(scenario, parameters), once, duration=second + 0.01) as simulation:
        images = [frame.measurements[camera.channel] for frame in simulation if frame.measurements]
    picture = Image.fromarray(images[-1].rgb)  # type: ignore[union-attr]
    return picture.resize(SIZE, Image.Resampling.LANCZOS)


def still(scenario: str, second: float) -> Image.Image:
    """What a recording's preview shows at one instant; sensors sleep until just before."""
    rig = load_rig("default")
    awake = replace(rig, sensors=tuple(replace(sensor, phase=second - 0.1) for sensor in rig.sensors))
    with TemporaryDirectory() as folder:
        record(scenario, awake, folder, duration=second, overwrite=True)
        with av.open(str(Path(folder) / VIDEO)) as video:
            *_, last = video.decode(video=0)
            return last.to_image()


def main(names: list[str]) -> None:
    known = [*SHEETS, *MOMENTS, *STILLS]
    if unknown := set(names) - set(known):
        sys.exit(f"no picture of {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in names or known:
        if name in SHEETS:
            picture = draw_sheet(name, *SHEETS[name])
        else:
            picture = still(name, STILLS[name]) if name in STILLS else photograph(name, *MOMENTS[name])
        path = IMAGES / f"{name}.jpg"
        picture.convert("RGB").save(path, quality=QUALITY, optimize=True)
        sys.stdout.write(f"{path}: {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
