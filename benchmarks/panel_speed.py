"""Forecasting a panel of 2,000 series in one call of ``JEPAForecaster`` beside one call per series."""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.timing import measure, median
from tjepa_estimators import JEPAForecaster, pretrain

COMPARED = """One forecaster fitted on the whole panel predicts all series in one call; against it, one forecaster \
per series, fitted on that series with the same pretrained encoder, and one call of `predict` for each. `fit` is timed \
beside it. Series are synthetic (a seasonal wave with noise, daily index), because only the time is measured."""
SERIES, STEPS, AHEAD = 2000, 200, 14


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--singles", type=int, default=100, help="single series that are timed, then scaled up")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    logging.getLogger("sktime").setLevel(logging.ERROR)
    panel = make_panel()
    encoder = pretrain(panel, train={"steps": 20})
    make = functools.partial(JEPAForecaster, pretrained=encoder, horizon=AHEAD, blocks="both", random_state=0)
    whole = make()
    fit_whole = measure(lambda: whole.fit(panel, fh=range(1, AHEAD + 1)))
    singles = [make() for _ in range(options.singles)]
    parts = [panel.loc[name] for name in panel.index.levels[0][: options.singles]]
    scale = SERIES / options.singles

    def fit_singles() -> None:
        for one, part in zip(singles, parts, strict=True):
            one.fit(part, fh=range(1, AHEAD + 1))

    def predict_singles() -> None:
        for one in singles:
            one.predict()

    fit_each = measure(fit_singles) * scale
    whole.predict()
    rounds = [(measure(whole.predict), measure(predict_singles) * scale) for _ in range(options.rounds)]
    predict_whole, predict_each = (median(list(side)) for side in zip(*rounds, strict=True))
    rows = [
        ["one call", *_seconds(predict_whole.cpu, predict_whole.wall, fit_whole.cpu)],
        ["one call per series", *_seconds(predict_each.cpu, predict_each.wall, fit_each.cpu)],
        ["**ratio** (target for predict: at least 20)", f"**{predict_each.cpu / predict_whole.cpu:,.0f}**",
         f"**{predict_each.wall / predict_whole.wall:,.0f}**", f"{fit_each.cpu / fit_whole.cpu:,.0f}"],
    ]  # fmt: skip
    report = Report(
        title="Speed on panels",
        compared=COMPARED,
        tables=[Table([f"{SERIES:,} series", "predict, CPU s", "predict, wall s", "fit, CPU s"], rows)],
        notes=[
            f"{SERIES:,} series of {STEPS} steps, {AHEAD} steps ahead; medians of {options.rounds} rounds",
            f"Single series: {options.singles} are timed and scaled to {SERIES:,}",
        ],
        packages=("torch", "numpy", "sktime"),
    )
    publish(report, options, "python -m benchmarks.panel_speed")


def make_panel() -> pd.DataFrame:
    """Series as sktime's panels are: a frame with the levels series and time."""
    generator = np.random.default_rng(0)
    phase, step = generator.uniform(0.0, 7.0, (SERIES, 1)), np.arange(STEPS)
    values = np.sin(2 * np.pi * (step + phase) / 7) + 0.3 * generator.standard_normal((SERIES, STEPS))
    dates = pd.date_range("2024-01-01", periods=STEPS, freq="D")
    index = pd.MultiIndex.from_product([range(SERIES), dates], names=["series", "time"])
    return pd.DataFrame({"y": values.ravel()}, index)


def _seconds(*values: float) -> list[str]:
    return [f"{value:,.2f}" for value in values]


__all__ = ["main", "make_panel"]

if __name__ == "__main__":
    main()
