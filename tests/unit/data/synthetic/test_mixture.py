"""Most series of the mixture have a season that can be seen."""

from __future__ import annotations

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.mixture import seasonal_mixture


def test_most_series_concentrate_their_power_in_few_frequencies():
    steps = np.diff(seasonal_mixture(np.random.default_rng(0), 200, 1024), axis=1)
    power = np.abs(np.fft.rfft(standardise(steps) * np.hanning(1023), axis=1)) ** 2
    top = np.sort(power, axis=1)[:, -25:].sum(axis=1) / power.sum(axis=1)
    assert np.median(top) > 0.5  # 0.15 for white noise


def test_values_are_finite():
    assert np.isfinite(seasonal_mixture(np.random.default_rng(0), 300, 100)).all()
