"""Calls that CARLA has and this server has not: each is refused by name, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivesim.carla_server.calls.registry import Handler, method
from drivesim.carla_server.wire import Refusal

if TYPE_CHECKING:
    from drivesim.carla_server.server import CarlaServer

_NO_LAYERS = "maps are of one piece here"
_NO_SWITCH = "street lamps light up when it gets dark"
_NO_WINDOW = "there is no window to draw in, and cameras see the world only"
_NO_PARTS = "bodies have no named parts here"
_NO_SPIN = "tyres hold bodies; set_target_angular_velocity turns a vehicle for a step"
_NO_ENGINE = "there is one kind of vehicle dynamics here"
_NO_STREAM = "drivesim serve has no such data"

_VOID = {
    "load_map_layer": _NO_LAYERS, "unload_map_layer": _NO_LAYERS, "enable_environment_objects": _NO_LAYERS,
    "apply_color_texture_to_objects": "looks of things are drivesim's own",
    "update_lights_state": _NO_SWITCH, "update_day_night_cycle": _NO_SWITCH,
    "set_annotations_traverse_translucency": "glass is looked through always",
    "draw_debug_shape": _NO_WINDOW, "clear_debug_shape": _NO_WINDOW, "clear_debug_string": _NO_WINDOW,
    "show_vehicle_debug_telemetry": _NO_WINDOW,
    "set_actor_enable_gravity": "bodies stand on the ground always", "set_actor_dead": "nobody dies here",
    "add_actor_angular_impulse": _NO_SPIN, "add_actor_torque": _NO_SPIN, "add_actor_impulse_at_location": _NO_SPIN,
    "add_actor_force_at_location": _NO_SPIN, "set_wheel_pitch_angle": "wheels roll as fast as the vehicle goes",
    "set_wheel_steer_direction": "wheels steer by the vehicle's control",
    "open_vehicle_door": "vehicles' doors do not open", "close_vehicle_door": "vehicles' doors do not open",
    "apply_ackermann_controller_settings": "the wanted speed is reached without a PID controller",
    "enable_carsim": _NO_ENGINE, "use_carsim_road": _NO_ENGINE, "enable_chrono_physics": _NO_ENGINE,
    "restore_physx_physics": _NO_ENGINE,
    "set_bones_transform": _NO_PARTS, "blend_pose": _NO_PARTS, "get_pose_from_animation": _NO_PARTS,
    "enable_sensor_for_ros": _NO_STREAM, "disable_sensor_for_ros": _NO_STREAM, "enable_gbuffers": _NO_STREAM,
    "set_ignored_vehicles": "sensors look past the body that carries the first of them, and past no other",
    "send": "sensors of vehicle-to-vehicle messages are not here",
}  # fmt: skip
_ANSWERING = {
    "get_actor_component_names": _NO_PARTS, "get_actor_bone_names": _NO_PARTS, "get_actor_socket_names": _NO_PARTS,
    "get_actor_component_world_transform": _NO_PARTS, "get_actor_component_relative_transform": _NO_PARTS,
    "get_actor_bone_world_transforms": _NO_PARTS, "get_actor_bone_relative_transforms": _NO_PARTS,
    "get_vehicle_bone_world_transforms": _NO_PARTS, "get_actor_socket_world_transforms": _NO_PARTS,
    "get_actor_socket_relative_transforms": _NO_PARTS, "get_bones_transform": _NO_PARTS,
    "get_wheel_pitch_angle": "wheels roll as fast as the vehicle goes",
    "is_sensor_enabled_for_ros": _NO_STREAM, "are_gbuffers_enabled": _NO_STREAM, "get_gbuffer_token": _NO_STREAM,
    "console_command": "there is no console",
}  # fmt: skip


def _refusing(name: str, reason: str) -> Handler:
    def refuse(server: CarlaServer, *_: Any) -> Any:
        raise Refusal(f"'{name}' is not implemented by drivesim: {reason}")

    return refuse


for _name, _reason in _VOID.items():
    method(_name, void=True)(_refusing(_name, _reason))
for _name, _reason in _ANSWERING.items():
    method(_name)(_refusing(_name, _reason))
