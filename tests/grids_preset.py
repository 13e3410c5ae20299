"""The recipe for grids; in a module of its own, as settings ask for the plugin that they name."""

from __future__ import annotations

from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, Preset, TokenizerConfig

__all__ = ["TINY"]

TINY = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="grid"), masking=(MaskConfig(kind="column"),),
        dim=8, predictor_dim=8, predictor_heads=2,
    ),
    encoder={"depth": 1, "heads": 2},
    train={"steps": 3, "batch_size": 8},
)  # fmt: skip
