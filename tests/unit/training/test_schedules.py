"""Schedules are pure functions of the step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.training.schedules import cosine_between, mix_seed, warmup_cosine


@given(steps=st.integers(1, 300), warmup=st.floats(0, 0.99))
def test_the_rate_rises_then_falls_and_never_leaves_zero_to_one(steps, warmup):
    rates = [warmup_cosine(step, steps, warmup) for step in range(steps + 1)]
    top = rates.index(max(rates))
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert min(rates) >= 0.0
    assert max(rates) == pytest.approx(1.0)
    assert rates[0] > 0.0


@given(steps=st.integers(10, 300), warmup=st.floats(0, 0.9))
def test_the_rate_ends_at_zero(steps, warmup):
    assert warmup_cosine(steps, steps, warmup) == pytest.approx(0.0)
    assert warmup_cosine(steps + 7, steps, warmup) == pytest.approx(0.0)


@given(start=st.floats(0, 1), end=st.floats(0, 1), steps=st.integers(1, 300))
def test_a_cosine_goes_from_start_to_end_and_stays_between(start, end, steps):
    values = [cosine_between(start, end, step, steps) for step in range(steps + 2)]
    assert values[0] == pytest.approx(start, abs=1e-12)
    assert values[steps] == pytest.approx(end, abs=1e-12)
    assert all(min(start, end) - 1e-12 <= value <= max(start, end) + 1e-12 for value in values)
    assert values == sorted(values, reverse=start > end)


def test_a_schedule_is_a_plain_number():
    assert type(warmup_cosine(3, 10, 0.1)) is float
    assert type(cosine_between(0.9, 1.0, 3, 10)) is float


def test_neighbouring_numbers_give_different_seeds_that_torch_takes():
    seeds = {mix_seed(seed, step, rank) for seed in range(10) for step in range(20) for rank in range(5)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert mix_seed(1, 2) != mix_seed(2, 1)
    assert mix_seed(3, 4) == mix_seed(3, 4)
