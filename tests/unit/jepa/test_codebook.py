"""A soft codebook mixes codes by their likeness to a latent."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.codebook import Codebook, CodebookConfig


@pytest.fixture
def book():
    torch.manual_seed(0)
    return Codebook(codes=6, dim=4, temperature=0.1)


def latents(seed=0):
    return torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(seed))


def test_shares_add_up_to_one_and_follow_the_cosines(book):
    coded = book(latents())
    shares = coded.log_probabilities.exp()
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(2, 3))
    cosines = torch.nn.functional.cosine_similarity(latents().unsqueeze(2), book.codes, dim=-1)
    torch.testing.assert_close(shares, (cosines / 0.1).softmax(dim=-1))
    torch.testing.assert_close(coded.values, shares @ book.codes)


def test_the_length_of_a_latent_does_not_matter(book):
    torch.testing.assert_close(book(latents()).values, book(7.0 * latents()).values)


def test_a_low_temperature_takes_the_nearest_code_and_a_high_one_the_mean_of_all():
    for temperature, expected in ((1e-4, lambda codes: codes[2]), (1e4, lambda codes: codes.mean(dim=0))):
        book = Codebook(codes=6, dim=4, temperature=temperature)
        found = book(2.0 * book.codes[2].reshape(1, 1, 4)).values[0, 0]
        torch.testing.assert_close(found, expected(book.codes), atol=1e-3, rtol=1e-3)


def test_latents_and_codes_both_get_a_gradient(book):
    given = latents().requires_grad_()
    book(given).values.square().sum().backward()
    assert given.grad.abs().sum() > 0
    assert book.codes.grad.abs().sum() > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"codes": 1},
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"embedding": -1.0},
        {"regression": float("inf")},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError, match=r"codebook.*CodebookConfig"):
        CodebookConfig(**settings)
