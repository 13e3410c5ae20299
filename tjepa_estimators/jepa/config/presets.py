"""Named recipes: our default, and those of published descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tjepa_estimators.errors import ConfigError, PluginError
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.jepa.config.jepa import JEPAConfig
from tjepa_estimators.jepa.config.masks import MaskConfig
from tjepa_estimators.plugins.catalog import get_preset
from tjepa_estimators.settings import as_settings

__all__ = ["PRESETS", "Preset", "as_preset"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named recipe: the JEPA, the size of its encoder, and how it is trained."""

    jepa: JEPAConfig
    encoder: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)


_NEXT_WINDOW = (MaskConfig(kind="future", options={"low": 0.5, "high": 0.5}),)

TINY = Preset(jepa=JEPAConfig())
TEMPORAL_JEPA = Preset(
    jepa=JEPAConfig(
        context_length=12, future_length=0, patch_length=4, patch_stride=3, embedding="conv1d", dim=64,
        masking=(MaskConfig(kind="random", options={"ratio": 0.7}),),
        predictor_dim=64, loss="l1", momentum=(0.999, 0.999),
    ),
    encoder={"depth": 4},
    train={"learning_rate": 1e-4},
)  # fmt: skip
POOLED_JEPA = Preset(
    jepa=JEPAConfig(
        context_length=60, future_length=0, patch_length=1, dim=128,
        masking=(MaskConfig(kind="random", options={"ratio": 0.5}),),
        prediction="pooled", predictor_dim=64, predictor_depth=2, momentum=(0.996, 0.996),
    ),
    encoder={"depth": 4, "heads": 8, "dropout": 0.1},
    train={"learning_rate": 1e-4},
)  # fmt: skip
MTS_JEPA = Preset(
    jepa=JEPAConfig(
        context_length=100, future_length=100, patch_length=20, dim=256, masking=_NEXT_WINDOW,
        predictor_dim=128, predictor_depth=2, predictor_heads=4, loss="l2", normalize_targets=False,
        momentum=(0.996, 0.996), coarse=0.5, codebook=CodebookConfig(), reconstruction=(0.5, 0.1),
    ),
    encoder={"depth": 6, "heads": 8, "dropout": 0.1},
    train={"learning_rate": 5e-4, "weight_decay": 1e-5, "batch_size": 128, "gradient_clip": 0.5},
)  # fmt: skip
MTS_JEPA_LATENT = Preset(
    jepa=JEPAConfig(
        context_length=100, future_length=100, patch_length=20, dim=64, masking=_NEXT_WINDOW,
        predictor_dim=64, momentum=(0.996, 0.996), coarse=0.5,
    ),
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {
    "tiny": TINY,
    "temporal-jepa": TEMPORAL_JEPA,
    "pooled-jepa": POOLED_JEPA,
    "mts-jepa": MTS_JEPA,
    "mts-jepa-latent": MTS_JEPA_LATENT,
}
"""``"tiny"`` is our default; ``"temporal-jepa"`` and ``"pooled-jepa"`` carry the values of the published descriptions
they are named after.

``"mts-jepa"`` has the windows, sizes, codebook and weights of MTS-JEPA (arXiv 2602.04643): a window of 100 steps
predicts the codes of the next one. Four things are ours. The teacher encodes the next window after the seen one and
normalises it by the statistics of the seen one; the paper's encodes it alone, normalised by its own, which hides a jump
of level or spread from the targets. Patches are embedded linearly, not by a residual CNN. Predicted codes are those
nearest to a predicted latent, not an output of their own. The rate warms up and falls, as in all our trainings, with
AdamW in place of Adam. ``"mts-jepa-latent"`` keeps windows and coarse view and regresses latents: no codebook, nothing
is rebuilt; it is small enough to train on a CPU within a minute."""


def as_preset(given: str | JEPAConfig | Mapping[str, Any] | None) -> Preset:
    """Turn a preset's name, settings, a dict of settings or None (the default) into a preset."""
    if isinstance(given, str):
        return PRESETS[given] if given in PRESETS else _registered(given)
    return Preset(jepa=as_settings(JEPAConfig, given))


def _registered(name: str) -> Preset:
    try:
        preset = get_preset(name).load()
    except PluginError as error:
        msg = f"preset {name!r} is unknown; choose one of {', '.join(PRESETS)} or pass a JEPAConfig. {error}"
        raise ConfigError(msg) from error
    if not isinstance(preset, Preset):
        msg = f"preset {name!r} is a {type(preset).__name__}; its plugin must name a Preset."
        raise ConfigError(msg)
    return preset
