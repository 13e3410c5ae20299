"""Settings of a forecaster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tjepa_estimators.errors import ConfigError

__all__ = ["REQUIRED", "STRATEGIES", "ForecastConfig", "require"]

STRATEGIES = ("frozen", "finetune", "online", "zero_shot")
REQUIRED: Mapping[str, tuple[str, ...]] = {"auto": (), "both": ("latents",), "lookback": ()}
"""Blocks of features that a head must read, by the setting ``blocks``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastConfig:
    """What a forecaster looks at, how far it looks ahead, and how it is fitted."""

    horizon: int = 24
    """Steps ahead that the head gives at once; further steps are rolled out."""
    context_length: int | None = None
    """Steps of the window; that of the encoder if None. Cut to the series where they are shorter."""
    strategy: str = "frozen"
    """``"frozen"``: closed-form head on a frozen encoder; ``"finetune"``: the encoder is trained on the forecasting
    error; ``"online"``: on JEPA and quantiles of the hidden values jointly. The head is solved in closed form at the
    end in each case. ``"zero_shot"``: nothing is fitted, the encoder forecasts by what it decodes."""
    blocks: str = "auto"
    """``"auto"``: the held-out tail decides whether the head reads the latents beside the lookback; ``"both"``:
    it does; ``"lookback"``: it does not, and no encoder is needed (the linear baseline)."""
    validation: float = 0.2
    """Latest share of each series that strengths, blocks and quantiles are chosen on, before all of it is used."""
    max_rows: int = 16_384
    """Rows (windows times channels) that the head is solved on, a random subset where there are more; four times as
    many where it does not read the latents."""
    covariate_lookback: int = 32
    """Past steps of each covariate that the head reads."""
    encoder_rate: float = 0.1
    """Learning rate of the encoder in fine-tuning, as a share of that of the head."""
    layer_decay: float = 1.0
    """Factor from the rate of each layer of the encoder to that of the one below it; 1 is the same rate for all."""
    patience: int | None = 5
    """Fine-tuning is checked on the held-out tail about twenty times, and ends with the weights that did best there,
    which may be those it began with. It stops after so many checks without gain; None takes all steps. In
    five runs on three bundled domains 3 to 5 ended as None did, in 5 to 20 checks."""
    seed: int = 0

    def __post_init__(self) -> None:
        require(self.horizon >= 1, "horizon must be at least 1", self.horizon)
        require(
            self.context_length is None or self.context_length >= 1,
            "context_length must be at least 1",
            self.context_length,
        )
        require(
            self.strategy in STRATEGIES,
            f"strategy must be one of {list(STRATEGIES)}",
            self.strategy,
        )
        require(self.blocks in REQUIRED, f"blocks must be one of {sorted(REQUIRED)}", self.blocks)
        require(0.0 < self.validation < 1.0, "validation must lie between 0 and 1", self.validation)
        require(self.max_rows >= 1, "max_rows must be at least 1", self.max_rows)
        require(self.covariate_lookback >= 0, "covariate_lookback must not be negative", self.covariate_lookback)
        require(self.encoder_rate >= 0.0, "encoder_rate must not be negative", self.encoder_rate)
        require(0.0 < self.layer_decay <= 1.0, "layer_decay must lie in (0, 1]", self.layer_decay)
        require(self.patience is None or self.patience >= 1, "patience must be at least 1, or None", self.patience)
        require(
            self.blocks != "lookback" or self.strategy == "frozen",
            "blocks='lookback' has no encoder to train; use strategy='frozen'",
            self.strategy,
        )


def require(fact: bool, rule: str, given: object) -> None:
    """Raise a ConfigError that tells the rule and what was given, where the fact does not hold."""
    if not fact:
        msg = f"{rule}; got {given!r}."
        raise ConfigError(msg)
