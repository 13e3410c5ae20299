"""ETT at the four usual horizons, in deviations of the training part."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.controls import seasonal_naive
from benchmarks.data import ForecastData, load
from benchmarks.scoring import Predictor, score
from benchmarks.zero_shot.pretrained import fracast_rows, zero_shot_task
from benchmarks.zero_shot.windows import HISTORY
from tjepa_estimators import ForecastTask, Series, load_domain

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from benchmarks.zero_shot.results import Results
    from tjepa_estimators import PretrainedEncoder

__all__ = ["CONTEXT", "CONTROLS", "DATA", "HORIZONS", "STRIDE", "run_long_horizons"]

HORIZONS = (96, 192, 336, 720)
DATA = ("ETTh1", "ETTm1")
CONTEXT = 512
STRIDE = 4
_MEDIAN = 4
"""Place of the median among fracast's quantiles."""
_FEW_DAYS = 3
"""Days between the origins of fracast, which takes most of a second for 720 steps of one channel."""


@dataclass(frozen=True)
class _Control:
    build: Callable[[Path, ForecastData], Predictor]
    context: int = CONTEXT
    is_thinned: bool = False


def run_long_horizons(
    results: Results,
    folder: Path,
    data: Sequence[str],
    controls: Sequence[str],
    artifacts: Mapping[str, PretrainedEncoder],
) -> None:
    """Errors of each row over the windows of the test part."""
    for name in data:
        for row, control in _rows(controls, artifacts).items():
            weights = artifacts[row].info.weights_sha256 if row in artifacts else ""
            if results.has(weights=weights, data=name, row=row):
                continue
            series = load(folder, name)
            stride = _FEW_DAYS * series.period if control.is_thinned else STRIDE
            errors = score(control.build(folder, series), series.test(control.context), control.context, stride=stride)
            numbers = {f"mse_{horizon}": found.mse for horizon, found in errors.items()}
            numbers |= {f"mae_{horizon}": found.mae for horizon, found in errors.items()}
            results.record(numbers, weights, data=name, row=row)


def _rows(controls: Sequence[str], artifacts: Mapping[str, PretrainedEncoder]) -> dict[str, _Control]:
    rows = {name: CONTROLS[name] for name in controls}
    return rows | {name: _Control(partial(_ours, one)) for name, one in artifacts.items()}


def _ours(pretrained: PretrainedEncoder, _: Path, __: ForecastData) -> Predictor:
    return _by_tasks({horizon: zero_shot_task(pretrained, horizon) for horizon in HORIZONS})


def _carried_ridge(folder: Path, data: ForecastData) -> Predictor:
    """The closed-form head on raw steps, fitted to another place's weather of about the same frequency."""
    if data.name == "ETTh1":
        sources = [one.values for one in load_domain("weather_hourly").series("train")]
    else:
        sources = [load(folder, "weather").train]
    columns = [Series(values[:, [channel]]) for values in sources for channel in range(values.shape[1])]
    return _by_tasks(
        {
            horizon: ForecastTask({"horizon": horizon, "context_length": CONTEXT, "blocks": "lookback"}).fit(columns)
            for horizon in HORIZONS
        }
    )


def _by_tasks(tasks: Mapping[int, ForecastTask]) -> Predictor:
    """Forecasts of tasks of one channel."""
    return lambda rows: {str(horizon): task.predict(rows[..., None])[:, :, 0] for horizon, task in tasks.items()}


def _naive(_: Path, data: ForecastData) -> Predictor:
    return lambda rows: _parts(seasonal_naive(rows, HORIZONS[-1], data.period))


def _fracast(_: Path, __: ForecastData) -> Predictor:
    return lambda rows: _parts(fracast_rows(rows, HORIZONS[-1])[..., _MEDIAN])


def _parts(longest: Float[np.ndarray, "rows steps"]) -> dict[str, Float[np.ndarray, "rows horizon"]]:
    return {str(horizon): longest[:, :horizon] for horizon in HORIZONS}


CONTROLS = {
    "seasonal naive": _Control(_naive),
    "ridge carried over": _Control(_carried_ridge),
    "seasonal naive, windows of fracast": _Control(_naive, is_thinned=True),
    "fracast": _Control(_fracast, context=HISTORY, is_thinned=True),
}
