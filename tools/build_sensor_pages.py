"""Write a page for every shipped rig and device: ``python tools/build_sensor_pages.py``.

Pages go to ``docs/rigs`` and ``docs/devices``, pictures to ``docs/images``. Everything in them comes from the files in
``sensors/``: edit those, then run this. ``tests/sensors/test_pages.py`` compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from drivesim import content
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.coverage import alone, draw_rig
from drivesim.sensors.lidar.device import LidarDevice
from drivesim.sensors.located import read_document
from drivesim.sensors.radar.device import RadarDevice
from drivesim.sensors.rig import Device, Rig, Sensor, load_device, load_rig

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 760
"""Of the pictures, pixels."""


def pages() -> Iterator[tuple[str, str, Rig]]:
    """Path below ``docs``, text and what to draw, of every page but the two lists of them."""
    for name in sorted(content.available("sensors")):
        if name.startswith("devices/"):
            device = load_device(name.removeprefix("devices/"))
            yield f"{name}.md", device_page(name.removeprefix("devices/"), device), alone(device, Path(name).name)
        else:
            rig = load_rig(name)
            yield f"rigs/{name}.md", rig_page(rig), rig


def rig_page(rig: Rig) -> str:
    rows = [
        f"| {sensor.channel} | {_device_of(rig, sensor)} | {_vector(sensor.ego_from_sensor.translation)} "
        f"| {_looks(sensor)} | {sensor.rate_hz:g} | {_when(rig, sensor)} |"
        for sensor in rig.sensors
    ]
    own = [name for name in ("gnss", "imu", "odometry") if getattr(rig.own_motion, name) is not None]
    heading = ["| channel | device | x, y, z (m) | looks to | Hz | fires |", "| --- | --- | --- | --- | --- | --- |"]
    table = "\n".join([*heading, *rows]) + (f"\n\nOwn motion: {', '.join(own)}." if own else "")
    return _page(rig.name, rig.description, rig, f"rig_{rig.name}", table)


def device_page(name: str, device: Device) -> str:
    rows = "\n".join(f"| {what} | {value} |" for what, value in _facts(device))
    return _page(name, device.name, device, f"device_{name}", f"| | |\n| --- | --- |\n{rows}")


def _page(name: str, title: str, said: Rig | Device, picture: str, table: str) -> str:
    kind = "rig" if isinstance(said, Rig) else "device"
    folder = "sensors" if kind == "rig" else "sensors/devices"
    return (
        f"# {title}\n\n`{name}`, the {kind} in `{folder}/{name}.yaml`. Written by `tools/build_sensor_pages.py`.\n\n"
        f"![From above and from the left side](../images/{picture}.png)\n\n"
        f"**Source.** {said.source}\n\n**Approximated.** {said.approximated}\n\n{table}\n"
    )


def _device_of(rig: Rig, sensor: Sensor) -> str:
    given = read_document(rig.path).data["sensors"][sensor.channel]["device"]
    base = given if isinstance(given, str) else given.get("base")
    if base is None:
        return sensor.device.name
    return f"[{base}](../devices/{base}.md)" + ("" if isinstance(given, str) else ", changed")


def _vector(values: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in np.round(values, 4))


def _looks(sensor: Sensor) -> str:
    axis = sensor.ego_from_sensor.rotation[:, 2 if sensor.kind == "camera" else 0]
    yaw, up = np.degrees(np.arctan2(axis[1], axis[0])), np.degrees(np.arcsin(np.clip(axis[2], -1.0, 1.0)))
    return f"{yaw + 0.0:.1f}°" + (f", {abs(up):.1f}° {'up' if up > 0 else 'down'}" if abs(up) >= 0.05 else "")


def _when(rig: Rig, sensor: Sensor) -> str:
    trigger = read_document(rig.path).data["sensors"][sensor.channel].get("trigger")
    return f"with {trigger}, {1000 * sensor.phase:.1f} ms" if trigger else f"{1000 * sensor.phase:g} ms"


def _facts(device: Device) -> list[tuple[str, str]]:
    if isinstance(device, CameraDevice):
        return _camera(device)
    return _lidar(device) if isinstance(device, LidarDevice) else _radar(device)


def _camera(device: CameraDevice) -> list[tuple[str, str]]:
    edges = np.array(
        [[0, device.cy], [device.width, device.cy], [device.cx, 0], [device.cx, device.height]], dtype=float
    )
    rays = device.unproject(edges)
    across = np.degrees(np.arctan2(rays[:2, 0], rays[:2, 2]))
    up = np.degrees(np.arctan2(rays[2:, 1], rays[2:, 2]))
    return [
        ("image", f"{device.width} × {device.height} pixels"),
        ("field of view", f"{np.ptp(across):.1f}° × {np.ptp(up):.1f}°"),
        ("focal length", f"{device.fx:g}, {device.fy:g} pixels" if device.lens is None else "see the lens"),
        ("principal point", f"{device.cx:g}, {device.cy:g}"),
        ("lens", "pinhole" if device.lens is None else device.lens.model),
        ("shutter", f"rolling, {device.readout_ms:g} ms" if device.readout_ms else "global"),
    ]


def _lidar(device: LidarDevice) -> list[tuple[str, str]]:
    elevation = np.degrees(device.elevations)
    field = (
        "360°" if device.pattern is None else f"{device.pattern.horizontal_deg:g}° × {device.pattern.vertical_deg:g}°"
    )
    beams = f"{device.beams}, {elevation.max():+.3f}° to {elevation.min():+.3f}°" if device.beams > 1 else "1"
    return [
        ("scan", "turning" if device.pattern is None else device.pattern.shape),
        ("field of view", field),
        ("beams", beams),
        ("columns at 10 Hz", f"{device.columns_at(10.0)}"),
        ("wavelength", f"{device.wavelength_nm:g} nm"),
        ("range", f"{device.min_range:g} to {device.max_range:g} m; 10 % target {device.range_at_10_percent:g} m"),
        ("range noise", f"{100 * device.range_noise:g} cm / √SNR, at least {100 * device.range_noise_floor:g} cm"),
        ("divergence", f"{device.divergence_mrad:g} mrad, {device.rays_per_beam} rays a beam"),
        ("returns", ", ".join(device.returns)),
    ]


def _radar(device: RadarDevice) -> list[tuple[str, str]]:
    facts = [
        ("carrier", f"{device.frequency_ghz:g} GHz"),
        (
            "noise figure, losses, threshold",
            f"{device.noise_figure_db:g}, {device.losses_db:g}, {device.threshold_snr_db:g} dB",
        ),
        ("detections", f"at most {device.max_detections} a cycle"),
    ]
    for scan in device.scans:
        width = [f"{value:g}° at {angle:g}°" for angle, value in scan.azimuth_resolution_deg]
        facts += [
            (
                f"{scan.name}: range",
                f"{scan.min_range:g} to {scan.max_range:g} m, resolution {scan.range_resolution:g} m",
            ),
            (
                f"{scan.name}: velocity",
                f"{scan.min_velocity:g} to {scan.max_velocity:g} m/s, resolution {scan.velocity_resolution:g} m/s",
            ),
            (f"{scan.name}: azimuth", f"± {scan.azimuth_pattern_db[-1][0]:g}°, resolution {', '.join(width)}"),
            (f"{scan.name}: elevation beam", f"{scan.elevation_beamwidth_deg:g}°"),
            (
                f"{scan.name}: EIRP, receive gain",
                f"{scan.eirp_dbm:g} dBm, {scan.receive_gain_dbi:g} dBi, {scan.integration_ms:g} ms",
            ),
        ]
    return facts


def index(folder: str, listed: list[tuple[str, str, Rig]]) -> str:
    """The list of a folder's pages."""
    title = {"rigs": "Rigs", "devices": "Devices"}[folder]
    rows = [
        f"- [{rig.name}]({Path(path).name}): {text.splitlines()[0].removeprefix('# ')}"
        for path, text, rig in listed
        if path.startswith(folder)
    ]
    return (
        f"# {title}\n\nWhat ships in `sensors/`; [docs/sensors.md](../sensors.md) says how to write one's own.\n\n"
        + "\n".join(rows)
        + "\n"
    )


def main() -> None:
    made = list(pages())
    texts = [(path, text) for path, text, _ in made] + [(f"{f}/README.md", index(f, made)) for f in ("rigs", "devices")]
    for path, text in texts:
        (DOCS / path).parent.mkdir(exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")
    for path, _, rig in made:
        picture = draw_rig(rig, width=WIDTH).quantize(64)
        picture.save(DOCS / "images" / f"{path.split('/')[0][:-1]}_{Path(path).stem}.png", optimize=True)
    sys.stdout.write(f"{len(made)} pages in {DOCS}\n")


if __name__ == "__main__":
    main()
