"""The function for TSB-AD scores as the task does and keeps the convention of the benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators import AnomalyTask, run_JEPA
from tjepa_estimators.errors import ConfigError, DataError

SETTINGS = {"window": 16, "scores": ("neighbours",)}


@pytest.fixture
def data(waves):
    both = np.hstack([waves[1], waves[1][::-1] ** 2])
    both[220:230] = 3.0
    return both


@pytest.mark.parametrize("channels", [slice(0, 1), slice(0, 2), 0], ids=["one", "two", "flat"])
@pytest.mark.parametrize("kind", [np.float64, np.float32, int])
def test_each_step_gets_a_finite_score_in_double_precision(data, channels, kind, tiny_pretrained):
    given = (10 * data[:, channels]).astype(kind)
    for train in (None, given[:150]):
        scores = run_JEPA(given, train, pretrained=tiny_pretrained, **SETTINGS)
        assert scores.shape == (250,)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()


def test_it_scores_as_the_task_does(data, tiny_pretrained):
    task = AnomalyTask(SETTINGS, pretrained=tiny_pretrained).fit(data[:150])
    scores = run_JEPA(data, data[:150], pretrained=tiny_pretrained, **SETTINGS)
    np.testing.assert_array_equal(scores, task.score(data))
    assert 212 <= scores.argmax() < 238


def test_without_training_data_it_learns_from_the_data_itself(data, tiny_pretrained):
    task = AnomalyTask(SETTINGS, pretrained=tiny_pretrained).fit(data)
    scores = run_JEPA(data, pretrained=tiny_pretrained, **SETTINGS)
    np.testing.assert_array_equal(scores, task.training_scores_[0])


def test_parameters_may_come_from_json(data, tiny_pretrained):
    scores = run_JEPA(data, pretrained=tiny_pretrained, window=16, scores=["neighbours"], resolutions=[1, 2])
    settings = {**SETTINGS, "resolutions": (1, 2)}
    np.testing.assert_array_equal(scores, run_JEPA(data, pretrained=tiny_pretrained, **settings))


def test_the_seed_is_that_of_the_pretraining_too(data, tiny_jepa, tiny_encoder):
    def scores(**changes):
        return run_JEPA(data, config=tiny_jepa, encoder_config=tiny_encoder, **SETTINGS, **changes)

    one = scores(seed=1, train={"steps": 2})
    np.testing.assert_array_equal(one, scores(seed=1, train={"steps": 2}))
    assert not np.array_equal(one, scores(seed=2, train={"steps": 2}))


def test_the_arrays_stay_as_they_are(data, tiny_pretrained):
    before = data.copy()
    run_JEPA(data, data[:150], pretrained=tiny_pretrained, **SETTINGS)
    np.testing.assert_array_equal(data, before)


@pytest.mark.parametrize(("name", "hint"), [("windw", "did you mean 'window'"), ("slidingWindow", "It knows ")])
def test_an_unknown_parameter_is_refused_before_anything_is_learned(data, name, hint):
    with pytest.raises(ConfigError, match=f"no parameter '{name}'; .*{hint}"):
        run_JEPA(data, **{name: 10})


def test_an_impossible_parameter_is_refused(data):
    with pytest.raises(ConfigError, match="window must be at least 1"):
        run_JEPA(data, window=0)


def test_the_order_of_the_benchmark_is_noticed(data):
    data[3] = np.nan
    with pytest.raises(DataError, match="seem to be swapped"):
        run_JEPA(data[:150], data)


def test_other_channels_are_refused(data, tiny_pretrained):
    with pytest.raises(DataError, match="2 channels"):
        run_JEPA(data, data[:150, :1], pretrained=tiny_pretrained, **SETTINGS)
