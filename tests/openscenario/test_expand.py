"""``drivesim expand``: instances on the screen, in a table file, as scenario files."""

import csv

import pytest
from typer.testing import CliRunner
from xosc_files import CAR, catalog, distribution, scenario, write

from drivesim.cli.app import app
from drivesim.errors import DrivesimError
from drivesim.openscenario import load_scenario

DECLARED = (
    '<ParameterDeclaration name="speed" parameterType="double" value="1"><ConstraintGroup>'
    '<ValueConstraint rule="lessThan" value="30"/></ConstraintGroup></ParameterDeclaration>'
)
RANGE = (
    '<Deterministic><DeterministicSingleParameterDistribution parameterName="speed">'
    '<DistributionRange stepWidth="10"><Range lowerLimit="0" upperLimit="50"/></DistributionRange>'
    "</DeterministicSingleParameterDistribution></Deterministic>"
)


@pytest.fixture
def file(tmp_path):
    write(tmp_path, "cars/cars.xosc", catalog("cars", CAR))
    entity = '<ScenarioObject name="Ego"><CatalogReference catalogName="cars" entryName="car"/></ScenarioObject>'
    place = '<VehicleCatalog><Directory path="cars"/></VehicleCatalog>'
    write(tmp_path, "scenario.xosc", scenario(parameters=DECLARED, catalogs=place, entities=entity))
    return write(tmp_path, "variation.xosc", distribution(RANGE))


def expand(*arguments):
    return CliRunner().invoke(app, ["expand", *map(str, arguments)])


def test_the_screen_shows_how_many_there_are_and_the_first(file):
    said = expand(file).output
    assert "6 instances of scenario.xosc" in said
    assert "speed" in said


def test_a_table_has_a_row_for_each(file, tmp_path):
    assert expand(file, "--csv", tmp_path / "runs.csv").exit_code == 0
    with (tmp_path / "runs.csv").open() as handle:
        assert [row["speed"] for row in csv.DictReader(handle)] == ["0", "10", "20", "30", "40", "50"]


def test_constraints_and_limits_leave_instances_out(file):
    assert expand(file, "--csv", "-", "--allowed").output.split() == ["speed", "0", "10", "20"]
    assert expand(file, "--csv", "-", "--limit", "1").output.split() == ["speed", "0"]


def test_scenario_files_play_from_another_folder(file, tmp_path):
    folder = tmp_path / "runs" / "all"
    assert expand(file, "--out", folder).exit_code == 0
    made = sorted(folder.iterdir())
    assert len(made) == 6
    read = load_scenario(made[1])
    assert read.parameters["speed"] == 10.0
    assert read.actors()[0].category == "car"


def test_a_folder_with_scenarios_is_not_mixed_up(file, tmp_path):
    assert isinstance(expand(file, "--out", tmp_path).exception, DrivesimError)
