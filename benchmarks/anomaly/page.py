"""The page of the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.anomaly.classical import WINDOW
from benchmarks.anomaly.datasets import DATASETS
from benchmarks.anomaly.detectors import CHANCE, DETECTORS, JEPA, RESOLUTIONS, STEPS, STRIDE
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.anomaly.results import Results

__all__ = ["make_report"]

_COMPARED = f"""Scores of every step of the test part, from detectors that saw the training part alone and no label. \
NAB: the first 15 % of a series are for training, as its rules say; SKAB: the first 400 steps; elsewhere the parts of \
the authors. Left out: SMAP's P-2, which is labelled twice, and series whose test part has no anomaly or nothing else. \
Each channel is standardised by the training part and clipped at ±10, for all rows alike. Nothing was tuned on the \
test parts for this table; but when JEPA's defaults were set, the scores of an earlier form of it on these sets were \
known.

- *{CHANCE}*: uniform noise, the floor of the measures.
- *Sub-PCA* (error of windows rebuilt by 8 components), *KMeansAD* (distance to the nearest of 20 centres), *IForest* \
(scikit-learn's defaults), *k-NN* (mean distance to 5 neighbours after a projection on 32 components): windows of \
{WINDOW} steps, channels side by side, at most 5,000 training windows, averaged over the windows that cover a step.
- *random encoder*: the detector below with the weights that pretraining starts from.
- *JEPA, one resolution*: `AnomalyTask` with its defaults: windows of {JEPA.window_length} steps, or a quarter of a \
shorter training part, in patches of {JEPA.patch_length}; pretrained for {STEPS} steps on the one training part. To \
save time, windows are {STRIDE} steps apart (by default half a patch), for this and the rows beside it.
- *JEPA, three*: with averages of {RESOLUTIONS[1]} and {RESOLUTIONS[2]} steps too, fused by the highest or the mean \
score."""
_CAPTIONS = {
    "vus_pr": "**VUS-PR**, mean over series; the buffer is the period of the series, as TSB-AD measures it. *All*: "
    "mean over the sets, so that each counts once.",
    "auc_pr": "**AUC-PR** of single steps (average precision), mean over series.",
}


def make_report(results: Results) -> Report:
    """Tables of all that is known, also from earlier runs."""
    table = results.complete(list(DETECTORS))
    counts = table.groupby("dataset")["series"].nunique()
    names = [name for name in DATASETS if name in counts.index]
    covered = ", ".join(f"{name} {counts[name]}" for name in names)
    return Report(
        title="Anomaly detection",
        compared=_COMPARED,
        tables=[*(_score_table(table, names, measure) for measure in _CAPTIONS), _cost_table(table, names)],
        seeds=f"{', '.join(map(str, sorted(table['seed'].unique())))} (choice of series, weights, batches, masks)",
        notes=[f"Series covered, drawn by chance: {covered}. This is a part of each set, not the set"],
        packages=("torch", "numpy", "scikit-learn"),
    )


def _score_table(table: pd.DataFrame, names: list[str], measure: str) -> Table:
    means = table.pivot_table(measure, "detector", "dataset")
    means["All"] = means[names].mean(axis=1)
    return Table(*_cells(means, [*names, "All"], ".3f"), caption=_CAPTIONS[measure])


def _cost_table(table: pd.DataFrame, names: list[str]) -> Table:
    total = table.groupby(["detector", "dataset"])[["seconds", "steps"]].sum()
    rates = total.assign(rate=10_000 * total["seconds"] / total["steps"]).pivot_table("rate", "detector", "dataset")
    caption = "**CPU seconds for 10,000 steps**, training and test part together, fitting (and pretraining) included."
    return Table(*_cells(rates, names, ".3g"), caption=caption)


def _cells(means: pd.DataFrame, names: list[str], form: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows."""
    rows = [[one, *(format(means.loc[one, name], form) for name in names)] for one in DETECTORS if one in means.index]
    return ["", *names], rows
