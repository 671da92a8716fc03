"""Vectors for actions that drive nothing themselves (OpenSCENARIO XML 1.3, annex A "Action tables")."""

import pytest
from stage import Stage, act, after, at_lane, event, private, speed, teleport


def animation(inside, attributes="", state=""):
    shown = f'<AnimationState state="{state}"/>' if state != "" else ""
    return (
        f"<AppearanceAction><AnimationAction {attributes}><AnimationType>{inside}</AnimationType>{shown}"
        "</AnimationAction></AppearanceAction>"
    )


DOOR = '<ComponentAnimation><VehicleComponent vehicleComponentType="doorFrontLeft"/></ComponentAnimation>'
WAVE = '<PedestrianAnimation motion="standing"><PedestrianGesture gesture="wavingLeftArm"/></PedestrianAnimation>'


def test_a_door_opens_over_its_duration_and_goes_on_from_there(tmp_path):
    opened = event("open", animation(DOOR, 'animationDuration="2"', 0.8))
    closed = event("close", animation(DOOR, 'animationDuration="2"', 0), when=after(4))
    stage = Stage(tmp_path, act(opened, closed)).until(1)
    key = ("Ego", "doorFrontLeft")
    assert stage.player.cast.animations[key].state == pytest.approx(0.4, abs=0.01)
    assert stage.until(3).times("::open", "endTransition") == [pytest.approx(2.0, abs=0.011)]
    assert stage.player.cast.animations[key].state == pytest.approx(0.8)
    assert stage.until(5).player.cast.animations[key].state == pytest.approx(0.4, abs=0.01)


def test_a_loop_begins_again_and_a_gesture_goes_on_until_another(tmp_path):
    """Annex A: with ``loop``, and for gestures, "no regular ending"."""
    blink = animation('<UserDefinedAnimation userDefinedAnimationType="x"/>', 'loop="true" animationDuration="2"', 1)
    run = WAVE.replace("standing", "running")
    stage = Stage(tmp_path, act(
        event("loop", blink), event("wave", animation(WAVE)), event("run", animation(run), when=after(6)),
    )).until(5)  # fmt: skip
    shown = stage.player.cast.animations
    assert shown["Ego", "x"].state == pytest.approx(0.5, abs=0.01)
    assert shown["Ego", "pedestrian"].subject == "standing wavingLeftArm"
    assert not stage.times("::loop", "endTransition") + stage.times("::wave", "endTransition")
    assert stage.until(7).times("wave_0", "stopTransition") == [pytest.approx(6.0, abs=0.011)]
    assert shown["Ego", "pedestrian"].subject == "running wavingLeftArm"


def test_commands_go_to_who_knows_them(tmp_path):
    told = []
    command = '<UserDefinedAction><CustomCommandAction type="log">hello</CustomCommandAction></UserDefinedAction>'
    stage = Stage(tmp_path, act(event("e", command, when=after(1))), commands={"log": told.append})
    assert not stage.until(0.9).player.cast.animations
    assert told == []
    stage.until(2)
    assert told == ["hello"]
    assert stage.times("::e", "endTransition") == stage.times("::e")


def test_commands_that_nobody_knows_are_named_before_the_run(tmp_path, caplog):
    command = '<UserDefinedAction><CustomCommandAction type="shell">x</CustomCommandAction></UserDefinedAction>'
    stage = Stage(tmp_path, act(event("e", command)))
    assert "type 'shell'" in caplog.text
    assert stage.until(1).times("::e", "endTransition") == [0.0]


_LANE = '<lane id="-1" type="driving"><link>{}</link><width sOffset="0" a="4" b="0" c="0" d="0"/></lane>'


def _fork():
    """Road 1 along x for 100 m, then by a junction straight on to 2, 3 or 4."""

    def road(number, x, length, before="", after_="", junction=-1, y=0):
        return (
            f'<road id="{number}" length="{length}" junction="{junction}" rule="RHT"><link>{before}{after_}</link>'
            f'<planView><geometry s="0" x="{x}" y="{y}" hdg="0" length="{length}"><line/></geometry></planView><lanes>'
            '<laneSection s="0"><center><lane id="0" type="none"/></center><right>'
            + _LANE.format('<predecessor id="-1"/><successor id="-1"/>')
            + "</right></laneSection></lanes></road>"
        )

    def to(tag, kind, number, contact=""):
        touch = f' contactPoint="{contact}"' if contact else ""
        return f'<{tag} elementType="{kind}" elementId="{number}"{touch}/>'

    roads = [road(1, 0, 100, after_=to("successor", "junction", 100))]
    joins = ""
    for k in (2, 3, 4):
        roads.append(road(k, 110, 500, before=to("predecessor", "junction", 100), y=10 * (k - 3)))
        roads.append(
            road(10 + k, 100, 10, to("predecessor", "road", 1, "end"), to("successor", "road", k, "start"), 100)
        )
        joins += (
            f'<connection id="{k}" incomingRoad="1" connectingRoad="{10 + k}" contactPoint="start"><laneLink from="-1" '
            'to="-1"/></connection>'
        )
    junction = f'<junction id="100">{joins}</junction>'
    return f'<OpenDRIVE><header revMajor="1" revMinor="6"/>{"".join(roads)}{junction}</OpenDRIVE>'


def test_who_wanders_chooses_at_junctions_by_the_seed(tmp_path):
    wander = "<RoutingAction><RandomRouteAction/></RoutingAction>"
    init = private("Ego", teleport(at_lane(-1, 50)), speed(20))

    def ends(seed, *actions):
        folder = tmp_path / f"{seed}{len(actions)}"
        stage = Stage(folder, *([act(event("e", *actions))] if actions else []), init=init, road=_fork(), seed=seed)
        return round(stage.until(10).y())

    straight = {ends(seed) for seed in range(2)}
    chosen = [ends(seed, wander) for seed in range(12)]
    assert len(straight) == 1
    assert len(set(chosen)) == 3
    assert chosen == [ends(seed, wander) for seed in range(12)]
