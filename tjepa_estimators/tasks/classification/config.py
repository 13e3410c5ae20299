"""Settings of a classifier."""

from __future__ import annotations

from dataclasses import dataclass

from tjepa_estimators.tasks.forecast_config import require

__all__ = ["ClassificationConfig"]

STRATEGIES = ("frozen", "finetune")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationConfig:
    """How a classifier is fitted."""

    strategy: str = "frozen"
    """``"frozen"``: logistic regression on the latents of the encoder as it is; ``"finetune"``: that first, then the
    encoder is trained too."""
    levels: bool = True
    """Windows of series: tell the classifier level and spread of each channel, which the encoder does not see."""
    validation: float = 0.2
    """Share of the rows of each class that judges fine-tuning."""
    encoder_rate: float = 0.1
    """Learning rate of the encoder in fine-tuning, as a share of that of the classifier."""
    layer_decay: float = 1.0
    """Factor from the rate of each layer of the encoder to that of the one below it; 1 is the same rate for all."""
    patience: int | None = 5
    """Fine-tuning is checked about twenty times and stops after so many checks without gain; None takes all steps."""
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.strategy in STRATEGIES, f"strategy must be one of {list(STRATEGIES)}", self.strategy)
        require(0.0 < self.validation < 1.0, "validation must lie between 0 and 1", self.validation)
        require(self.encoder_rate >= 0.0, "encoder_rate must not be negative", self.encoder_rate)
        require(0.0 < self.layer_decay <= 1.0, "layer_decay must lie in (0, 1]", self.layer_decay)
        require(self.patience is None or self.patience >= 1, "patience must be at least 1, or None", self.patience)
