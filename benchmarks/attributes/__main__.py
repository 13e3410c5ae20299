"""Forecasts from one encoder for all attributes of a series, one for each, or a mixture of experts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.attributes.datasets import DATASETS, Attributes, load
from benchmarks.controls import repeat_last, seasonal_naive
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.scores import Scores
from benchmarks.scoring import Errors
from tjepa_estimators import ForecastTask, pretrain
from tjepa_estimators.data.windows import WindowSource
from tjepa_estimators.tasks.separate import SeparateForecastTask
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators import PretrainedEncoder

__all__ = ["main"]

CONTEXT, HORIZON, STRIDE = 168, 24, 5
CONFIG = {"context_length": CONTEXT, "future_length": HORIZON, "patch_length": 8, "quantiles": {}}
ENCODERS: dict[str, dict[str, Any]] = {
    "transformer": {"encoder": "transformer", "encoder_config": {"depth": 2}},
    "moe": {"encoder": "moe", "encoder_config": {}},
}
MODELS = (
    "repeat last",
    "seasonal naive",
    "ridge shared",
    "ridge separate",
    "random shared, head",
    "shared, decoded",
    "shared, head",
    "separate, decoded",
    "separate, head",
    "moe shared, decoded",
    "moe shared, head",
)
COMPARED = f"""Test MSE / MAE of {HORIZON} steps ahead from {CONTEXT}, in deviations of each attribute's training \
part, mean ± deviation over seeds; a window every {STRIDE} steps of the last 20 %.

- *shared*: one encoder, pretrained on all attributes with quantiles (`pretrain`, default budget). *separate*: one \
for each attribute (`SeparateForecastTask`), each with the same budget, so several times the cost. *moe*: one, a \
mixture of four experts (`encoder="moe"`).
- *decoded*: forecasts by what it decodes, nothing is fitted. *head*: the closed-form head of the default strategy, \
which may lean on what is decoded.
- *ridge*: the head on the raw window alone, one for all attributes or one for each. *random*: untrained weights.

Stocks: six indices since 2006; crypto: six coins since 2016; log price, log volume, log range of the day. Weather: \
three stations, hourly. Prices are close to random walks: compare with *repeat last*."""

Predict = Callable[["Float[np.ndarray, 'windows time attributes']"], "Float[np.ndarray, 'windows horizon attributes']"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("attributes", __doc__)
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS), choices=list(DATASETS))
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--steps", type=int, default=300, help="of each pretraining")
    options = parser.parse_args(argv)
    scores = Scores(options.output, ["data", "attribute"])
    for seed in range(options.seeds):
        for name in options.datasets:
            data = load(data_folder(options), name)
            wanted = [model for model in MODELS if not scores.has(data=name, model=model, seed=seed)]
            wanted = [model for model in wanted if seed == 0 or model not in MODELS[:2]]
            for model, predict in _forecasters(data, seed, options.steps, wanted):
                for attribute, errors in _score(data, predict).items():
                    scores.add(errors, data=name, attribute=attribute, model=model, seed=seed)
    tables = [_table(scores, name, load(data_folder(options), name).names) for name in options.datasets]
    report = Report(
        title="Attributes: shared, separate or a mixture",
        compared=COMPARED,
        tables=tables,
        seeds=", ".join(map(str, range(options.seeds))),
        notes=[f"{options.steps} steps for each pretraining"],
        packages=("torch", "numpy"),
    )
    publish(report, options, "python -m benchmarks.attributes --data-dir PATH")


def _forecasters(data: Attributes, seed: int, steps: int, wanted: list[str]) -> Iterator[tuple[str, Predict]]:
    """What is wanted, each fitted on the training part."""
    train, budget = data.train(), {"seed": seed, "steps": steps, "progress": False}
    linear = {"horizon": HORIZON, "context_length": CONTEXT, "blocks": "lookback", "seed": seed}
    simple: dict[str, Callable[[], Predict]] = {
        "repeat last": lambda: functools.partial(_by_column, repeat_last, 1),
        "seasonal naive": lambda: functools.partial(_by_column, seasonal_naive, data.period),
        "ridge shared": lambda: ForecastTask(linear).fit(train).predict,
        "ridge separate": lambda: SeparateForecastTask(linear).fit(train).predict,
        "random shared, head": lambda: (
            _fit(
                "frozen", untrained(train, config=CONFIG, train=budget, **ENCODERS["transformer"]), train, seed
            ).predict
        ),
    }
    yield from ((name, make()) for name, make in simple.items() if name in wanted)
    for prefix, make in _pretrainings(train, budget).items():
        if any(model.startswith(f"{prefix},") for model in wanted):
            pretrained = make()  # once for both rows
            yield f"{prefix}, decoded", _fit("zero_shot", pretrained, train, seed).predict
            yield f"{prefix}, head", _fit("frozen", pretrained, train, seed).predict


def _pretrainings(train: list[np.ndarray], budget: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """What makes the encoder, or the encoders of all attributes."""

    def run(series: list[np.ndarray], encoder: str) -> PretrainedEncoder:
        return pretrain(series, config=CONFIG, train=budget, **ENCODERS[encoder])

    columns = [[one[:, [channel]] for one in train] for channel in range(train[0].shape[1])]
    return {
        "shared": lambda: run(train, "transformer"),
        "moe shared": lambda: run(train, "moe"),
        "separate": lambda: [run(one, "transformer") for one in columns],
    }


def _fit(strategy: str, pretrained: Any, train: list[np.ndarray], seed: int) -> ForecastTask | SeparateForecastTask:  # noqa: ANN401
    kind = SeparateForecastTask if isinstance(pretrained, list) else ForecastTask
    return kind({"horizon": HORIZON, "strategy": strategy, "seed": seed}, pretrained=pretrained).fit(train)


def _by_column(naive: Callable[..., np.ndarray], period: int, windows: np.ndarray) -> np.ndarray:
    options = () if naive is repeat_last else (period,)
    return np.stack([naive(windows[:, :, channel], HORIZON, *options) for channel in range(windows.shape[2])], axis=2)


def _score(data: Attributes, predict: Predict) -> dict[str, Errors]:
    """Errors of each attribute, and of all together."""
    source = WindowSource(data.test(CONTEXT), CONTEXT + HORIZON, stride=STRIDE, per_channel=False)
    windows = source.gather(torch.arange(len(source))).numpy()
    # a window without a single value of an attribute cannot be forecast by anybody
    known = np.isfinite(windows[:, :CONTEXT]).any(axis=1)
    error = np.asarray(predict(windows[:, :CONTEXT])) - windows[:, CONTEXT:]
    errors = {name: Errors() for name in (*data.names, "all")}
    for channel, name in enumerate(data.names):
        for total in (errors[name], errors["all"]):
            total.add(error[known[:, channel], :, channel])
    return errors


def _table(scores: Scores, name: str, attributes: tuple[str, ...]) -> Table:
    columns = ("all", *attributes)
    rows = [[model, *(scores.cell(data=name, attribute=one, model=model) for one in columns)] for model in MODELS]
    return Table([name, *columns], rows)


if __name__ == "__main__":
    main()
