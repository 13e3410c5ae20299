"""From evidence to steps: coverage, channels, scales."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly_scores import TokenLayout
from tjepa_estimators.tasks.anomaly_steps import cover_steps, top_mean
from tjepa_estimators.tasks.calibration import QuantileScale

layouts = st.builds(
    lambda tokens, stride, more: TokenLayout(tokens, stride + more, stride),
    st.integers(1, 20), st.integers(1, 4), st.integers(0, 3),
)  # fmt: skip


@given(layouts)
def test_runs_hold_every_token_once_in_order(layout):
    assert [token for run in layout.runs() for token in run] == [*range(layout.tokens)]
    assert len(layout.runs()) == min(4, layout.tokens)


@given(layouts)
def test_the_steps_of_the_runs_cover_the_window(layout):
    assert {step for run in layout.runs() for step in range(layout.window)[layout.steps(run)]} == {
        *range(layout.window)
    }


@given(layouts, st.integers(0, 2**32 - 1))
def test_coverage_agrees_with_a_loop(layout, seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 30, size=2)
    series = rng.integers(0, 2, size=6)
    end = np.array([rng.integers(1, lengths[one] + 1) for one in series])
    evidence = np.where(rng.random((6, layout.tokens)) < 0.2, np.nan, rng.normal(size=(6, layout.tokens)))
    found = [[[] for _ in range(length)] for length in lengths]
    for window in range(6):
        for token in range(layout.tokens):
            for offset in range(layout.patch_length):
                step = end[window] - layout.window + token * layout.patch_stride + offset
                if step >= 0 and np.isfinite(evidence[window, token]):
                    found[series[window]][step].append(evidence[window, token])
    expected = [[np.mean(each) if each else np.nan for each in one] for one in found]
    for ours, theirs in zip(cover_steps(evidence, series, end, layout, lengths), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize(("channels", "counted"), [(1, 1), (2, 2), (4, 2), (5, 3), (38, 7)])
def test_as_many_channels_count_as_the_root_of_their_number(channels, counted):
    evidence = np.arange(channels, dtype=float).reshape(1, channels, 1)
    assert top_mean(evidence)[0, 0] == np.mean(np.arange(channels)[-counted:])


def test_a_channel_without_evidence_does_not_count():
    evidence = np.array([[[np.nan, np.nan], [3.0, np.nan]]])
    np.testing.assert_array_equal(top_mean(evidence), [[3.0, np.nan]])


@given(st.floats(0.5, 100), st.floats(-100, 100))
def test_scaled_values_do_not_depend_on_units(factor, shift):
    values = np.random.default_rng(0).exponential(size=(50, 2))
    plain, other = (QuantileScale.fit(one, 0.01)(one) for one in (values, values * factor + shift))
    np.testing.assert_allclose(plain, other, atol=1e-6)


def test_data_that_never_varied_is_scaled_by_the_floor():
    assert QuantileScale.fit(np.full(5, 2.0), 0.1)(np.array([3.0])) == pytest.approx(10.0)


def test_nothing_known_gives_a_scale_all_the_same():
    scale = QuantileScale.fit(np.full((4, 2), np.nan), 0.1)
    np.testing.assert_array_equal(scale(np.zeros((1, 2))), 0.0)
