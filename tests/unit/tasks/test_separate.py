"""A task for each channel is what as many tasks on single channels are."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators import ForecastTask
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError
from tjepa_estimators.tasks.separate import SeparateForecastTask

CONFIG = {"horizon": 4, "context_length": 24}


@pytest.fixture
def pair(waves):
    """Two series of two channels that have nothing in common."""
    rng = np.random.default_rng(0)
    return [np.hstack([one, np.cumsum(rng.normal(size=one.shape), axis=0)]) for one in waves[:2]]


def test_each_channel_is_forecast_as_if_it_were_alone(tiny_pretrained, pair):
    task = SeparateForecastTask(CONFIG, pretrained=tiny_pretrained).fit(pair)
    found = task.predict(pair, steps=6)
    for channel in range(2):
        columns = [one[:, [channel]] for one in pair]
        alone = ForecastTask(CONFIG, pretrained=tiny_pretrained).fit(columns).predict(columns, steps=6)
        np.testing.assert_array_equal(found[:, :, [channel]], alone)


def test_quantiles_have_their_axis_behind_the_channels(tiny_pretrained, pair):
    task = SeparateForecastTask(CONFIG, pretrained=tiny_pretrained).fit(pair)
    assert task.predict(pair, quantiles=[0.1, 0.5, 0.9]).shape == (2, 4, 2, 3)


def test_every_channel_is_pretrained_on_itself(pair, tiny_jepa, tiny_encoder):
    task = SeparateForecastTask(CONFIG, jepa=tiny_jepa, encoder_config=tiny_encoder, train={"steps": 3}).fit(pair)
    first, second = task.pretrained_
    assert first.fingerprint != second.fingerprint
    again = SeparateForecastTask(CONFIG, pretrained=task.pretrained_).fit(pair)
    assert again.pretrained_ == task.pretrained_


def test_what_does_not_fit_is_refused(tiny_pretrained, pair):
    with pytest.raises(ConfigError, match="3 encoders were given for 2 channels"):
        SeparateForecastTask(CONFIG, pretrained=[tiny_pretrained] * 3).fit(pair)
    with pytest.raises(DataError, match="same channels"):
        SeparateForecastTask(CONFIG).fit([pair[0], pair[1][:, :1]])
    with pytest.raises(NotFittedError):
        SeparateForecastTask(CONFIG).predict(pair)
    task = SeparateForecastTask({**CONFIG, "blocks": "lookback"}).fit(pair)
    with pytest.raises(DataError, match="has 1 channels, but the model was fitted on 2"):
        task.predict([pair[0][:, :1]])
