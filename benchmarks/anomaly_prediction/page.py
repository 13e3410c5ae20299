"""The page of the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.anomaly_prediction.datasets import DATASETS, WINDOW
from benchmarks.anomaly_prediction.encoder import JEPA, RESOLUTIONS, STEPS
from benchmarks.anomaly_prediction.methods import CENTRES, METHODS
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.anomaly_prediction.results import Results

__all__ = ["make_report"]

_COMPARED = f"""Will the next window of {WINDOW} steps hold an anomaly? Windows do not overlap. Encoders, k-means, levels \
and energies learn from the official training parts, without labels. The official test parts are joined in order of \
their files' names (P-2, which is labelled twice, left out: with that the paper's own numbers of positive windows come \
out, 18 of 147 and 104 of 855), but here no window reaches over two files. The first 60 % of the windows fit the \
classifiers, the next 20 % give the threshold (best F1), and all figures are of the last 20 %. Each channel is \
standardised by its own file's training part and clipped at ±10, for all rows alike.

- *all positive*: always yes. *persistence*: yes while the current window holds an anomaly; it reads that from the \
labels, which nobody has in time.
- *k-means*: distance to the nearest of {CENTRES} centres of training windows.
- *raw windows*, *level and spread*: the predictor's classifier (logistic regression, strength chosen by \
cross-validation in blocks of time within the 60 %) on all values, and on level and spread of each channel alone.
- *random encoder*: the predictor with the weights that pretraining starts from.
- *JEPA*: `JEPAAnomalyPredictor`; windows and their averages of {" and ".join(map(str, RESOLUTIONS[1:]))} steps, or \
the windows alone; one encoder, pretrained for {STEPS} steps in patches of {JEPA.patch_length}.
- *JEPA energy*: the unsupervised form; it has seen no label but those that give the threshold.
- *MTS-JEPA (paper)*: its published figures (arXiv 2602.04643, table 1), on its own windows."""
_PAPER = {"MSL": ("33.6 ± 4.3", "66.1 ± 3.3"), "SMAP": ("33.6 ± 1.5", "65.4 ± 2.1")}
_FIGURES = {"f1": "F1", "auc": "AUC", "auc_pr": "AUC-PR"}


def make_report(results: Results) -> Report:
    """Tables of all that is known, also from earlier runs."""
    table = results.table[results.table["method"].isin(METHODS)]
    names = [name for name in DATASETS if name in set(table["dataset"])]
    paper = ["MTS-JEPA (paper)", *(cell for name in names for cell in (*_PAPER[name], "–"))]
    return Report(
        title="Anomaly prediction",
        compared=_COMPARED,
        tables=[
            _table(table, names, "", "**All test windows**, in %: mean and deviation over seeds.", [paper]),
            _table(table, names, "clean_", "**Clean context**: test windows that hold no anomaly themselves. Same \
thresholds.", []),
        ],
        seeds=f"{', '.join(map(str, sorted(table['seed'].unique())))} (weights, batches, masks, centres)",
        packages=("torch", "numpy", "scikit-learn"),
    )  # fmt: skip


def _table(table: pd.DataFrame, names: list[str], prefix: str, caption: str, last: list[list[str]]) -> Table:
    header = ["", *(f"{name} {title}" for name in names for title in _FIGURES.values())]
    rows = [
        [method, *(_cell(table, name, method, prefix + figure) for name in names for figure in _FIGURES)]
        for method in METHODS
    ]
    return Table(header, rows + last, caption=caption)


def _cell(table: pd.DataFrame, dataset: str, method: str, figure: str) -> str:
    found = table[(table["dataset"] == dataset) & (table["method"] == method)][figure]
    if found.empty:
        return "–"
    return (
        f"{found.mean():.1f} ± {found.std():.1f}" if len(found) > 1 and found.nunique() > 1 else f"{found.mean():.1f}"
    )
