"""Recipes for vectors."""

from __future__ import annotations

from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, Preset, TokenizerConfig

__all__ = ["VECTORS_TINY"]

VECTORS_TINY = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="vectors"),
        masking=(MaskConfig(kind="random", options={"ratio": 0.5}),),
        dim=32, predictor_dim=32, variance=0.1, covariance=0.01,
    ),
    encoder={"depth": 2, "heads": 4},
    train={"steps": 300, "batch_size": 128},
)  # fmt: skip
"""A small network for states of a few features: half of the tokens are hidden, the latents are kept apart."""
