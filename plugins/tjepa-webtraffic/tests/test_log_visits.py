"""Sessions in flat memory, against counting with everything in memory."""

from __future__ import annotations

from collections import Counter

import hypothesis.strategies as st
from hypothesis import given
from tjepa_webtraffic.logs.visits import Visits

STEP, TIMEOUT = 60, 30

views = st.lists(st.tuples(st.integers(0, 2000), st.sampled_from("abc")), max_size=60).map(sorted)


def count(requests):
    visits = Visits(STEP, TIMEOUT)
    for time, visitor in requests:
        visits.add(time, visitor)
    return visits


def sessions_by_sorting(requests):
    """The slow, obvious way: each visitor's times side by side."""
    starts = Counter()
    for who in {visitor for _, visitor in requests}:
        last = None
        for time in sorted(time for time, visitor in requests if visitor == who):
            if last is None or time - last > TIMEOUT:
                starts[time // STEP] += 1
            last = time
    return starts


@given(views)
def test_sessions_are_those_of_counting_with_everything_in_memory(requests):
    visits = count(requests)
    assert dict(visits.sessions) == dict(sessions_by_sorting(requests))
    assert dict(visits.page_views) == dict(Counter(time // STEP for time, _ in requests))
    assert visits.late == 0


@given(views, st.randoms(use_true_random=False))
def test_lines_that_come_a_little_late_make_no_session_more(requests, random):
    shuffled = sorted(requests, key=lambda request: request[0] + random.uniform(0, TIMEOUT / 2))
    assert sum(count(shuffled).sessions.values()) <= sum(count(requests).sessions.values())


def test_a_pause_of_just_the_timeout_does_not_end_a_session():
    assert sum(count([(0, "a"), (TIMEOUT, "a")]).sessions.values()) == 1
    assert sum(count([(0, "a"), (TIMEOUT + 1, "a")]).sessions.values()) == 2


def test_lines_far_behind_the_latest_are_counted_as_late():
    assert count([(0, "a"), (1000, "b"), (10, "c"), (990, "d")]).late == 1


def test_only_visitors_whose_session_may_go_on_are_remembered():
    visits = Visits(STEP, TIMEOUT)
    most = 0
    for number in range(20_000):
        visits.add(number, f"visitor {number}")
        most = max(most, visits.num_open)
    assert most <= 4 * TIMEOUT
