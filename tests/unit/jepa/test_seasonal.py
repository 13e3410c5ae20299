"""The guess finds planted periods, invents few, and never reads what is hidden."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.jepa.seasonal import REACHES, _running_minimum, find_period, guess_next, guess_values


def noise(batch, steps, seed=0):
    return torch.randn(batch, steps, generator=torch.Generator().manual_seed(seed))


def normalized(values):
    return (values - values.mean(dim=1, keepdim=True)) / values.std(dim=1, keepdim=True)


def wave(period, steps=400):
    return torch.sin(torch.arange(steps) * 2 * torch.pi / period)[None]


# --- the period


@pytest.mark.parametrize("period", [2, 4, 7, 12, 24, 30, 52, 96, 168])
@pytest.mark.parametrize("shape", ["wave", "spikes"])
def test_planted_periods_are_found_among_noise_and_trend(period, shape):
    if shape == "wave" and period == 2:
        pytest.skip("a sine of period 2 is zero at every step")
    clean = wave(period) if shape == "wave" else (torch.arange(400) % period == 0).float()[None] * 3
    seen = normalized(clean + 0.2 * noise(8, 400) + torch.linspace(-2.0, 2.0, 400))
    found = find_period(seen)
    assert (found.lag > 1).all()
    off = max(1, period // 12) if period > 2 else 0
    assert ((found.lag + off) % period <= 2 * off).all()  # next to a multiple of the period, which repeats as well
    assert (found.strength > 0.2).all()


@pytest.mark.parametrize("period", [7, 12, 24])
def test_a_period_is_taken_before_its_multiples(period):
    lags = find_period(normalized(wave(period, 512) + 0.7 * noise(100, 512))).lag
    assert ((lags - period).abs() <= period / 24).float().mean() > 0.5


def test_a_week_is_not_taken_for_its_days():
    profile = noise(1, 7 * 12, seed=3).repeat(1, 5)  # of twelve steps a day, none like the other
    assert find_period(normalized(profile + 0.1 * noise(20, 420))).lag.tolist() == [84] * 20


def test_a_clean_wave_is_explained_whole():
    found = find_period(wave(20.0))
    assert found.lag.item() == 20
    assert found.strength.item() > 0.85


def test_white_noise_is_hardly_trusted():
    strength = find_period(normalized(noise(200, 512))).strength
    assert strength.median() < 0.1
    assert strength.max() < 0.3


def test_a_trend_alone_has_no_period():
    found = find_period(normalized(torch.linspace(0.0, 1.0, 100)[None]))
    assert found.strength.item() < 0.05


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 50])
def test_windows_without_any_variation_have_no_period(steps):
    found = find_period(torch.zeros(3, steps))
    assert found.lag.tolist() == [1, 1, 1]
    assert found.strength.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("steps", range(1, 9))
def test_windows_of_any_length_are_searched(steps):
    found = find_period(noise(20, steps))
    assert (found.lag >= 1).all()
    assert (found.lag <= max(1, 0.75 * steps)).all()
    assert ((found.strength >= 0.0) & (found.strength <= 1.0)).all()


def test_gaps_do_not_hide_a_period():
    seen = normalized(wave(24) + 0.1 * noise(8, 400))
    seen = seen.where(torch.rand(8, 400, generator=torch.Generator().manual_seed(1)) > 0.4, 0.0)
    seen[:, :150] = 0.0
    lag = find_period(seen).lag
    assert (lag > 1).all()
    assert ((lag + 1) % 24 <= 2).all()  # next to a multiple of the period


# --- the guess


def slow_guess(scaled, is_seen, asked, lag, strength):
    """The definition, value by value: the mean over what was seen within so many periods, shrunk; 0 if nothing was."""
    patch = len(scaled[0])
    flat = [value if seen else np.nan for tokens, seen in zip(scaled, is_seen, strict=True) for value in tokens]
    now = max([(number + 1) * patch for number, seen in enumerate(is_seen) if seen], default=0)
    means = []
    for token, reach in product(asked, REACHES):
        for step in range(token * patch, (token + 1) * patch):
            source = step - lag
            while source >= now:
                source -= lag
            back = [flat[at] for at in (source - lag * turn for turn in range(reach)) if at >= 0]
            known = [value for value in back if not np.isnan(value)]
            means.append(len(known) * strength / (1 + (len(known) - 1) * strength) * np.mean(known) if known else 0.0)
    return means


@given(data=st.data(), tokens=st.integers(1, 12), patch=st.integers(1, 5), seed=st.integers(0, 10_000))
def test_the_guess_is_that_of_a_slow_loop(data, tokens, patch, seed):
    scaled = noise(1, tokens * patch, seed).reshape(1, tokens, patch)
    missing = torch.rand(scaled.shape, generator=torch.Generator().manual_seed(seed)) < 0.2
    scaled = scaled.masked_fill(missing, torch.nan)
    is_seen = torch.tensor([data.draw(st.lists(st.booleans(), min_size=tokens, max_size=tokens))])
    asked = torch.tensor([data.draw(st.lists(st.integers(0, tokens + 5), min_size=1, max_size=4))])
    seen = scaled.where(is_seen.unsqueeze(-1), torch.nan).nan_to_num(nan=0.0)
    period = find_period(seen.reshape(1, -1))
    found = guess_values(scaled, is_seen, asked)
    means = slow_guess(
        scaled[0].tolist(), is_seen[0].tolist(), asked[0].tolist(), period.lag.item(), period.strength.item()
    )
    np.testing.assert_allclose(found.means.flatten(), means, atol=1e-6)


def test_the_guess_never_reads_what_is_hidden():
    scaled = noise(6, 96).reshape(6, 12, 8)
    is_seen = torch.rand(6, 12, generator=torch.Generator().manual_seed(2)) < 0.6
    asked = torch.arange(15).expand(6, -1)
    before = guess_values(scaled, is_seen, asked)
    after = guess_values(scaled.where(is_seen.unsqueeze(-1), 1e6), is_seen, asked)
    for name in ("means", "strength", "latest"):
        assert torch.equal(getattr(before, name), getattr(after, name))


def test_a_clean_season_is_guessed_as_far_as_asked_and_the_better_the_more_periods_are_averaged():
    whole = wave(12.0, 240)
    found = guess_next(whole[:, :120].reshape(1, 10, 12), 10)
    off = (found.means.swapaxes(1, 2).flatten(2) - whole[:, None, 120:]).abs().amax(dim=2)
    assert (off.diff(dim=1) < 0).all()
    assert off[:, -1] < 0.03


def test_many_periods_leave_less_of_the_noise_than_one():
    profile = wave(12.0, 240)
    found = guess_next((profile + noise(200, 240))[:, :192].reshape(200, 12, 16), 3)
    error = (found.means.swapaxes(1, 2).flatten(2) - profile[:, None, 192:]).square().mean(dim=(0, 2))
    assert error[2] < error[1] < error[0]


def test_without_a_period_only_the_latest_value_is_told():
    found = guess_next(torch.linspace(-1.0, 1.0, 24).reshape(1, 6, 4), 3)
    assert not found.means.any()
    assert found.latest.item() == 1.0


def test_windows_of_nothing_are_guessed_to_be_their_mean():
    found = guess_next(torch.full((2, 5, 4), torch.nan), 3)
    assert not found.means.any()
    assert not found.latest.any()
    assert not found.strength.any()


def test_the_latest_value_that_was_seen_is_told():
    scaled = torch.tensor([[[1.0, 2.0], [3.0, torch.nan], [5.0, 6.0]]])
    is_seen = torch.tensor([[True, True, False]])
    assert guess_values(scaled, is_seen, torch.tensor([[2]])).latest.item() == 3.0


def test_a_guess_does_not_depend_on_the_rest_of_the_batch():
    scaled = torch.cat([wave(7.0, 84), noise(1, 84), torch.full((1, 84), torch.nan)]).reshape(3, 21, 4)
    whole = guess_next(scaled, 4)
    for row in range(3):
        torch.testing.assert_close(guess_next(scaled[row : row + 1], 4).means[0], whole.means[row])


@pytest.mark.parametrize("lags", [1, 2, 5, 8, 33])
def test_the_running_minimum_is_that_of_torch(lags):
    values = torch.randn(4, lags, generator=torch.Generator().manual_seed(lags))
    assert torch.equal(_running_minimum(values), values.cummin(dim=1).values)
