"""Reading: what the standard knows is read, whatever else stands in a file is named with its line."""

import logging

import pytest
from typer.testing import CliRunner
from xosc_files import AXLES, BOX, CAR, HEADER, PERFORMANCE, catalog, scenario, write

from drivesim.cli.app import app
from drivesim.errors import DrivesimError, ScenarioError
from drivesim.openscenario import load_scenario
from drivesim.openscenario.documents import read_catalog
from drivesim.openscenario.model.storyboard import Maneuver

DOUBLE = '<ParameterDeclaration name="{}" parameterType="double" value="{}"/>'


def car(name="car", category="car", extra=""):
    return f'<Vehicle name="{name}" vehicleCategory="{category}">{extra}{BOX}{PERFORMANCE}{AXLES}</Vehicle>'


def thing(inner, name="Ego"):
    return f'<ScenarioObject name="{name}">{inner}</ScenarioObject>'


def reference(catalog_name, entry, assignments=""):
    return (
        f'<CatalogReference catalogName="{catalog_name}" entryName="{entry}">'
        f"<ParameterAssignments>{assignments}</ParameterAssignments></CatalogReference>"
    )


CARS = '<VehicleCatalog><Directory path="cars"/></VehicleCatalog>'


@pytest.fixture
def load(tmp_path):
    def make(text=None, values=None, **parts):
        return load_scenario(write(tmp_path, "scenario.xosc", text or scenario(**parts)), values)

    return make


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<Entities>", "<Entitties/><Entities>", r"scenario\.xosc:\d+: <Entitties>.*[Dd]id you mean 'Entities'"),
        ('<Vehicle name="car"', '<Vehicle name="car" colour="red"', "attribute 'colour' does not belong here"),
        ('maxSpeed="70"', 'maxSped="70"', "'maxSped' does not belong here. Did you mean 'maxSpeed'"),
        ('maxSpeed="70" ', "", "attribute 'maxSpeed' is missing"),
        ('maxSpeed="70"', 'maxSpeed="fast"', "'fast' is not a number"),
        ('maxSpeed="70"', 'maxSpeed="7_0"', "is not a number"),
        ('vehicleCategory="car"', 'vehicleCategory="cart"', "Did you mean 'car'"),
        ("<Init>", "stray<Init>", "text 'stray' does not belong here"),
        (PERFORMANCE, PERFORMANCE * 2, "more than one <Performance>"),
        (PERFORMANCE, "", "<Performance> is missing"),
        ('revMinor="3"', 'revMinor="9"', r"OpenSCENARIO 1\.9 is not read"),
        ('revMajor="1" revMinor="3"', 'revMajor="0" revMinor="9"', r"OpenSCENARIO 0\.9 is not read.*migration"),
        ("<FileHeader", "<Fileheader", "<FileHeader> is missing"),
        ("Storyboard>", "Story>", "holds none of"),
        ("OpenSCENARIO>", "OpenScenarios>", "not an OpenSCENARIO file"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(load, old, new, said):
    text = scenario()
    assert old in text
    with pytest.raises(ScenarioError, match=said):
        load(text.replace(old, new))


def test_expressions_and_references_take_their_types(load):
    declared = DOUBLE.format("speed", "${10 * 3}") + DOUBLE.format("top", "${$speed + 40}")
    text = scenario(parameters=declared).replace('maxSpeed="70"', 'maxSpeed="${$top / 2}"')
    assert load(text).actors()[0].performance.max_speed == 35.0
    assert load(text, {"speed": "50"}).actors()[0].performance.max_speed == 45.0


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [("double", "x", "not a number"), ("integer", "1.5", "whole number"), ("unsignedInt", "-1", "negative"),
     ("boolean", "maybe", "neither true nor false")],
)  # fmt: skip
def test_a_parameter_is_of_its_declared_type(load, kind, value, said):
    declared = f'<ParameterDeclaration name="p" parameterType="{kind}" value="{value}"/>'
    with pytest.raises(ScenarioError, match=said):
        load(parameters=declared)


CONSTRAINED = (
    '<ParameterDeclaration name="p" parameterType="double" value="1">'
    '<ConstraintGroup><ValueConstraint rule="greaterThan" value="0"/><ValueConstraint rule="lessThan" value="2"/>'
    '</ConstraintGroup><ConstraintGroup><ValueConstraint rule="equalTo" value="5"/></ConstraintGroup>'
    "</ParameterDeclaration>"
)


@pytest.mark.parametrize(("value", "fits"), [("1.5", True), ("5", True), ("2", False), ("0", False), ("6", False)])
def test_one_group_of_constraints_must_hold_as_a_whole(load, value, fits):
    if fits:
        assert load(scenario(parameters=CONSTRAINED), {"p": value}).parameters["p"] == float(value)
    else:
        with pytest.raises(ScenarioError, match="must not be"):
            load(scenario(parameters=CONSTRAINED), {"p": value})


def maneuver(declared, wait):
    return (
        f'<Maneuver name="m"><ParameterDeclarations>{declared}</ParameterDeclarations>'
        '<Event name="e" priority="override"><Action name="a"><PrivateAction><LongitudinalAction><SpeedAction>'
        '<SpeedActionDynamics dynamicsShape="step" dynamicsDimension="time" value="0"/>'
        f'<SpeedActionTarget><AbsoluteTargetSpeed value="{wait}"/></SpeedActionTarget>'
        "</SpeedAction></LongitudinalAction></PrivateAction></Action></Event></Maneuver>"
    )


EMPTY = '<Maneuver name="m"><Event name="e" priority="override"><Action name="a"/></Event></Maneuver>'


def story(inner, declared=""):
    return (
        f'<Story name="s"><ParameterDeclarations>{declared}</ParameterDeclarations><Act name="a">'
        '<ManeuverGroup name="g" maximumExecutionCount="1">'
        '<Actors selectTriggeringEntities="false"><EntityRef entityRef="Ego"/></Actors>'
        f"{inner}</ManeuverGroup><StartTrigger/></Act></Story>"
    )


def target_speed(read):
    event = read.storyboard.stories[0].acts[0].groups[0].maneuvers[0].events[0]
    return event.actions[0].actions[0].target.value


def test_story_and_maneuver_parameters_hide_outer_ones_only_inside(load):
    own = DOUBLE.format("v", "30")
    read = load(parameters=DOUBLE.format("v", "10"), story=story(maneuver(own, "$v"), DOUBLE.format("v", "20")))
    assert target_speed(read) == 30.0
    assert read.parameters["v"] == 10.0
    read = load(parameters=DOUBLE.format("v", "10"), story=story(maneuver("", "$v"), DOUBLE.format("v", "20")))
    assert target_speed(read) == 20.0


def test_catalogue_entries_take_assignments_over_defaults(load, tmp_path):
    declared = f"<ParameterDeclarations>{DOUBLE.format('top', '50')}</ParameterDeclarations>"
    fast = car("fast", extra=declared).replace('maxSpeed="70"', 'maxSpeed="$top"')
    write(tmp_path, "cars/all.xosc", catalog("cars", fast))
    given = '<ParameterAssignment parameterRef="top" value="${2 * $speed}"/>'
    for assigned, top in (("", 50.0), (given, 60.0)):
        read = load(
            parameters=DOUBLE.format("speed", "30"), catalogs=CARS, entities=thing(reference("cars", "fast", assigned))
        )
        assert read.actors()[0].performance.max_speed == top


def test_a_maneuver_comes_from_a_catalogue_with_its_parameters(load, tmp_path):
    write(tmp_path, "moves/m.xosc", catalog("moves", maneuver(DOUBLE.format("v", "5"), "$v")))
    place = '<ManeuverCatalog><Directory path="moves"/></ManeuverCatalog>'
    given = '<ParameterAssignment parameterRef="v" value="7"/>'
    read = load(catalogs=place, story=story(reference("moves", "m", given)))
    assert isinstance(read.storyboard.stories[0].acts[0].groups[0].maneuvers[0], Maneuver)
    assert target_speed(read) == 7.0


def test_references_lead_on_inside_catalogues(load, tmp_path):
    hitch = '<TrailerHitch dx="-1"/><Trailer><Trailer name="Caravan">{}</Trailer></Trailer>'
    trailer = (
        f'<Vehicle name="caravan" vehicleCategory="trailer">{BOX}{PERFORMANCE}{AXLES}<TrailerCoupler dx="3"/></Vehicle>'
    )
    towing = f'<Vehicle name="towing" vehicleCategory="car">{BOX}{PERFORMANCE}{AXLES}'
    write(tmp_path, "cars/a.xosc", catalog("cars", trailer))
    write(tmp_path, "cars/b.xosc", catalog("more", towing + hitch.format(reference("cars", "caravan")) + "</Vehicle>"))
    read = load(catalogs=CARS, entities=thing(reference("more", "towing")))
    assert [(actor.name, actor.category) for actor in read.actors()] == [("Ego", "car"), ("Caravan", "trailer")]


def test_a_circle_of_references_is_refused(load, tmp_path):
    again = f'<Trailer><Trailer name="t">{reference("cars", "car")}</Trailer></Trailer>'
    write(tmp_path, "cars/a.xosc", catalog("cars", CAR.replace("</Vehicle>", f"{again}</Vehicle>")))
    with pytest.raises(ScenarioError, match="Break the circle"):
        load(catalogs=CARS, entities=thing(reference("cars", "car")))


def test_an_unknown_entry_is_answered_with_the_closest(load, tmp_path):
    write(tmp_path, "cars/a.xosc", catalog("cars", CAR))
    with pytest.raises(ScenarioError, match=r"no entry 'carr'.*Did you mean 'car'"):
        load(catalogs=CARS, entities=thing(reference("cars", "carr")))
    with pytest.raises(ScenarioError, match="'car' is a Vehicle"):
        load(catalogs=CARS, story=story(reference("cars", "car")))


def test_a_slip_in_a_foreign_catalogue_is_noted_and_read(load, tmp_path, caplog):
    slip = '<ParameterDeclarations><ParameterDeclaration name="mode" parameterType="double" value="time"/>'
    write(tmp_path, "cars/a.xosc", catalog("cars", car(extra=f"{slip}</ParameterDeclarations>")))
    with caplog.at_level(logging.WARNING):
        read = load(catalogs=CARS, entities=thing(reference("cars", "car")))
    assert "'time' is not a number" in str(read.notes[0])
    assert "'time' is not a number" in caplog.text


def test_a_catalogue_that_leans_on_its_scenarios_parameters_is_noted_and_read(load, tmp_path):
    write(tmp_path, "moves/m.xosc", catalog("moves", maneuver("", "$v")))
    place = '<ManeuverCatalog><Directory path="moves"/></ManeuverCatalog>'
    read = load(parameters=DOUBLE.format("v", "12"), catalogs=place, story=story(reference("moves", "m")))
    assert target_speed(read) == 12.0
    assert "does not declare" in str(read.notes[0])
    with pytest.raises(ScenarioError, match="no parameter is called 'v'"):
        load(catalogs=place, story=story(reference("moves", "m")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (' author="tests"', "", "'author' is missing"),
        (' description="test"', "", "'description' is missing"),
        (maneuver("", "1"), EMPTY, "holds no action"),
    ],
)
def test_what_nothing_depends_on_is_noted_and_not_refused(load, old, new, said):
    text = scenario(story=story(maneuver("", "1")))
    assert old in text
    assert [said in str(note) for note in load(text.replace(old, new)).notes] == [True]


def test_a_text_that_holds_a_number_counts_as_one(load):
    """As published ALKS scenarios calculate: ``RelativeLaneId`` is a string there."""
    text = '<ParameterDeclaration name="lane" parameterType="string" value="-2"/>'
    read = load(parameters=text, story=story(maneuver(DOUBLE.format("v", "${-3 * $lane}"), "$v")))
    assert target_speed(read) == 6.0
    with pytest.raises(ScenarioError, match="is not a number"):
        load(parameters=text.replace("-2", "left"), story=story(maneuver(DOUBLE.format("v", "${-3 * $lane}"), "$v")))


def test_moments_are_compared_as_moments(load):
    """11:00 four hours east of Greenwich is 10:00 three hours east."""
    rule = '<ConstraintGroup><ValueConstraint rule="{}" value="2021-07-09T10:00:00.34+03:00"/></ConstraintGroup>'
    text = (
        '<ParameterDeclaration name="t" parameterType="dateTime" value="2021-07-09T11:00:00.34+04:00">{}'
        "</ParameterDeclaration>"
    )
    assert load(parameters=text.format(rule.format("equalTo"))).parameters["t"].startswith("2021")
    with pytest.raises(ScenarioError, match="must not be"):
        load(parameters=text.format(rule.format("greaterThan")))


def test_a_catalogue_is_read_by_itself(tmp_path):
    found, notes = read_catalog(write(tmp_path, "cars.xosc", catalog("cars", CAR + car("second"))))
    assert [entry.name for entry in found.entries] == ["car", "second"]
    assert not notes
    with pytest.raises(ScenarioError, match="not a catalogue"):
        read_catalog(write(tmp_path, "scenario.xosc", scenario()))


ROAD = (
    '<OpenDRIVE><header revMajor="1" revMinor="7"/><road name="" length="100" id="1" junction="-1">'
    '<planView><geometry s="0" x="0" y="0" hdg="0" length="100"><line/></geometry></planView><lanes><laneSection s="0">'
    '<center><lane id="0" type="none"/></center><right><lane id="-1" type="driving"><width sOffset="0" a="3.5" b="0" '
    'c="0" d="0"/></lane></right></laneSection></lanes></road></OpenDRIVE>'
)


def logic(path):
    return f'<LogicFile filepath="{path}"/>'


def test_maps_lie_beside_the_scenario_or_in_a_folder_the_user_names(load, tmp_path, monkeypatch):
    towns = tmp_path / "elsewhere" / "towns"
    write(towns, "Town99.xodr", ROAD)
    with pytest.raises(ScenarioError, match=r"no map 'Town99'.*DRIVESIM_MAPS"):
        load(road=logic("Town99"))
    monkeypatch.setenv("DRIVESIM_MAPS", str(tmp_path / "elsewhere"))
    for name in ("Town99", "Town99.xodr", "maps/Town99.xodr", "C:\\maps\\Town99.xodr"):
        assert load(road=logic(name)).road_file == towns / "Town99.xodr"
    write(tmp_path, "Town99.xodr", ROAD)
    assert load(road=logic("Town99")).road_file == tmp_path / "Town99.xodr"


def test_the_command_line_names_folders_of_maps(tmp_path, monkeypatch):
    monkeypatch.setenv("DRIVESIM_MAPS", "")
    write(tmp_path / "towns", "Town99.xodr", ROAD)
    file = write(tmp_path, "scenario.xosc", scenario(road=logic("Town99")))
    assert CliRunner().invoke(app, ["check", str(file)]).exit_code == 1
    assert CliRunner().invoke(app, ["--maps", str(tmp_path / "towns"), "check", str(file)]).exit_code == 0


def test_a_scenario_may_have_no_map(load):
    assert load().road_file is None


def test_files_far_from_the_scenario_need_leave(tmp_path, monkeypatch):
    deep = tmp_path / "a" / "b" / "c" / "d" / "e"
    write(tmp_path, "far.xodr", ROAD)
    write(tmp_path, "cars/a.xosc", catalog("cars", CAR))
    file = write(deep, "scenario.xosc", scenario(road=logic("../../../../../far.xodr")))
    for text in (
        scenario(road=logic("../../../../../far.xodr")),
        scenario(road=logic(tmp_path / "far.xodr")),
        scenario(catalogs='<VehicleCatalog><Directory path="../../../../../cars"/></VehicleCatalog>'),
        scenario(catalogs='<VehicleCatalog><Directory path="/etc"/></VehicleCatalog>'),
        scenario(road=logic("/etc/passwd")),
    ):
        file.write_text(text)
        with pytest.raises(ScenarioError, match=r"outside the scenario's folders.*DRIVESIM_ALLOW"):
            load_scenario(file)
    file.write_text(scenario(road=logic("../../../../../far.xodr")))
    monkeypatch.setenv("DRIVESIM_ALLOW", str(tmp_path))
    assert load_scenario(file).road_file == tmp_path / "far.xodr"


def test_a_link_does_not_lead_out_of_the_folders(tmp_path, load):
    (tmp_path / "cars").symlink_to("/etc")
    with pytest.raises(ScenarioError, match="outside"):
        load(catalogs=CARS)


def test_references_to_entities_that_are_not_there_are_listed(load):
    init = (
        '<Private entityRef="Ega"><PrivateAction><VisibilityAction graphics="true" sensors="true" traffic="true"/>'
        "</PrivateAction></Private>"
    )
    selection = '<EntitySelection name="All"><Members><EntityRef entityRef="Ego"/></Members></EntitySelection>'
    read = load(init=init, entities=thing(CAR) + selection, story=story(maneuver("", "1")).replace("Ego", "All"))
    assert [str(error).split(": ", 1)[1] for error in read.dangling] == [
        "<Private>: no entity is called 'Ega'. Did you mean 'Ego'?"
    ]


def test_an_empty_reference_names_nobody(load):
    towing = CAR.replace("</Vehicle>", '<Trailer><TrailerRef entityRef=""/></Trailer></Vehicle>')
    assert load(entities=thing(towing)).dangling == ()


def test_coordinates_of_carla_files_are_known_to_be_left_handed(load):
    assert not load().left_handed
    assert load(scenario(header=HEADER.replace('description="test"', 'description="CARLA:Cut in"'))).left_handed


def test_the_sun_stands_where_the_map_lies(load, tmp_path):
    day = (
        '<GlobalAction><EnvironmentAction><Environment name="e"><TimeOfDay animation="false" '
        'dateTime="2026-06-21T12:00:00Z"/></Environment></EnvironmentAction></GlobalAction>'
    )
    read = load(init=day)
    assert read.weather((0.0, 0.0)).sun_elevation == pytest.approx(1.161, abs=0.01)  # 90° - 23.44°
    assert read.weather((52.5, 13.4)).sun_elevation < read.weather((40.0, 13.4)).sun_elevation


def in_weather(weather):
    environment = f'<Environment name="e"><Weather>{weather}</Weather></Environment>'
    return f"<GlobalAction><EnvironmentAction>{environment}</EnvironmentAction></GlobalAction>"


RAIN = '<Precipitation precipitationType="rain" precipitationIntensity="{}"/>'


@pytest.mark.parametrize(
    ("weather", "said"),
    [(RAIN.format("-5"), "precipitationIntensity is -5"), ('<Fog visualRange="NaN"/>', "visualRange is nan"),
     ('<Fog visualRange="-3"/>', "visualRange is -3"),
     ('<Sun azimuth="0" elevation="45" illuminance="9"/>', "elevation is 45")],
)  # fmt: skip
def test_weather_that_cannot_be_is_refused(load, weather, said):
    with pytest.raises(DrivesimError, match=said) as refused:
        load(init=in_weather(weather)).weather()
    assert refused.value.line


def test_weather_that_contradicts_itself_is_what_its_type_says(load):
    dry = '<Fog visualRange="0"/><Precipitation precipitationType="dry" precipitationIntensity="5"/>'
    weather = load(init=in_weather(dry)).weather()
    assert (weather.rain, weather.snow) == (0.0, 0.0)
    assert 0.0 < weather.fog_visual_range < 1.0


@pytest.mark.parametrize("kind", ["Catalog", "ParameterValueDistribution"])
def test_other_kinds_of_files_are_told_apart(tmp_path, kind):
    inner = '<Catalog name="c"/>' if kind == "Catalog" else "<ParameterValueDistribution/>"
    file = write(tmp_path, "other.xosc", f"<OpenSCENARIO>{HEADER}{inner}</OpenSCENARIO>")
    with pytest.raises(DrivesimError, match="not a scenario"):
        load_scenario(file)


def test_a_scenario_that_changes_is_read_anew_and_its_parameters_each_time(tmp_path):
    declared = '<ParameterDeclaration name="P" parameterType="double" value="1"/>'
    file = write(tmp_path, "s.xosc", scenario(parameters=declared))
    assert [load_scenario(file, {"P": value}).parameters["P"] for value in ("2", "3")] == [2.0, 3.0]
    write(tmp_path, "s.xosc", scenario(parameters=declared.replace('value="1"', 'value="10"')))
    assert load_scenario(file).parameters["P"] == 10.0
