"""Pictures of what the verbs made: one panel for each series and channel, at most eight."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Bool, Float
    from matplotlib.axes import Axes

    from tjepa_estimators.commands.csv_files import CsvFile
    from tjepa_estimators.data.series import Series

__all__ = ["BLACK", "BLUE", "GREEN", "GREY", "ORANGE", "PALETTE", "PURPLE", "plot_forecasts", "plot_scores", "save"]

# Okabe and Ito's colours, which stay apart for colour-blind readers
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7",
)  # fmt: skip
GREY = "#8c8c8c"
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK, GREY)

_PANELS = 8


def plot_forecasts(
    file: CsvFile,
    points: Float[np.ndarray, "series steps channels"],
    quantiles: Float[np.ndarray, "series steps channels quantiles"],
    levels: Sequence[float],
    path: str,
) -> Path:
    """Draw the end of each series and its forecast with the band between the outermost quantiles."""
    panels = _panels(file.series)
    figure, axes = _stacked(len(panels))
    for axis, (number, channel, title) in zip(axes, panels, strict=True):
        series, steps = file.series[number], points.shape[1]
        shown = min(len(series), 5 * steps)
        future, band = file.future(series, steps), quantiles[number, :, channel]
        axis.plot(file.stamps(series)[-shown:], series.values[-shown:, channel], color=BLACK, lw=1, label="history")
        axis.plot(future, points[number, :, channel], color=BLUE, lw=1.5, label="forecast")
        if len(levels) > 1:
            label = f"{min(levels):.0%} to {max(levels):.0%}"
            axis.fill_between(future, band.min(axis=1), band.max(axis=1), color=BLUE, alpha=0.25, lw=0, label=label)
        axis.set_title(title, loc="left", fontsize=10)
    axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    axes[-1].set_xlabel(file.time)
    return save(figure, path)


def plot_scores(
    file: CsvFile,
    scores: Sequence[Float[np.ndarray, "time"]],
    flags: Sequence[Bool[np.ndarray, "time"]],
    threshold: float,
    path: str,
) -> Path:
    """Draw each series with its abnormal steps marked, and the score under it."""
    shown = list(zip(file.series, scores, flags, strict=True))[: _PANELS // 2]
    figure, axes = _stacked(2 * len(shown))
    for (series, score, flag), above, below in zip(shown, axes[::2], axes[1::2], strict=True):
        stamps = file.stamps(series)
        for channel, color in zip(range(min(series.num_channels, 4)), (BLACK, GREY, SKY, GREEN), strict=False):
            above.plot(stamps, series.values[:, channel], color=color, lw=0.8, label=series.channels[channel])
        above.fill_between(
            stamps, 0, 1, where=flag, transform=above.get_xaxis_transform(), color=ORANGE, alpha=0.35, lw=0,
            label="abnormal",
        )  # fmt: skip
        above.set_title(str(series.name), loc="left", fontsize=10)
        above.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        below.plot(stamps, score, color=BLUE, lw=0.8, label="score")
        below.axhline(threshold, color=RED, lw=1, ls="--", label="threshold")
        below.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    axes[-1].set_xlabel(file.time)
    return save(figure, path)


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure; folders on the way are made."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    for axis in figure.axes:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=130, bbox_inches="tight")
    return target


def _panels(series: Sequence[Series]) -> list[tuple[int, int, str]]:
    every = [
        (number, channel, f"{one.name}: {name}" if len(series) > 1 else name)
        for number, one in enumerate(series)
        for channel, name in enumerate(one.channels)
    ]
    return every[:_PANELS]


def _stacked(panels: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(9, 0.8 + 1.7 * panels), layout="constrained")
    return figure, list(figure.subplots(panels, 1, squeeze=False)[:, 0])
