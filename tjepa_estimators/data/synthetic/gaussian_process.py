"""Gaussian processes whose kernels are random sums of products, after KernelSynth (arXiv 2403.07815).

No matrix is factorised. By Bochner's theorem a stationary kernel is the characteristic function of a distribution of
frequencies, and the product of kernels that of the *sum* of independent frequencies. So a draw from the process of any
product is a sum of sinusoids with Gaussian amplitudes whose frequencies are sums of one draw per factor: normal for the
squared exponential, Student's t for Matern, a gamma mixture of normals for the rational quadratic, whole multiples of
the base frequency (a difference of two Poisson numbers) for the periodic kernel. The linear kernel multiplies by time.
Covariances are right in the mean for any number of sinusoids; with 96 of them values are close to Gaussian.

With t = rows * a + b each sinusoid is an outer product, so the sum over sinusoids is one matrix product for each
series: linear in the length, where the Cholesky factor is cubic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.kinds import Draw, draw_kinds, log_uniform
from tjepa_estimators.data.synthetic.seasonal import draw_periods

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["gaussian_process", "sinusoids"]

_WAVES = 96


def gaussian_process(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw from processes whose kernels add one to three products of one to three base kernels."""
    terms = rng.integers(1, 4, (count, 1))
    total = np.zeros((count, length))
    for number in range(3):
        rows = np.flatnonzero(terms[:, 0] > number)
        if len(rows):
            weight = rng.uniform(0.3, 1.0, (len(rows), 1))
            total[rows] += weight * standardise(_product(rng, len(rows), length))
    is_noisy = rng.random((count, 1)) < 0.5
    return total + is_noisy * log_uniform(rng, 0.01, 0.4, count) * rng.standard_normal((count, length))


def sinusoids(
    rng: np.random.Generator, frequencies: Float[np.ndarray, "count waves"], length: int
) -> Float[np.ndarray, "count length"]:
    """Add sinusoids of the given angular frequencies with Gaussian amplitudes; the variance is one in the mean."""
    count, waves = frequencies.shape
    side = int(np.ceil(np.sqrt(length)))
    amplitude = rng.standard_normal((count, 2, waves)) / np.sqrt(waves)
    coarse = _turns(frequencies, side * np.arange(side))
    fine = _turns(frequencies, np.arange(side))
    weighted = coarse * (amplitude[:, 0] + 1j * amplitude[:, 1]).astype(np.complex64)[:, np.newaxis]
    return np.matmul(weighted, fine.transpose(0, 2, 1)).real.reshape(count, side * side)[:, :length]


def _turns(frequencies: Float[np.ndarray, "count waves"], steps: np.ndarray) -> np.ndarray:
    """``exp(i w t)``; whole turns are dropped in double precision, the rest is fast in single precision."""
    angle = frequencies[:, np.newaxis] * steps[:, np.newaxis]
    angle = (angle - 2 * np.pi * np.round(angle / (2 * np.pi))).astype(np.float32)
    turned = np.empty(angle.shape, dtype=np.complex64)
    turned.real, turned.imag = np.cos(angle), np.sin(angle)
    return turned


def _product(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    factors = 1 + (rng.random((count, 1)) < 0.5) + (rng.random((count, 1)) < 0.15)
    kinds: dict[Draw, float] = {_squared_exponential: 0.25, _periodic: 0.4, _rational_quadratic: 0.15, _matern: 0.2}
    frequencies = draw_kinds(rng, count, _WAVES, kinds)
    for number in (2, 3):
        frequencies += (factors >= number) * draw_kinds(rng, count, _WAVES, kinds)
    values = sinusoids(rng, frequencies, length)
    is_linear = rng.random((count, 1)) < 0.15
    return values * np.where(is_linear, np.linspace(0, 1, length) + rng.uniform(-0.5, 1.0, (count, 1)), 1.0)


def _scale(rng: np.random.Generator, count: int) -> Float[np.ndarray, "count 1"]:
    return log_uniform(rng, 8.0, 800.0, count)


def _squared_exponential(rng: np.random.Generator, count: int, waves: int) -> Float[np.ndarray, "count waves"]:
    return rng.standard_normal((count, waves)) / _scale(rng, count)


def _rational_quadratic(rng: np.random.Generator, count: int, waves: int) -> Float[np.ndarray, "count waves"]:
    alpha = log_uniform(rng, 0.1, 10.0, count)
    mixed = rng.standard_gamma(alpha, (count, waves)) / alpha
    return rng.standard_normal((count, waves)) * np.sqrt(mixed) / _scale(rng, count)


def _matern(rng: np.random.Generator, count: int, waves: int) -> Float[np.ndarray, "count waves"]:
    freedom = rng.choice([1.0, 3.0, 5.0], (count, 1))  # twice the smoothness: 1/2, 3/2, 5/2
    return rng.standard_t(freedom, (count, waves)) / _scale(rng, count)


def _periodic(rng: np.random.Generator, count: int, waves: int) -> Float[np.ndarray, "count waves"]:
    sharp = log_uniform(rng, 0.5, 8.0, count)  # one over the squared length scale
    multiple = rng.poisson(sharp / 2, (count, waves)) - rng.poisson(sharp / 2, (count, waves))
    return 2 * np.pi * multiple / draw_periods(rng, count)[:, :1]
