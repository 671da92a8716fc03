"""A straight road, two cars and a story: small conformance vectors in a few words.

The road runs from (0, 0) along x for 2 km with two lanes of 4 m on each side, right-hand traffic.
"""

from __future__ import annotations

import itertools
from types import MappingProxyType

from xosc_files import CAR, scenario, write

from drivesim.opendrive import read_network
from drivesim.openscenario import ScenarioPlayer, load_scenario
from drivesim.world import World

DT = 0.01

_LANE = '<lane id="{id}" type="driving"><width sOffset="0" a="4" b="0" c="0" d="0"/></lane>'  # one lane of 4 m
ROAD = (
    '<OpenDRIVE><header revMajor="1" revMinor="6"/><road id="1" length="2000" junction="-1" rule="RHT"><planView>'
    '<geometry s="0" x="0" y="0" hdg="0" length="2000"><line/></geometry></planView><lanes><laneSection s="0"><left>'
    + _LANE.format(id=2)
    + _LANE.format(id=1)
    + '</left><center><lane id="0" type="none"/></center><right>'
    + _LANE.format(id=-1)
    + _LANE.format(id=-2)
    + "</right></laneSection></lanes></road></OpenDRIVE>"
)
ENTITIES = "".join(f'<ScenarioObject name="{name}">{CAR}</ScenarioObject>' for name in ("Ego", "Other"))


def at_lane(lane, s, offset=0.0):
    return f'<Position><LanePosition roadId="1" laneId="{lane}" s="{s}" offset="{offset}"/></Position>'


def teleport(position):
    return f"<TeleportAction>{position}</TeleportAction>"


def speed(value, shape="step", dimension="time", over=0.0, *, relative=""):
    target = f'<AbsoluteTargetSpeed value="{value}"/>' if not relative else (
        f'<RelativeTargetSpeed entityRef="Other" value="{value}" speedTargetValueType="delta" continuous="{relative}"/>'
    )  # fmt: skip
    return (
        f'<LongitudinalAction><SpeedAction><SpeedActionDynamics dynamicsShape="{shape}" dynamicsDimension="{dimension}"'
        f' value="{over}"/><SpeedActionTarget>{target}</SpeedActionTarget></SpeedAction></LongitudinalAction>'
    )


def lane_change(lane, shape="sinusoidal", dimension="time", over=4.0, offset=0.0):
    return (
        f'<LateralAction><LaneChangeAction targetLaneOffset="{offset}"><LaneChangeActionDynamics '
        f'dynamicsShape="{shape}" dynamicsDimension="{dimension}" value="{over}"/><LaneChangeTarget>'
        f'<AbsoluteTargetLane value="{lane}"/></LaneChangeTarget></LaneChangeAction></LateralAction>'
    )


def after(seconds, *, delay=0.0, edge="none", rule="greaterOrEqual"):
    return by_value(f'<SimulationTimeCondition value="{seconds}" rule="{rule}"/>', delay=delay, edge=edge)


def by_value(condition, *, delay=0.0, edge="none"):
    inner = f"<ByValueCondition>{condition}</ByValueCondition>"
    return f'<Condition name="c" delay="{delay}" conditionEdge="{edge}">{inner}</Condition>'


def by_entity(condition, *names, rule="any", delay=0.0, edge="none"):
    refs = "".join(f'<EntityRef entityRef="{name}"/>' for name in names or ("Ego",))
    return (
        f'<Condition name="c" delay="{delay}" conditionEdge="{edge}"><ByEntityCondition><TriggeringEntities '
        f'triggeringEntitiesRule="{rule}">{refs}</TriggeringEntities><EntityCondition>{condition}</EntityCondition>'
        "</ByEntityCondition></Condition>"
    )


def reached(kind, name, state):
    asked = f'storyboardElementType="{kind}" storyboardElementRef="{name}" state="{state}"'
    return by_value(f"<StoryboardElementStateCondition {asked}/>")


def trigger(*conditions, tag="StartTrigger"):
    """A trigger with one group of conditions that must all hold."""
    return f"<{tag}><ConditionGroup>{''.join(conditions)}</ConditionGroup></{tag}>"


def event(name, *actions, when=None, priority="parallel", times=1):
    """An event of private actions; global ones begin with their own wrapper."""
    start = trigger(when) if when else trigger(after(0))
    made = []
    for number, action in enumerate(actions):
        wrapped = (
            action
            if action.startswith(("<GlobalAction", "<UserDefined"))
            else f"<PrivateAction>{action}</PrivateAction>"
        )
        made.append(f'<Action name="{name}_{number}">{wrapped}</Action>')
    return f'<Event name="{name}" priority="{priority}" maximumExecutionCount="{times}">{"".join(made)}{start}</Event>'


def act(*events, actors=("Ego",), times=1, start="", stop=""):
    refs = "".join(f'<EntityRef entityRef="{name}"/>' for name in actors)
    return (
        f'<Act name="act"><ManeuverGroup name="group" maximumExecutionCount="{times}">'
        f'<Actors selectTriggeringEntities="false">{refs}</Actors><Maneuver name="maneuver">'
        f"{''.join(events)}</Maneuver></ManeuverGroup>{start}{stop}</Act>"
    )


def private(entity, *actions):
    return (
        f'<Private entityRef="{entity}">'
        + "".join(f"<PrivateAction>{a}</PrivateAction>" for a in actions)
        + "</Private>"
    )


DEFAULT_INIT = private("Ego", teleport(at_lane(-1, 100)), speed(10)) + private(
    "Other", teleport(at_lane(-2, 200)), speed(20)
)


class Stage:
    """A scenario on the straight road, played tick by tick."""

    _numbers = itertools.count()

    def __init__(self, folder, *acts, init=DEFAULT_INIT, extra="", road=ROAD, entities=ENTITIES,
                 seed=1, commands=MappingProxyType({}), controller=lambda model, actor, world: None):  # fmt: skip
        write(folder, "road.xodr", road)
        story = f'<Story name="story">{"".join(acts)}</Story>' if acts else ""
        text = scenario(road='<LogicFile filepath="road.xodr"/>', entities=entities, init=init, story=story)
        text = text.replace("<CatalogLocations>", f"{extra}<CatalogLocations>")
        text = text.replace("<StopTrigger/>", trigger(after(1000), tag="StopTrigger"))
        loaded = load_scenario(write(folder, f"s{next(self._numbers)}.xosc", text))
        self.world = World(read_network(loaded.road_file), loaded.actors(), loaded.weather(), seed)
        self.player = ScenarioPlayer(loaded, self.world, controller, commands)

    def until(self, time):
        while self.world.time < time - 1e-9 and not self.player.finished:
            self.player.step(DT)
        return self

    def x(self, name="Ego"):
        return float(self.world.position[0, self.world.index(name), 0])

    def y(self, name="Ego"):
        return float(self.world.position[0, self.world.index(name), 1])

    def heading(self, name="Ego"):
        return float(self.world.orientation[0, self.world.index(name), 0])

    def speed(self, name="Ego"):
        return float(self.world.speed[0, self.world.index(name)])

    def times(self, path, transition="startTransition"):
        """When the element whose path ends so made a transition, s."""
        return [round(e.time, 6) for e in self.player.events if e.path.endswith(path) and e.transition == transition]
