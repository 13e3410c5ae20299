"""Views of whole samples: drawn together, kept apart from others, and trained through."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import torch

from tests import grids
from tjepa_estimators import JEPAConfig, PretrainedEncoder, pretrain
from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.invariance import InvarianceConfig, InvarianceTerm, invariance_loss
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np

SMALL = JEPAConfig(
    context_length=24, future_length=0, patch_length=4, dim=8, predictor_dim=8, invariance=InvarianceConfig(width=16)
)
MASKS = Masks(torch.tensor([[0, 1, 2]] * 6), torch.tensor([[[3, 4, 5]]] * 6))


def test_views_that_agree_cost_nothing_and_those_of_unknown_samples_do_not_count():
    view, other = torch.randn(5, 3), torch.randn(5, 3)
    known = torch.tensor([True, True, False, True, False])
    assert invariance_loss(view, view, known) == 0.0
    expected = (view - other)[known].square().mean()
    torch.testing.assert_close(invariance_loss(view, other.where(known[:, None], torch.nan), known), expected)
    assert invariance_loss(view, other, torch.zeros(5, dtype=torch.bool)) == 0.0


def test_the_whole_is_the_mean_of_all_latents_and_the_part_that_of_visible_ones():
    model = build_jepa(SMALL, "transformer")
    raw = torch.randn(6, 24)
    views = model(raw, MASKS).views
    torch.testing.assert_close(views.whole, model.expander(model.student(raw).values.mean(1)))
    torch.testing.assert_close(views.part, model.expander(model.student(raw, keep=MASKS.context).values.mean(1)))
    assert build_jepa(JEPAConfig(), "transformer").expander is None


def test_a_window_without_a_visible_value_has_no_view_and_spoils_no_gradient():
    model, raw = build_jepa(SMALL, "transformer"), torch.randn(6, 24)
    raw[2, :12] = torch.nan
    output = model(raw, MASKS)
    assert output.views.known.tolist() == [True, True, False, True, True, True]
    build_objective(SMALL)(output).total.backward()
    assert all(one.grad.isfinite().all() for one in model.parameters() if one.grad is not None)


def test_the_term_weighs_spread_of_both_views():
    output = build_jepa(SMALL, "transformer")(torch.randn(6, 24), MASKS)
    bare, spread = (InvarianceTerm(weight, 0.04)(output) for weight in (1e-6, 2.0))
    assert spread > bare
    assert "invariance" in build_objective(SMALL)(output).parts


def test_training_with_it_draws_views_together_and_keeps_them_apart_from_others(monkeypatch):
    grids.install(monkeypatch)
    items = grids.Squares().items()
    config = {"tokenizer": {"kind": "grid"}, "masking": ({"kind": "column"},), "dim": 8, "predictor_dim": 8}
    config["invariance"] = {"width": 16}
    train = {"steps": 60, "batch_size": 16, "learning_rate": 3e-3, "seed": 0}
    before, after = (_term(make(items, config=config, train=train), items) for make in (untrained, pretrain))
    assert after < 0.8 * before


def _term(encoder: PretrainedEncoder, items: np.ndarray) -> float:
    """The value of the term on all items."""
    model, jepa = encoder.build().eval(), encoder.info.jepa
    raw = jepa.tokenizer.settings().samples(items).gather(torch.arange(len(items)))
    grid = model.student.tokenizer.grid(raw)
    masks = jepa.masker(grid)(math.prod(grid), len(items), torch.Generator().manual_seed(0))
    with torch.no_grad():
        return float(InvarianceTerm(1.0, 0.04)(model(raw, masks)))


def test_a_single_sample_is_no_error():
    model = build_jepa(SMALL, "transformer")
    loss = build_objective(SMALL)(model(torch.randn(1, 24), Masks(MASKS.context[:1], MASKS.targets[:1]))).total
    loss.backward()
    assert loss.isfinite()
    assert all(one.grad.isfinite().all() for one in model.parameters() if one.grad is not None)


@pytest.mark.parametrize(
    "wrong", [{"weight": 0.0}, {"variance": -1.0}, {"covariance": float("nan")}, {"width": 0}], ids=str
)
def test_settings_that_would_collapse_are_refused(wrong):
    with pytest.raises(ConfigError, match="invariance"):
        InvarianceConfig(**wrong)
