"""Draw what the rows of the goal table test, for docs/models: ``python tests/physics/plots.py [FOLDER [PLOT ...]]``.

Each plot shows the model that ships against the closed form or the published figure that its row compares it with.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sensors"), str(Path(__file__).parent)]

mpl.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from ranging import CLEAR, NIGHT, changed, paths  # noqa: E402
from test_camera_drop_rows import by_angles  # noqa: E402
from test_camera_lenses import FISHEYE  # noqa: E402
from test_camera_lenses import device as lens_device  # noqa: E402
from test_radar_body_rows import walk  # noqa: E402
from test_radar_interference_rows import floor_db  # noqa: E402

from drivesim.materials import MATERIALS, MaterialId  # noqa: E402
from drivesim.sensors.camera.device import EventPixels, LensDrops  # noqa: E402
from drivesim.sensors.camera.drops import through_drops  # noqa: E402
from drivesim.sensors.camera.events import EventSensor  # noqa: E402
from drivesim.sensors.camera.imager import Imager, next_exposure  # noqa: E402
from drivesim.sensors.camera.sky import daylight  # noqa: E402
from drivesim.sensors.inertial import RandomProcess, allan_deviation  # noqa: E402
from drivesim.sensors.lidar.model import receive  # noqa: E402
from drivesim.sensors.lidar.model import signal_to_noise as signal_of_lidar  # noqa: E402
from drivesim.sensors.radar.cube import Chirps, receiver_noise  # noqa: E402
from drivesim.sensors.radar.interference import heard_from, noise_rise_db  # noqa: E402
from drivesim.sensors.radar.model import detect, signal_to_noise  # noqa: E402
from drivesim.sensors.radar.waves import two_ray_factor  # noqa: E402
from drivesim.sensors.rig import load_device  # noqa: E402
from drivesim.types import Weather  # noqa: E402

RADAR = load_device("continental_ars408")
FAR, NEAR = RADAR.scans


def radar_equation(axes: Any) -> None:
    distance = np.geomspace(5.0, 300.0, 200)
    for name, dbsm in (("lorry", 20.0), ("car", 10.0), ("cyclist", 0.0), ("pedestrian", -8.0)):
        sigma = np.full(len(distance), 10 ** (dbsm / 10), dtype=np.float32)
        snr = 10 * np.log10(signal_to_noise(paths(distance), sigma, RADAR, FAR, CLEAR))
        axes.semilogx(distance, snr, label=f"{name}, {dbsm:g} dBsm")
    axes.axhline(RADAR.threshold_snr_db, color="black", linewidth=0.8)
    axes.text(5.2, RADAR.threshold_snr_db + 1, "detected above", fontsize=8)
    axes.set(xlabel="range, m", ylabel="SNR, dB", title="R1: 40 dB a decade (ARS408, far)", ylim=(-10, 90))
    axes.legend(fontsize=8)


def lobing(axes: Any) -> None:
    distance = np.geomspace(30.0, 250.0, 4000)
    for roughness in (0.0, 5e-3, 10e-3):
        factor = two_ray_factor(distance, 0.5, 0.7, 299_792_458.0 / 77e9, roughness)
        axes.plot(distance, 10 * np.log10(factor), label=f"road of {1000 * roughness:g} mm RMS")
    for fade in (179.8, 89.9, 59.9):
        axes.axvline(fade, color="black", linewidth=0.6, linestyle=":")
    axes.set(xlabel="range, m", ylabel="over free space, dB", ylim=(-60, 15),
             title="R12: fades at 2 h1 h2 / (n lambda) (dotted)")  # fmt: skip
    axes.legend(fontsize=8)


def ambiguity(axes: Any) -> None:
    sigma = np.full(1, 100.0, dtype=np.float32)
    true = np.arange(-60.0, 61.0, 1.5)
    one = changed(NEAR, velocity_spans=[], min_velocity=-20.5, max_velocity=20.5)
    for scan, label, mark in ((one, "one ramp, 41 m/s wide", "x"), (NEAR, "two ramps, 41 and 47 m/s", ".")):
        heard = [detect(paths([40.0], rate=v), sigma, RADAR, scan, CLEAR, 1, 0) for v in true]
        axes.plot(true, [h.velocity[0] for h in heard], mark, label=label, markersize=5)
    axes.set(xlabel="true radial velocity, m/s", ylabel="reported, m/s", title="R9: folded, and unfolded")
    axes.legend(fontsize=8)


def micro_doppler(axes: Any) -> None:
    scan = changed(NEAR, azimuth_pattern_db=[(0.0, 0.0), (10.0, -0.1)])
    step, rows = 0.02, []
    for rate, sigma in walk(changed(RADAR, scans=[scan]), 2.4, step):
        rows.append(np.histogram(rate, bins=110, range=(-0.8, 4.7), weights=sigma)[0])
    power = 10 * np.log10(np.array(rows).T + 1e-6)
    axes.imshow(power, origin="lower", aspect="auto", extent=(0, 2.4, -0.8, 4.7), vmin=-45, vmax=-10, cmap="magma")
    axes.axhline(1.4, color="white", linewidth=0.6, linestyle=":")
    axes.set(xlabel="s", ylabel="radial velocity, m/s", title="R11: a walker at 1.4 m/s (dotted)")


def photon_transfer(axes: Any) -> None:
    imager = Imager(unequal=0.0, offsets=0.0)
    mean, variance = [], []
    for number, electrons in enumerate(np.geomspace(3.0, 12_000.0, 25)):
        codes = imager.expose(np.full((200, 200), electrons), 0.01, 1, number).astype(float) - imager.black
        mean.append(codes.mean())
        variance.append(codes.var())
    level = np.geomspace(0.5, 4000.0, 100)
    noise = (imager.read_noise / imager.gain) ** 2 + 1 / 12
    axes.loglog(mean, variance, "o", markersize=4, label="simulated")
    axes.loglog(level, level / imager.gain + noise, linewidth=1, label="mean / gain + read noise (EMVA 1288)")
    axes.set(xlabel="mean code above black", ylabel="variance", title="C14: photon transfer, clipped at full well")
    axes.legend(fontsize=8)


def allan(axes: Any) -> None:
    process = RandomProcess(white=2e-4, bias=5e-5, memory=200.0)
    times = np.geomspace(0.02, 300.0, 30)
    errors = process.errors(400_000, 100.0, np.random.default_rng(3))
    axes.loglog(times, allan_deviation(errors, 100.0, times), "o", markersize=4, label="simulated, 67 minutes")
    axes.loglog(times, 2e-4 / np.sqrt(times), linewidth=1, label="2e-4 / sqrt(t)")
    axes.set(xlabel="averaging time, s", ylabel="Allan deviation, rad/s", title="S8: gyroscope")
    axes.legend(fontsize=8)


def side_lobes(axes: Any) -> None:
    device = load_device("ti_awr1843")
    scan = device.scans[0]
    target, sine = paths([20.0]), np.linspace(-0.86, 0.86, 2001)
    x = np.pi * sine * 0.886 / np.radians(15.0)
    axes.plot(np.degrees(np.arcsin(sine)), 20 * np.log10(np.abs(np.sinc(x / np.pi)) + 1e-6), linewidth=1,
              label="equal line source, 15 degrees")  # fmt: skip
    unit = signal_to_noise(target, np.ones(1, np.float32), device, scan, CLEAR)[0]
    found = detect(target, np.full(1, 10**4.5 / unit, np.float32), device, scan, CLEAR, 3, 1)
    level = 10 * np.log10(found.snr / found.snr[~found.lobe & (found.path >= 0)][0])
    axes.plot(np.degrees(found.azimuth), level, "o", markersize=5, label="detections of one loud echo")
    axes.set(xlabel="azimuth, degrees", ylabel="over the echo, dB", ylim=(-40, 5), title="R5: side lobes (AWR1843)")
    axes.legend(fontsize=8)


def lidar_equation(axes: Any) -> None:
    device = changed(load_device("ouster_os1_128"), max_range=1000.0)
    distance = np.geomspace(2.0, 200.0, 100)
    for material in (MaterialId.ROAD_PAINT, MaterialId.SKIN, MaterialId.ASPHALT, MaterialId.CAR_PAINT):
        row = MATERIALS[material]
        snr = signal_of_lidar(paths(distance, material=material), device, CLEAR).astype(float)
        axes.loglog(distance, snr, linewidth=1, label=f"{row.name.replace('_', ' ')}, {row.reflectivity_905:.2f}")
    foggy = signal_of_lidar(paths(distance, material=MaterialId.ROAD_PAINT), device, Weather(fog_visual_range=100.0))
    axes.loglog(distance, foggy, "--", linewidth=1, label="road paint, fog of 100 m")
    axes.axhline(device.threshold_snr, color="black", linewidth=0.8)
    axes.axvline(device.range_at_10_percent, color="black", linewidth=0.6, linestyle=":")
    axes.set(xlabel="range, m", ylabel="SNR", ylim=(0.5, 1e5), title="L5: 20 dB a decade; threshold, 40 m (OS1-128)")
    axes.legend(fontsize=7)


def lidar_detection(axes: Any) -> None:
    device = changed(load_device("ouster_os1_128"), max_range=1000.0)
    for rho in (0.1, 0.8):
        # Asphalt at the range where it returns as much as a target of that reflectivity.
        bright = float(signal_of_lidar(paths([1.0]), device, NIGHT)[0])
        at_threshold = np.sqrt(bright / device.threshold_snr)
        scale = device.range_at_10_percent * np.sqrt(rho / 0.1) / at_threshold
        factor = np.linspace(0.8, 1.2, 33)
        share = [
            np.mean(receive(paths(np.full(4000, at_threshold * f)), device, NIGHT, 7, 1).range > 0) for f in factor
        ]
        axes.plot(factor * at_threshold * scale, share, label=f"target of {100 * rho:.0f} %")
        axes.axvline(at_threshold * scale, color="black", linewidth=0.6, linestyle=":")
    axes.axhline(0.5, color="black", linewidth=0.6, linestyle=":")
    axes.set(xlabel="range, m", ylabel="share detected", title="L6: half at 40 m and 40 √8 m (OS1-128)")
    axes.legend(fontsize=8)


def lidar_noise(axes: Any) -> None:
    device = changed(load_device("ouster_os1_128"), range_noise_floor=0.0, range_resolution=0.0, max_range=1000.0)
    bright = float(signal_of_lidar(paths([1.0]), device, NIGHT)[0])
    levels = np.geomspace(15.0, 500.0, 16)
    spread = []
    for snr in levels:
        r = np.float32(np.sqrt(bright / snr))
        echoes = receive(paths(np.full(8000, r)), device, NIGHT, 3, 0).range
        spread.append((echoes[echoes > 0].astype(float) - r).std())
    axes.loglog(levels, 100 * np.array(spread), "o", markersize=4, label="simulated")
    axes.loglog(levels, 100 * device.range_noise / np.sqrt(levels), linewidth=1, label="22.5 cm / √SNR")
    axes.loglog([250, 100, 12], [1.5, 3.0, 10.0], "x", color="black", label="bounds of the data sheet")
    axes.set(xlabel="SNR", ylabel="standard deviation of range, cm", title="L7: range noise (OS1-128)")
    axes.legend(fontsize=8)


def lidar_weather(axes: Any) -> None:
    """The range at which the signal of a 100 m sensor falls to its threshold."""
    device = changed(load_device("velodyne_vlp16"), range_at_10_percent=100.0, max_range=400.0)
    distance = np.linspace(1.0, 150.0, 3000)
    clear = signal_of_lidar(paths([100.0]), device, CLEAR)[0]

    def reach(weather: Weather) -> float:
        return float(distance[signal_of_lidar(paths(distance), device, weather) >= clear][-1])

    visibility = np.geomspace(30.0, 2000.0, 25)
    axes.semilogx(
        visibility, [reach(Weather(fog_visual_range=float(v))) for v in visibility], label="fog, by visual range in m"
    )
    axes.semilogx([200, 100, 50], [48, 35, 24], "x", color="black", label="published extinction")
    rain = np.geomspace(1.0, 100.0, 20)
    axes.semilogx(rain, [reach(Weather(rain=float(r))) for r in rain], label="rain, by mm/h")
    axes.semilogx([10, 25], [87, 80], "+", color="black")
    axes.set(xlabel="visual range, m, or rain, mm/h", ylabel="range, m", title="L12: what weather leaves of 100 m")
    axes.legend(fontsize=8)


def camera_lenses(axes: Any) -> None:
    """Image height over the angle from the axis, in focal lengths; crosses are OpenCV's."""
    angle = np.radians(np.linspace(0.0, 95.0, 191))
    rays = np.stack([np.sin(angle), 0.0 * angle, np.cos(angle)], axis=1)
    for name in ("pinhole", "brown_conrady", "fisheye", "f_theta", "double_sphere"):
        camera = lens_device(name)
        seen = angle < np.radians({"pinhole": 62.0, "brown_conrady": 40.0}.get(name, 95.0))
        axes.plot(np.degrees(angle[seen]), (camera.project(rays[seen])[:, 0] - camera.cx) / camera.fx, linewidth=1,
                  label=name)  # fmt: skip
    few = rays[10:180:20]
    theirs, _ = cv2.fisheye.projectPoints(
        few[:, None], np.zeros(3), np.zeros(3), np.eye(3), np.array(list(FISHEYE.values()))
    )
    axes.plot(np.degrees(angle[10:180:20]), theirs[:, 0, 0], "x", color="black", markersize=4, label="OpenCV fisheye")
    front = load_device("camera_fisheye_190")
    axes.plot(
        np.degrees(angle), (front.project(rays)[:, 0] - front.cx) / 339.749, "--", linewidth=1, label="WoodScape FV"
    )
    axes.set(xlabel="angle from the axis, degrees", ylabel="image height / f", title="C2: lenses")
    axes.legend(fontsize=7)


def camera_exposure(axes: Any) -> None:
    imager = Imager()
    for luminance in (20.0, 200.0, 5000.0):
        exposure, levels = 1e-3, []
        for _ in range(20):
            levels.append(min(float(imager.electrons(luminance, exposure)) / imager.gain, 4031.0))
            exposure = next_exposure(exposure, levels[-1], 800.0)
        axes.plot(levels, "o-", markersize=3, linewidth=1, label=f"{luminance:g} cd/m²")
    axes.axhline(800.0, color="black", linewidth=0.6, linestyle=":")
    axes.set(xlabel="picture", ylabel="mean code above black", title="C13: automatic exposure, no overshoot")
    axes.legend(fontsize=8)


def fog_contrast(axes: Any) -> None:
    """What the air that cameras look through leaves of a contrast."""
    for visibility in (60.0, 200.0):
        light = daylight(Weather(fog_visual_range=visibility))
        distance = np.linspace(1.0, 1.5 * visibility, 100)
        axes.semilogy(
            distance / visibility, np.exp(-light.extinction * distance), label=f"visual range {visibility:g} m"
        )
    axes.plot([1.0], [0.05], "x", color="black", label="5 % (WMO)")
    axes.set(xlabel="distance / visual range", ylabel="contrast left", title="C21: contrast in fog")
    axes.legend(fontsize=8)


def interference(axes: Any) -> None:
    own = Chirps(76.5e9, 300e6, 40e-6, 50e-6, 512, 128)
    random = np.random.default_rng(7)
    phases = np.exp(2j * np.pi * random.random(997))
    quiet = receiver_noise((own.chirps, own.samples), random)
    levels = np.arange(0.0, 41.0, 5.0)
    for label, other in (
        ("23 us chirps every 31.7 us", Chirps(76.5e9, 300e6, 23e-6, 31.7e-6, 512, 1)),
        ("60 us, twice the band, every 73.3 us", Chirps(76.4e9, 600e6, 60e-6, 73.3e-6, 512, 1)),
    ):
        expected = [noise_rise_db(own, other, 10 ** (level / 10)) for level in levels]
        (line,) = axes.plot(levels, expected, label=label)
        heard = [quiet + heard_from(own, other, 10 ** (level / 10), 11.3e-6, phases) for level in levels]
        axes.plot(levels, [floor_db(signal) for signal in heard], "o", color=line.get_color(), markersize=4)
    axes.set(xlabel="interference over noise, a sample, dB", ylabel="noise floor rises by, dB",
             title="R19: another radar's chirps, maps and theory")  # fmt: skip
    axes.legend(fontsize=8)


def drops(axes: Any) -> None:
    heights = np.linspace(-0.79, 0.79, 400)
    for contact, colour in ((30.0, "tab:blue"), (40.0, "tab:orange")):
        glass = LensDrops(glass_mm=10.0, contact_angle_deg=contact)
        rays = np.stack([heights, np.zeros(400), np.full(400, 10.0)], axis=1).astype(np.float32)
        bent = through_drops(glass, np.array([[0.0, 0.0, 0.8]]), rays)
        axes.plot(heights, np.degrees(np.arctan2(bent[:, 0], bent[:, 2])), color=colour, label=f"{contact:g} degrees")
        some = heights[20:-20:40]
        reference = [np.degrees(by_angles(height, 10.0, 0.8, np.radians(contact))) for height in some]
        axes.plot(some, reference, "o", color=colour, markersize=4)
    axes.plot(heights, np.degrees(np.arctan(heights / 10.0)), "k:", linewidth=0.8, label="no drop")
    axes.set(xlabel="where a ray meets a drop of 0.8 mm, mm", ylabel="direction behind it, degrees",
             title="C17: upside down; dots trigonometry")  # fmt: skip
    axes.legend(fontsize=8, title="contact angle", title_fontsize=8)


def events(axes: Any) -> None:
    times = np.arange(0.0, 0.5, 0.01)
    light = np.exp(1.2 * np.sin(2.0 * np.pi * 4.0 * times))
    axes.plot(1e3 * times, np.log(light), color="0.6", label="log luminance, at exposures")
    pixel = EventSensor(EventPixels(threshold=0.2, mismatch=0.0, refractory_us=0.0), 1, 1, 1)
    found = [
        pixel.expose(np.full((1, 3), value, np.float32), round(1e9 * time))
        for time, value in zip(times, light, strict=True)
    ]
    for polarity, mark, name in ((1, "^", "brighter"), (-1, "v", "darker")):
        at = 1e-6 * np.concatenate([each.time_ns[each.polarity == polarity] for each in found if each is not None])
        axes.plot(at, np.interp(at, 1e3 * times, np.log(light)), mark, markersize=4, label=name)
    axes.set(xlabel="time, ms", ylabel="ln L", ylim=(-1.4, 2.5), title="C18: an event each 0.2 of ln L")
    axes.legend(fontsize=8, loc="upper right")


PLOTS: dict[str, Callable[[Any], None]] = {
    "radar_equation": radar_equation,
    "radar_lobing": lobing,
    "radar_ambiguity": ambiguity,
    "radar_micro_doppler": micro_doppler,
    "radar_side_lobes": side_lobes,
    "radar_interference": interference,
    "lidar_equation": lidar_equation,
    "lidar_detection": lidar_detection,
    "lidar_noise": lidar_noise,
    "lidar_weather": lidar_weather,
    "camera_lenses": camera_lenses,
    "camera_exposure": camera_exposure,
    "camera_fog": fog_contrast,
    "camera_photon_transfer": photon_transfer,
    "camera_drops": drops,
    "camera_events": events,
    "imu_allan": allan,
}


def main(folder: Path, names: list[str] | None = None) -> None:
    for name in names or PLOTS:
        draw = PLOTS[name]
        figure, axes = plt.subplots(figsize=(4.6, 3.2), layout="constrained")
        draw(axes)
        figure.savefig(folder / f"sensor_{name}.png", dpi=100, metadata={"Software": None})
        plt.close(figure)
        sys.stdout.write(f"{folder}/sensor_{name}.png\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images", sys.argv[2:])
