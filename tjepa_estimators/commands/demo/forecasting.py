"""Forecasts of the demo: sktime's estimator for every method that is fitted, Darts' backtest beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tjepa_estimators.commands.demo.protocol import Case, forecast_naively, stamps

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.data.series import Series

__all__ = [
    "BASELINE",
    "CONTROLS",
    "JEPA",
    "LEVELS",
    "METHODS",
    "Forecasts",
    "backtest_with_darts",
    "forecast_with_sktime",
]

BASELINE, JEPA = "lookback ridge", "JEPA"
CONTROLS = ("repeat last", "seasonal naive", BASELINE, "random encoder")
ZERO_SHOT = "tjepa-tiny, zero-shot"
METHODS = (*CONTROLS, JEPA, "JEPA forced", ZERO_SHOT)
"""Every method; JEPA leaves the latents out where its training tail says so, and may not where it is forced. The
bundled weights saw the training parts, as the demo's own encoder does, and nothing later."""
LEVELS = (0.1, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """What all methods forecast in one domain."""

    case: Case
    points: Mapping[str, Float[np.ndarray, "series cutoffs horizon channels"]]
    """By method."""
    quantiles: Float[np.ndarray, "series horizon channels levels"]
    """Those of JEPA from the last cutoff."""


def forecast_with_sktime(case: Case, encoder: PretrainedEncoder, control: PretrainedEncoder) -> Forecasts:
    """Forecast from every cutoff with every method.

    Each model is fitted once, on the training part. Later cutoffs only tell it what has happened since.

    Raises
    ------
    ImportError
        sktime is not installed; the message says how to install it.
    """
    from tjepa_estimators import JEPAForecaster

    models: dict[str, Any] = {
        BASELINE: JEPAForecaster(blocks="lookback", context_length=encoder.context_length),
        "random encoder": JEPAForecaster(pretrained=control, blocks="both"),
        JEPA: JEPAForecaster(pretrained=encoder, blocks="auto"),
        "JEPA forced": JEPAForecaster(pretrained=encoder, blocks="both"),
        ZERO_SHOT: JEPAForecaster(pretrained="tjepa-tiny", strategy="zero_shot"),
    }
    points = {"repeat last": forecast_naively(case, 1), "seasonal naive": forecast_naively(case, case.season)}
    points |= {name: _roll(model, case) for name, model in models.items()}
    quantiles = models[JEPA].predict_quantiles(alpha=list(LEVELS)).to_numpy()
    shape = (len(case.full), case.horizon, -1, len(LEVELS))
    return Forecasts(case=case, points=points, quantiles=quantiles.reshape(shape))


def backtest_with_darts(case: Case, encoder: PretrainedEncoder) -> Float[np.ndarray, "series cutoffs horizon channels"]:
    """Forecast from every cutoff with Darts' ``historical_forecasts``.

    Raises
    ------
    ImportError
        Darts is not installed; the message says how to install it.
    """
    from tjepa_estimators import JEPAModel  # before Darts: it says how to install what is missing

    from darts import TimeSeries  # isort: skip

    train, full = ([TimeSeries.from_dataframe(_frame(one)) for one in part] for part in (case.train, case.full))
    model = JEPAModel(encoder.context_length, case.horizon, pretrained=encoder)
    backtest = model.fit(train).historical_forecasts(
        full,
        start=int(case.cutoffs[0]),
        start_format="position",
        forecast_horizon=case.horizon,
        stride=case.stride,
        retrain=False,
        last_points_only=False,
        verbose=False,
    )
    return np.stack([np.stack([one.values() for one in per_series[: len(case.cutoffs)]]) for per_series in backtest])


def _roll(model: Any, case: Case) -> Float[np.ndarray, "series cutoffs horizon channels"]:  # noqa: ANN401 - sktime is untyped
    forecasts, known = [], case.cutoffs[0]
    model.fit(_panel(case.full, 0, known), fh=range(1, case.horizon + 1))
    for cutoff in case.cutoffs:
        if cutoff > known:
            model.update(_panel(case.full, known, cutoff), update_params=False)
            known = cutoff
        forecasts.append(model.predict().to_numpy().reshape(len(case.full), case.horizon, -1))
    return np.stack(forecasts, axis=1)


def _panel(series: list[Series], begin: int, end: int) -> pd.DataFrame:
    """Steps of all series as sktime wants them: with a level that names the series where there are several."""
    frames = {str(one.name): _frame(one).iloc[begin:end] for one in series}
    return next(iter(frames.values())) if len(frames) == 1 else pd.concat(frames, names=["series", "time"])


def _frame(series: Series) -> pd.DataFrame:
    return pd.DataFrame(series.values, index=stamps(series), columns=list(series.channels))
