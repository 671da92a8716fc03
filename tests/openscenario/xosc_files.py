"""Small OpenSCENARIO files for tests."""

from __future__ import annotations

from pathlib import Path

HEADER = '<FileHeader revMajor="1" revMinor="3" date="2026-01-01T00:00:00" description="test" author="tests"/>'
BOX = '<BoundingBox><Center x="1.4" y="0" z="0.75"/><Dimensions width="1.8" length="4.5" height="1.5"/></BoundingBox>'
AXLES = (
    '<Axles><FrontAxle maxSteering="0.5" wheelDiameter="0.6" trackWidth="1.6" positionX="2.8" positionZ="0.3"/>'
    '<RearAxle maxSteering="0" wheelDiameter="0.6" trackWidth="1.6" positionX="0" positionZ="0.3"/></Axles>'
)
PERFORMANCE = '<Performance maxSpeed="70" maxAcceleration="5" maxDeceleration="10"/>'
CAR = f'<Vehicle name="car" vehicleCategory="car">{BOX}{PERFORMANCE}{AXLES}</Vehicle>'


def scenario(
    *,
    parameters: str = "",
    catalogs: str = "",
    road: str = "",
    entities: str = f'<ScenarioObject name="Ego">{CAR}</ScenarioObject>',
    init: str = "",
    story: str = "",
    header: str = HEADER,
    before: str = "",
    storyboard: str = "",
) -> str:
    declared = f"<ParameterDeclarations>{parameters}</ParameterDeclarations>" if parameters else ""
    return (
        f"{before}<OpenSCENARIO>{header}{declared}<CatalogLocations>{catalogs}</CatalogLocations>"
        f"<RoadNetwork>{road}</RoadNetwork><Entities>{entities}</Entities>"
        f"<Storyboard><Init><Actions>{init}</Actions></Init>{story}<StopTrigger/>{storyboard}</Storyboard></OpenSCENARIO>"
    )


def catalog(name: str, entries: str) -> str:
    return f'<OpenSCENARIO>{HEADER}<Catalog name="{name}">{entries}</Catalog></OpenSCENARIO>'


def distribution(body: str, scenario_file: str = "scenario.xosc") -> str:
    return (
        f'<OpenSCENARIO>{HEADER}<ParameterValueDistribution><ScenarioFile filepath="{scenario_file}"/>{body}'
        "</ParameterValueDistribution></OpenSCENARIO>"
    )


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
