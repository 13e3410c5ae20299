"""Counts on the regular grid of a frequency: zero where nobody came, NaN where the log was not written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tjepa_estimators.data.remote.grid import grid_of
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from tjepa_webtraffic.logs.config import LogConfig
    from tjepa_webtraffic.logs.count import Counts

__all__ = ["to_steps"]


def to_steps(counts: Counts, config: LogConfig, label: str) -> pd.DataFrame:
    """Sum the counts over the whole steps of the log's span; a step is named by its beginning.

    Parameters
    ----------
    counts
        What was counted, in finer steps.
    config
        Frequency, span and gaps.
    label
        Which log, for messages.

    Raises
    ------
    DataError
        If the span holds no whole step.
    """
    start = counts.first if config.start is None else config.utc(config.start)
    end = counts.last if config.end is None else config.utc(config.end)
    edges = grid_of(pd.DatetimeIndex([start, end]), config.frequency)
    edges = edges[edges >= start]
    if len(edges) < 2:
        raise DataError(
            f"{label} covers {start} to {end}: not one whole step of {config.frequency!r}. Give more of it, a shorter "
            "frequency, or the span in which it was written: LogConfig(start=..., end=...)."
        )
    frame = _sums(counts.steps, edges)
    frame[_is_unknown(edges, _gaps(counts, config))] = np.nan
    return frame


def _sums(steps: pd.DataFrame, edges: pd.DatetimeIndex) -> pd.DataFrame:
    inside = steps[(steps.index >= edges[0]) & (steps.index < edges[-1])]
    place = edges.searchsorted(pd.DatetimeIndex(inside.index), side="right") - 1
    sums = {name: np.bincount(place, weights=inside[name].to_numpy(float), minlength=len(edges) - 1) for name in inside}
    return pd.DataFrame(sums, index=edges[:-1])


def _gaps(counts: Counts, config: LogConfig) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Declared gaps as they are; of silences, the steps in which there is no line at all."""
    base = pd.Timedelta(seconds=config.base)
    silent = [(begin.floor(base) + base, end.floor(base)) for begin, end in counts.report.silences]
    return [*config.gap_times(), *((begin, end) for begin, end in silent if begin < end)]


def _is_unknown(edges: pd.DatetimeIndex, gaps: list[tuple[pd.Timestamp, pd.Timestamp]]) -> np.ndarray:
    unknown = np.zeros(len(edges) - 1, dtype=bool)
    for begin, end in gaps:
        unknown |= np.asarray(edges[:-1] < end) & np.asarray(edges[1:] > begin)
    return unknown
