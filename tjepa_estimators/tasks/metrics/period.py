"""The length of a series' period, as TSB-AD measures it to choose the buffer of its volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Float, Real

__all__ = ["period_buffer"]

_STEPS, _LAGS, _SKIPPED = 20_000, 400, 3
_FALLBACK = 125
_RANGE = (6, 303)


def period_buffer(series: Real[np.ndarray, "time *channels"]) -> int:
    """The period in steps: the lag at which the autocorrelation of the first channel peaks highest.

    Peaks are sought up to 400 steps in the first 20,000; 125 where there is none or the highest is not between
    6 and 303 steps. These constants are TSB-AD's, whose published volumes depend on them.

    Parameters
    ----------
    series
        The series itself, not its scores, with time first; of several channels the first counts.

    Raises
    ------
    DataError
        Where the first channel has no steps, or one that is not a finite number.

    Notes
    -----
    Source: ``find_length_rank(data, rank=1)`` of TSB-AD (Liu and Paparrizos, NeurIPS 2024).

    Examples
    --------
    >>> period_buffer(np.sin(2 * np.pi * np.arange(500) / 24))
    24
    """
    values = np.asarray(series, dtype=np.float64)
    channel = values.reshape(len(values), -1)[:_STEPS, 0] if values.ndim and values.size else np.array([])
    if not channel.size or not np.isfinite(channel).all():
        msg = f"A period needs a series of finite numbers; given was one of shape {values.shape}. Fill its gaps first."
        raise DataError(msg)
    if np.ptp(channel) == 0.0:
        return _FALLBACK
    correlation = _autocorrelation(channel)[_SKIPPED:]
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner > correlation[:-2]) & (inner > correlation[2:]))
    if not peaks.size:
        return _FALLBACK
    period = _SKIPPED + int(peaks[correlation[peaks].argmax()])
    return period if _RANGE[0] <= period <= _RANGE[1] else _FALLBACK


def _autocorrelation(channel: Float[np.ndarray, "time"]) -> Float[np.ndarray, "lags"]:
    """Autocorrelation at lags from 0, by the fast Fourier transform with room for the longest lag."""
    centred = channel - channel.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(centred))) ** 2
    covariance = np.fft.irfft(power, 2 * len(centred))[: min(_LAGS, len(centred) - 1) + 1]
    return covariance / covariance[0]
