"""Recipes: a small one that trains from nothing on a CPU, and the published values."""

from __future__ import annotations

from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, Preset, TokenizerConfig

__all__ = ["TEXT_TINY", "T_JEPA"]

TEXT_TINY = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="wordpiece", options={"vocabulary_size": 2000, "length": 32}),
        masking=(MaskConfig(kind="random", options={"ratio": 0.75}), MaskConfig(kind="span", options={"share": 0.5})),
        dim=64, predictor_dim=32, momentum=(0.99, 1.0), variance=10.0, covariance=0.4,
    ),
    encoder={"depth": 2, "heads": 4},
    train={"steps": 600, "batch_size": 64, "learning_rate": 6e-3},
)  # fmt: skip
"""A narrow transformer, trained from nothing on a CPU.

Without so much variance and covariance its latents shrink to a few directions, and the longer it trains the less they
tell of meaning."""

T_JEPA = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="wordpiece", options={"vocabulary_size": 30_000, "length": 128}),
        masking=(
            MaskConfig(kind="span", options={"share": 0.15, "shortest": 3, "longest": 8}),
            MaskConfig(kind="random", options={"ratio": 0.15}),
        ),
        dim=768, prediction="mlp", predictor_dim=256, predictor_depth=2, loss="l2", momentum=(0.996, 0.996),
    ),
    encoder={"depth": 6, "heads": 12, "expansion": 4, "dropout": 0.1},
    train={"batch_size": 32, "learning_rate": 2e-5, "weight_decay": 0.01},
)  # fmt: skip
"""The values of the description of T-JEPA: momentum .996, squared error, a bottleneck of three layers.

It is meant for the weights of :func:`tjepa_text.from_hugging_face`; from nothing it is a transformer of the size of
DistilBERT. On a device that has it, add ``train={"accelerator": "gpu", "precision": "bf16-mixed"}``. The description
says nothing of the width of the bottleneck, the learning rate and the length; these are ours."""
