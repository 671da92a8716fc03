"""Actions that are done as soon as they start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from drivesim.errors import did_you_mean
from drivesim.openscenario import weather
from drivesim.openscenario.actions.routing import assign_route, random_route
from drivesim.openscenario.cast import Cast
from drivesim.openscenario.expressions import Value, as_text
from drivesim.openscenario.model import actions as model
from drivesim.openscenario.model.base import Element
from drivesim.openscenario.motion import Motion
from drivesim.openscenario.pedals import Pedals
from drivesim.openscenario.positions import complaint
from drivesim.types import Light

_LOG = logging.getLogger(__name__)

LIGHTS = {
    "daytimeRunningLights": Light.POSITION,
    "lowBeam": Light.LOW_BEAM | Light.POSITION,
    "highBeam": Light.HIGH_BEAM | Light.POSITION,
    "fogLights": Light.FOG,
    "fogLightsFront": Light.FOG,
    "fogLightsRear": Light.FOG,
    "brakeLights": Light.BRAKE,
    "indicatorLeft": Light.LEFT_BLINKER,
    "indicatorRight": Light.RIGHT_BLINKER,
    "warningLights": Light.LEFT_BLINKER | Light.RIGHT_BLINKER,
    "reversingLights": Light.REVERSE,
    "licensePlateIllumination": Light.POSITION,
}
"""Lamps of the world by the standard's names."""


def teleport(action: model.TeleportAction, cast: Cast, motion: Motion) -> None:
    cast.world.place(motion.index, cast.places.pose(action.position, motion.route), motion.speed)
    motion.arrive()
    cast.towing.arrange(motion.actor.name)


def connect_trailer(action: model.ConnectTrailerAction, cast: Cast, motion: Motion) -> None:
    trailer, own = cast.motion(action.trailer_ref, action).actor.name, motion.actor.name
    if trailer == own or not cast.towing.can(own, trailer):
        raise complaint(
            action, f"'{own}' cannot tow '{trailer}'", "give the one a TrailerHitch, the other a TrailerCoupler"
        )
    cast.towing.connect(own, trailer)


def disconnect_trailer(action: model.DisconnectTrailerAction, cast: Cast, motion: Motion) -> None:
    cast.towing.disconnect(motion.actor.name)


def light_state(action: model.LightStateAction, cast: Cast, motion: Motion) -> None:
    """Flashing lamps are lit; how they flash is the lamp's own matter."""
    light = action.light
    wanted = LIGHTS.get(light.vehicle_light_type) if isinstance(light, model.VehicleLight) else None
    if wanted is None:
        _LOG.warning("%s", complaint(action, "the vehicle has no such lamp", f"use one of: {', '.join(LIGHTS)}"))
        return
    lit = int(cast.world.lights[0, motion.index])
    on = action.light_state.mode != "off"
    cast.world.lights[0, motion.index] = lit | int(wanted) if on else lit & ~int(wanted)


def visibility(action: model.VisibilityAction, cast: Cast, motion: Motion) -> None:
    """Who is seen by nobody is not in the world; what is hidden from some only cannot be told from here."""
    seen = (action.graphics, action.sensors, action.traffic)
    if any(seen) != all(seen) or action.sensor_references:
        _LOG.warning("%s", complaint(action, "is played for all eyes at once", "set all three alike, for all sensors"))
    cast.world.present[0, motion.index] = action.sensors


def override(action: model.OverrideControllerValueAction, cast: Cast, motion: Motion) -> None:
    """Set pedals, gear and wheel in the place of whoever drives; what drives otherwise ends in the player."""
    motion.pedals = motion.pedals or Pedals(motion.actor)
    motion.pedals.set(action)
    if motion.pedals.lateral:
        motion.guide = None


PRIVATE: dict[type[Element], Callable[[Any, Cast, Motion], None]] = {
    model.TeleportAction: teleport,
    model.AssignRouteAction: assign_route,
    model.RandomRouteAction: random_route,
    model.LightStateAction: light_state,
    model.VisibilityAction: visibility,
    model.OverrideControllerValueAction: override,
    model.ConnectTrailerAction: connect_trailer,
    model.DisconnectTrailerAction: disconnect_trailer,
}


def environment(action: model.EnvironmentAction, cast: Cast) -> None:
    place = cast.world.network.place() if cast.world.network else None
    cast.world.weather = weather.apply(action.environment, cast.world.weather, place)


def entity(action: model.EntityAction, cast: Cast) -> None:
    """Add who is not there, or take away; who is there already is not added again, and stays where it is."""
    for name in cast.members(action.entity_ref, action):
        motion = cast.motions[name]
        if not isinstance(action.action, model.AddEntityAction):
            cast.world.remove(motion.index)
        elif not cast.world.present[0, motion.index]:
            teleport(model.TeleportAction(position=action.action.position), cast, motion)


def _changed(before: Value, action: model.ParameterAction | model.VariableAction) -> Value:
    """A value after a set or modify rule, in the type that it had."""
    if action.set is not None:
        text = action.set.value
        if isinstance(before, bool):
            return text.strip().lower() in ("true", "1")
        return type(before)(text) if isinstance(before, (int, float)) else text
    rule = action.modify.rule if action.modify else None
    number = float(before)
    if isinstance(rule, model.AddValue):
        number += rule.value
    elif isinstance(rule, model.MultiplyByValue):
        number *= rule.value
    return round(number) if isinstance(before, int) else number


def _change(kind: str, values: dict[str, Value], name: str, action: Any) -> None:
    if name not in values:
        raise complaint(action, f"no {kind} is called '{name}'", did_you_mean(name, values))
    try:
        values[name] = _changed(values[name], action)
    except ValueError as error:
        raise complaint(action, f"'{as_text(values[name])}' is not a number", "set it instead") from error


def parameter(action: model.ParameterAction, cast: Cast) -> None:
    _change("parameter", cast.parameters, action.parameter_ref, action)


def variable(action: model.VariableAction, cast: Cast) -> None:
    _change("variable", cast.variables, action.variable_ref, action)


def monitor(action: model.SetMonitorAction, cast: Cast) -> None:
    if action.monitor_ref not in cast.monitors:
        raise complaint(action, f"no monitor is called '{action.monitor_ref}'",
                        did_you_mean(action.monitor_ref, cast.monitors))  # fmt: skip
    cast.monitors[action.monitor_ref] = action.value


def infrastructure(action: model.InfrastructureAction, cast: Cast) -> None:
    signal = action.signal
    if isinstance(signal, model.TrafficSignalStateAction):
        cast.signals.set_state(signal.name, signal.state)
    else:
        cast.signals.set_phase(signal.traffic_signal_controller_ref, signal.phase, cast.world.time)


def traffic(action: model.TrafficAction, cast: Cast) -> None:
    cast.traffic.start(action)


def custom_command(action: model.CustomCommandAction, cast: Cast) -> None:
    """Hand the content to whoever knows the type; others have been warned of before the run."""
    if action.type in cast.commands:
        cast.commands[action.type](action.content)


GLOBAL: dict[type[Element], Callable[[Any, Cast], None]] = {
    model.EnvironmentAction: environment,
    model.EntityAction: entity,
    model.ParameterAction: parameter,
    model.VariableAction: variable,
    model.SetMonitorAction: monitor,
    model.InfrastructureAction: infrastructure,
    model.TrafficAction: traffic,
    model.CustomCommandAction: custom_command,
}
