"""Laws of the two predictors."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.jepa.predictor import PooledPredictor, TokenPredictor, masked_mean
from tjepa_estimators.nn.randomness import scoped_seed


def context(tokens=5, batch=2, padding=None):
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(batch, tokens, 6, dtype=torch.float64, generator=generator)
    positions = torch.arange(tokens).double().reshape(1, -1, 1).expand(batch, -1, -1)
    hidden = torch.zeros(batch, tokens, dtype=torch.bool) if padding is None else padding
    return Tokens(values, positions, hidden)


def asked(*places, batch=2):
    return torch.tensor(places, dtype=torch.float64).reshape(1, -1, 1).expand(batch, -1, -1)


@pytest.fixture(params=["token", "pooled"])
def predictor(request):
    with scoped_seed(0):
        if request.param == "token":
            return TokenPredictor(dim=6, width=8, depth=2, heads=2).double()
        return PooledPredictor(dim=6, width=8, depth=2).double()


def test_padded_context_does_not_count(predictor):
    padding = torch.zeros(2, 5, dtype=torch.bool)
    padding[:, 3:] = True
    known = context(padding=padding)
    cut = Tokens(known.values[:, :3], known.positions[:, :3], padding[:, :3])
    assert torch.allclose(predictor(known, asked(7, 9)), predictor(cut, asked(7, 9)))


def test_a_context_of_nothing_but_padding_gives_finite_predictions(predictor):
    everything = torch.ones(2, 5, dtype=torch.bool)
    assert predictor(context(padding=everything), asked(7)).isfinite().all()


def test_the_order_of_the_context_does_not_matter_where_positions_go_along(predictor):
    known, order = context(), [3, 1, 4, 0, 2]
    mixed = Tokens(known.values[:, order], known.positions[:, order], known.padding)
    assert torch.allclose(predictor(known, asked(7, 9)), predictor(mixed, asked(7, 9)))


def test_the_token_predictor_answers_by_position():
    with scoped_seed(0):
        predict = TokenPredictor(dim=6, width=8, depth=1, heads=2).double()
    both, swapped = predict(context(), asked(7, 9)), predict(context(), asked(9, 7))
    assert both.shape == (2, 2, 6)
    assert torch.allclose(both, swapped.flip(1))
    assert not torch.allclose(both[:, 0], both[:, 1])
    moved = Tokens(context().values, context().positions + 2, context().padding)
    assert not torch.allclose(both, predict(moved, asked(7, 9)))


def test_the_pooled_predictor_gives_one_latent_whatever_was_asked():
    with scoped_seed(0):
        predict = PooledPredictor(dim=6, width=3, depth=1).double()
    assert predict(context(), asked(7, 8, 9)).shape == (2, 1, 6)
    assert torch.equal(predict(context(), asked(7)), predict(context(), asked(1, 2)))


def test_the_mean_leaves_out_what_is_not_kept():
    values = torch.tensor([[[1.0], [3.0], [100.0]], [[5.0], [5.0], [5.0]]])
    keep = torch.tensor([[True, True, False], [False, False, False]])
    assert masked_mean(values, keep).tolist() == [[2.0], [0.0]]


def test_what_is_compared_fits_what_is_predicted(predictor):
    latents, observed = torch.randn(2, 3, 6).double(), torch.tensor([[True, True, False], [False] * 3])
    target, kept = predictor.select(latents, observed)
    assert target.shape == predictor(context(), asked(7, 8, 9)).shape
    assert kept.shape == target.shape[:2]
    assert kept.any(dim=1).tolist() == [True, False]
