"""The page of the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report import Report, Table
from benchmarks.zero_shot.classical import CONTEXT
from benchmarks.zero_shot.cost import ROUNDS, SERIES, THREADS
from benchmarks.zero_shot.long_horizon import CONTROLS, DATA, HORIZONS, STRIDE
from benchmarks.zero_shot.runs import BASELINES
from benchmarks.zero_shot.sets import MOST_WINDOWS, SETS, ForecastSet
from benchmarks.zero_shot.windows import HISTORY

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.zero_shot.results import Results

__all__ = ["changes_table", "make_report", "means_table", "relative_means", "sets_table"]

REFERENCE = "seasonal naive"
_NAIVE = "repeat last"
_GROUPS: dict[str, Callable[[ForecastSet], bool]] = {
    "all": lambda _: True,
    "never seen": lambda one: one.is_new,
    "tails": lambda one: not one.is_new,
}
_MEASURES = {"mase": "MASE", "crps": "CRPS", "wql": "WQL"}
_PUBLISHED = {"TTM-R2, 1 M": ".363", "Moirai, 91 M": ".394", "Timer, 67 M": ".414", "TimesFM, 200 M": ".421"}
COMPARED = f"""Forecasts of series on which nothing was trained, by rolling origin: windows of the part to score follow\
 each other without overlap, each channel is a series of its own, and nothing later than the origin is read.

- *M4 hourly*: all 414 series and their official test part. *ETTh1*, *ETTm1* (12/4/4 months), *exchange*, *weather* \
(MPI Jena; sentinels are missing), *illness* (70/10/20 %): the test part of the standard splits. *stock_returns* and \
the sets below it: the last 20 % of the time of the bundled domains, with what lies before as history. At most \
{MOST_WINDOWS} windows of a set, drawn once by chance, M4 aside: the same for all rows. A season of 1 stands for none, \
also for Seattle's days, whose year is longer than two thirds of what most rows read.
- *Seen by the bundled weights*: nothing of M4, ETT, exchange, weather, illness and stock_returns ("never seen"); of \
the other domains the first 80 %, and nothing after the start of the tails that are scored ("tails").
- *repeat last*, *seasonal naive*, *AutoTheta*, *AutoETS*: statsforecast, with its intervals, fitted to the last \
{CONTEXT} steps before each origin; gaps are filled on a line.
- *fracast*: its 85,001 parameters in full precision, on the last {HISTORY:,} steps, as its authors use it; \
further than 48 steps it rolls out on its medians.
- *tjepa-tiny*: `ForecastTask(strategy="zero_shot")` on the last 512 steps; means for the squared error, medians and \
quantiles elsewhere. Rows below it: other artifacts, by `--rows NAME=PATH`.

**MASE**: mean absolute error of the median, in units of the mean absolute difference between the history (up to \
{HISTORY:,} steps) and itself a season before; both are means over the windows of a series, so that a window after a \
quiet time does not drown the others, and the score is the mean over series. **CRPS**: twice the mean quantile loss \
over the levels .1 to .9, in the same units, because the zero of a temperature or of a return is arbitrary and \
channels of one set have different units; of a forecast without spread it would be the MASE. **WQL**: the same loss \
relative to the sum of |truth| of a set, as GIFT-Eval reports it."""


def make_report(sets: Results, horizons: Results, costs: Results) -> Report:
    """Tables of all that is known, also from earlier runs."""
    rows = _ordered(BASELINES, sets.table["row"])
    found = sets.table[sets.table["row"].isin(rows)]
    return Report(
        title="Zero-shot forecasting",
        compared=COMPARED,
        tables=[*_set_tables(found, rows), *_horizon_tables(horizons.table), _cost_table(costs.table)],
        seeds="0 (windows drawn); no row draws anything else",
        notes=["Published: as others print them for 96 steps, not measured here, and perhaps under another protocol"],
        packages=("torch", "numpy", "statsforecast", "utilsforecast", "fracast"),
        device=f"1 thread ({THREADS} for the last table), no GPU",
    )


def _set_tables(found: pd.DataFrame, rows: Sequence[str]) -> list[Table]:
    if found.empty:
        return []
    measures = [sets_table(found, rows, measure) for measure in ("mase", "crps")]
    return [means_table(found, rows), *measures, changes_table(found, rows)]


def relative_means(found: pd.DataFrame, measure: str, sets: Sequence[str]) -> dict[str, float]:
    """Geometric mean over sets of each row's score relative to seasonal naive; NaN for a row that lacks a set."""
    table = found.pivot_table(index="set", columns="row", values=measure).reindex(sets)
    ratios = np.log(table.div(table[REFERENCE], axis=0))
    return {str(name): float(value) for name, value in np.exp(ratios.mean(skipna=False)).items()}


def means_table(found: pd.DataFrame, rows: Sequence[str]) -> Table:
    """The geometric means of all groups of sets."""
    names = [name for name in SETS if name in set(found["set"])]
    columns = {
        f"{title}, {group}": relative_means(found, measure, [name for name in names if belongs(SETS[name])])
        for measure, title in _MEASURES.items()
        for group, belongs in _GROUPS.items()
        if any(belongs(SETS[name]) for name in names)
    }
    cells = [[row, *(_number(means.get(row, np.nan)) for means in columns.values())] for row in rows]
    caption = "**Relative to seasonal naive**, geometric means over sets, so that each counts once. Lower is better."
    return Table(["", *columns], cells, caption=caption)


def sets_table(found: pd.DataFrame, rows: Sequence[str], measure: str) -> Table:
    """One measure on each set."""
    table = found.pivot_table(index="set", columns="row", values=measure)
    cells = []
    for name in (name for name in SETS if name in table.index):
        one = SETS[name]
        count = int(found.loc[found["set"] == name, "windows"].iloc[0])
        scores = table.loc[name].reindex(rows)
        cells.append([name, str(count), str(one.horizon), str(one.season), *(_number(score) for score in scores)])
    return Table(["", "windows", "steps", "season", *rows], cells, caption=f"**{_MEASURES[measure]}**")


def changes_table(found: pd.DataFrame, rows: Sequence[str]) -> Table:
    """What is said about the returns of prices, against saying that there are none."""
    names = [name for name in SETS if SETS[name].is_financial and name in set(found["set"])]
    header, columns = [""], []
    for name in names:
        table = found[found["set"] == name].set_index("row").reindex(rows)
        for measure, title in (("change_mae", "MAE"), ("change_mse", "MSE")):
            header.append(f"{name}, {title}")
            columns.append([_number(value) for value in table[measure] / table.loc[_NAIVE, measure]])
        header.append(f"{name}, direction")
        columns.append(["–" if np.isnan(value) else f"{100 * value:.0f} %" for value in table["direction"]])
    cells = [[row, *values] for row, *values in zip(rows, *columns, strict=True)]
    caption = (
        "**Returns**: errors of the forecast change from day to day, in shares of the last price and relative to "
        f"*{_NAIVE}*, whose changes are 0: above 1 is worse than to forecast no return at all. Direction: share of "
        "windows with the right sign of the change over the whole horizon; rows that forecast no change have none."
    )
    return Table(header, cells, caption=caption)


def _horizon_tables(table: pd.DataFrame) -> list[Table]:
    return [_horizon_table(table[table["data"] == name].set_index("row"), name) for name in DATA]


def _horizon_table(table: pd.DataFrame, name: str) -> Table:
    cells = []
    for row in _ordered(CONTROLS, table.index):
        pairs = [(table.loc[row, f"mse_{horizon}"], table.loc[row, f"mae_{horizon}"]) for horizon in HORIZONS]
        pairs.append(tuple(np.mean(pairs, axis=0)))
        cells.append([row, *(" / ".join(_error(number) for number in pair) for pair in pairs)])
    if name == "ETTh1":
        cells += [[f"*{model} (published)*", mse, *["–"] * len(HORIZONS)] for model, mse in _PUBLISHED.items()]
    caption = (
        f"**{name}**, MSE / MAE in deviations of the training part, 7 channels, all windows of the test part at "
        f"stride {STRIDE}; fracast, which takes longest, from every third day. *ridge carried over*: the closed-form "
        "head fitted to the training part of other series (ETTh1: hourly weather at JFK; ETTm1: MPI weather)."
    )
    return Table([name, *map(str, HORIZONS), "average"], cells, caption=caption)


def _cost_table(table: pd.DataFrame) -> Table:
    cells = [[line.row, f"{line.wall:,.3g}", f"{line.cpu:,.3g}"] for line in table.itertuples()]
    caption = (
        f"**Seconds for {SERIES:,} series × 48 steps**, median of {ROUNDS} after one that does not count, with up to "
        f"{THREADS} threads; fracast, AutoTheta and AutoETS (one process) on some of the series, scaled up."
    )
    return Table(["", "wall, s", "CPU, s"], cells, caption=caption)


def _ordered(first: Iterable[str], found: Iterable[str]) -> list[str]:
    """Known rows in their order, then the others as they come."""
    names = list(dict.fromkeys(found))
    return [*(name for name in first if name in names), *(name for name in names if name not in first)]


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _error(value: float) -> str:
    return f"{value:.4f}".lstrip("0")
