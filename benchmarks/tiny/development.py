"""Compare weights on real series that are neither trained on nor tests of the zero-shot benchmark, to choose by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.zero_shot.classical import CLASSICAL
from benchmarks.zero_shot.measures import Scores, judge
from benchmarks.zero_shot.pretrained import ours
from benchmarks.zero_shot.sets import ForecastSet, Parts
from tjepa_estimators.artifact import resolve_pretrained

__all__ = ["DEVELOPMENT", "main"]

_BEGIN = 256
"""First origin: half of what the weights read lies before it."""
_SAMPLED = 10
"""Every tenth minute of a server."""
_MOVING = 0.02
"""Deviation above which a channel of a server, which lies between 0 and 1, counts as moving."""
_RECENT = 3000
"""Days of an index."""


def main() -> None:
    """Score artifacts beside the seasonal naive forecast, and print a table."""
    parser = arguments("development", __doc__)
    parser.add_argument("artifacts", nargs="+", help="folders, or names of bundled weights")
    options = parser.parse_args()
    options.output = None
    torch.set_num_threads(1)
    encoders = {name: resolve_pretrained(name) for name in options.artifacts}
    scores = {}
    for name, one in DEVELOPMENT.items():
        windows = one.windows(data_folder(options))
        naive = judge(CLASSICAL["seasonal naive"](windows), windows)
        scores[name] = {
            path: _relative(judge(ours(encoder, windows), windows), naive) for path, encoder in encoders.items()
        }
    publish(_report(scores), options, "python -m benchmarks.tiny.development --data-dir PATH ARTIFACT ...")


def _relative(found: Scores, naive: Scores) -> np.ndarray:
    return np.array([found.mase / naive.mase, found.crps / naive.crps])


def _report(scores: Mapping[str, Mapping[str, np.ndarray]]) -> Report:
    rows = [[name, *map(_cell, found.values())] for name, found in scores.items()]
    every = [np.stack(column) for column in zip(*(found.values() for found in scores.values()), strict=True)]
    rows.append(["geometric mean", *(_cell(np.exp(np.log(column).mean(axis=0))) for column in every)])
    caption = "MASE / CRPS relative to the seasonal naive forecast; lower is better."
    return Report(
        title="Development of tjepa-tiny",
        compared=__doc__ or "",
        tables=[Table(["", *next(iter(scores.values()))], rows, caption)],
        seeds="0 (windows drawn)",
        notes=[],
        packages=("torch", "numpy"),
    )


def _cell(relative: np.ndarray) -> str:
    return " / ".join(f"{one:.3f}" for one in relative)


def _columns(file: str, columns: tuple[str, ...], folder: Path) -> Parts:
    yield file, pd.read_csv(folder / f"{file}.csv.gz")[list(columns)].to_numpy(float), _BEGIN


def _shop(folder: Path) -> Parts:
    table = pd.read_csv(folder / "ecommerce/m5_sales_exog_small.csv.gz")
    yield "m5", table.pivot_table(index="ds", columns="unique_id", values="y").to_numpy(float), _BEGIN


def _servers(file: str, step: int, folder: Path) -> Parts:
    values = np.load(folder / f"anomaly/{file}.npz")["train"].astype(float)
    yield file, values[::step, values.std(axis=0) > _MOVING], _BEGIN


def _indices(folder: Path) -> Parts:
    table = pd.read_csv(folder / "stocks/indices_daily.csv.gz")
    for name, index in table.groupby("symbol"):
        yield str(name), np.log(index[["close"]].dropna().to_numpy(float)[-_RECENT:]), _BEGIN


DEVELOPMENT: Mapping[str, ForecastSet] = {
    "Delhi, daily": ForecastSet(
        30, 1, partial(_columns, "weather/delhi_daily", ("meantemp", "humidity", "wind_speed"))
    ),
    "Melbourne, daily": ForecastSet(30, 1, partial(_columns, "weather/melbourne_daily_temp", ("Min_Temp", "Max_Temp"))),
    "blog, daily": ForecastSet(30, 7, partial(_columns, "web_traffic/cienciadedatos_site_users_daily", ("users",))),
    "M5, daily": ForecastSet(30, 7, _shop),
    "server 1-6, 10 min": ForecastSet(96, 144, partial(_servers, "smd/machine-1-6", _SAMPLED)),
    "server 2-1, 10 min": ForecastSet(96, 144, partial(_servers, "smd/machine-2-1", _SAMPLED)),
    "application server": ForecastSet(96, 1, partial(_servers, "asd/omi-1", 1)),
    "indices, daily": ForecastSet(30, 1, _indices),
}

if __name__ == "__main__":
    main()
