"""Alarms are runs, counted at all thresholds at once as one would count them one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.alarms import count_alarms

TIED = st.lists(st.lists(st.integers(0, 4).map(float), max_size=30).map(np.array), min_size=1, max_size=4)


def slowly(series, gap, threshold):
    """Walk along each series, and let ``gap`` quiet steps pass."""
    number = 0
    for one in series:
        quiet = gap + 1
        for score in one:
            if score > threshold:
                number += quiet > gap
                quiet = 0
            else:
                quiet += 1
    return number


@given(series=TIED, gap=st.integers(0, 40))
def test_the_sweep_counts_as_the_slow_loop(series, gap):
    thresholds = np.array([2.5, -1.0, 0.0, 4.0, 1.0, 3.0])
    wanted = [slowly(series, gap, threshold) for threshold in thresholds]
    assert count_alarms(series, gap, thresholds).tolist() == wanted


def test_quiet_steps_join_runs_up_to_the_gap():
    scores = np.array([1.0, 0, 0, 1])
    counts = [count_alarms([scores], gap, np.zeros(1))[0] for gap in (0, 1, 2, 3)]
    assert counts == [2, 2, 1, 1]


def test_runs_do_not_go_on_in_the_next_series():
    assert count_alarms([np.ones(3), np.ones(3)], 9, np.zeros(1)).tolist() == [2]
