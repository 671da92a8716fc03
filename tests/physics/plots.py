"""Draw what the rows of the goal table test, for docs/sensors.md: ``python tests/physics/plots.py [FOLDER]``.

Each plot shows the model that ships against the closed form or the published figure that its row compares it with.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sensors"), str(Path(__file__).parent)]

mpl.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from ranging import CLEAR, changed, paths  # noqa: E402
from test_radar_body_rows import walk  # noqa: E402

from drivesim.sensors.camera.imager import Imager  # noqa: E402
from drivesim.sensors.inertial import RandomProcess, allan_deviation  # noqa: E402
from drivesim.sensors.radar.model import detect, signal_to_noise  # noqa: E402
from drivesim.sensors.radar.waves import two_ray_factor  # noqa: E402
from drivesim.sensors.rig import load_device  # noqa: E402

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


PLOTS: dict[str, Callable[[Any], None]] = {
    "radar_equation": radar_equation,
    "radar_lobing": lobing,
    "radar_ambiguity": ambiguity,
    "radar_micro_doppler": micro_doppler,
    "camera_photon_transfer": photon_transfer,
    "imu_allan": allan,
}


def main(folder: Path) -> None:
    for name, draw in PLOTS.items():
        figure, axes = plt.subplots(figsize=(4.6, 3.2), layout="constrained")
        draw(axes)
        figure.savefig(folder / f"sensor_{name}.png", dpi=100, metadata={"Software": None})
        plt.close(figure)
        sys.stdout.write(f"{folder}/sensor_{name}.png\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
