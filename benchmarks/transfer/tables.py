"""The tables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report import Table
from benchmarks.transfer.comparison import SEEDS_CLAIM, improvement, over_sources, spread
from benchmarks.transfer.daily import DAILY
from benchmarks.transfer.rows import CARRIED, HEAD, OURS, RIDGE, ROWS, SCRATCH
from benchmarks.transfer.runs import SHARES
from benchmarks.transfer.scales import SCALES

if TYPE_CHECKING:
    from benchmarks.transfer.results import Results

__all__ = ["claims", "gains", "prices", "scales", "scores"]

_FEW = 5
_ALONE = (SCRATCH, OURS)
_PRODUCT = (SCRATCH + HEAD, OURS + HEAD)


def claims(results: Results) -> Table:
    """The table of the description that this package began with, with measurements beside its figures."""
    rows = []
    for (source, target), claim in SEEDS_CLAIM.items():
        cells = [source, target]
        for scratch, transfer in (_ALONE, _PRODUCT):
            cells += [spread(results.of(row, target, source, _FEW)) for row in (transfer, scratch)]
            cells.append(improvement(results, (scratch, transfer), source, target, _FEW))
        cells += [spread(results.of(row, target, source, _FEW)) for row in ("repeat-last", CARRIED, RIDGE)]
        rows.append([*cells, claim])
    alone = ["transfer", "baseline", "improvement"]
    header = ["source", "target", *alone, *(name + HEAD for name in alone), "repeat-last", CARRIED, RIDGE, "claimed"]
    caption = (
        f"**The three pairs of the description that this package began with**, at {_FEW} % of the target's windows. It "
        "gives accuracies and does not say of what, nor from how many windows; here it is MSE. *transfer* is "
        f"*{OURS}*, *baseline* is *{SCRATCH}*; improvement in per cent."
    )
    return Table(header, rows, caption)


def scores(results: Results, pairs: Sequence[tuple[str, str]], share: int) -> Table:
    """A column for each target, averaged over sources."""
    by_target = {target: [source for source, other in pairs if other == target] for _, target in pairs}
    rows = [
        [name, *(_cell(results, name, target, sources, share) for target, sources in by_target.items())]
        for name in ROWS
    ]
    return Table(
        ["", *by_target], rows, f"**{share} % of the windows**: MSE (MASE); means over sources where there are."
    )


def gains(results: Results, pairs: Sequence[tuple[str, str]]) -> list[Table]:
    """One row against another, for each pair and share."""
    compared = {
        "**Transfer score**": _ALONE,
        "**Transfer score with the head**": _PRODUCT,
        "**Against ridge of the source**": (CARRIED, OURS),
    }
    tables = []
    for title, (baseline, transfer) in compared.items():
        rows = []
        for source, target in pairs:
            cells = [improvement(results, (baseline, transfer), source, target, share) for share in SHARES]
            rows.append([f"{source} → {target}", *cells])
        caption = f"{title}: by how many per cent the MSE of *{transfer}* is below that of *{baseline}*."
        tables.append(Table(["windows", *(f"{share} %" for share in SHARES)], rows, caption))
    return tables


def prices(results: Results) -> Table:
    """Prices hardly differ from a random walk, so what counts is what is forecast of their changes."""
    rows = []
    for target in ("stocks", "crypto"):
        for name in (RIDGE, CARRIED, SCRATCH, "JEPA, zero-shot", OURS, OURS + HEAD):
            cells = [cell for share in (_FEW, 100) for cell in _beyond_last(results, name, target, share)]
            rows.append([f"{target}, {name}", *cells])
    header = ["", *(f"{what}, {share} %" for share in (_FEW, 100) for what in ("level", "returns"))]
    caption = (
        "**Beyond repeat-last**: by how many per cent the MSE of the level is below that of the last value, and how "
        "many per cent of the variance of single days' changes are forecast. Means over sources and seeds; below 0 is "
        "worse."
    )
    return Table(header, rows, caption)


def scales(results: Results) -> list[Table]:
    """A table for each step from a finer scale to a coarser one."""
    tables = []
    for name, (source, target) in SCALES.items():
        if any(len(results.of(OURS, target, source, share)) for share in SHARES):
            rows = [[row, *(_cell(results, row, target, [source], share) for share in SHARES)] for row in ROWS]
            for title, pair in (("transfer score", _ALONE), ("transfer score with the head", _PRODUCT)):
                cells = [improvement(results, pair, source, target, share) for share in SHARES]
                rows.append([f"*{title}*", *cells])
            caption = f"**Across scales of time, {name}**: {source} → {target}, MSE (MASE)."
            tables.append(Table(["windows", *(f"{share} %" for share in SHARES)], rows, caption))
    return tables


def _cell(results: Results, row: str, target: str, sources: Sequence[str], share: int) -> str:
    mse, mase = (over_sources(results, row, target, sources, share, measure) for measure in ("mse", "mase"))
    return "–" if mse.empty else f"{spread(mse)} ({mase.mean():.2f})"


def _beyond_last(results: Results, name: str, target: str, share: int) -> tuple[str, str]:
    sources = [source for source in DAILY if source != target]
    last = results.of("repeat-last", target, "", share)
    level, returns = (
        np.concatenate([results.of(name, target, source, share, measure) for source in sources])
        for measure in ("mse", "returns")
    )
    if last.empty or not len(level):
        return "–", "–"
    return f"{100 * (1 - level.mean() / last.iloc[0]):+.1f}", f"{100 * returns.mean():+.1f}"
