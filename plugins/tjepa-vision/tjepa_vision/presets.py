"""Recipes for images and clips."""

from __future__ import annotations

from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, Preset, TokenizerConfig
from tjepa_estimators.jepa.invariance import InvarianceConfig

__all__ = ["IMAGE_JEPA", "IMAGE_TINY", "VIDEO_JEPA", "VIDEO_TINY"]

_SIZE = {"patch": 16, "size": [224, 224], "channels": 3, "resize": True}
_LARGE_TRAIN = {"batch_size": 64, "learning_rate": 1e-4}

IMAGE_JEPA = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="image-patches", options=_SIZE),
        masking=(MaskConfig(kind="random", options={"ratio": 0.75}),),
        dim=768, predictor_dim=384, predictor_depth=6, predictor_heads=12, loss="l2", momentum=(0.996, 1.0),
    ),
    encoder={"depth": 12, "heads": 12, "expansion": 4},
    train=_LARGE_TRAIN,
)  # fmt: skip
"""The values of the published description (224, patch 16, 768 wide, 12 layers and heads, mask ratio .75, batch 64, rate
1e-4, MSE); predictor and momentum, of which it says nothing, are those of I-JEPA (arXiv 2301.08243)."""

VIDEO_JEPA = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="video-tubelets", options={**_SIZE, "tubelet": 2, "frames": 16}),
        masking=(MaskConfig(kind="future-frames", options={"predict_horizon": 1}),),
        dim=768, predictor_dim=384, predictor_depth=6, predictor_heads=12, loss="l2", momentum=(0.996, 1.0),
    ),
    encoder={"depth": 12, "heads": 12, "expansion": 4},
    train=_LARGE_TRAIN,
)  # fmt: skip
"""The temporal encoder of the same description: ``predict_horizon`` steps of two frames each are predicted."""

IMAGE_TINY = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="image-patches"),
        masking=(MaskConfig(kind="random", options={"ratio": 0.5}), MaskConfig(kind="image-block")),
        dim=64, predictor_dim=32, predictor_heads=4, loss="l2", momentum=(0.98, 0.98),
        variance=0.1, covariance=0.004, invariance=InvarianceConfig(weight=0.3),
    ),
    encoder={"depth": 3, "heads": 4},
    train={"steps": 600, "batch_size": 128, "learning_rate": 4e-3},
)  # fmt: skip
"""The invariance of the mean latent is what makes so small a training worth something; the teacher is an average of
about fifty steps, or it would lag behind at the end."""

VIDEO_TINY = Preset(
    jepa=JEPAConfig(
        tokenizer=TokenizerConfig(kind="video-tubelets", options={"frames": 4}),
        masking=(
            MaskConfig(kind="future-frames", options={"predict_horizon": 2, "shortest": 1}),
            MaskConfig(kind="tube", options={"blocks": 2}),
        ),
        dim=64, residual=True, predictor_dim=64, predictor_heads=4, loss="l2", momentum=(0.98, 0.98),
        invariance=InvarianceConfig(weight=0.3),
    ),
    encoder={"depth": 2, "heads": 4},
    train={"steps": 300, "batch_size": 16, "learning_rate": 2e-3},
)  # fmt: skip
"""Frames to come are predicted as changes of the last one that is seen: few clips do not teach a network to copy it."""
