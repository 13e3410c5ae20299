"""Which windows a head is fitted on, and which it is judged by."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.rows import PARTS, TrainingRows


def training_rows(values, context=4, horizon=2, *, validation=0.2, max_rows=10_000, covariates=None):
    covariates = covariates or Covariates()
    scale = CovariateScale.fit(covariates, 2, horizon)
    return TrainingRows(
        values, context, horizon, validation=validation, max_rows=max_rows, seed=0, covariates=covariates, scale=scale
    )


def ramp(steps, start=0.0):
    return start + np.arange(float(steps))[:, None]


def collect(rows, part, name):
    return torch.cat([getattr(batch, name) for batch in rows.batches(part)])


def test_the_target_follows_the_context():
    rows = training_rows([ramp(200)])
    for part in PARTS:
        context, target = collect(rows, part, "context"), collect(rows, part, "target")
        assert torch.equal(target[:, 0], context[:, -1] + 1)
        assert torch.equal(target[:, 1], context[:, -1] + 2)


@given(
    lengths=st.lists(st.integers(30, 80), min_size=1, max_size=3),
    horizon=st.integers(1, 4),
    validation=st.floats(0.2, 0.5),  # at least a horizon of steps
)
def test_training_targets_end_before_the_first_held_out_target_of_their_series(lengths, horizon, validation):
    values = [ramp(length, start=1000.0 * number) for number, length in enumerate(lengths)]
    rows = training_rows(values, horizon=horizon, validation=validation)
    train, held_out = collect(rows, "train", "target"), collect(rows, "held_out", "target")
    for number in range(len(values)):
        last = train[train[:, 0] // 1000 == number].max()
        first = held_out[held_out[:, 0] // 1000 == number].min()
        assert last < first


def test_every_window_has_its_part():
    rows = training_rows([ramp(200), ramp(150, start=1000.0)])
    assert len(rows) == (200 - 5) + (150 - 5)
    assert all(len(rows.index[part]) for part in PARTS)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 8, 12])
def test_short_series_never_look_ahead(length):
    rows = training_rows([ramp(length)])
    cut = length - max(1, round(0.2 * length))
    for batch in rows.batches("train"):
        assert batch.target.max() < cut
        assert (batch.context.nan_to_num(-1.0)[:, -1:] < batch.target).all()


def test_short_series_still_give_rows():
    assert len(training_rows([ramp(12)], context=8)) > 5
    assert len(training_rows([ramp(6), ramp(40)])) > 30


def test_a_large_panel_gives_a_subset_that_is_the_same_each_time():
    first, again = (training_rows([ramp(500)], max_rows=50) for _ in range(2))
    assert len(first) == 50
    assert all(torch.equal(first.index[part], again.index[part]) for part in PARTS)
    assert first.digest() == again.digest()


def test_the_digest_tells_other_data_apart():
    digests = {
        training_rows(values).digest() for values in ([ramp(200)], [ramp(200, 1.0)], [ramp(201)], [ramp(200)] * 2)
    }
    assert len(digests) == 4


def test_targets_mostly_missing_and_contexts_without_a_value_are_left_out():
    values = ramp(200)
    values[50:60] = np.nan
    rows = training_rows([values])
    target, context = collect(rows, "train", "target"), collect(rows, "train", "context")
    assert target.isfinite().all()
    assert context.isfinite().any(dim=1).all()
    assert len(target) < len(rows.index["train"])


def test_gaps_in_targets_are_interpolated():
    values = ramp(200)
    values[50] = np.nan
    target = collect(training_rows([values]), "train", "target")
    assert (target == 50.0).any()


def test_errors_are_measured_in_the_deviation_of_the_whole_channel():
    values = np.column_stack([np.sin(np.arange(200)), 1000.0 * np.sin(np.arange(200))])
    scale = collect(training_rows([values]), "train", "scale").flatten().unique()
    np.testing.assert_allclose(scale, [values[:, 0].std(), values[:, 1].std()])


@pytest.mark.parametrize(("value", "scale"), [(0.0, 1.0), (5.0, 5.0), (-5.0, 5.0)])
def test_a_constant_series_is_measured_in_its_level(value, scale):
    rows = training_rows([np.full((200, 1), value)])
    assert collect(rows, "train", "scale").unique().tolist() == [scale]


def test_a_small_variation_at_a_high_level_counts_as_variation():
    values = (1e7 + 1e-2 * np.sin(np.arange(200.0)))[:, None]
    np.testing.assert_allclose(collect(training_rows([values]), "train", "scale"), values.std())


def test_covariates_go_along_with_their_windows():
    rows = training_rows([ramp(200)], covariates=Covariates(known=[10 * ramp(200)]))
    batch = next(rows.batches("train"))
    scale = rows._covariate_scale.known
    known = batch.covariates.numpy() * scale.std + scale.mean
    np.testing.assert_allclose(known[:, 2:], 10 * batch.target, atol=1e-2)
    assert next(training_rows([ramp(200)]).batches("train")).covariates is None
