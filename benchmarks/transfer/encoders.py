"""One small network for the whole study: pretrained as a JEPA that forecasts, by reconstruction, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.transfer.domain import CONTEXT, HORIZON
from tjepa_estimators import PretrainedEncoder, pretrain
from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig
from tjepa_estimators.jepa.quantiles import QuantileConfig
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from benchmarks.transfer.domain import Domain

__all__ = ["BATCH", "KINDS", "NETWORK", "STEPS", "Encoders", "num_parameters"]

STEPS, BATCH, _RATE = 400, 64, 2e-3
_PATCH = 8
_FUTURE = HORIZON / (CONTEXT + HORIZON)

NETWORK = JEPAConfig(
    context_length=CONTEXT,
    future_length=HORIZON,
    patch_length=_PATCH,
    dim=32,
    predictor_dim=32,
    masking=(MaskConfig(kind="future", options={"low": _FUTURE, "high": _FUTURE}),),
    quantiles=QuantileConfig(levels=(0.1, 0.25, 0.5, 0.75, 0.9)),
)
"""Latents and quantiles of the next values at once: the objective of ``strategy="online"``."""
RECONSTRUCTION = replace(NETWORK, latent=0.0, masking=(MaskConfig(kind="random", options={"ratio": 0.5}),))
"""The same network rebuilds the values of patches that are hidden at random; no latents are compared."""
KINDS: Mapping[str, JEPAConfig] = {"JEPA": NETWORK, "reconstruction": RECONSTRUCTION}


class Encoders:
    """Each is made when it is first asked for, and kept.

    Parameters
    ----------
    domains
        The domains by name.
    folder
        Where they are kept, so that a study that was stopped need not pretrain again; None keeps them in memory.
    steps
        Steps of pretraining.
    """

    def __init__(self, domains: Callable[[str], Domain], folder: Path | None = None, steps: int = STEPS) -> None:
        self._domains, self._folder, self._steps = domains, folder, steps
        self.pretrained = cache(self._pretrain)
        self.random = cache(self._begin)

    def _pretrain(self, kind: str, source: str, seed: int) -> PretrainedEncoder:
        """Pretrained on the training parts of a source."""
        kept = (
            None if self._folder is None else self._folder / f"{kind} {source} {seed} {self._steps}".replace(" ", "_")
        )
        if kept is not None and kept.exists():
            return PretrainedEncoder.load(kept)
        train = {"steps": self._steps, "batch_size": BATCH, "learning_rate": _RATE, "seed": seed}
        encoder = pretrain(self._domains(source).sources, config=KINDS[kind], train=train)
        if kept is not None:
            encoder.save(kept)
        return encoder

    def _begin(self, target: str, seed: int) -> PretrainedEncoder:
        """What pretraining starts from."""
        return untrained(self._domains(target).sources, config=NETWORK, train={"seed": seed})


def num_parameters(encoder: PretrainedEncoder) -> int:
    """Parameters that training changes."""
    return sum(one.numel() for one in encoder.build().parameters() if one.requires_grad)
