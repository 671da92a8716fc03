"""Traffic signals as a scenario runs them: controllers go through their phases, actions set states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivesim.errors import ScenarioError, did_you_mean
from drivesim.openscenario.model.definition import Phase, TrafficSignalController


@dataclass
class _Running:
    """A controller at work: ``phase`` has been on since ``since`` seconds."""

    model: TrafficSignalController
    phase: int
    since: float


class Signals:
    """State of every traffic signal, by its id in the map.

    Attributes:
        states: signal id to what it shows, in the scenario's own words.
    """

    def __init__(self, controllers: Sequence[TrafficSignalController]) -> None:
        self.states: dict[str, str] = {}
        by_name = {controller.name: controller for controller in controllers}
        self._running = {
            name: _Running(controller, 0, self._delay(controller, by_name))
            for name, controller in by_name.items()
            if controller.phases
        }
        self.advance(0.0)

    def _delay(self, controller: TrafficSignalController, known: dict[str, TrafficSignalController]) -> float:
        """Seconds until a controller starts: its delays behind those that it refers to, summed up."""
        total, seen = 0.0, {controller.name}
        while controller.reference in known and controller.reference not in seen:
            total += controller.delay or 0.0
            controller = known[controller.reference]
            seen.add(controller.name)
        return total

    def advance(self, time: float) -> None:
        """Go on to the phases of simulation time ``time``."""
        for running in self._running.values():
            phases = running.model.phases
            if sum(phase.duration for phase in phases) > 0.0:
                while time >= running.since + phases[running.phase].duration - 1e-9:
                    running.since += phases[running.phase].duration
                    running.phase = (running.phase + 1) % len(phases)
            if time >= running.since - 1e-9:
                self._show(phases[running.phase])

    def _show(self, phase: Phase) -> None:
        for state in phase.states:
            self.states[state.traffic_signal_id] = state.state

    def set_state(self, signal: str, state: str) -> None:
        self.states[signal] = state

    def set_phase(self, controller: str, phase: str, time: float) -> None:
        """Start a phase of a controller now.

        Raises:
            ScenarioError: no such controller or phase.
        """
        running = self._find(controller)
        names = [entry.name for entry in running.model.phases]
        if phase not in names:
            raise ScenarioError(f"signal controller '{controller}' has no phase '{phase}'",
                                element="TrafficSignalControllerAction", remedy=did_you_mean(phase, names))  # fmt: skip
        running.phase, running.since = names.index(phase), time
        self._show(running.model.phases[running.phase])

    def phase(self, controller: str) -> str:
        running = self._find(controller)
        return running.model.phases[running.phase].name

    def _find(self, controller: str) -> _Running:
        if controller not in self._running:
            raise ScenarioError(f"no traffic signal controller is called '{controller}'",
                                remedy=did_you_mean(controller, self._running))  # fmt: skip
        return self._running[controller]
