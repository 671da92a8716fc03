"""Names of the standard's actions and conditions (OpenSCENARIO XML 1.0 to 1.3), to tell them from mistakes."""

from __future__ import annotations

ACTIONS_AND_CONDITIONS = frozenset({
    "AccelerationCondition", "AcquirePositionAction", "ActivateControllerAction", "AddEntityAction", "AngleCondition",
    "AnimationAction", "AssignControllerAction", "AssignRouteAction", "ByEntityCondition", "ByValueCondition",
    "CollisionCondition", "ConnectTrailerAction", "ControllerAction", "CustomCommandAction", "DeleteEntityAction",
    "DisconnectTrailerAction", "DistanceCondition", "EndOfRoadCondition", "EntityAction", "EnvironmentAction",
    "FollowTrajectoryAction", "InfrastructureAction", "LaneChangeAction", "LaneOffsetAction", "LateralAction",
    "LateralDistanceAction", "LightStateAction", "LongitudinalAction", "LongitudinalDistanceAction", "MonitorAction",
    "OffroadCondition", "OverrideControllerValueAction", "ParameterAction", "ParameterCondition",
    "ParameterModifyAction", "ParameterSetAction", "RandomRouteAction", "ReachPositionCondition",
    "RelativeAngleCondition", "RelativeClearanceCondition", "RelativeDistanceCondition", "RelativeLaneRangeCondition",
    "RelativeSpeedCondition", "RoutingAction", "SetMonitorAction", "SimulationTimeCondition", "SpeedAction",
    "SpeedCondition", "SpeedProfileAction", "StandStillCondition", "StoryboardElementStateCondition",
    "SynchronizeAction", "TeleportAction", "TimeHeadwayCondition", "TimeOfDayCondition", "TimeToCollisionCondition",
    "TrafficAction", "TrafficAreaAction", "TrafficSignalAction", "TrafficSignalCondition",
    "TrafficSignalControllerAction", "TrafficSignalControllerCondition", "TrafficSignalStateAction",
    "TrafficSinkAction", "TrafficSourceAction", "TrafficStopAction", "TrafficSwarmAction", "TrailerAction",
    "TraveledDistanceCondition", "UserDefinedAction", "UserDefinedValueCondition", "VariableAction",
    "VariableCondition", "VariableModifyAction", "VariableSetAction", "VisibilityAction",
})  # fmt: skip

FORMER = {("Trailer", "EntityRef"): "TrailerRef"}
"""Elements, by who holds them, that well-known files call otherwise than the standard: esmini's before 2025."""
