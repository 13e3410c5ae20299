"""Pretraining a mixture on series of two kinds: its balance, what is reported, what is kept."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators import JEPAForecaster, PretrainedEncoder, pretrain
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.training.run import untrained

EXPERTS = 3
CONFIG = {
    "context_length": 24, "future_length": 8, "patch_length": 4, "dim": 8, "predictor_dim": 8, "predictor_heads": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def panel():
    """Fast waves and random walks."""
    random = np.random.default_rng(0)
    waves = [np.sin(np.arange(120) + shift) + 0.1 * random.standard_normal(120) for shift in range(4)]
    return [*waves, *(random.standard_normal(120).cumsum() for _ in range(4))]


def settings(**changes):
    return {"experts": EXPERTS, "top_k": 1, "depth": 1, "expert_config": {"heads": 2}} | changes


def spoiled(panel, **changes):
    """A start at which every sequence goes to the first expert: normed tokens then have a sum that is known."""
    start = untrained(panel, encoder="moe", encoder_config=settings(**changes), config=CONFIG)
    state = start.build().state_dict()
    for name, value in state.items():
        if re.search(r"encoder\.blocks\.\d+\.norm\.bias$", name):
            value.fill_(0.1)
        if name.endswith("router.score.weight"):
            value.fill_(-1.0)[0] = 1.0
    return PretrainedEncoder(start.info, state)


def use(health):
    return [health[f"encoder.blocks.0.expert_{number}_use"] for number in range(EXPERTS)]


def test_the_balance_brings_all_experts_into_use_that_would_stay_idle_without_it(panel):
    used = {}
    for balance in (0.0, 0.1):
        told = []
        end = pretrain(
            panel,
            initial=spoiled(panel, balance=balance),
            train={"steps": 120, "batch_size": 32, "learning_rate": 1e-2},
            on_diagnostics=lambda _, health, told=told: told.append(health.as_dict()),
        )
        assert use(told[0]) == [1.0, 0.0, 0.0]
        used[balance] = use(end.info.provenance.diagnostics)
    assert used[0.0] == [1.0, 0.0, 0.0]
    assert min(used[0.1]) > 0.0
    assert sum(used[0.1]) == pytest.approx(1.0)


def test_saved_experts_come_back_with_their_routers(panel, tmp_path):
    made = pretrain(panel, encoder="moe", encoder_config=settings(depth=2, top_k=2), config=CONFIG, train={"steps": 3})
    read = PretrainedEncoder.load(made.save(tmp_path / "artifact"))
    windows = np.stack([series[:24] for series in panel])
    assert read == made
    np.testing.assert_array_equal(read.embed(windows), made.embed(windows))
    assert set(read.build().state_dict()) == set(made.build().state_dict())
    assert "encoder.blocks.1.expert_2_use" in read.info.provenance.diagnostics


def test_the_distributions_of_the_mixture_and_of_its_experts_are_kept(panel):
    provided_by = untrained(panel, encoder="moe", encoder_config=settings(), config=CONFIG).info.provenance.provided_by
    assert list(provided_by) == ["tjepa-moe", "tjepa-estimators"]


@pytest.mark.parametrize("strategy", ["frozen", "finetune", "online"])
def test_a_forecaster_can_tune_it(panel, strategy):
    start = untrained(panel, encoder="moe", encoder_config=settings(), config=CONFIG)
    frame = pd.DataFrame({"y": panel[0]})
    forecaster = JEPAForecaster(pretrained=start, strategy=strategy, train={"steps": 2}).fit(frame, fh=[1, 2])
    assert np.isfinite(forecaster.predict().to_numpy()).all()


def test_a_misspelt_setting_of_the_experts_is_told_before_anything_is_trained(panel):
    with pytest.raises(ConfigError, match=r"haeds.*TransformerConfig knows"):
        pretrain(panel, encoder="moe", encoder_config={"expert_config": {"haeds": 2}}, config=CONFIG)
