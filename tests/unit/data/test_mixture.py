"""Windows of several domains: shares, reproducible draws, and the same windows that the sources give."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.data.mixture import MixtureConfig, WindowMixture
from tjepa_estimators.data.windows import WindowSource
from tjepa_estimators.errors import ConfigError

LENGTH = 6
SIZES = {"a": 10, "b": 40, "c": 200}


def sources(sizes=SIZES):
    """Windows that hold the number of their domain in the thousands, so that they can be told apart."""
    return {
        name: WindowSource([1000.0 * rank + np.arange(steps, dtype=float)[:, None]], LENGTH)
        for rank, (name, steps) in enumerate(sizes.items())
    }


def mixture(**shares):
    return WindowMixture(sources(), {"a": 0.2, "b": 0.3, "c": 0.5} | shares)


def counts(mixture, index):
    return np.bincount((mixture.gather(index)[:, 0] // 1000).long().numpy(), minlength=3)


# --- drawing


@given(
    shares=st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).filter(lambda found: sum(found) > 0.01),
    batch=st.integers(1, 200), step=st.integers(0, 10_000), seed=st.integers(-(2**40), 2**40),
)  # fmt: skip
def test_every_batch_is_whole_and_holds_each_share_to_within_a_window(shares, batch, step, seed):
    shares = np.array(shares) / sum(shares)
    mixed = mixture(**dict(zip("abc", shares.tolist(), strict=True)))
    index = mixed.draw(step, batch, seed)
    assert len(index) == batch
    found = counts(mixed, index)
    assert (np.abs(found - batch * shares) < 1.0 + 1e-6).all()
    assert not found[shares == 0.0].any()


def test_the_same_seed_and_step_draw_the_same_windows_and_others_draw_others():
    first = mixture().draw(3, 32, seed=1)
    assert torch.equal(first, mixture().draw(3, 32, seed=1))
    assert not torch.equal(first, mixture().draw(4, 32, seed=1))
    assert not torch.equal(first, mixture().draw(3, 32, seed=2))


def test_small_shares_are_met_on_average_and_every_window_is_reached():
    mixed = mixture(a=0.03, b=0.07, c=0.9)
    drawn = torch.cat([mixed.draw(step, 8, seed=0) for step in range(1500)])
    np.testing.assert_allclose(counts(mixed, drawn) / len(drawn), [0.03, 0.07, 0.9], atol=0.01)
    assert len(drawn.unique()) == len(mixed)


def test_domains_are_mixed_within_a_batch():
    """Several devices take every second, third ... window of a batch."""
    half = [counts(mixture(), mixture().draw(step, 64, seed=0)[::2]) for step in range(40)]
    np.testing.assert_allclose(np.sum(half, axis=0) / (40 * 32), [0.2, 0.3, 0.5], atol=0.05)


def test_drawing_leaves_the_global_generators_alone():
    before = torch.get_rng_state(), str(np.random.get_state())  # noqa: NPY002
    mixture().draw(0, 8, seed=0)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert str(np.random.get_state()) == before[1]  # noqa: NPY002


# --- reading


def test_the_windows_are_those_of_the_sources_one_after_the_other():
    expected = torch.cat([source.gather(torch.arange(len(source))) for source in sources().values()]).float()
    mixed = mixture()
    assert len(mixed) == len(expected)
    assert torch.equal(mixed.gather(torch.arange(len(mixed))), expected)
    order = torch.randperm(len(mixed), generator=torch.Generator().manual_seed(0))
    assert torch.equal(mixed.gather(order), expected[order])


def test_sources_of_other_precision_and_with_gaps_are_read():
    gappy = WindowSource([np.array([[1.0], [np.nan], [3.0]], np.float32)], 4)
    mixed = WindowMixture({"a": gappy, "b": WindowSource([np.ones((5, 1))], 4)}, {"a": 0.5, "b": 0.5})
    read = mixed.gather(torch.tensor([0, 1]))
    assert read.dtype == torch.float32
    assert torch.equal(read.isnan(), torch.tensor([[True, False, True, False], [False] * 4]))


# --- settings


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, [0.1, 0.9]), (2.0, [0.25, 0.75]), (math.inf, [0.5, 0.5])])
def test_the_temperature_levels_shares_out(temperature, expected):
    shares = MixtureConfig(temperature=temperature).shares({"a": 100, "b": 900})
    np.testing.assert_allclose(list(shares.values()), expected)


def test_weights_are_relative_and_stand_in_the_order_of_the_domains():
    shares = MixtureConfig(weights={"b": 6.0, "a": 2.0, "c": 0.0}).shares({"a": 1, "b": 1, "c": 1})
    assert shares == {"a": 0.25, "b": 0.75, "c": 0.0}
    assert list(shares) == ["a", "b", "c"]


@pytest.mark.parametrize("weights", [{}, {"a": 1.0}, {"a": 1.0, "b": 1.0, "stocks": 1.0}])
def test_weights_of_other_domains_are_refused(weights):
    with pytest.raises(ConfigError, match=r"but the domains are \['a', 'b'\]; name these"):
        MixtureConfig(weights=weights).shares({"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.5}, "temperature=0.5 must be at least 1"),
        ({"temperature": math.nan}, "temperature=nan"),
        ({"validation": 1.0}, "validation=1.0 must lie in"),
        ({"validation": -0.1}, "validation"),
        ({"weights": {"a": 0.0, "b": 0.0}}, "not all zero"),
        ({"weights": {"a": -1.0, "b": 2.0}}, "not negative"),
        ({"weights": {"a": math.inf}}, "finite"),
        ({"weights": {"a": 1.0, "b": math.nan}}, "finite"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        MixtureConfig(**settings)
