"""States and transitions of the storyboard (OpenSCENARIO XML 1.3, chapter 8: "Scenario at runtime")."""

import pytest
from stage import Stage, act, after, by_entity, by_value, event, lane_change, reached, speed, trigger


@pytest.mark.parametrize(
    ("priority", "first_ends", "second_runs"),
    [("override", "stopTransition", True), ("parallel", "endTransition", True), ("skip", "endTransition", False)],
)
def test_priorities_among_the_events_of_a_maneuver(tmp_path, priority, first_ends, second_runs):
    stage = Stage(tmp_path, act(
        event("first", lane_change(-2, over=3.0)),
        event("second", speed(5), when=after(1), priority=priority),
    )).until(4)  # fmt: skip
    assert len(stage.times("first", first_ends)) == 1
    assert bool(stage.times("second")) == second_runs


def test_an_action_of_the_same_domain_takes_over(tmp_path):
    stage = Stage(tmp_path, act(
        event("slow", speed(0, "linear", over=10.0)), event("fast", speed(30), when=after(2)),
    )).until(5)  # fmt: skip
    assert stage.speed() == pytest.approx(30)
    assert stage.times("slow_0", "stopTransition") == [pytest.approx(2.0, abs=0.011)]


def test_events_and_groups_run_as_often_as_they_say(tmp_path):
    twice = event("twice", speed(5), times=2, when=by_value('<SimulationTimeCondition value="1" rule="greaterThan"/>'))
    assert len(Stage(tmp_path, act(twice)).until(2).times("twice")) == 2
    assert len(Stage(tmp_path, act(twice, times=3)).until(2).times("twice")) == 6


@pytest.mark.parametrize(("edge", "fires"), [("rising", 1), ("falling", 0), ("risingOrFalling", 1), ("none", 1)])
def test_edges_are_changes_between_evaluations(tmp_path, edge, fires):
    stage = Stage(tmp_path, act(event("e", speed(5), when=after(1, edge=edge)))).until(2)
    assert len(stage.times("e")) == fires
    always = Stage(tmp_path, act(event("e", speed(5), when=after(0, edge=edge)))).until(2)
    assert len(always.times("e")) == (edge == "none")


def test_a_delay_postpones_the_answer(tmp_path):
    stage = Stage(tmp_path, act(event("e", speed(5), when=after(1, delay=0.5, edge="rising")))).until(3)
    assert stage.times("e") == [pytest.approx(1.5)]


def test_conditions_of_a_group_all_hold_and_one_group_is_enough(tmp_path):
    both = after(1) + after(2, rule="lessThan")
    one = f"{both}</ConditionGroup><ConditionGroup>{after(3)}"
    assert Stage(tmp_path, act(event("e", speed(5), when=both))).until(4).times("e") == [pytest.approx(1.0)]
    assert Stage(tmp_path, act(event("e", speed(5), when=one))).until(4).times("e") == [pytest.approx(1.0)]


def test_states_of_other_elements(tmp_path):
    stage = Stage(tmp_path, act(
        event("first", speed(14, "linear", over=1.0)),
        event("second", speed(5), when=reached("event", "first", "completeState")),
        event("third", speed(6), when=reached("action", "maneuver::first::first_0", "endTransition")),
    )).until(3)  # fmt: skip
    assert stage.times("second") == [pytest.approx(1.0, abs=0.021)]
    assert stage.times("third") == [pytest.approx(1.0, abs=0.021)]


def test_acts_start_and_stop_by_their_triggers(tmp_path):
    timed = act(
        event("e", speed(0, "linear", over=10.0)), start=trigger(after(1)), stop=trigger(after(2), tag="StopTrigger")
    )
    stage = Stage(tmp_path, timed).until(5)
    assert stage.times("::act") == [pytest.approx(1.0)]
    assert stage.times("::act", "stopTransition") == [pytest.approx(2.0)]
    assert stage.speed() == pytest.approx(9.0, abs=0.02)


def test_any_all_and_none_of_the_triggering_entities(tmp_path):
    fast = '<SpeedCondition value="15" rule="greaterThan"/>'

    def fires(rule):
        when = by_entity(fast, "Ego", "Other", rule=rule)
        return bool(Stage(tmp_path, act(event("e", speed(1), when=when))).until(0.1).times("e"))

    assert [fires("any"), fires("all"), fires("none")] == [True, False, False]


def test_an_act_that_is_stopped_before_it_starts_never_runs(tmp_path):
    late = act(event("e", speed(5)), start=trigger(after(2)), stop=trigger(after(1), tag="StopTrigger"))
    stage = Stage(tmp_path, late).until(4)
    assert stage.times("::act", "stopTransition") == [pytest.approx(1.0)]
    assert stage.times("::act") == stage.times("e") == []


def test_who_made_the_trigger_fire_acts_where_the_group_selects_them(tmp_path):
    fast, faster = (f'<SpeedCondition value="{limit}" rule="greaterThan"/>' for limit in (15, 50))
    when = f"{by_entity(faster, 'Ego', 'Other')}</ConditionGroup><ConditionGroup>{by_entity(fast, 'Ego', 'Other')}"
    chosen = act(event("e", speed(3), when=when), actors=()).replace(
        'selectTriggeringEntities="false"', 'selectTriggeringEntities="true"'
    )
    stage = Stage(tmp_path, chosen).until(0.5)
    assert (stage.speed("Ego"), stage.speed("Other")) == (pytest.approx(10), pytest.approx(3))
