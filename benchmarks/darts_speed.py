"""Seconds of a Darts backtest with ``JEPAModel`` beside Darts' own ``TSMixerModel``."""

from __future__ import annotations

import functools
import logging
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.data import load
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.timing import take_turns
from tjepa_estimators import JEPAModel, pretrain

if TYPE_CHECKING:
    import numpy as np
    from darts import TimeSeries
    from darts.models.forecasting.torch_forecasting_model import TorchForecastingModel
    from jaxtyping import Float

LOOKBACK, HORIZON = 504, 96
COMPARED = f"""`historical_forecasts(retrain=False)` over the test part of ETTh1: 2,785 forecasts of {HORIZON} steps \
and 7 channels from {LOOKBACK} steps of lookback, with Darts' defaults, in turn in one process; medians. *both* runs \
the encoder for each window; *lookback* is what `blocks="auto"` becomes where the latents do not help. TSMixer has its \
default size and is trained for one step only: its weights do not matter for the time."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    from darts import TimeSeries

    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    data = load(data_folder(options), "ETTh1")
    train, test = TimeSeries.from_values(data.train), TimeSeries.from_values(data.test(LOOKBACK))
    backtests = {
        name: functools.partial(_backtest, model.fit(train), test) for name, model in _models(data.train).items()
    }
    count = len(next(iter(backtests.values()))())
    found = take_turns(backtests, options.rounds)
    peer = found["TSMixerModel"]
    rows = [[name, f"{one.cpu:.1f}", f"{one.wall:.1f}", f"{one.cpu / peer.cpu:.2f}"] for name, one in found.items()]
    report = Report(
        title="Speed of Darts backtests",
        compared=COMPARED,
        tables=[Table(["", "CPU s", "wall s", "CPU, times TSMixer (target: at most 2)"], rows)],
        notes=[f"{count:,} forecasts; medians of {options.rounds} rounds after one that does not count"],
        packages=("torch", "numpy", "darts", "pytorch-lightning"),
    )
    publish(report, options, "python -m benchmarks.darts_speed --data-dir PATH")


def _models(train: Float[np.ndarray, "time channels"]) -> dict[str, Any]:
    from darts.models import TSMixerModel

    quiet = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    encoder = pretrain(train, train={"steps": 20})
    make: Callable[..., Any] = functools.partial(JEPAModel, LOOKBACK, HORIZON, pl_trainer_kwargs=quiet, random_state=0)
    return {
        "TSMixerModel": TSMixerModel(LOOKBACK, HORIZON, n_epochs=1, pl_trainer_kwargs={**quiet, "max_steps": 1}),
        "JEPAModel, both": make(pretrained=encoder, blocks="both"),
        "JEPAModel, lookback": make(blocks="lookback"),
    }


def _backtest(model: TorchForecastingModel, series: TimeSeries) -> list[TimeSeries]:
    return model.historical_forecasts(
        series, forecast_horizon=HORIZON, stride=1, retrain=False, last_points_only=False, verbose=False
    )


__all__ = ["main"]

if __name__ == "__main__":
    main()
