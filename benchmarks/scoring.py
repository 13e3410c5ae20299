"""Errors over every window of a test part, many forecasters in one pass over the windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.nn.threads import limited_threads

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators import ForecastTask

__all__ = ["Errors", "Predictor", "score", "task_predictor"]

_ROWS = 8192
"""Rows that are forecast together."""

Predictor = Callable[["Float[np.ndarray, 'rows time']"], Mapping[str, "Float[np.ndarray, 'rows horizon']"]]
"""From windows to one forecast per name; the length of a forecast is its horizon."""


@dataclass
class Errors:
    """Sums of errors over what was observed."""

    square: float = 0.0
    absolute: float = 0.0
    count: int = 0

    def add(self, error: Float[np.ndarray, "rows horizon"]) -> None:
        """Add errors; NaN, where there is no truth, is left out."""
        error = error[np.isfinite(error)]
        self.square += float(np.square(error).sum(dtype=np.float64))
        self.absolute += float(np.abs(error).sum(dtype=np.float64))
        self.count += error.size

    @property
    def mse(self) -> float:
        """Mean squared error."""
        return self.square / self.count

    @property
    def mae(self) -> float:
        """Mean absolute error."""
        return self.absolute / self.count


def score(
    predict: Predictor, values: Float[np.ndarray, "time channels"], context: int, *, stride: int = 1
) -> dict[str, Errors]:
    """Forecast from every origin from which a forecast's whole horizon is known, and add up its errors."""
    errors: dict[str, Errors] = {}
    for begin, contexts in _contexts(values, context, stride):
        origins = begin + context + stride * np.arange(len(contexts))
        rows = contexts.reshape(-1, context)
        for name, forecast in predict(rows).items():
            horizon = forecast.shape[1]
            known = origins[origins + horizon <= len(values)]
            truth = values[known[:, None] + np.arange(horizon)]  # (origins, horizon, channels)
            truth = np.moveaxis(truth, 2, 1).reshape(-1, horizon)
            errors.setdefault(name, Errors()).add(forecast[: len(truth)] - truth)
    return errors


def task_predictor(tasks: Mapping[str, ForecastTask]) -> Predictor:
    """Forecasts of tasks that share one encoder and context, which is therefore run once for all of them.

    The tasks themselves forecast the first windows as well. Where a task disagrees, because its network makes
    features of its own, it forecasts all windows itself: a shortcut must not change a number.
    """
    widest = max((task.network_ for task in tasks.values()), key=lambda one: one.head.in_features)
    agrees: dict[str, bool] = {}

    def predict(rows: Float[np.ndarray, "rows time"]) -> dict[str, Float[np.ndarray, "rows horizon"]]:
        few = slice(0, next(iter(tasks.values())).num_channels_)
        with limited_threads(widest), torch.inference_mode():
            features, stats = widest.features(torch.from_numpy(rows))
            found = {}
            for name, task in tasks.items():
                weight = task.network_.head.weight
                shared = denormalize(features[:, : weight.shape[1]] @ weight.T, stats).numpy()
                if name not in agrees:
                    agrees[name] = np.allclose(shared[few], _own(task, rows[few]), rtol=1e-3, atol=1e-3)
                found[name] = shared if agrees[name] else _own(task, rows)
        return found

    return predict


def _own(task: ForecastTask, rows: Float[np.ndarray, "rows time"]) -> Float[np.ndarray, "rows horizon"]:
    """The forecast of a task, whose channels are rows here."""
    contexts = rows.reshape(-1, task.num_channels_, rows.shape[1]).swapaxes(1, 2)
    return task.predict(contexts).swapaxes(1, 2).reshape(len(rows), -1)


def _contexts(
    values: Float[np.ndarray, "time channels"], context: int, stride: int
) -> Iterator[tuple[int, Float[np.ndarray, "origins channels time"]]]:
    """Windows of all channels, some origins at a time, and where the first of them starts."""
    windows = np.lib.stride_tricks.sliding_window_view(values[:-1], context, axis=0)[::stride]
    size = max(1, _ROWS // values.shape[1])
    for begin in range(0, len(windows), size):
        yield begin * stride, np.ascontiguousarray(windows[begin : begin + size])
