"""Every file of the corpus is read, or refused with a message that says what to do; never a traceback."""

import csv

import pytest
from corpus import CORPUS, cases, use_maps

from drivesim.errors import DrivesimError
from drivesim.openscenario import load_scenario, read_distribution
from drivesim.openscenario.documents import open_document, read_catalog

pytestmark = pytest.mark.skipif(
    not (CORPUS / "manifest.csv").exists(), reason="no corpus: set DRIVESIM_SHARED to the folder that holds corpus/"
)

READERS = {"Storyboard": load_scenario, "Catalog": read_catalog, "ParameterValueDistribution": read_distribution}
FAULTY = ["jakeaboganda+openscenario-mcp/esmini-tests/scenarios/test_with_stop.xosc"]
"""A file whose fault the manifest does not know: required attributes left out."""


def refusal(file):
    """Why a file is refused; None if it is read."""
    try:
        READERS[open_document(file).kind](file)
    except DrivesimError as error:
        return error
    return None


@pytest.fixture(autouse=True)
def maps(monkeypatch):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    use_maps()


def test_every_file_is_read_or_refused_in_words():
    refused = [error for file in sorted(CORPUS.rglob("*.xosc")) if (error := refusal(file))]
    assert all(error.file and error.remedy for error in refused)


def test_every_valid_file_is_read():
    with (CORPUS / "manifest.csv").open(newline="") as handle:
        rows = [
            row["file"]
            for row in csv.DictReader(handle)
            if row["version"] in ("1.0", "1.1", "1.2", "1.3") and row["negative_test"] == "no" and not row["missing"]
        ]
    refused = {file: str(error) for file in rows if (error := refusal(CORPUS / file))}
    assert len(rows) > 200
    assert list(refused) == FAULTY


def test_distributions_have_as_many_instances_as_the_reference_player_found():
    with (CORPUS / "esmini_speed.csv").open(newline="") as handle:
        counts = {f"{r['repo']}/{r['pvd']}": int(r["nperm"]) for r in csv.DictReader(handle) if r["nperm"] > "0"}
    counted = {file: read_distribution(CORPUS / file).count for file in counts if (CORPUS / file).exists()}
    assert len(counted) > 30
    assert counted == {file: counts[file] for file in counted}


def test_the_table_of_cases_knows_the_references():
    found = cases()
    assert sum(case.reference is not None for case in found) > 300
    assert {case.grade for case in found} >= {"A", "B", "C", "D", "E"}
