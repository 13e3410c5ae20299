"""What made the scores of a series: a table, and a picture of resolutions, scorers and channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tjepa_estimators.commands.plots import BLUE, ORANGE, PALETTE, RED, save

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.axes import Axes

    from tjepa_estimators.tasks.anomaly import Explanation

__all__ = ["explanation_table", "plot_explanation"]

_LINES = 4
"""Channels that are drawn as lines: those that made the alarms."""
_ROWS = 40
"""Channels in the heat map."""
_COLUMNS = 1200
"""Of a heat map; more steps than that are drawn by their highest values."""
_FAR = 3.0
"""Standardised score from which on the colour does not change."""


def explanation_table(explanation: Explanation, channels: Sequence[str]) -> pd.DataFrame:
    """A row for each step: the score, that of each part (``"4:level"``), the share of each channel.

    Examples
    --------
    >>> from tjepa_estimators.tasks.anomaly import Explanation
    >>> told = Explanation(np.ones(1), ((1, "level"),), np.array([[2.0]]), np.array([[0.2, 0.8]]))
    >>> explanation_table(told, ["flow", "heat"]).columns.tolist()
    ['score', '1:level', 'share of flow', 'share of heat']
    """
    parts = {f"{resolution}:{name}": row for (resolution, name), row in _parts(explanation)}
    shares = {f"share of {name}": column for name, column in zip(channels, explanation.channels.T, strict=True)}
    return pd.DataFrame({"score": explanation.scores, **parts, **shares})


def plot_explanation(
    values: Float[np.ndarray, "time channels"],
    explanation: Explanation,
    threshold: float,
    path: str | Path,
    *,
    times: pd.Index | None = None,
    channels: Sequence[str] | None = None,
) -> Path:
    """Draw a series, its score with threshold and alarms, and what made it.

    Parameters
    ----------
    values
        ``[time channels]``.
    explanation
        What ``AnomalyTask.explain`` tells of them.
    threshold
        Scores above it are alarms.
    path
        Png file to write; folders on the way are made.
    times, channels
        Time of each step and names; numbers if None.
    """
    times = pd.RangeIndex(len(values)) if times is None else times
    names = [*map(str, range(values.shape[1]) if channels is None else channels)]
    flags = explanation.scores > threshold
    order = _most_involved(explanation, flags)
    heights = [2.0, 1.2, 0.3 * len(explanation.names), 0.3 * min(len(names), _ROWS)][: 4 if len(names) > 1 else 3]
    figure = Figure(figsize=(9, 1.0 + sum(heights)), layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    _draw_series(axes[0], times, values, names, order[:_LINES])
    axes[1].plot(times, explanation.scores, color=BLUE, lw=0.8, label="score")
    axes[1].axhline(threshold, color=RED, lw=1, ls="--", label="threshold")
    for axis in axes[:2]:
        span = axis.get_xaxis_transform()
        axis.fill_between(times, 0, 1, where=flags, transform=span, color=ORANGE, alpha=0.4, lw=0, label="alarm")
        axis.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=6, frameon=False, borderpad=0.0)
    rows = [f"{name}, {resolution} step{'s' * (resolution > 1)}" for resolution, name in explanation.names]
    _draw_map(figure, axes[2], times, explanation.parts, rows, "standardised score", _FAR)
    if len(names) > 1:
        shares = np.where(flags[:, None], explanation.channels, np.nan)[:, np.sort(order[:_ROWS])].T
        rows = [names[channel] for channel in np.sort(order[:_ROWS])]
        _draw_map(figure, axes[3], times, shares, rows, "share in alarms", 1.0)
    return save(figure, path)


def _parts(explanation: Explanation) -> zip[tuple[tuple[int, str], Float[np.ndarray, "time"]]]:
    return zip(explanation.names, explanation.parts, strict=True)


def _most_involved(explanation: Explanation, flags: np.ndarray) -> np.ndarray:
    """Channels by their share in the alarms, the largest first; by all steps where there is none."""
    return np.argsort(-explanation.channels[flags if flags.any() else slice(None)].sum(axis=0), kind="stable")


def _draw_series(
    axis: Axes, times: pd.Index, values: Float[np.ndarray, "time channels"], names: Sequence[str], shown: np.ndarray
) -> None:
    for channel, color in zip(shown, PALETTE, strict=False):
        line = values[:, channel]
        if values.shape[1] > 1 and np.isfinite(line).any():  # channels of different units on one axis
            line = (line - np.nanmean(line)) / (np.nanstd(line) or 1.0)
        axis.plot(times, line, color=color, lw=0.8, label=names[channel])
    if values.shape[1] > 1:
        axis.set_ylabel("deviations")


def _draw_map(
    figure: Figure,
    axis: Axes,
    times: pd.Index,
    rows: Float[np.ndarray, "rows time"],
    names: Sequence[str],
    label: str,
    highest: float,
) -> None:
    starts = np.unique(np.linspace(0, len(times), min(len(times), _COLUMNS), endpoint=False).astype(int))
    cells = np.ma.masked_invalid(np.fmax.reduceat(rows, starts, axis=1))
    mesh = axis.pcolormesh(
        times[starts], np.arange(len(rows)), cells, shading="nearest", cmap="Oranges", vmin=0.0, vmax=highest
    )
    axis.set_yticks(range(len(rows)), names, fontsize=8)
    axis.invert_yaxis()
    figure.colorbar(mesh, ax=axis, label=label, pad=0.01)
