"""The encoder that a task works with: the one it is given, or one pretrained on its own data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tjepa_estimators.artifact import PretrainedEncoder, resolve_pretrained
from tjepa_estimators.data.windows import WindowSource
from tjepa_estimators.jepa.config import as_preset
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import pretrain

if TYPE_CHECKING:
    import os

    import numpy as np

    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["brief_training", "encoder_for"]

_EPOCHS = 10
"""Passes over the windows; with few windows, more of them only repeat what was seen."""


def encoder_for(
    values: Sequence[np.ndarray],
    window: int,
    *,
    pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
    encoder: str = "transformer",
    encoder_config: Mapping[str, Any] | None = None,
    jepa: str | JEPAConfig | Mapping[str, Any] = "tiny",
    train: TrainConfig | Mapping[str, Any] | None = None,
    resolutions: Sequence[int] = (),
    begin: Callable[..., PretrainedEncoder] = pretrain,
) -> PretrainedEncoder:
    """Read the given encoder, or pretrain one on the values.

    Parameters
    ----------
    values
        One array ``[time channels]`` per series.
    window
        Steps that the window of a newly pretrained encoder may have at most.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; it is never changed.
    encoder, encoder_config, jepa, train
        What to pretrain otherwise, as in :func:`~tjepa_estimators.pretrain`; for ``train`` see
        :func:`brief_training`.
    resolutions
        Numbers of averaged steps that the encoder is to see, beside the series as it is; those of ``jepa`` if none.
    begin
        :func:`~tjepa_estimators.training.run.pretrain`, or ``untrained`` for random weights to go on from.
    """
    if pretrained is not None:
        return resolve_pretrained(pretrained)
    preset = as_preset(jepa)
    config = preset.jepa.fit_to(window)
    if resolutions:
        config = replace(config, resolutions=tuple(sorted({1, *resolutions})), resolution_weights=None)
    if not isinstance(train, TrainConfig):
        train = brief_training({**preset.train, **(train or {})}, len(WindowSource(values, config.window_length)))
    if encoder == "transformer":
        encoder_config = {**preset.encoder, **(encoder_config or {})}
    return begin(list(values), encoder=encoder, encoder_config=encoder_config, config=config, train=train)


def brief_training(given: Mapping[str, Any], windows: int) -> TrainConfig:
    """Fill in the budget where none is given: ten passes over the windows, at most the default number of steps.

    Examples
    --------
    >>> brief_training({}, windows=128).steps, brief_training({}, windows=10**6).steps
    (10, 300)
    """
    settings = as_settings(TrainConfig, given)
    if "steps" in given or "epochs" in given:
        return settings
    return as_settings(
        TrainConfig, {**given, "steps": min(settings.steps, math.ceil(_EPOCHS * windows / settings.batch_size))}
    )
