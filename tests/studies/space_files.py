"""A little scenario and spaces of it, for tests of sampling."""

from __future__ import annotations

from drivesim.studies.space import space_of

HEADER = '<FileHeader revMajor="1" revMinor="2" date="2026-01-01T00:00:00" description="test" author="tests"/>'
SPEED = """<ParameterDeclaration name="speed" parameterType="double" value="1"><ConstraintGroup>
<ValueConstraint rule="lessThan" value="30"/></ConstraintGroup></ParameterDeclaration>"""
MANY = """<ParameterDeclaration name="speed" parameterType="double" value="10"><ConstraintGroup>
<ValueConstraint rule="greaterOrEqual" value="5"/><ValueConstraint rule="lessOrEqual" value="30"/></ConstraintGroup>
</ParameterDeclaration>
<ParameterDeclaration name="free" parameterType="double" value="1"/>
<ParameterDeclaration name="lanes" parameterType="integer" value="1"/>
<ParameterDeclaration name="looks" parameterType="boolean" value="true"/>
<ParameterDeclaration name="word" parameterType="string" value="a"/>
<ParameterDeclaration name="mood" parameterType="string" value="calm">
<ConstraintGroup><ValueConstraint rule="equalTo" value="calm"/></ConstraintGroup>
<ConstraintGroup><ValueConstraint rule="equalTo" value="wild"/></ConstraintGroup></ParameterDeclaration>"""


def scenario_text(parameters=SPEED):
    return f"""<OpenSCENARIO>{HEADER}<ParameterDeclarations>
{parameters}
</ParameterDeclarations><CatalogLocations/><RoadNetwork/><Entities/>
<Storyboard><Init><Actions/></Init><StopTrigger/></Storyboard></OpenSCENARIO>"""


def write_scenario(folder, parameters=SPEED):
    path = folder / "scenario.xosc"
    path.write_text(scenario_text(parameters))
    return path


def write_distribution(folder, body, name="space.xosc"):
    """A distribution of ``scenario.xosc``."""
    path = folder / name
    path.write_text(f"""<OpenSCENARIO>{HEADER}<ParameterValueDistribution>
<ScenarioFile filepath="scenario.xosc"/>{body}</ParameterValueDistribution></OpenSCENARIO>""")
    return path


def stochastic(**laws):
    """``speed='<UniformDistribution>...'`` as the body of a distribution file."""
    entries = (f'<StochasticDistribution parameterName="{n}">{law}</StochasticDistribution>' for n, law in laws.items())
    return f'<Stochastic numberOfTestRuns="10" randomSeed="1">{"".join(entries)}</Stochastic>'


def span(low, high):
    return f'<Range lowerLimit="{low}" upperLimit="{high}"/>'


def uniform(low, high):
    return f"<UniformDistribution>{span(low, high)}</UniformDistribution>"


def stepped(step, low, high):
    return (
        '<Deterministic><DeterministicSingleParameterDistribution parameterName="speed">'
        f'<DistributionRange stepWidth="{step}">{span(low, high)}</DistributionRange>'
        "</DeterministicSingleParameterDistribution></Deterministic>"
    )


def yaml_space(folder, text, parameters=MANY):
    """The space of a YAML file beside a scenario of many parameters."""
    scenario = write_scenario(folder, parameters)
    path = folder / "mine.space.yaml"
    path.write_text("scenario: scenario.xosc\nparameters:\n" + text)
    return space_of(str(scenario), path)
