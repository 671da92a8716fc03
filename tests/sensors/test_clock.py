"""Sensors fire at phase + k / rate, whatever the tick."""

from __future__ import annotations

import pytest

from drivesim.sensors.clock import due, nanoseconds, stamp


@pytest.mark.parametrize("dt", [0.005, 0.05, 0.1, 1 / 30])
@pytest.mark.parametrize(("rate", "phase"), [(10.0, 0.0), (12.0, 0.01), (13.0, 0.0), (20.0, 0.025), (1 / 0.072, 0.0)])
def test_no_measurement_is_missed_or_given_twice(dt, rate, phase):
    ticks = round(60 / dt)
    found = [k for i in range(ticks) for k in due(nanoseconds(i * dt), nanoseconds((i + 1) * dt), rate, phase)]
    first = 0 if phase > 0 else 1
    assert found == list(range(first, first + len(found)))
    assert len(found) >= 60 * rate - 1
    assert all(abs(stamp(k, rate, phase) - (phase + k / rate) * 1e9) <= 0.5 for k in found)


def test_a_measurement_at_the_end_of_a_tick_belongs_to_it():
    assert list(due(0, 100, 1e7, 0.0)) == [1]
    assert list(due(100, 199, 1e7, 0.0)) == []
