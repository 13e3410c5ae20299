"""The four pictures of the demo: forecasts, errors, the electrocardiogram, embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from sklearn.decomposition import PCA

from tjepa_estimators.commands.demo.forecasting import BASELINE, CONTROLS, JEPA, LEVELS, Forecasts
from tjepa_estimators.commands.demo.protocol import stamps
from tjepa_estimators.commands.demo.report import MEAN
from tjepa_estimators.commands.plots import BLACK, BLUE, GREY, ORANGE, PALETTE, save
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.data.windows import WindowSource

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.commands.demo.detection import Detection

__all__ = ["draw_ecg", "draw_embeddings", "draw_errors", "draw_forecasts"]

_UNITS: Mapping[str, str] = {
    "stocks": "dollars",
    "stock_returns": "daily return",
    "crypto": "transactions per day",
    "weather": "highest temperature, °C",
    "weather_hourly": "temperature, °F",
    "webtraffic": "page views per day",
    "ecommerce": "revenue per day, pounds",
}
_CHANNEL: Mapping[str, int] = {"weather": 1}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_WINDOWS = 60


def draw_forecasts(forecasts: Sequence[Forecasts], path: Path) -> Path:
    """One panel per domain: the last history before the last cutoff, what came, and what was forecast."""
    rows = -(-len(forecasts) // 2)
    figure = Figure(figsize=(11, 0.8 + 2.3 * rows), layout="constrained")
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for axis, one in zip(axes, forecasts, strict=False):
        _draw_forecast(axis, one)
    for axis in axes[len(forecasts) :]:
        axis.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle("Forecasts of held-out tails, none of them seen in pretraining", x=0.01, ha="left")
    return save(figure, path)


def _draw_forecast(axis: Axes, one: Forecasts) -> None:
    case, channel = one.case, _CHANNEL.get(one.case.name, 0)
    series, cutoff, horizon = case.full[0], int(case.cutoffs[-1]), case.horizon
    times = stamps(series)
    past, future = slice(cutoff - 4 * horizon, cutoff), slice(cutoff, cutoff + horizon)
    axis.plot(times[past], series.values[past, channel], color=BLACK, lw=1, label="history")
    axis.plot(times[future], series.values[future, channel], color=BLACK, lw=1.2, ls=":", label="what came")
    low, high = one.quantiles[0, :, channel, 0], one.quantiles[0, :, channel, -1]
    label = f"JEPA, {LEVELS[0]:.0%} to {LEVELS[-1]:.0%}"
    axis.fill_between(times[future], low, high, color=BLUE, alpha=0.2, lw=0, label=label)
    axis.plot(times[future], one.points[JEPA][0, -1, :, channel], color=BLUE, lw=1.8, label="JEPA")
    baseline = one.points[BASELINE][0, -1, :, channel]
    axis.plot(times[future], baseline, color=ORANGE, lw=1.2, ls="--", label=BASELINE)
    name = f": {series.name}" if len(case.full) > 1 else ""
    axis.set_title(f"{case.name}{name} ({_UNITS.get(case.name, series.channels[channel])})", loc="left", fontsize=10)
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def draw_errors(scores: pd.DataFrame, path: Path) -> Path:
    """The mean error of each method, and how its error in each domain compares with that of the linear baseline."""
    figure = Figure(figsize=(11, 1.2 + 0.5 * len(scores)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.4])
    place = np.arange(len(scores))[::-1]
    left.barh(place, scores[MEAN], color=[GREY if name in CONTROLS else BLUE for name in scores.index], height=0.6)
    for height, value in zip(place, scores[MEAN], strict=True):
        left.text(value, height, f" {value:.3f}", ha="left", va="center", fontsize=9)
    left.set_yticks(place, list(scores.index))
    left.set_xlim(0, 1.2 * scores[MEAN].max())
    left.set_xlabel("RMSSE, mean over domains")
    relative = 100 * (scores / scores.loc[BASELINE] - 1)
    for rank, domain in enumerate(scores.columns.drop(MEAN)):
        color, marker = PALETTE[rank % len(PALETTE)], _MARKERS[rank % len(_MARKERS)]
        right.scatter(relative[domain], place, color=color, marker=marker, s=34, alpha=0.85, label=domain, zorder=3)
    right.axvline(0, color=BLACK, lw=0.8)
    right.grid(axis="y", color=GREY, alpha=0.3)
    right.set_xlabel(f"difference from {BASELINE}, %")
    right.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, title="domain")
    figure.suptitle("Error by method, lower is better", x=0.01, ha="left")
    return save(figure, path)


def draw_ecg(detection: Detection, path: Path) -> Path:
    """The held-out electrocardiogram with its labelled stretch, and the score of each method under it."""
    figure = Figure(figsize=(10, 1.6 + 1.2 * len(detection.scores)), layout="constrained")
    axes = figure.subplots(1 + len(detection.scores), 1, sharex=True, height_ratios=[1.6, *[1] * len(detection.scores)])
    step, precision = np.arange(len(detection.values)), detection.precision()
    for axis in axes:
        axis.fill_between(
            step, 0, 1, where=detection.is_abnormal, transform=axis.get_xaxis_transform(), color=ORANGE, alpha=0.3,
            lw=0, label="labelled abnormal",
        )  # fmt: skip
    axes[0].plot(step, detection.values, color=BLACK, lw=0.9, label="electrocardiogram")
    axes[0].set_ylabel("lead")
    axes[0].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    for axis, (name, score) in zip(axes[1:], detection.scores.items(), strict=True):
        axis.plot(step, score, color=BLUE if name == JEPA else GREY, lw=1.1)
        axis.set_ylabel("score")
        axis.set_title(f"{name}: AUC-PR {precision[name]:.3f}", loc="left", fontsize=10)
    axes[-1].set_xlabel("step after the training part")
    return save(figure, path)


def draw_embeddings(encoder: PretrainedEncoder, names: Sequence[str], path: Path) -> Path:
    """Windows of all domains in the plane of their two strongest directions."""
    figure = Figure(figsize=(8, 5.5), layout="constrained")
    axis = figure.subplots()
    features = {name: _embed(encoder, name) for name in names}
    plane = PCA(2).fit(np.concatenate(list(features.values())))
    for rank, (name, rows) in enumerate(features.items()):
        x, y = plane.transform(rows).T
        axis.scatter(x, y, s=16, alpha=0.75, lw=0, color=PALETTE[rank % 8], marker=_MARKERS[rank % 8], label=name)
    share = plane.explained_variance_ratio_
    axis.set_xlabel(f"first direction ({share[0]:.0%} of the variance)")
    axis.set_ylabel(f"second direction ({share[1]:.0%})")
    axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, title="domain")
    axis.set_title("One encoder, windows of all domains (each normalised by itself)", loc="left", fontsize=11)
    return save(figure, path)


def _embed(encoder: PretrainedEncoder, name: str) -> np.ndarray:
    """Embeddings of windows spread evenly over a domain's training part."""
    source = WindowSource([one.values for one in load_domain(name).series("train")], encoder.context_length)
    numbers = torch.linspace(0, len(source) - 1, min(_WINDOWS, len(source))).long()
    return encoder.embed(source.gather(numbers).numpy())
