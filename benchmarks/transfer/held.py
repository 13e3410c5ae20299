"""What is forecast, and how far a forecast is off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.transfer.domain import CONTEXT, HORIZON

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.transfer.domain import Domain, Record

__all__ = ["SPLITS", "Held", "Measures", "held_windows", "judge"]

SPLITS = ("validation", "test")
_ORIGINS = 60
"""Forecasts of each series, spread evenly."""
_OBSERVED = 0.5
"""Share of a context that must be observed."""

Predict = Callable[["Held"], "Float[np.ndarray, 'windows horizon']"]


@dataclass(frozen=True, eq=False)
class Held:
    """Windows of one series that are forecast."""

    contexts: Float[np.ndarray, "windows context"]
    truth: Float[np.ndarray, "windows horizon"]
    season: Float[np.ndarray, "windows horizon"]
    """What was observed one season before, or as many seasons as are needed; a year may lie outside the context."""
    unit: float
    """Deviation of the whole training part."""
    change: float
    """Mean absolute change from one step to the next in it."""


@dataclass(frozen=True)
class Measures:
    """Errors over a domain: the geometric mean over its series, so that a wild one counts like any other."""

    mse: float
    """In units of the variance of each series' training part."""
    mae: float
    mase: float
    """Mean absolute error in units of the mean absolute step of the training part."""
    plain_mse: float
    """The arithmetic mean over series."""
    returns: float
    """Share of the variance of the changes from step to step that is forecast; those of repeat-last are zero."""


def held_windows(domain: Domain, split: str) -> list[Held]:
    """The windows of each target whose truth lies in the split."""
    found = [_windows(one, domain.season, split) for one in domain.targets]
    return [one for one in found if len(one.truth)]


def judge(predict: Predict, held: Sequence[Held]) -> Measures:
    """Forecast all windows and average."""
    errors, noise, total = [], 0.0, 0.0
    for one in held:
        forecast = predict(one)
        error = (forecast - one.truth) / one.unit
        mae = float(np.nanmean(np.abs(error)))
        errors.append((float(np.nanmean(np.square(error))), mae, mae * one.unit / one.change))
        last = _last(one.contexts)[:, None]
        steps = np.diff(one.truth, axis=1, prepend=last) / one.change
        missed = steps - np.diff(forecast, axis=1, prepend=last) / one.change
        noise, total = noise + float(np.nansum(np.square(missed))), total + float(np.nansum(np.square(steps)))
    means = np.exp(np.log(np.array(errors)).mean(axis=0))
    return Measures(*map(float, means), plain_mse=float(np.mean([one[0] for one in errors])), returns=1 - noise / total)


def _windows(record: Record, season: int, split: str) -> Held:
    begin, end = record.ends if split == "validation" else (record.ends[1], len(record.values))
    origins = np.unique(np.linspace(begin, end - HORIZON, _ORIGINS).astype(int))
    contexts = np.stack([record.values[at - CONTEXT : at] for at in origins])
    truth = np.stack([record.values[at : at + HORIZON] for at in origins])
    past = np.stack([_seasonal(record.values, at, season) for at in origins])
    usable = (np.isfinite(contexts).mean(axis=1) >= _OBSERVED) & np.isfinite(truth).any(axis=1)
    seen = record.train[np.isfinite(record.train)]
    return Held(contexts[usable], truth[usable], past[usable], float(seen.std()), float(np.abs(np.diff(seen)).mean()))


def _seasonal(values: Float[np.ndarray, "time"], origin: int, season: int) -> Float[np.ndarray, "horizon"]:
    """The same step of the latest season in which it was observed; the last value where there is none."""
    last = values[:origin][np.isfinite(values[:origin])][-1]
    return np.array([next(_before(values, origin + step, origin, season), last) for step in range(HORIZON)])


def _before(values: Float[np.ndarray, "time"], step: int, origin: int, season: int) -> Iterator[float]:
    steps = range(step - season * ((step - origin) // season + 1), -1, -season)
    return (float(values[at]) for at in steps if np.isfinite(values[at]))


def _last(contexts: Float[np.ndarray, "windows time"]) -> Float[np.ndarray, "windows"]:
    step = np.where(np.isfinite(contexts), np.arange(contexts.shape[1]), 0).max(axis=1)
    return contexts[np.arange(len(contexts)), step]
