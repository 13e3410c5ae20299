"""Vectors of numba kernels compute what numpy does, lane by lane.

At the ends of the range they differ on purpose: ``exp2`` stays between the smallest normal number and the largest
power of two, never zero and never infinite, which takes no special cases in the kernels.
"""

from __future__ import annotations

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from tjepa_estimators.nn.scan.vectors import (  # noqa: E402 - needs numba
    exp2,
    lanes,
    load,
    sigmoid,
    softplus,
    spread,
    store,
    total,
    zeros,
)

EXACT = {np.float32: 3e-7, np.float64: 4e-15}
both_types = pytest.mark.parametrize("dtype", EXACT, ids=lambda dtype: dtype.__name__)


def lane_by_lane(function):
    """A kernel that writes ``function`` of all numbers of an array to another one."""

    @numba.njit
    def run(x, y):
        for start in range(0, x.shape[0], lanes(x)):
            store(y, (start,), function(load(x, (start,))))

    def apply(x):
        y = np.empty_like(x)
        run(x, y)
        return y

    return apply


fast_exp2 = lane_by_lane(exp2)
fast_softplus = lane_by_lane(softplus)
fast_sigmoid = lane_by_lane(sigmoid)


def numbers(dtype, low, high):
    """Close to zero on both sides, and evenly spread; whole vectors of them."""
    small = np.geomspace(1e-30, 1, 1000)
    x = np.concatenate([-small, small, np.linspace(low, high, 14_000)])
    return np.clip(x, low, high).astype(dtype)


def assert_close_where_exp_is(found, expected, x):
    """Up to rounding, which in the exponent of ``exp(x)`` costs the more the more negative ``x`` is."""
    rounding = 2 * EXACT[x.dtype.type] * (1 + np.abs(np.minimum(x, 0)))
    assert (np.abs(found / expected - 1) <= rounding).all()


def normal_range(dtype):
    """The smallest normal number, and the largest power of two."""
    return np.finfo(dtype).tiny, dtype(2.0) ** (np.finfo(dtype).maxexp - 1)


def specials(dtype):
    """Numbers that tests must not forget, in one vector."""
    x = np.zeros(64 // dtype().itemsize, dtype)
    x[:7] = [np.inf, -np.inf, np.nan, 0.0, -0.0, np.finfo(dtype).max, np.finfo(dtype).min]
    return x


@both_types
def test_powers_of_two(dtype):
    low, high = np.log2(normal_range(dtype))
    x = numbers(dtype, low, high)
    np.testing.assert_allclose(fast_exp2(x), np.exp2(x.astype(np.longdouble)), rtol=EXACT[dtype])


@both_types
def test_two_to_the_power_of_zero_is_exactly_one(dtype):
    tiny = np.geomspace(1e-30, np.finfo(dtype).eps / 4, 64).astype(dtype)
    np.testing.assert_array_equal(fast_exp2(np.concatenate([0 * tiny, tiny, -tiny])), 1)


@both_types
def test_powers_of_two_end_at_the_normal_numbers(dtype):
    smallest, largest = normal_range(dtype)
    found = fast_exp2(specials(dtype))[:7]
    np.testing.assert_array_equal(found, [largest, smallest, np.nan, 1, 1, largest, smallest])


@both_types
def test_softplus(dtype):
    smallest, _ = normal_range(dtype)
    x = numbers(dtype, np.log(smallest), 1e4)
    assert_close_where_exp_is(fast_softplus(x), np.logaddexp(0, x.astype(np.longdouble)), x)
    large = specials(dtype)
    np.testing.assert_allclose(
        fast_softplus(large)[:7],
        [np.inf, smallest, np.nan, np.log(2), np.log(2), np.finfo(dtype).max, smallest],
        rtol=EXACT[dtype],
    )


@both_types
def test_sigmoid(dtype):
    smallest, _ = normal_range(dtype)
    x = numbers(dtype, np.log(smallest), 1e4)
    assert_close_where_exp_is(fast_sigmoid(x), 1 / (1 + np.exp(-x.astype(np.longdouble))), x)
    found = fast_sigmoid(specials(dtype))[:7]
    np.testing.assert_allclose(found, [1, smallest, np.nan, 0.5, 0.5, 1, smallest], rtol=EXACT[dtype])


@numba.njit
def operators(x, y, out):
    for start in range(0, x.shape[0], lanes(x)):
        a, b = load(x, (start,)), load(y, (start,))
        store(out, (0, start), a + b)
        store(out, (1, start), a - b)
        store(out, (2, start), a * b)
        store(out, (3, start), a / b)
        store(out, (4, start), a * 3.0 + 1.0)
        store(out, (5, start), zeros(x))
        store(out, (6, start), spread(y, (start + 1,)))


@both_types
def test_operators_of_two_vectors_and_of_a_vector_and_a_number(dtype):
    x, y = np.random.default_rng(0).uniform(1, 2, (2, 64)).astype(dtype)
    out = np.full((7, 64), np.nan, dtype)
    operators(x, y, out)
    lanes_of = 64 // dtype().itemsize
    expected = [x + y, x - y, x * y, x / y, 3 * x + 1, 0 * x, np.repeat(y[1::lanes_of], lanes_of)]
    np.testing.assert_allclose(out, expected, rtol=2 * np.finfo(dtype).eps)


@numba.njit
def totals(x, sums):
    for row in range(x.shape[0]):
        sums[row] = total(load(x, (row, 0)))


@both_types
def test_total_sums_the_lanes(dtype):
    x = np.random.default_rng(0).standard_normal((5, 64 // dtype().itemsize)).astype(dtype)
    x[4, 2] = np.nan
    sums = np.empty(5, dtype)
    totals(x, sums)
    np.testing.assert_allclose(sums, x.sum(1), rtol=0, atol=20 * np.finfo(dtype).eps)


@numba.njit
def copy(x, y, row, column):
    store(y, (row, column), load(x, (row, column)))


@both_types
def test_an_index_follows_the_strides_of_the_array(dtype):
    count = 64 // dtype().itemsize
    numbers = np.arange(3 * 40, dtype=dtype).reshape(3, 40)
    x, y = numbers[::-1][:, 1:], np.zeros((6, 50), dtype)
    copy(x, y[::2], 1, 2)
    expected = np.zeros_like(y)
    expected[2, 2 : 2 + count] = x[1, 2 : 2 + count]
    np.testing.assert_array_equal(y, expected)
