"""Chapter "Conditions and triggers": those that are played."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from drivesim.openscenario.model.base import Element, Unsupported, child, choice
from drivesim.openscenario.model.entities import EntityRef
from drivesim.openscenario.model.parameters import Rule


@dataclass(frozen=True, kw_only=True)
class SimulationTimeCondition(Element):
    value: float
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class SpeedCondition(Element):
    value: float
    rule: Rule
    direction: str | None = None


@dataclass(frozen=True, kw_only=True)
class TraveledDistanceCondition(Element):
    value: float


@dataclass(frozen=True, kw_only=True)
class RelativeDistanceCondition(Element):
    entity_ref: str
    relative_distance_type: Literal["longitudinal", "lateral", "cartesianDistance", "euclidianDistance"]
    freespace: bool
    value: float
    rule: Rule
    coordinate_system: str = "entity"
    routing_algorithm: str | None = None


@dataclass(frozen=True, kw_only=True)
class TriggeringEntities(Element):
    triggering_entities_rule: Literal["any", "all", "none"]
    entities: tuple[EntityRef, ...] = child("EntityRef")


EntityCondition = SpeedCondition | TraveledDistanceCondition | RelativeDistanceCondition | Unsupported


@dataclass(frozen=True, kw_only=True)
class ByEntityCondition(Element):
    triggering_entities: TriggeringEntities
    condition: EntityCondition = choice("EntityCondition")


@dataclass(frozen=True, kw_only=True)
class Condition(Element):
    name: str
    condition_edge: Literal["rising", "falling", "risingOrFalling", "none"]
    delay: float = 0.0
    test: ByEntityCondition | SimulationTimeCondition | Unsupported = choice()


@dataclass(frozen=True, kw_only=True)
class ConditionGroup(Element):
    conditions: tuple[Condition, ...] = child("Condition")


@dataclass(frozen=True, kw_only=True)
class Trigger(Element):
    groups: tuple[ConditionGroup, ...] = child("ConditionGroup", default=())
