"""A camera with an imager of its own: codes, exposure over time, and the picture made of them."""

import cv2
import numpy as np
import pytest

from drivesim.errors import RigError
from drivesim.sensors.camera.chip import HEADROOM, Chip
from drivesim.sensors.camera.develop import GREY
from drivesim.sensors.camera.device import CameraDevice
from drivesim.sensors.rig import load_rig
from drivesim.simulation import record

WIDTH, HEIGHT = 64, 48


def device(chip=None, **changes):
    return CameraDevice(
        kind="camera", name="test", width=WIDTH, height=HEIGHT, fx=60.0, fy=60.0, cx=32.0, cy=24.0, vignetting=0.0,
        imager=chip or {}, **changes,
    )  # fmt: skip


def even(luminance, colour=(1.0, 1.0, 1.0)):
    return np.full((WIDTH * HEIGHT, 3), luminance, dtype=np.float32) * np.array(colour, dtype=np.float32)


def share(readout):
    """Of the codes, how full pixels are."""
    raw = readout.raw
    return (raw.codes.astype(float) - raw.black) / (raw.white - raw.black)


@pytest.mark.parametrize("luminance", [1.0, 300.0, 5_000.0])
def test_the_first_picture_is_exposed_as_metered(luminance):
    seen = Chip(device(), 7).expose(even(luminance), 0)
    assert share(seen).mean() == pytest.approx(GREY / HEADROOM, rel=0.01)
    assert seen.exposed.mean() == pytest.approx(GREY, rel=0.01)
    assert seen.raw.codes.dtype == np.uint16


def test_exposure_time_is_that_of_the_photons():
    """EMVA 1288: electrons = QE H A t / (h nu), H = pi L / (4 N^2), at 555 nm and 683 lm/W."""
    chip = Chip(device(exposure=300.0), 7)
    seen = chip.expose(even(300.0), 0)
    photons = np.pi * 300.0 / (4 * 1.8**2) / 683.0 * 9e-12 * seen.raw.exposure * 555e-9 / (6.62607015e-34 * 299_792_458)
    assert 0.7 * photons == pytest.approx(10_000 * GREY / HEADROOM, rel=1e-6)
    assert seen.raw.iso == 100.0
    assert share(chip.expose(even(600.0), 1)).mean() == pytest.approx(2 * GREY / HEADROOM, rel=0.01)
    assert share(chip.expose(even(60_000.0), 2)).min() > 0.97  # light beyond a full pixel is lost


@pytest.mark.parametrize("after", [6.0, 5_000.0])
def test_exposure_follows_the_light_and_does_not_overshoot(after):
    chip = Chip(device(), 7)
    chip.expose(even(300.0), 0)
    levels = [float(chip.expose(even(after), n).exposed.mean()) for n in range(1, 14)]
    off = np.abs(np.log(np.array(levels) / GREY))
    assert off[0] > 1.0
    assert (np.diff(off) < 0.02).all()
    assert off[-1] < 0.05


def test_at_night_the_gain_rises_to_its_highest():
    chip = Chip(device({"highest_iso": 800.0}), 7)
    dim, dark = chip.expose(even(0.9), 0), Chip(device({"highest_iso": 800.0}), 7).expose(even(0.03), 0)
    assert (dim.raw.exposure, dark.raw.exposure) == (0.03, 0.03)
    assert 100.0 < dim.raw.iso < 800.0
    assert dark.raw.iso == 800.0
    assert dark.exposed.mean() < GREY / 2


def test_noise_is_that_of_electrons():
    """Variance of codes over two pictures of an even field: (electrons + read^2 + dark) / gain^2, and 1/12 of steps."""
    settings = {"unequal": 0.0, "offsets": 0.0}
    fields = []
    for n in range(2):
        chip = Chip(device(settings, exposure=300.0), 7)
        fields.append(chip.expose(even(300.0), n))
    difference = fields[0].raw.codes.astype(float) - fields[1].raw.codes
    gain = 10_000.0 / (4095 - 64)
    electrons = 10_000.0 * GREY / HEADROOM
    expected = (electrons + 2.5**2 + 20.0 * fields[0].raw.exposure) / gain**2 + 1.0 / 12.0
    assert difference.var() / 2 == pytest.approx(expected, rel=0.08)


def test_colours_come_through_the_mosaic():
    seen = Chip(device({"read_noise": 0.0, "unequal": 0.0, "offsets": 0.0}), 7).expose(even(300.0, (1.0, 0.5, 0.25)), 0)
    red, green, blue = seen.exposed.mean(axis=0)
    assert green / red == pytest.approx(0.5, rel=0.02)
    assert blue / red == pytest.approx(0.25, rel=0.02)


def test_the_same_camera_takes_the_same_picture_and_another_does_not():
    one, same, other = (Chip(device(), key).expose(even(300.0), 3).raw.codes for key in (7, 7, 8))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_bright_point_glares():
    scene = even(1.0).reshape(HEIGHT, WIDTH, 3)
    scene[24, 32] = 4000.0
    plain, glaring = (
        Chip(device({"glare": spread}, exposure=20.0), 7).expose(scene.reshape(-1, 3), 0).exposed.reshape(scene.shape)
        for spread in (0.0, 0.1)
    )
    assert glaring[20, 32].mean() > 1.1 * plain[20, 32].mean()


def test_a_rig_has_it_and_a_recording_holds_the_codes_its_picture_is_of(tmp_path):
    small = "base: camera_1600x900, width: 160, height: 90, fx: 126.6, fy: 126.6, cx: 80, cy: 45"
    mount = "    translation: [1.7, 0.0, 1.51]\n    rotation: {ypr: [0, 0, 0]}\n    rate_hz: 10\n"
    rig = tmp_path / "chip.yaml"
    rig.write_text(
        "sensors:\n"
        f"  CAM_FRONT:\n    device: {{{small}, imager: {{}}}}\n{mount}"
        f"  CAM_PLAIN:\n    device: {{{small}}}\n{mount}"
    )
    record("child_crossing", rig=str(rig), out=tmp_path / "it", duration=0.3)
    files = sorted((tmp_path / "it" / "extra" / "CAM_FRONT" / "raw").glob("*.npz"))
    with np.load(files[-1]) as raw:
        assert raw["codes"].shape == (90, 160)
        assert 1e-5 <= raw["exposure"] < 0.03
        assert (raw["black"], raw["white"]) == (64, 4095)
        red, blue = raw["codes"][0::2, 0::2][:15].mean(), raw["codes"][1::2, 1::2][:15].mean()
        assert blue > red  # of the sky
    assert not (tmp_path / "it" / "extra" / "CAM_PLAIN" / "raw").exists()
    shots = [
        cv2.imread(str(next(folder.rglob(f"{channel}__{files[-1].stem.split('__')[1]}.jpg")))).astype(float)
        for channel in ("CAM_FRONT", "CAM_PLAIN")
        for folder in [tmp_path / "it"]
    ]
    assert np.corrcoef(shots[0].ravel(), shots[1].ravel())[0, 1] > 0.94
    assert abs(shots[0].mean() - shots[1].mean()) < 12.0


def test_codes_without_room_for_light_are_refused(tmp_path):
    rig = tmp_path / "chip.yaml"
    rig.write_text(
        "sensors:\n  CAM_FRONT:\n    device: {base: camera_1600x900, imager: {bits: 8, black: 200}}\n"
        "    translation: [1.7, 0.0, 1.51]\n    rotation: {ypr: [0, 0, 0]}\n    rate_hz: 10\n"
    )
    with pytest.raises(RigError, match=r"'black' 200 leaves less than half of the 256 codes"):
        load_rig(str(rig))
