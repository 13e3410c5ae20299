"""Forecast errors on ETTh1 when the head may use only the last few training windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.data import ForecastData, load
from benchmarks.forecasting import LINEAR_CONTEXT, fit
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.scores import Scores
from benchmarks.scoring import score, task_predictor
from tjepa_estimators import ForecastTask, PretrainedEncoder, pretrain
from tjepa_estimators.training.run import untrained

HORIZONS = (96, 336)
SHARES = (100, 10, 5, 1)
TRANSFERRED = "transferred ridge, no ETTh1 labels"
MODELS = ("ridge", "random encoder", "JEPA both", "JEPA auto")
COMPARED = f"""Test MSE / MAE on ETTh1, every window of the test part, mean ± deviation over seeds. The head sees only \
the last x % of the forecast origins of the training part; the encoder is pretrained on the whole unlabelled training \
part (300 steps). Strengths and blocks are chosen on the full validation part, which flatters all rows alike.

- *ridge*: raw lookback of {LINEAR_CONTEXT} steps, all rows.
- *random encoder*: lookback and latents of the untrained network. *JEPA both*, *JEPA auto*: of the pretrained one; \
*auto* is the default of the product. All rows that there are, up to the default budget of 16,384.
- *transferred*: the same ridge fitted on another domain, the weather station averaged to hours, and applied as it is. \
(ETTm1 is no honest source: it is the same transformer in the same months.)"""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--stride", type=int, default=1, help="score every n-th window only; 1 is the standard")
    options = parser.parse_args(argv)
    scores = Scores(options.output, ["share", "horizon"])
    folder = data_folder(options)
    data = load(folder, "ETTh1")
    _transfer(folder, data, options.stride, scores)
    for seed in range(options.seeds):
        _run(data, seed, options.stride, scores)
    publish(_report(scores, options.seeds, options.stride), options, "python -m benchmarks.few_windows --data-dir PATH")


def last_windows(data: ForecastData, share: int, context: int, horizon: int) -> ForecastData:
    """The same data with the training part cut to its last windows, ``share`` % of them."""
    steps = data.ends[0]
    windows = max(1, round((steps - context - horizon + 1) * share / 100))
    begin = steps - (context + horizon + windows - 1)
    ends = tuple(end - begin for end in data.ends)
    return dataclasses.replace(data, values=data.values[begin:], ends=ends)


def _run(data: ForecastData, seed: int, stride: int, scores: Scores) -> None:
    if scores.has(model="JEPA auto", seed=seed):
        return
    # a callable, not a value: each encoder is made only when its rows are
    builders: Mapping[str, Callable[[], PretrainedEncoder | None]] = {
        "ridge": lambda: None,
        "random encoder": lambda: untrained(data.train, train={"seed": seed}),
        "JEPA": lambda: pretrain(data.train, train={"seed": seed}),
    }
    for model, build in builders.items():
        encoder = build()
        context = encoder.context_length if encoder else LINEAR_CONTEXT
        tasks: dict[str, ForecastTask] = {}
        for horizon in HORIZONS:
            for share in SHARES:
                part = last_windows(data, share, context, horizon)
                tasks |= {
                    f"{name} {share} {horizon}": task for name, task in _fits(model, part, horizon, seed, encoder)
                }
        _score(tasks, data, context, stride, scores, seed)


def _fits(
    model: str, part: ForecastData, horizon: int, seed: int, encoder: PretrainedEncoder | None
) -> list[tuple[str, ForecastTask]]:
    if encoder is None:
        return [(model, fit(part, horizon, seed, max_rows=10**9))]
    both = fit(part, horizon, seed, encoder, blocks="both")
    if model != "JEPA":
        return [(model, both)]
    return [("JEPA both", both), ("JEPA auto", fit(part, horizon, seed, encoder))]


def _transfer(folder: Path, data: ForecastData, stride: int, scores: Scores) -> None:
    if scores.has(model=TRANSFERRED):
        return
    source = hourly(load(folder, "weather"))
    tasks = {f"{TRANSFERRED} 0 {h}": fit(source, h, 0, max_rows=10**9) for h in HORIZONS}
    _score(tasks, data, LINEAR_CONTEXT, stride, scores, 0)


def hourly(data: ForecastData) -> ForecastData:
    """Means of six steps of ten minutes."""
    steps = len(data.values) // 6 * 6
    values = data.values[:steps].reshape(-1, 6, data.values.shape[1]).mean(axis=1)
    return dataclasses.replace(data, values=values, ends=tuple(end // 6 for end in data.ends), period=24)


def _score(
    tasks: Mapping[str, ForecastTask], data: ForecastData, context: int, stride: int, scores: Scores, seed: int
) -> None:
    for key, errors in score(task_predictor(tasks), data.test(context), context, stride=stride).items():
        model, share, horizon = key.rsplit(" ", 2)
        scores.add(errors, share=int(share), horizon=int(horizon), model=model, seed=seed)


def _report(scores: Scores, seeds: int, stride: int) -> Report:
    tables = []
    for horizon in HORIZONS:
        rows = [[name, *(scores.cell(horizon=horizon, share=share, model=name) for share in SHARES)] for name in MODELS]
        gain = [
            f"{100 * scores.mean(horizon=horizon, share=s, model='JEPA auto') / ridge - 100:+.1f} %"
            for s in SHARES
            if (ridge := scores.mean(horizon=horizon, share=s, model="ridge"))
        ]
        transferred = scores.cell(horizon=horizon, model=TRANSFERRED)
        rows += [[TRANSFERRED, *[transferred] * len(SHARES)], ["*MSE of JEPA auto against ridge*", *gain]]
        tables.append(Table([f"H = {horizon}, training windows", *(f"{share} %" for share in SHARES)], rows))
    return Report(
        title="Forecasting with few windows",
        compared=COMPARED,
        tables=tables,
        seeds=f"{', '.join(map(str, range(seeds)))} (weights, batches, masks and the subset of rows)",
        notes=[] if stride == 1 else [f"Only every {stride}th window is scored."],
        packages=("torch", "numpy"),
    )


__all__ = ["hourly", "last_windows", "main"]

if __name__ == "__main__":
    main()
