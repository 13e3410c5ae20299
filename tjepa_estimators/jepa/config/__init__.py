"""Settings of a JEPA, the parts they stand for, and presets."""

from __future__ import annotations

from tjepa_estimators.jepa.config.jepa import JEPAConfig
from tjepa_estimators.jepa.config.masks import MaskConfig
from tjepa_estimators.jepa.config.presets import PRESETS, Preset, as_preset
from tjepa_estimators.jepa.config.tokenizers import TokenizerConfig

__all__ = ["PRESETS", "JEPAConfig", "MaskConfig", "Preset", "TokenizerConfig", "as_preset"]
