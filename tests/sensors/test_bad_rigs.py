"""Rigs that cannot be: one clear message, exit code 2, before anything is simulated."""

from __future__ import annotations

import sys

import pytest

from drivesim.cli import main

SENSOR = """sensors:
  SENSOR:
    device: {device}
    translation: {place}
    rotation: {{ypr: [0, 0, 0]}}
    rate_hz: 10
"""
MISTAKES = {
    "inside the car": ("camera_1600x900", "[1.2, 0.0, 0.7]", 4, "inside the body of 'Ego'"),
    "negative wavelength": ("{base: velodyne_vlp16, wavelength_nm: -905}", "[1, 0, 1.8]", 3, "wavelength"),
    "beam table of another length": ("{base: velodyne_vlp16, elevations_deg: [1, 2, 3]}", "[1, 0, 1.8]", 3,
                                     "3 elevations for 16 channels"),
    "no such preset": ("continental_ars480", "[3.6, 0, 0.5]", 3, "Did you mean 'continental_ars"),
    "unphysical plastic": ("{base: continental_ars408, bumper_permittivity: [0.5, 0.0]}", "[3.6, 0, 0.5]", 3,
                           "greater than or equal to 1, not 0.5"),
    "negative range": ("{base: continental_ars408, noise_figure_db: -3}", "[3.6, 0, 0.5]", 3, "noise figure"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["record", "check"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_rig_that_cannot_be_is_refused(mistake, command, tmp_path, monkeypatch, capsys):
    device, place, line, told = MISTAKES[mistake]
    rig = tmp_path / "rig.yaml"
    rig.write_text(SENSOR.format(device=device, place=place))
    if command == "check" and mistake == "inside the car":
        pytest.skip("a rig alone knows no car")
    record = ["record", "child_crossing", "--rig", str(rig), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["drivesim", *(record if command == "record" else ["check", str(rig)])])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr()
    assert end.value.code == (2 if command == "record" else 1)
    message = " ".join((said.err + said.out).split())
    assert told in message
    assert f"rig.yaml:{line}" in message.replace("rig.yaml: ", "rig.yaml:")
    assert not (tmp_path / "out").exists()
