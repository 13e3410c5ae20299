"""Runs are the stretches of equal steps."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.tasks.metrics.runs import count_overlaps, find_runs

steps = st.lists(st.booleans(), min_size=1, max_size=30).map(np.array)


@settings(deadline=None)
@given(steps)
def test_runs_rebuild_what_they_were_found_in_and_never_touch(active):
    runs = find_runs(active)
    rebuilt = np.zeros(len(active), dtype=bool)
    for start, stop in zip(*runs, strict=True):
        rebuilt[start:stop] = True
    assert (rebuilt == active).all()
    assert (runs.start[1:] > runs.stop[:-1]).all()


@settings(deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_overlaps_are_those_that_a_loop_counts(active, random):
    other = np.array([random.random() < 0.5 for _ in active])
    runs, others = find_runs(active), find_runs(other)
    slow = [
        sum(start < other_stop and other_start < stop for other_start, other_stop in zip(*others, strict=True))
        for start, stop in zip(*runs, strict=True)
    ]
    assert count_overlaps(runs, others).tolist() == slow
