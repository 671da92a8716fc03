"""What well-known files say otherwise than the standard is read, and noted; what a map lacks is told by the scenario's
line."""

import pytest
from stage import Stage, at_lane, private, teleport
from xosc_files import CAR, HEADER, catalog, scenario, write

from drivesim.errors import ScenarioError
from drivesim.openscenario import load_scenario

CARS = '<VehicleCatalog><Directory path="cars"/></VehicleCatalog>'
EGO = '<ScenarioObject name="Ego"><CatalogReference catalogName="{}" entryName="{}"/></ScenarioObject>'


def test_a_catalogue_that_cannot_be_read_is_noted_while_nobody_needs_it(tmp_path):
    write(tmp_path, "cars/a.xosc", catalog("cars", CAR))
    write(tmp_path, "cars/b.xosc", catalog("more", "<!-- a -- b -->"))
    read = load_scenario(write(tmp_path, "s.xosc", scenario(catalogs=CARS, entities=EGO.format("cars", "car"))))
    assert "b.xosc:1: not well-formed XML" in str(read.notes[0])
    with pytest.raises(ScenarioError, match=r"b\.xosc:1: not well-formed XML"):
        load_scenario(write(tmp_path, "t.xosc", scenario(catalogs=CARS, entities=EGO.format("more", "car"))))


def test_a_misspelt_attribute_of_the_header_is_noted(tmp_path):
    slip = scenario(header=HEADER.replace("description", "decription"))
    notes = [str(note) for note in load_scenario(write(tmp_path, "s.xosc", slip)).notes]
    assert "'decription' does not belong here. Did you mean 'description'" in notes[0]
    assert "attribute 'description' is missing" in notes[1]


def test_a_trailer_is_read_by_its_former_name(tmp_path):
    towing = CAR.replace("</Vehicle>", '<Trailer><EntityRef entityRef="Box"/></Trailer></Vehicle>')
    box = f'<ScenarioObject name="Box">{CAR}</ScenarioObject>'
    cars = f'<ScenarioObject name="Ego">{towing}</ScenarioObject>{box}'
    read = load_scenario(write(tmp_path, "s.xosc", scenario(entities=cars)))
    assert "<EntityRef>: is called otherwise in the standard. Name it TrailerRef" in str(read.notes[0])
    assert read.trailers() == {"Ego": "Box"}


@pytest.mark.parametrize(
    ("road", "lane", "said"), [(7, -1, "the map has no road '7'. Choose one of: 1"), (1, 5, "road '1' has no lane 5")]
)
def test_a_place_that_the_map_lacks_is_told_by_the_scenarios_line(tmp_path, road, lane, said):
    init = private("Ego", "\n" + teleport(at_lane(lane, 10).replace('roadId="1"', f'roadId="{road}"')))
    with pytest.raises(ScenarioError, match=rf"s\d+\.xosc:2: <LanePosition>: {said}"):
        Stage(tmp_path, init=init)
