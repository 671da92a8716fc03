"""ASAM's own checkers find nothing wrong in what ships; they need an environment of their own (numpy < 2)."""

import subprocess
import venv
from pathlib import Path

import pytest
from lxml import etree

from drivesim import content

SAMPLES = Path(__file__).parents[1] / "samples"
SHIPPED = sorted(content.shipped("scenarios").rglob("*.x*"))
CHECKERS = {".xosc": ("qc_openscenario", "xoscBundle"), ".xodr": ("qc_opendrive", "xodrBundle")}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    home = tmp_path_factory.mktemp("checkers") / "venv"
    venv.create(home, with_pip=True)
    wanted = ["asam-qc-openscenarioxml>=1.0", "asam-qc-opendrive>=1.0"]
    done = subprocess.run(
        [home / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"ASAM's checkers cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return home / "bin"


def issues(programs, file, folder):
    """What a checker reports, and how many of its rules ran to the end."""
    program, bundle = CHECKERS[file.suffix]
    config, report = folder / "config.xml", folder / "report.xqar"
    config.write_text(
        f'<Config><Param name="InputFile" value="{file}"/><CheckerBundle application="{bundle}">'
        f'<Param name="resultFile" value="{report}"/></CheckerBundle></Config>'
    )
    subprocess.run([programs / program, "-c", config], check=True, capture_output=True, cwd=folder)
    root = etree.parse(str(report)).getroot()
    ran = sum(checker.get("status") == "completed" for checker in root.iter("Checker"))
    return [issue.get("description") for issue in root.iter("Issue")], ran


@pytest.mark.slow
@pytest.mark.parametrize("file", [*SHIPPED, SAMPLES / "scenario_all.xosc"], ids=lambda file: file.name)
def test_nothing_is_wrong_in_our_files(programs, file, tmp_path):
    found, ran = issues(programs, file, tmp_path)
    assert found == []
    assert ran > 5


@pytest.mark.slow
def test_the_checkers_do_find_faults(programs, tmp_path):
    broken = tmp_path / "broken.xosc"
    broken.write_text((SAMPLES / "scenario_all.xosc").read_text().replace("<Entities>", "<Entitles>", 1))
    assert issues(programs, broken, tmp_path)[0]
