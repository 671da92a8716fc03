"""Vectors for ``OverrideControllerValueAction`` (OpenSCENARIO XML 1.3).

Annex A: an active override "assigns longitudinal [or lateral] control strategy" and ends immediately. The car has a
maxAcceleration of 5 m/s2 and a maxDeceleration of 10 m/s2, and does 10 m/s at the start.
"""

import math

import pytest
from stage import Stage, act, after, at_lane, event, lane_change, private, speed, teleport
from xosc_files import CAR


def override(*parts):
    inside = "".join(parts)
    return (
        f"<ControllerAction><OverrideControllerValueAction>{inside}</OverrideControllerValueAction></ControllerAction>"
    )


def pedal(name, value, more=""):
    return f'<{name} active="true" value="{value}" {more}/>'


def gear(letter):
    return f'<Gear active="true"><AutomaticGear gear="{letter}"/></Gear>'


BRAKES = '<Brake active="true"><{} value="{}"/></Brake>'
THROTTLE = pedal("Throttle", 0.4)


@pytest.mark.parametrize(
    ("parts", "after_two_seconds"),
    [
        ([THROTTLE], 10 + 0.4 * 5 * 2),
        ([pedal("Throttle", 0.4, 'maxRate="0.2"')], 10 + 5 * (0.5 * 0.2 * 2 * 2)),
        ([pedal("Brake", 0.3)], 10 - 0.3 * 10 * 2),
        ([BRAKES.format("BrakePercent", 0.3)], 10 - 0.3 * 10 * 2),
        ([BRAKES.format("BrakeForce", 3000)], 10 - 2 * 2),  # of 1500 kg
        ([pedal("ParkingBrake", 1)], 0),
        ([THROTTLE, pedal("Clutch", 1)], 10),
        ([THROTTLE, pedal("Clutch", 0.5)], 10 + 0.2 * 5 * 2),
        ([THROTTLE, '<Gear active="true" number="0"/>'], 10),
        ([THROTTLE, gear("n")], 10),
        ([gear("p")], 0),
        (['<Throttle active="false" value="1"/>'], 10),
    ],
)
def test_pedals_and_gears_set_the_acceleration(tmp_path, parts, after_two_seconds):
    heavy = CAR.replace("<Vehicle ", '<Vehicle mass="1500" ')
    named = "".join(f'<ScenarioObject name="{name}">{heavy}</ScenarioObject>' for name in ("Ego", "Other"))
    stage = Stage(tmp_path, act(event("e", override(*parts))), entities=named).until(2)
    assert stage.speed() == pytest.approx(after_two_seconds, abs=0.06)
    assert stage.times("::e", "endTransition") == [0.0]


def test_a_reverse_gear_drives_back(tmp_path):
    init = private("Ego", teleport(at_lane(-1, 100)))
    stage = Stage(tmp_path, act(event("e", override(THROTTLE, gear("r")))), init=init).until(3)
    assert stage.speed() == pytest.approx(-6, abs=0.03)
    assert stage.x() == pytest.approx(100 - 9, abs=0.1)


def test_overriding_ends_what_runs_and_is_ended_by_what_comes(tmp_path):
    stage = Stage(tmp_path, act(
        event("slow", speed(0, "linear", "rate", 1.0)), event("on", override(THROTTLE), when=after(1)),
        event("keep", speed(12), when=after(3)),
    ))  # fmt: skip
    assert stage.until(2.9).speed() == pytest.approx(9 + 2 * 1.9, abs=0.05)
    assert stage.times("slow_0", "stopTransition") == [pytest.approx(1.0, abs=0.011)]
    assert stage.until(5).speed() == pytest.approx(12)


def test_released_pedals_leave_the_speed_as_it_is(tmp_path):
    off = override('<Throttle active="false" value="0"/>')
    stage = Stage(tmp_path, act(event("on", override(THROTTLE)), event("off", off, when=after(2)))).until(4)
    assert stage.speed() == pytest.approx(14, abs=0.05)


def test_the_wheel_drives_a_circle(tmp_path):
    """Kinematic bicycle: the rear axle runs on a circle of wheelbase / tan(road-wheel angle), ratio 16."""
    wheel = 16 * math.atan(2.8 / 50)
    stage = Stage(tmp_path, act(event("e", override(pedal("SteeringWheel", wheel))))).until(5)
    turned = 10 * 5 / 50
    assert stage.heading() == pytest.approx(turned, abs=1e-3)
    assert stage.y() == pytest.approx(-2 + 50 * (1 - math.cos(turned)), abs=0.02)
    back = Stage(tmp_path, act(
        event("e", override(pedal("SteeringWheel", 0.1))), event("lane", lane_change(-2), when=after(0.5)),
    )).until(8)  # fmt: skip
    assert back.y() == pytest.approx(-6, abs=1e-3)
