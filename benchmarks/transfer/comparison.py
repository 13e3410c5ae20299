"""Cells of the tables: averages over seeds and sources, and one row against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.transfer.results import Results

__all__ = ["SEEDS_CLAIM", "improvement", "over_sources", "spread"]

SEEDS_CLAIM: Mapping[tuple[str, str], str] = {
    ("stocks", "crypto"): "0.847, 0.792, +6.9 %",
    ("crypto", "weather"): "0.731, 0.698, +4.7 %",
    ("weather", "stocks"): "0.823, 0.801, +2.7 %",
}
"""Transfer accuracy, baseline accuracy and improvement as they were stated, without evidence."""


def spread(values: pd.Series) -> str:
    """Mean and, over several seeds, deviation; a dash where nothing was run."""
    if values.empty:
        return "–"
    return _number(values.mean()) + (f" ± {_number(values.std())}" if len(values) > 1 else "")


def improvement(results: Results, rows: tuple[str, str], source: str, target: str, share: int) -> str:
    """By how many per cent the second row's MSE is lower than the first's, seed by seed."""
    before, after = (results.of(row, target, source, share) for row in rows)
    if len(before) == 1:  # a row that draws nothing
        before = after * 0 + before.iloc[0]
    gain = (100 * (1 - after / before)).dropna()
    if gain.empty:
        return "–"
    return f"{gain.mean():+.1f}" + (f" ± {gain.std():.1f}" if len(gain) > 1 else "")


def over_sources(
    results: Results, row: str, target: str, sources: Sequence[str], share: int, measure: str
) -> pd.Series:
    """The geometric mean of a measure over sources, by seed; seeds that a source lacks are left out."""
    found = [results.of(row, target, source, share, measure) for source in sources]
    known = [np.log(one) for one in found if len(one)]
    return np.exp(sum(known) / len(known)).dropna() if known else found[0]


def _number(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}"
