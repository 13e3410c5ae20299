"""A function in the convention of the TSB-AD benchmark: arrays in, one score per step out."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.anomaly import AnomalyConfig, AnomalyTask
from tjepa_estimators.training.recipe import seeded

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["run_JEPA"]

_ENCODER = ("pretrained", "encoder", "encoder_config", "config", "train")


def run_JEPA(  # noqa: N802 - TSB-AD's convention
    data: Float[np.ndarray, "time *channels"],
    data_train: Float[np.ndarray, "train *channels"] | None = None,
    **params: Any,
) -> Float[np.ndarray, "time"]:
    """Score each step of ``data``, for TSB-AD.

    TSB-AD calls its semi-supervised detectors with the training data first. There, register
    ``lambda data_train, data_test, **params: run_JEPA(data_test, data_train, **params)``; as an unsupervised detector
    it fits as it is.

    Parameters
    ----------
    data
        ``[time]`` or ``[time channels]``; NaN marks missing values.
    data_train
        What is normal, with the same channels. In TSB-AD it is the beginning of ``data``, so that the scores of this
        part are those of known data. None learns from ``data`` itself; each
        stretch is then scored by what was learned from the others.
    **params
        Fields of :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig`, such as ``window`` and ``seed``; and
        ``pretrained``, ``encoder``, ``encoder_config``, ``config``, ``train`` as every estimator takes them. ``seed``
        also seeds the pretraining.

    Returns
    -------
    Float64 ``[time]``; higher is more abnormal. Not scaled to [0, 1].

    Raises
    ------
    ConfigError
        An unknown or impossible parameter.
    DataError
        The data cannot be used, or they were given in TSB-AD's order.

    Examples
    --------
    >>> wave = np.sin(np.arange(400.0) / 5)
    >>> wave[350:358] = 0.0
    >>> scores = run_JEPA(wave, wave[:300], window=48, train={"steps": 20})
    >>> scores.shape, bool(scores[350:358].min() > scores[:300].max())
    ((400,), True)
    """
    _check_names(params)
    series = np.asarray(data)
    train = None if data_train is None else np.asarray(data_train)
    if train is not None and _begins_with(train, series):
        msg = (
            f"data ({len(series)} steps) is the beginning of data_train ({len(train)} steps), so the two seem to be "
            "swapped; call run_JEPA(data, data_train), unlike TSB-AD's functions, which take the training data first."
        )
        raise DataError(msg)
    task = AnomalyTask(
        {name: value for name, value in params.items() if name not in _ENCODER},
        pretrained=params.get("pretrained"),
        encoder=params.get("encoder", "transformer"),
        encoder_config=params.get("encoder_config"),
        jepa=params.get("config"),
        train=seeded(params.get("train"), params.get("seed")),
    )
    return task.fit(series if train is None else train).score(series)


def _check_names(params: dict[str, Any]) -> None:
    known = [*_ENCODER, *(field.name for field in fields(AnomalyConfig))]
    for name in params:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            msg = f"run_JEPA has no parameter {name!r}; {hint}It knows {sorted(known)}."
            raise ConfigError(msg)


def _begins_with(longer: np.ndarray, shorter: np.ndarray) -> bool:
    return len(longer) > len(shorter) and np.array_equal(longer[: len(shorter)], shorter, equal_nan=True)
