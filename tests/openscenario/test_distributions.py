"""Parameter value distributions: what is listed is complete, what is drawn follows its law."""

from itertools import islice

import numpy as np
import pytest
from scipy import stats
from xosc_files import distribution, scenario, write

from drivesim.errors import ScenarioError, UnsupportedElementError
from drivesim.openscenario.distributions import read_distribution

DECLARED = "".join(
    f'<ParameterDeclaration name="{name}" parameterType="{kind}" value="{value}"/>'
    for name, kind, value in (
        ("x", "double", "1"),
        ("y", "double", "1"),
        ("n", "integer", "1"),
        ("word", "string", "a"),
    )
)
RUNS = 100_000


@pytest.fixture
def read(tmp_path):
    def make(body):
        write(tmp_path, "scenario.xosc", scenario(parameters=DECLARED))
        return read_distribution(write(tmp_path, "distribution.xosc", distribution(body)))

    return make


def single(name, inner):
    return (
        f'<DeterministicSingleParameterDistribution parameterName="{name}">{inner}'
        "</DeterministicSingleParameterDistribution>"
    )


def span(low, high):
    return f'<Range lowerLimit="{low}" upperLimit="{high}"/>'


def normal(mean, variance, limits=""):
    return f'<NormalDistribution expectedValue="{mean}" variance="{variance}">{limits}</NormalDistribution>'


def weighted(*pairs):
    entries = "".join(f'<Element value="{v}" weight="{w}"/>' for v, w in pairs)
    return f"<ProbabilityDistributionSet>{entries}</ProbabilityDistributionSet>"


def stochastic(name, inner, runs=RUNS, seed="7"):
    return (
        f'<Stochastic numberOfTestRuns="{runs}" randomSeed="{seed}"><StochasticDistribution parameterName="{name}">'
        f"{inner}</StochasticDistribution></Stochastic>"
    )


def drawn(read, inner, name="x", **options):
    return np.array([float(run[name]) for run in read(stochastic(name, inner, **options)).instances()])


def test_deterministic_members_combine_in_the_order_of_the_file(read):
    found = read(
        "<Deterministic>"
        + single("word", '<DistributionSet><Element value="a"/><Element value="b"/></DistributionSet>')
        + single("x", f'<DistributionRange stepWidth="0.1">{span(0, 0.3)}</DistributionRange>')
        + "</Deterministic>"
    )
    assert found.count == 8
    assert list(found.instances())[:5] == [{"word": "a", "x": v} for v in ("0", "0.1", "0.2", "0.3")] + [
        {"word": "b", "x": "0"}
    ]


def test_a_value_set_sets_its_parameters_together(read):
    sets = "".join(
        f'<ParameterValueSet><ParameterAssignment parameterRef="x" value="{x}"/>'
        f'<ParameterAssignment parameterRef="y" value="{y}"/></ParameterValueSet>'
        for x, y in ((1, 10), (2, 20))
    )
    found = read(
        "<Deterministic><DeterministicMultiParameterDistribution><ValueSetDistribution>"
        f"{sets}</ValueSetDistribution></DeterministicMultiParameterDistribution></Deterministic>"
    )
    assert list(found.instances()) == [{"x": "1", "y": "10"}, {"x": "2", "y": "20"}]
    assert found.parameters["y"].bounds == (10.0, 20.0)


def test_a_huge_product_is_counted_and_begun_without_being_made(read):
    ranges = "".join(
        single(name, f'<DistributionRange stepWidth="1e-9">{span(0, 100)}</DistributionRange>') for name in "xy"
    )
    found = read(f"<Deterministic>{ranges}</Deterministic>")
    assert found.count == (10**11 + 1) ** 2
    assert [run["y"] for run in islice(found.instances(), 2)] == ["0", "0.000000001"]
    assert found.instance(found.count - 1) == {"x": "100", "y": "100"}


def test_a_range_whose_step_misses_the_upper_limit_stops_before_it(read):
    found = read(
        "<Deterministic>" + single("x", f'<DistributionRange stepWidth="3">{span(0, 10)}</DistributionRange>')
        + "</Deterministic>"
    )  # fmt: skip
    assert [run["x"] for run in found.instances()] == ["0", "3", "6", "9"]


@pytest.mark.parametrize(
    ("inner", "law"),
    [
        (f"<UniformDistribution>{span(-2, 5)}</UniformDistribution>", stats.uniform(-2, 7)),
        (normal(3, 4), stats.norm(3, 2)),
        (
            normal(3, 4, span(2, 6)),
            stats.truncnorm(-0.5, 1.5, 3, 2),
        ),
        (
            normal(0, 1, span(8, 9)),
            stats.truncnorm(8, 9),
        ),
        (
            '<LogNormalDistribution expectedValue="2" variance="1.5"/>',
            stats.lognorm(np.sqrt(np.log(1 + 1.5 / 4)), scale=2 / np.sqrt(1 + 1.5 / 4)),
        ),
    ],
)
def test_continuous_families_follow_their_distribution_function(read, inner, law):
    values = drawn(read, inner)
    assert len(values) == RUNS
    assert stats.kstest(values, law.cdf).pvalue > 0.01


def test_the_log_normal_has_the_moments_the_file_states(read):
    values = drawn(read, '<LogNormalDistribution expectedValue="2" variance="0.25"/>')
    assert values.mean() == pytest.approx(2.0, abs=5 * 0.5 / np.sqrt(RUNS))
    assert values.var() == pytest.approx(0.25, rel=0.2)


@pytest.mark.parametrize("limits", [None, (2, 6)])
def test_poisson_counts_agree_with_their_probabilities(read, limits):
    inner = f'<PoissonDistribution expectedValue="3.5">{span(*limits) if limits else ""}</PoissonDistribution>'
    values = drawn(read, inner, name="n").astype(int)
    low, high = limits or (0, 11)
    law = stats.poisson(3.5)
    share = law.pmf(np.arange(low, high + 1))
    if limits is None:
        share[-1] = law.sf(high - 1)
    else:
        assert values.min() >= low
        assert values.max() <= high
    counts = np.bincount(np.minimum(values, high), minlength=high + 1)[low:]
    assert stats.chisquare(counts, share / share.sum() * RUNS).pvalue > 0.01


def test_weighted_values_come_in_proportion(read):
    found = read(stochastic("word", weighted(("a", 1), ("b", 3), ("c", 0), ("d", 6))))
    values = [run["word"] for run in found.instances()]
    assert "c" not in values
    counts = [values.count(v) for v in "abd"]
    assert stats.chisquare(counts, np.array([0.1, 0.3, 0.6]) * RUNS).pvalue > 0.01
    assert found.parameters["word"].weights == (1, 3, 0, 6)


def test_a_histogram_is_even_within_its_bins(read):
    bins = f'<Bin weight="1">{span(0, 1)}</Bin><Bin weight="3">{span(5, 7)}</Bin>'
    values = drawn(read, f"<Histogram>{bins}</Histogram>")
    cdf = lambda x: np.interp(x, [0, 1, 5, 7], [0, 0.25, 0.25, 1])  # noqa: E731
    assert stats.kstest(values, cdf).pvalue > 0.01


def test_seeds_repeat_runs_and_differ_from_each_other(read):
    inner = f"<UniformDistribution>{span(0, 1)}</UniformDistribution>"
    found = read(stochastic("x", inner, runs=20))
    assert list(found.instances()) == list(found.instances())
    assert list(found.instances(7)) == list(found.instances())
    assert list(found.instances(8)) != list(found.instances())
    assert list(read(stochastic("x", inner, runs=20, seed="8")).instances()) == list(found.instances(8))


def test_another_parameter_changes_no_others_draws(read):
    one = f'<StochasticDistribution parameterName="x"><UniformDistribution>{span(0, 1)}</UniformDistribution>'
    two = f'<StochasticDistribution parameterName="y"><UniformDistribution>{span(0, 1)}</UniformDistribution>'
    alone = read(f'<Stochastic numberOfTestRuns="5" randomSeed="1">{one}</StochasticDistribution></Stochastic>')
    both = read(
        f'<Stochastic numberOfTestRuns="5" randomSeed="1">{two}</StochasticDistribution>{one}'
        "</StochasticDistribution></Stochastic>"
    )
    runs = list(both.instances())
    assert [run["x"] for run in alone.instances()] == [run["x"] for run in runs]
    assert [run["x"] for run in runs] != [run["y"] for run in runs]


def test_whole_numbers_stay_whole(read):
    values = read(stochastic("n", normal(10, 9), runs=50)).instances()
    assert all(run["n"].lstrip("-").isdigit() for run in values)


def test_bounds_of_what_varies_are_known(read):
    found = read(stochastic("x", normal(0, 1, span(-1, 2))))
    assert (found.parameters["x"].kind, found.parameters["x"].bounds) == ("normal", (-1.0, 2.0))
    assert found.parameters["x"].parameter_type == "double"
    assert found.scenario_file.name == "scenario.xosc"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (stochastic("speed", f"<UniformDistribution>{span(0, 1)}</UniformDistribution>"), "no parameter 'speed'"),
        (stochastic("x", f"<UniformDistribution>{span(1, 0)}</UniformDistribution>"), "holds nothing"),
        (stochastic("x", f"<UniformDistribution>{span(0, 'INF')}</UniformDistribution>"), "no end"),
        (stochastic("x", normal(0, 0)), "not positive"),
        (stochastic("x", '<LogNormalDistribution expectedValue="-1" variance="1"/>'), "not positive"),
        (stochastic("x", '<PoissonDistribution expectedValue="0"/>'), "out of range"),
        (
            stochastic("x", normal(0, 1, span(90, 91))),
            "practically no value",
        ),
        (
            stochastic("word", weighted(("a", 0))),
            "weights",
        ),
        ("<Deterministic>" + 2 * single("x", '<DistributionSet><Element value="1"/></DistributionSet>')
         + "</Deterministic>", "varied twice"),
        ("<Deterministic>" + single("x", f'<DistributionRange stepWidth="1e-300">{span(0, 1e308)}</DistributionRange>')
         + "</Deterministic>", "Widen the step"),
        ("<Deterministic>" + single("x", f'<DistributionRange stepWidth="0">{span(0, 1)}</DistributionRange>')
         + "</Deterministic>", "not positive"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(read, body, said):
    with pytest.raises(ScenarioError, match=said):
        list(read(body).instances())


def test_a_distribution_of_its_authors_own_is_unsupported_by_name(read):
    found = read(stochastic("x", '<UserDefinedDistribution type="beta">2 5</UserDefinedDistribution>'))
    assert found.parameters["x"].kind == "userDefined"
    with pytest.raises(UnsupportedElementError, match="'beta'"):
        next(found.instances())
