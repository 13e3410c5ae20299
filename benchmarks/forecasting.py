"""Forecast errors on four public data sets beside naive, linear, random-encoder and from-scratch controls."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from benchmarks.controls import repeat_last, seasonal_naive
from benchmarks.data import DATASETS, ForecastData, load
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.scores import Scores
from benchmarks.scoring import Predictor, score, task_predictor
from tjepa_estimators import ForecastTask, pretrain
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from tjepa_estimators import PretrainedEncoder

__all__ = ["LINEAR_CONTEXT", "fit", "main"]

Builds = Iterator[tuple[int, Predictor]]
"""Context lengths with what forecasts from such windows."""

HORIZONS = (96, 192, 336, 720)
LINEAR_CONTEXT = 512
"""Steps that the linear baseline sees; the encoders see the 504 that they were made for."""
MODELS = (
    "repeat last",
    "seasonal naive",
    "ridge, all rows",
    "ridge, default rows",
    "random encoder",
    "from scratch",
    "JEPA both",
    "JEPA auto",
)
COMPARED = f"""Test MSE / MAE in deviations of the training part, over every window of the test part (stride 1, \
nothing dropped, missing values left out), mean ± deviation over seeds.

- *repeat last*, *seasonal naive*: no model; the season is a day (exchange has none).
- *ridge*: the same closed-form head on the raw last {LINEAR_CONTEXT} steps alone, solved on all training rows \
(a row is a window of one channel), or on the default budget \
of 65,536 random ones (16,384 where an encoder is run on them).
- *random encoder*: lookback and latents of the untrained network, default rows.
- *from scratch*: the untrained network trained on the forecasting error for 300 steps, then the same head.
- *JEPA*: one encoder pretrained on the unlabelled training part for 300 steps and shared by all horizons; frozen, \
default rows. *both*: the head always reads the latents; *auto*, the default of the product: the validation part \
decides whether it does.

Splits: ETT 12/4/4 months, the others 70/10/20 %. Every head chooses its strengths on the validation part."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--datasets", nargs="+", default=list(DATASETS), choices=list(DATASETS))
    parser.add_argument("--horizons", nargs="+", type=int, default=list(HORIZONS))
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--stride", type=int, default=1, help="score every n-th window only; 1 is the standard")
    parser.add_argument("--scratch", nargs="*", default=["ETTh1"], help="data sets to train from scratch on")
    options = parser.parse_args(argv)
    scores = Scores(options.output, ["data", "horizon"])
    for name in options.datasets:
        for seed in range(options.seeds):
            _run(load(data_folder(options), name), seed, options, scores)
        publish(_report(scores, options), options, "python -m benchmarks.forecasting --data-dir PATH")


def _run(data: ForecastData, seed: int, options: argparse.Namespace, scores: Scores) -> None:
    """All rows of one data set and seed that are not known yet."""
    for first, build in _BUILDERS.items():
        if (seed > 0 and first in _NO_SEED) or (first == "from scratch" and data.name not in options.scratch):
            continue
        known = {"data": data.name, "model": first, "seed": seed}
        wanted = [h for h in options.horizons if not scores.has(horizon=h, **known)]
        for context, predict in build(data, wanted, seed) if wanted else ():
            for key, errors in score(predict, data.test(context), context, stride=options.stride).items():
                model, horizon = key.rsplit(" ", 1)
                scores.add(errors, data=data.name, horizon=int(horizon), model=model, seed=seed)


def _naive(data: ForecastData, horizons: Sequence[int], _: int) -> Builds:
    def predict(rows: Float[np.ndarray, "rows time"]) -> dict[str, Float[np.ndarray, "rows horizon"]]:
        return {f"repeat last {h}": repeat_last(rows, h) for h in horizons} | {
            f"seasonal naive {h}": seasonal_naive(rows, h, data.period) for h in horizons
        }

    yield LINEAR_CONTEXT, predict


def _ridge(data: ForecastData, horizons: Sequence[int], seed: int, *, name: str, **config: object) -> Builds:
    tasks = {f"{name} {h}": fit(data, h, seed, **config) for h in horizons}
    yield LINEAR_CONTEXT, task_predictor(tasks)


def _random(data: ForecastData, horizons: Sequence[int], seed: int) -> Builds:
    encoder = untrained(data.train, train={"seed": seed})
    tasks = {f"random encoder {h}": fit(data, h, seed, encoder, blocks="both") for h in horizons}
    yield encoder.context_length, task_predictor(tasks)


def _scratch(data: ForecastData, horizons: Sequence[int], seed: int) -> Builds:
    encoder = untrained(data.train, train={"seed": seed})
    for h in horizons:  # each trains a network of its own
        task = fit(data, h, seed, encoder, blocks="both", strategy="finetune", encoder_rate=1.0)
        yield encoder.context_length, task_predictor({f"from scratch {h}": task})


def _jepa(data: ForecastData, horizons: Sequence[int], seed: int) -> Builds:
    encoder, tasks = pretrain(data.train, train={"seed": seed}), {}
    for h in horizons:
        tasks[f"JEPA auto {h}"] = auto = fit(data, h, seed, encoder)
        uses_latents = "latents" in auto.report_.strengths  # then "both" has the same solution
        tasks[f"JEPA both {h}"] = auto if uses_latents else fit(data, h, seed, encoder, blocks="both")
    yield encoder.context_length, task_predictor(tasks)


_BUILDERS: dict[str, Callable[[ForecastData, Sequence[int], int], Builds]] = {
    "repeat last": _naive,
    "ridge, all rows": functools.partial(_ridge, name="ridge, all rows", max_rows=10**9),
    "ridge, default rows": functools.partial(_ridge, name="ridge, default rows"),
    "random encoder": _random,
    "JEPA auto": _jepa,
    "from scratch": _scratch,
}
"""How to fit, by the first of the rows that come of it."""
_NO_SEED = {"repeat last", "ridge, all rows"}


def fit(
    data: ForecastData, horizon: int, seed: int, encoder: PretrainedEncoder | None = None, **config: object
) -> ForecastTask:
    """A head on the training part, its settings chosen on the validation part; without an encoder the linear one."""
    begin = time.process_time()
    context = encoder.context_length if encoder else LINEAR_CONTEXT
    blocks = {} if encoder else {"blocks": "lookback", "context_length": context}
    task = ForecastTask(
        {"horizon": horizon, "seed": seed, **blocks, **config}, pretrained=encoder, train={"seed": seed}
    ).fit(data.train, held_out=data.validation(context))
    seconds = time.process_time() - begin
    print(f"  fitted {horizon} steps, {config}, in {seconds:.1f} CPU-s: {task.report_}", file=sys.stderr, flush=True)
    return task


def _report(scores: Scores, options: argparse.Namespace) -> Report:
    tables = []
    for name in dict.fromkeys(scores.table["data"]):
        rows = [[model, *(scores.cell(data=name, horizon=h, model=model) for h in HORIZONS)] for model in MODELS]
        worse = [
            f"{100 * scores.mean(data=name, horizon=h, model='JEPA auto') / best - 100:+.1f} %"
            for h in HORIZONS
            if (best := scores.mean(data=name, horizon=h, model="ridge, all rows"))
        ]
        rows.append(["*MSE of JEPA auto against ridge, all rows*", *worse])
        tables.append(Table([f"{name}, horizon", *map(str, HORIZONS)], rows))
    return Report(
        title="Forecasting with all windows",
        compared=COMPARED,
        tables=tables,
        seeds=f"{', '.join(map(str, range(options.seeds)))} (weights, batches, masks and the subset of rows)",
        notes=[] if options.stride == 1 else [f"Only every {options.stride}th window is scored."],
        packages=("torch", "numpy"),
    )


if __name__ == "__main__":
    main()
