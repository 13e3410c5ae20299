"""The page of the benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.anomaly.classical import EPOCHS, PROFILE_STEPS
from benchmarks.anomaly.cost import CHANNELS
from benchmarks.anomaly.datasets import DATASETS
from benchmarks.anomaly.detectors import CHANCE, CLASSICAL_ROWS, DETECTORS, OURS
from benchmarks.anomaly.encoders import STEPS
from benchmarks.anomaly.measures import FALSE_ALARMS
from benchmarks.anomaly.windows import MOST_WINDOWS, WINDOW
from benchmarks.report import Report, Table
from tjepa_estimators.tasks.anomaly.task import SHORT_WINDOWS

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.anomaly.results import Results

__all__ = ["PROTOCOL", "make_report", "measures_table", "sets_table"]

PROTOCOL = """Each series of a set belongs to one of two splits, drawn by chance: on a third of them, *development*, \
defaults were chosen; the tables show the others, *evaluation*, on which nothing was tuned. Detectors see the \
training part of a series, without labels, and score every step of its test part. NAB: the first 15 % of a series \
are for training, as its rules say; SKAB: the first 400 steps; elsewhere the parts of the authors. Left out: SMAP's \
P-2, which is labelled twice, and series whose test part has no anomaly or nothing else. Each channel is standardised \
by the training part and clipped at ±10, for all rows alike."""
_ROWS = f"""

- *{CHANCE}*: uniform noise, the floor of the measures.
- *Sub-PCA* (error of windows rebuilt by 8 components), *KMeansAD* (distance to the nearest of 20 centres), *IForest* \
(scikit-learn's defaults), *k-NN* (mean distance to 5 neighbours after a projection on 32 components), *autoencoder* \
(PyOD's, {EPOCHS} epochs): windows of {WINDOW} steps, channels side by side, at most {MOST_WINDOWS:,} training \
windows, averaged over the windows that cover a step.
- *matrix profile* (stumpy): distance of each such window, standardised by itself, to the nearest one in the last \
{PROFILE_STEPS:,} steps of the training part; channel by channel, then the mean over channels.
- *JEPA*: `AnomalyTask` with its defaults (windows of {SHORT_WINDOWS.window_length} steps or averages of steps, \
patches of {SHORT_WINDOWS.patch_length}) on one encoder for each set, pretrained for {STEPS} steps on the training \
parts of all its series, at all resolutions. *all resolutions*: the default, the series as it is and means of 4 and of \
16 steps as far as the training part holds four of their windows. *every step*, *means of 4*, *means of 16*: one of \
these alone, or the coarsest for which there is room.
- *random encoder*: the same with the weights that pretraining starts from. *level alone*: the part of its score that \
needs no network."""
_PUBLISHED = """the best published mean VUS-PR found on TSB-AD: .564 on 23 series that it cuts from NAB, .387 on its \
180 multivariate series (TSPulse, fine-tuned). Other series, other training parts: a warning of how far \
numbers of different protocols are from each other, not a comparison"""
_MEASURES = {
    "vus_pr": "VUS-PR",
    "vus_roc": "VUS-ROC",
    "auc_pr": "AUC-PR",
    "auc_roc": "AUC-ROC",
    "affiliation_f1": "affiliation F1",
    "event_recall": "event recall",
    "point_adjusted_f1": "point-adjusted F1",
}
_UNIVARIATE = "NAB"


def make_report(results: Results, costs: Mapping[str, tuple[float, float]], split: str) -> Report:
    """Tables of all that is known, also from earlier runs."""
    rows = {name: row for name, row in DETECTORS.items() if name in set(results.table["detector"])}
    table = results.complete(split, rows)
    counts = table.groupby("dataset")["series"].nunique()
    names = [name for name in DATASETS if name in counts.index]
    return Report(
        title="Anomaly detection",
        compared=PROTOCOL + _ROWS,
        tables=[
            sets_table(table, names, list(rows), best=[name for name in CLASSICAL_ROWS if name in rows]),
            measures_table(table, list(rows)),
            *([_cost_table(costs)] if costs else []),
        ],
        seeds=f"{', '.join(map(str, sorted(table['seed'].unique())))} (weights, batches, masks, chance); rows without "
        "± draw nothing, or were run with one",
        notes=[
            f"Series ({split}): {', '.join(f'{name} {counts[name]}' for name in names)}",
            f"Beside these tables: {_PUBLISHED}",
            *(f"Not run: {name}" for name in DETECTORS if name not in rows),
        ],
        packages=("torch", "numpy", "scikit-learn", "stumpy", "pyod"),
    )


def sets_table(table: pd.DataFrame, names: Sequence[str], rows: Sequence[str], best: Sequence[str] = ()) -> Table:
    """VUS-PR by set; under the rows, how far the default lies above the best of some."""
    columns = {name: [name] for name in names}
    columns["all sets"] = list(names)
    columns["multivariate"] = [name for name in names if name != _UNIVARIATE]
    cells = [[row, *(_cell(table, row, "vus_pr", sets) for sets in columns.values())] for row in rows]
    if best and OURS in rows:
        gains = []
        for sets in columns.values():
            ours, bar = _mean(table, OURS, sets), max(_mean(table, row, sets) for row in best)
            gains.append(f"{100 * (ours / bar - 1):+.0f} %")
        cells.append([f"*{OURS}, against the best classical row*", *gains])
    caption = (
        "**VUS-PR**: mean over series; the buffer is the period of the series, as TSB-AD measures it. *all sets*, "
        "*multivariate* (all but NAB): mean over sets, so that each counts once. ±: deviation over seeds."
    )
    return Table(["", *columns], cells, caption=caption)


def measures_table(table: pd.DataFrame, rows: Sequence[str]) -> Table:
    """All measures, as means over sets."""
    sets = list(table["dataset"].unique())
    cells = [[row, *(_cell(table, row, measure, sets) for measure in _MEASURES)] for row in rows]
    caption = (
        "**All measures**, means over sets. Event recall: at the threshold with "
        f"{FALSE_ALARMS:g} false alarm in 1,000 steps. The F1 are those of the best of a hundred thresholds, which the "
        f"labels choose. Point-adjusted F1 is here because papers print it, and to be read against {CHANCE} only: it "
        "counts a whole event as found when one of its steps is, so that chance comes far on long events."
    )
    return Table(["", *_MEASURES.values()], cells, caption=caption)


def _cost_table(costs: Mapping[str, tuple[float, float]]) -> Table:
    rows = [[name, *(format(cost, ",.3g") for cost in costs[name])] for name in DETECTORS if name in costs]
    caption = (
        f"**Cost of 10,000 steps** of {CHANNELS} channels (6,000 to fit, 4,000 to score; a server of ASD), in a "
        "process of its own after a run on a few steps: CPU seconds on one thread, and by how much its peak memory "
        "rises. Pretraining is not in it: it is done once for a set."
    )
    return Table(["", "CPU, s", "memory, MB"], rows, caption=caption)


def _mean(table: pd.DataFrame, row: str, sets: Sequence[str], measure: str = "vus_pr") -> float:
    return float(_by_seed(table, row, sets, measure).mean())


def _cell(table: pd.DataFrame, row: str, measure: str, sets: Sequence[str]) -> str:
    seeds = _by_seed(table, row, sets, measure)
    return f"{seeds.mean():.3f}" + (f" ± {seeds.std():.3f}" if len(seeds) > 1 else "")


def _by_seed(table: pd.DataFrame, row: str, sets: Sequence[str], measure: str) -> pd.Series:
    """For each seed the mean over sets of the means over series."""
    found = table[(table["detector"] == row) & table["dataset"].isin(sets)]
    return found.groupby(["seed", "dataset"])[measure].mean().groupby("seed").mean()
