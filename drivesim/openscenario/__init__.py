"""OpenSCENARIO: read a scenario, play its storyboard."""

from drivesim.openscenario.controller import Controller, ControllerFactory, ControllerModel
from drivesim.openscenario.distributions import ParameterValueDistribution, read_distribution
from drivesim.openscenario.player import ScenarioPlayer
from drivesim.openscenario.scenario import Scenario, ScenarioFile, load_scenario

__all__ = [
    "Controller",
    "ControllerFactory",
    "ControllerModel",
    "ParameterValueDistribution",
    "Scenario",
    "ScenarioFile",
    "ScenarioPlayer",
    "load_scenario",
    "read_distribution",
]
