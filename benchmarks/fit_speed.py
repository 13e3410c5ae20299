"""Seconds to fit ``JEPAForecaster`` on ETTh1 beside deep forecasters of Darts and neuralforecast."""

from __future__ import annotations

import json
import logging
import subprocess
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.data import ForecastData, load
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.scoring import score, task_predictor
from benchmarks.timing import Timing, measure, median
from tjepa_estimators import JEPAForecaster, pretrain

LOOKBACK, HORIZON, EPOCHS = 512, 96, 10
COMPARED = f"""Seconds to fit on the training part of ETTh1 (8,640 steps, 7 channels), {HORIZON} steps ahead, one \
thread, in turn. *JEPAForecaster* gets a pretrained encoder (its pretraining is timed beside it: it is paid once, \
not with each fit) and its default settings. The others get their libraries' default sizes and batch size, \
{LOOKBACK} steps of lookback, reversible instance normalisation and {EPOCHS} epochs; an epoch is one pass over the \
training windows. Test MSE over all 2,785 test windows. The linear baseline is ours without an encoder."""


@dataclass(frozen=True)
class Fitted:
    """What a rival took, and how well it forecasts."""

    seconds: Timing
    mse: float | None
    note: str


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=5, help="fits of ours")
    parser.add_argument("--peers", nargs="*", default=["TiDEModel", "TSMixerModel", "PatchTST"])
    parser.add_argument(
        "--epochs", type=int, default=EPOCHS, help="epochs that Darts' models are trained, scaled to 10"
    )
    parser.add_argument("--peer-python", help="interpreter that has neuralforecast; PatchTST is left out without it")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    data = load(data_folder(options), "ETTh1")
    found = _ours(data, options.rounds)
    for peer in options.peers:
        if peer != "PatchTST":
            found[f"Darts {peer}"] = _darts(peer, data, options.epochs)
        elif options.peer_python:
            found["neuralforecast PatchTST"] = _patchtst(data, options.peer_python)
    publish(
        _report(found, options.rounds), options, "python -m benchmarks.fit_speed --data-dir PATH --peer-python PYTHON"
    )


def _ours(data: ForecastData, rounds: int) -> dict[str, Fitted]:
    frame = pd.DataFrame(data.train.astype(np.float64), pd.date_range("2016-07-01", periods=len(data.train), freq="h"))
    kept: dict[str, Any] = {}

    def pretrained() -> None:
        kept["encoder"] = pretrain(frame)

    def fit(blocks: str) -> None:
        forecaster = JEPAForecaster(
            pretrained=kept.get("encoder"), horizon=HORIZON, blocks=blocks, context_length=None, random_state=0
        )
        kept[blocks] = forecaster.fit(frame)

    once = measure(pretrained)
    found = {"(pretraining, once)": Fitted(once, None, "300 steps")}
    for name, blocks in (("JEPAForecaster", "auto"), ("linear baseline", "lookback")):
        fit(blocks)
        seconds = median([measure(lambda blocks=blocks: fit(blocks)) for _ in range(rounds)])
        task = kept[blocks].task_
        length = task.context_length_
        errors = score(task_predictor({"ours": task}), data.test(length), length)["ours"]
        found[name] = Fitted(seconds, errors.mse, f"median of {rounds}")
    return found


def _darts(name: str, data: ForecastData, epochs: int) -> Fitted:
    from darts import TimeSeries, models

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    quiet = {"accelerator": "cpu", "enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    model = getattr(models, name)(
        input_chunk_length=LOOKBACK,
        output_chunk_length=HORIZON,
        n_epochs=epochs,
        use_reversible_instance_norm=True,
        random_state=0,
        pl_trainer_kwargs=quiet,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds = measure(lambda: model.fit(TimeSeries.from_values(data.train)))
        forecasts = model.historical_forecasts(
            TimeSeries.from_values(data.test(LOOKBACK)), forecast_horizon=HORIZON, retrain=False, last_points_only=False
        )
    truth = np.lib.stride_tricks.sliding_window_view(data.test(0), HORIZON, axis=0)
    error = np.stack([one.values() for one in forecasts]).swapaxes(1, 2) - truth
    note = f"{epochs} epochs" + ("" if epochs == EPOCHS else f", scaled to {EPOCHS}; MSE after {epochs}")
    return Fitted(seconds * (EPOCHS / epochs), float(np.square(error).mean()), note)


def _patchtst(data: ForecastData, python: str) -> Fitted:
    """A few steps in an environment of its own, whose pins differ from ours; scaled up."""
    script = Path(__file__).with_name("peer_patchtst.py")
    windows = (len(data.train) - LOOKBACK - HORIZON + 1) * data.train.shape[1]
    request = json.dumps({"values": data.train.tolist(), "lookback": LOOKBACK, "horizon": HORIZON})
    done = subprocess.run([python, str(script)], input=request, capture_output=True, text=True, check=True)  # noqa: S603
    answer = json.loads(done.stdout.splitlines()[-1])
    steps = EPOCHS * windows / answer["windows_per_step"]
    note = f"{answer['steps']} steps timed, scaled to {steps:,.0f} ({EPOCHS} passes over {windows:,} windows)"
    return Fitted(Timing(answer["wall"], answer["cpu"]) * (steps / answer["steps"]), None, note)


def _report(found: dict[str, Fitted], rounds: int) -> Report:
    own = found["JEPAForecaster"].seconds
    rows = [
        [
            name,
            f"{one.seconds.cpu:,.1f}",
            f"{one.seconds.wall:,.1f}",
            f"{one.seconds.cpu / own.cpu:,.1f}",
            "–" if one.mse is None else f"{one.mse:.4f}".lstrip("0"),
            one.note,
        ]
        for name, one in found.items()
    ]
    return Report(
        title="Speed of fitting",
        compared=COMPARED,
        tables=[Table(["", "CPU s", "wall s", "CPU, times ours", "test MSE", "timed"], rows)],
        notes=[f"Ours: median of {rounds} fits after one that does not count; the others are fitted once"],
        packages=("torch", "numpy", "sktime", "darts", "pytorch-lightning"),
    )


__all__ = ["main"]

if __name__ == "__main__":
    main()
