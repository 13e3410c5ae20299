"""Views of whole samples: drawn together, kept apart from others, and trained through."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import grids
from tjepa_estimators import JEPAConfig, pretrain
from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.invariance import InvarianceConfig, InvarianceTerm, invariance_loss
from tjepa_estimators.jepa.objective import build_objective

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


def test_means_of_different_samples_differ_more_after_training_with_it(monkeypatch):
    grids.install(monkeypatch)
    items = grids.Squares().items()
    jepa = {"tokenizer": {"kind": "grid"}, "masking": ({"kind": "column"},), "dim": 8, "predictor_dim": 8}

    def rank(invariance: dict[str, float] | None) -> float:
        train = {"steps": 60, "batch_size": 16, "learning_rate": 3e-3}
        encoder = pretrain(items, config={**jepa, "invariance": invariance}, train=train, encoder_config={"depth": 1})
        shares = np.linalg.eigvalsh(np.corrcoef(encoder.embed(items).T)) / 8
        return float(np.exp(-(shares * np.log(np.maximum(shares, 1e-12))).sum()))

    assert rank({}) > rank(None)


@pytest.mark.parametrize(
    "wrong", [{"weight": 0.0}, {"variance": -1.0}, {"covariance": float("nan")}, {"width": 0}], ids=str
)
def test_settings_that_would_collapse_are_refused(wrong):
    with pytest.raises(ConfigError, match="invariance"):
        InvarianceConfig(**wrong)
