"""The page of the benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.anomaly_prediction.datasets import DATASETS, WINDOW
from benchmarks.anomaly_prediction.encoder import CODE_STEPS, CODES, JEPA, LATENT_STEPS, RESOLUTIONS, STEPS
from benchmarks.anomaly_prediction.methods import CENTRES, KERNELS, LEAF, METHODS, TREES
from benchmarks.anomaly_prediction.rivals import PATCHTST_STEPS, TS2VEC_STEPS
from benchmarks.report import Report, Table

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.anomaly_prediction.results import Results

__all__ = ["make_report"]

_COMPARED = f"""Will the next window of {WINDOW} steps hold an anomaly? Windows do not overlap. Encoders, k-means, \
levels, energies and novelty learn from the official training parts, without labels. As in the paper the official test \
parts are joined, here in order of their files' names and without P-2, which is labelled twice, and then cut; a window \
may reach over two files. The first 60 % of the windows fit the classifiers, the next 20 % give the threshold (best \
F1), and all figures are of the last 20 %: 147 windows of MSL and 855 of SMAP, as in the paper, and always saying yes \
has the F1 that the paper gives for it. Each channel is standardised by its own file's training part and clipped at \
±10, for all rows alike; the paper's code standardises by the test part.

- *all positive*: always yes. *persistence*: yes while the current window holds an anomaly; it reads that from the \
labels, which nobody has in time.
- *k-means*: distance to the nearest of {CENTRES} centres of training windows. *JEPA energy*: the unsupervised form \
of `JEPAAnomalyPredictor`. Neither saw a label but those that give the threshold.
- *logistic*: the predictor's default classifier, whose strength is chosen by cross-validation in blocks of time \
within the first 60 %. *forest*: {TREES} trees with at least {LEAF} rows in a leaf.
- *raw windows*: all values. *level and spread*: those of the predictor's features that need no encoder. \
*MiniRocket*: {KERNELS} random convolutions (sktime).
- *PatchTST* (transformers): masked pretraining for {PATCHTST_STEPS} steps, mean of a window's tokens. *TS2Vec* \
(ts2vec): its authors' network, {
    TS2VEC_STEPS
} steps of the 600 they take. Maximum and mean over channels for the first; \
the second sees all channels at once.
- *mts-jepa-latent*: that preset, {LATENT_STEPS} steps; latents, energies and levels. *mts-jepa, codes*: codes of the \
window and of its forecast, fine and coarse, from that preset at width {CODES.dim} and depth 2, with a weight of 1 in \
place of 0.01 on the use of all codes, {CODE_STEPS} steps.
- *JEPA*: what `JEPAAnomalyPredictor` shows its classifier by default, of the windows alone and with averages of {
    " and ".join(map(str, RESOLUTIONS[1:]))
} steps; one encoder for both, pretrained for {STEPS} steps in patches of {JEPA.patch_length}. *random encoder*: the \
same with the weights that pretraining starts from.
- *novelty*: distance to the nearest windows of the file's own training part, all channels together, of levels and of \
spreads; with *JEPA* or *random* also of latents and forecasts, at all resolutions (`parts=("levels", "novelty")`).
- *MTS-JEPA*: the paper's figures (arXiv 2602.04643, table 1).

Features and classifiers were chosen by cross-validation within the first 80 %, in five blocks of whole files, with \
seed 0; there *level and JEPA novelty* with a forest was the best form, so it is the one to judge by. Patch and steps \
were chosen before, on the same part. Test figures of an earlier form of this page were known by then."""
_PAPER = {"MSL": ("33.6 ± 4.3", "66.1 ± 3.3"), "SMAP": ("33.6 ± 1.5", "65.4 ± 2.1")}
_FIGURES = {"f1": "F1", "auc": "AUC", "auc_pr": "AUC-PR"}


def make_report(results: Results) -> Report:
    """Tables of all that is known, also from earlier runs."""
    table = results.table[results.table["method"].isin(METHODS)]
    names = [name for name in DATASETS if name in set(table["dataset"])]
    paper = ["MTS-JEPA (the paper)", *(cell for name in names for cell in (*_PAPER[name], "–"))]
    return Report(
        title="Anomaly prediction",
        compared=_COMPARED,
        tables=[
            _table(table, names, "", "**All test windows**, in %: mean and deviation over seeds.", [paper]),
            _table(table, names, "clean_", "**Clean context**: test windows that hold no anomaly themselves. Same \
thresholds.", []),
        ],
        seeds=f"{', '.join(map(str, sorted(table['seed'].unique())))} (weights, batches, masks, centres)",
        packages=("torch", "numpy", "scikit-learn", "sktime", "transformers"),
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
    mean, deviation = f"{found.mean():.1f}", f"{found.std():.1f}"
    return mean if deviation in {"0.0", "nan"} else f"{mean} ± {deviation}"
