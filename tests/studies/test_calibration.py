"""Influence calibration: known influences are measured, remapped to even ones, and come back to rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from space_files import HEADER, yaml_space

from drivesim.errors import DrivesimError, ScenarioError
from drivesim.openscenario import load_scenario
from drivesim.sensors.rig import load_rig
from drivesim.simulation import Simulation
from drivesim.studies.calibration import calibrate, read_calibration
from drivesim.studies.dissimilarity import chamfer, ospa, structure
from drivesim.studies.influence import CHANCE, shrunk, variation
from drivesim.studies.remap import Remap
from drivesim.studies.sampling import draw_samples


@settings(max_examples=60, deadline=None)
@given(
    influence=st.lists(st.floats(1e-4, 1e3), min_size=4, max_size=20),
    at=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20),
)
def test_a_remap_and_its_inverse_meet_to_rounding(influence, at):
    remap = Remap.of(np.linspace(0.0, 1.0, len(influence) + 1), np.array(influence))
    shares = np.array(at)
    assert remap.share(remap.position(shares)) == pytest.approx(shares, abs=1e-9)
    assert remap.position(remap.share(shares)) == pytest.approx(shares, abs=1e-9)
    assert (np.diff(remap.share(np.linspace(0, 1, 500))) > 0).all()


def test_a_remap_is_the_normalised_integral_of_the_influence():
    """dN/du = exp(3 u): g(u) = (exp(3 u) - 1) / (exp(3) - 1)."""
    middle = (np.arange(40) + 0.5) / 40
    remap = Remap.of(np.linspace(0, 1, 41), np.exp(3 * middle))
    u = np.linspace(0.05, 0.95, 19)
    assert remap.share(u) == pytest.approx(np.expm1(3 * u) / np.expm1(3), abs=2e-3)
    assert remap.density(u) == pytest.approx(3 * np.exp(3 * u) / np.expm1(3), rel=0.02)


class Known:
    """Stands in for playing: what is seen depends on the speed by its cube and on ``free`` by a line."""

    def look(self, values, seed):
        return np.array([float(values["speed"]) ** 3 / 700.0, float(values["free"]) * 4.0])

    def difference(self, first, second):
        return float(np.abs(first - second).sum())


TEXT = "  speed: {uniform: [5, 25]}\n  free: {uniform: [0, 1]}\n  mood: {choices: [calm, wild]}\n"


def test_uneven_influence_becomes_even_and_alike_for_all_parameters(tmp_path):
    calibration = calibrate(yaml_space(tmp_path, TEXT), Known(), configurations=3, points=16, step=0.01)
    assert set(calibration.parameters) == {"speed", "free"}
    speed, free = calibration.parameters["speed"], calibration.parameters["free"]
    assert speed.before > 0.6
    assert max(speed.after, free.after) <= 0.05
    rates = [speed.rate, free.rate]
    assert max(rates) <= 1.1 * min(rates)
    assert speed.length / free.length == pytest.approx((25**3 - 5**3) / 700.0 / 4.0, rel=0.02)


class Jumpy(Known):
    """Two thirds of what changes are jumps, somewhere in the upper half of the speeds; chance says where."""

    def look(self, values, seed):
        smooth = float(values["speed"]) / 20.0 + float(values["free"])
        jumps = float(values["speed"]) > np.random.default_rng(seed).uniform(15.0, 25.0)
        return np.array([smooth, 2.0 * jumps])


def test_as_many_configurations_are_taken_as_chance_asks_for(tmp_path):
    space = yaml_space(tmp_path, TEXT)
    seen = []
    found = calibrate(space, Jumpy(), progress=lambda done, total: seen.append((done, total)))
    speed, free = found.parameters["speed"], found.parameters["free"]
    assert speed.before > 0.5
    assert max(speed.noise, speed.noise_after) <= CHANCE
    assert speed.configurations[0] > free.configurations[0] == 16
    assert not found.uneven
    assert found.spread <= 1.5
    assert seen[-1][0] == seen[-1][1] == sum(speed.configurations) + sum(free.configurations)


class Saturating(Known):
    """What changes little is noticed at once, what changes much hardly more."""

    def difference(self, first, second):
        return float(np.abs(first - second).sum() ** 0.5)


def test_a_measure_that_saturates_is_evened_out_in_rounds(tmp_path):
    """Each round undoes half of what is left of the logarithm of a law that spans 1 to 25."""
    found = calibrate(yaml_space(tmp_path, TEXT), Saturating(), configurations=2, points=12)
    speed, free = found.parameters["speed"], found.parameters["free"]
    assert speed.before > 0.35
    assert speed.after <= 0.2
    assert free.after <= 0.01
    assert found.spread <= 1.5


class Faint(Known):
    """``free`` changes next to nothing, and that by chance: in one configuration of ten."""

    def look(self, values, seed):
        seldom = np.random.default_rng(seed).random() < 0.1
        return np.array([float(values["speed"]), 1e-3 * seldom * float(values["free"])])


def test_what_is_not_felt_is_left_as_it_is_and_costs_little(tmp_path):
    found = calibrate(yaml_space(tmp_path, TEXT), Faint())
    speed, free = found.parameters["speed"], found.parameters["free"]
    assert speed.felt
    assert not free.felt
    assert free.noise > CHANCE
    assert free.configurations == [16, 0]
    assert free.knots == [[0.0, 1.0], [0.0, 1.0]]
    assert free.rate == 0.0 < free.length < 1e-3
    assert not found.uneven
    assert found.spread == 1.0


def test_processes_measure_the_same_as_one(tmp_path):
    space = yaml_space(tmp_path, TEXT)
    alone, together = (calibrate(space, Jumpy(), configurations=5, jobs=jobs) for jobs in (1, 2))
    assert alone == together


def test_samples_follow_the_influence_and_weights_undo_it(tmp_path):
    space = yaml_space(tmp_path, TEXT)
    calibration = calibrate(space, Known(), configurations=2, points=16, step=0.01)
    calibration.write(tmp_path / "c.json")
    again = read_calibration(tmp_path / "c.json")
    again.check(space)
    samples = draw_samples(space, 2000, 3, "sobol", calibration=again)
    speeds = np.array([float(run["speed"]) for run in samples.instances])
    shares = (speeds**3 - 5**3) / (25**3 - 5**3)  # even in influence
    assert np.histogram(shares, 10, (0, 1))[0] == pytest.approx(np.full(10, 200), abs=12)
    assert np.average(speeds, weights=samples.weights) == pytest.approx(15.0, rel=0.01)
    assert samples.weights.mean() == pytest.approx(1.0, rel=0.02)


def test_variation_that_is_noise_is_not_followed():
    rng = np.random.default_rng(0)
    rows = rng.exponential(1.0, (8, 12))
    assert variation(shrunk(rows)) < 0.5 * variation(rows.mean(axis=0))
    real = np.linspace(1, 20, 12) * np.ones((8, 1)) + rng.normal(0, 0.1, (8, 12))
    assert shrunk(real) == pytest.approx(real.mean(axis=0), rel=0.01)


def test_a_calibration_of_another_space_is_refused(tmp_path):
    space = yaml_space(tmp_path, TEXT)
    calibration = calibrate(space, Known(), configurations=1, points=4)
    space.path.write_text(space.path.read_text() + "# changed\n")
    with pytest.raises(ScenarioError, match=r"measured on another mine.space.yaml"):
        draw_samples(space, 5, 0, calibration=calibration)
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(DrivesimError, match="is no calibration"):
        read_calibration(tmp_path / "broken.json")


def test_a_space_of_lists_has_nothing_to_calibrate(tmp_path):
    with pytest.raises(ScenarioError, match="nothing to calibrate"):
        calibrate(yaml_space(tmp_path, "  mood: {choices: [calm, wild]}\n"), Known())


POINTS = np.random.default_rng(0).uniform(-20, 20, (40, 3))


def test_dissimilarities_are_nothing_for_equals_and_grow_with_distance():
    image = np.random.default_rng(1).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    assert structure(image, image) == pytest.approx(0.0, abs=1e-12)
    assert structure(image, np.roll(image, 7, axis=1)) > 0.8
    shift = np.array([0.1, 0.0, 0.0])
    assert chamfer(POINTS, POINTS) == ospa(POINTS, POINTS) == 0.0
    assert chamfer(POINTS, POINTS + shift) == pytest.approx(0.1)
    assert ospa(POINTS, POINTS + shift) == pytest.approx(0.1)
    assert ospa(POINTS[:30], POINTS) == pytest.approx(5.0 * 10 / 40)
    assert ospa(POINTS[:0], POINTS) == 5.0


def test_ospa_is_the_cheapest_assignment():
    first, second = POINTS[:6], POINTS[6:14]
    cost = np.minimum(np.linalg.norm(first[:, None] - second[None], axis=2), 5.0)
    rows, columns = linear_sum_assignment(cost)
    assert ospa(first, second) == pytest.approx((cost[rows, columns].sum() + 2 * 5.0) / 8)
    assert ospa(second, first) == ospa(first, second)


CAR = """<ScenarioObject name="{}"><Vehicle name="car" vehicleCategory="car">
<BoundingBox><Center x="1.4" y="0" z="0.75"/><Dimensions width="1.8" length="4.5" height="1.5"/></BoundingBox>
<Performance maxSpeed="70" maxAcceleration="5" maxDeceleration="10"/>
<Axles><FrontAxle maxSteering="0.5" wheelDiameter="0.6" trackWidth="1.6" positionX="2.8" positionZ="0.3"/>
<RearAxle maxSteering="0" wheelDiameter="0.6" trackWidth="1.6" positionX="0" positionZ="0.3"/></Axles>
</Vehicle></ScenarioObject>"""
PLACE = """<Private entityRef="{}"><PrivateAction><TeleportAction>
<Position><WorldPosition x="{}" y="0" h="{}"/></Position></TeleportAction></PrivateAction></Private>"""
STOP = """<StopTrigger><ConditionGroup><Condition name="end" delay="0" conditionEdge="none"><ByValueCondition>
<SimulationTimeCondition value="1" rule="greaterThan"/></ByValueCondition></Condition></ConditionGroup></StopTrigger>"""
NEUTRAL = f"""<OpenSCENARIO>{HEADER}<ParameterDeclarations>
<ParameterDeclaration name="distance" parameterType="double" value="20"/></ParameterDeclarations><CatalogLocations/>
<RoadNetwork/><Entities>{CAR.format("Ego")}{CAR.format("Other")}</Entities><Storyboard><Init><Actions>
{PLACE.format("Ego", 0, 0)}{PLACE.format("Other", "$distance", 1.5708)}</Actions></Init>{STOP}</Storyboard>
</OpenSCENARIO>"""
RIG = """
sensors:
  CAM_FRONT:
    device: {base: camera_1600x900, antialiasing: 1}
    translation: [0.0, 0.0, 1.2]
    rotation: {ypr: [0, 0, 0]}
    rate_hz: 20
"""


class PixelArea:
    """Pixels of the other car in one picture."""

    def __init__(self, scenario, rig):
        self._scenario, self._rig = scenario, load_rig(rig)

    def look(self, values, seed):
        with Simulation(load_scenario(self._scenario, values), self._rig, seed=seed) as run:
            image = next(iter(run)).measurements["CAM_FRONT"]
            return int(np.count_nonzero(image.instance == run.actors[1].instance))

    def difference(self, first, second):
        return float(abs(first - second))


@pytest.mark.slow
def test_the_influence_of_distance_falls_with_its_cube_on_a_neutral_scene(tmp_path):
    """Pixel area goes as 1 / d^2, so its change as d^-3; real pictures, a lone car seen from the side."""
    (tmp_path / "neutral.xosc").write_text(NEUTRAL)
    (tmp_path / "rig.yaml").write_text(RIG)
    (tmp_path / "neutral.space.yaml").write_text(
        "scenario: neutral.xosc\nparameters: {distance: {unit: m, uniform: [8, 60]}}\n"
    )
    from drivesim.studies.space import read_space

    space = read_space(tmp_path / "neutral.space.yaml")
    measure = PixelArea(tmp_path / "neutral.xosc", tmp_path / "rig.yaml")
    distance = calibrate(space, measure, configurations=1, points=14, step=0.04).parameters["distance"]
    metres = 8 + 52 * np.array(distance.at)
    exponent = np.polyfit(np.log(metres), np.log(distance.mean), 1)[0]
    assert exponent == pytest.approx(-3.0, abs=0.2)
    assert distance.before > 1.0
    assert distance.after <= 0.2
