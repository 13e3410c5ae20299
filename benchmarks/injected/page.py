"""The page of the study: recall by kind, size and resolution, as tables and as a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from benchmarks.anomaly.detectors import OURS
from benchmarks.anomaly.encoders import STEPS
from benchmarks.injected.carriers import CHANNELS, DOMAINS, FEWEST_STEPS, FROM_EACH
from benchmarks.injected.injections import KINDS
from benchmarks.injected.study import REPEATS, RESOLUTIONS, ROWS
from benchmarks.report import Report, Table
from tjepa_estimators.commands.plots import BLACK, GREY, PALETTE

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["make_report", "plot"]

_COMPARED = f"""Real series are the carriers: of each set of the detection benchmark the first {FROM_EACH} \
evaluation series whose test part has {FEWEST_STEPS} steps without a label, and the test parts of the bundled domains \
{", ".join(DOMAINS)}; at most {CHANNELS} of their channels that move, drawn by chance. One \
anomaly is planted in a copy of the longest such stretch, at a place drawn by chance, {REPEATS} copies for each kind \
and size; all detectors see the same copies. Sizes are in deviations of the training part.

- *spike*: 1 to 5 steps lie higher or lower. *level shift*: 200 steps do (a quarter of a shorter stretch). *slow \
drift*: over up to 4,000 steps (of a shorter stretch, 38 to 75 %) the series leaves its level in a straight line, \
until the stretch ends. These three are in a random quarter of the channels, at least one.
- *frequency*: for 200 steps all channels run faster; what follows moves up, so that nothing jumps.
- *caught*: a score inside the anomaly above the threshold, at a step where the untouched series raises no alarm. \
The threshold allows one false alarm in 1,000 steps of the untouched stretch (none where it is shorter). Scores that \
do not see the anomaly catch nothing.
- Rows are those of the detection benchmark: one encoder for a set, pretrained for {STEPS} steps on training parts \
only; each resolution alone, and all that the training part is long enough for."""
_SIZES = ("small", "medium", "large")


def make_report(table: pd.DataFrame) -> Report:
    """Recall by kind and size; by kind over all sizes and by group."""
    counts = table.groupby("group")["series"].nunique()
    planted = table[table["detector"] == OURS]["planted"].sum()
    return Report(
        title="Planted anomalies",
        compared=_COMPARED,
        tables=[_sizes_table(table), _groups_table(table)],
        seeds=f"{', '.join(map(str, sorted(table['seed'].unique())))} (places, channels, weights, batches, masks)",
        notes=[
            f"Series: {', '.join(f'{name} {count}' for name, count in counts.items())}; {planted:,} anomalies",
            "Plot: ![Recall by kind, size and resolution](injected.svg)",
        ],
        packages=("torch", "numpy", "scikit-learn"),
    )


def _sizes_table(table: pd.DataFrame) -> Table:
    columns = [(kind, size) for kind, one in KINDS.items() for size in one.sizes]
    rows = []
    for name in ROWS:
        found = table[table["detector"] == name]
        cells = [_recall(found[(found["kind"] == kind) & (found["size"] == size)]) for kind, size in columns]
        rows.append([name, *(f"{cell:.2f}" for cell in cells), f"{_recall(found):.2f}"])
    caption = "**Recall**, over all planted anomalies of a kind and size."
    return Table(
        ["", *(f"{kind} {'×' if kind == 'frequency' else ''}{size:g}" for kind, size in columns), "all"], rows, caption
    )


def _groups_table(table: pd.DataFrame) -> Table:
    groups = sorted(table["group"].unique())
    rows = []
    for name in ROWS:
        found = table[table["detector"] == name]
        rows.append([name, *(f"{_recall(found[found['group'] == group]):.2f}" for group in groups)])
    return Table(["", *groups], rows, "**Recall by carrier**, over all kinds and sizes.")


def _recall(found: pd.DataFrame) -> float:
    return float(found["caught"].sum() / found["planted"].sum())


def plot(table: pd.DataFrame, path: Path) -> None:
    """Recall over size, a panel for each kind and a line for each resolution."""
    styles = {"k-NN on windows": (GREY, ":")}
    styles |= {f"JEPA, {name}": (colour, "-") for name, colour in zip(RESOLUTIONS, PALETTE, strict=False)}
    styles[OURS] = (BLACK, "-")
    figure = Figure(figsize=(10.0, 3.2), layout="constrained")
    panels = figure.subplots(1, len(KINDS), sharey=True)
    for axis, (kind, one) in zip(panels, KINDS.items(), strict=True):
        for name, (colour, style) in styles.items():
            found = table[(table["detector"] == name) & (table["kind"] == kind)]
            recall = [_recall(found[found["size"] == size]) for size in one.sizes]
            axis.plot(range(len(_SIZES)), recall, style, color=colour, marker="o", ms=3, lw=1.5, label=name)
        axis.set_xticks(range(len(_SIZES)), [f"{size:g}" for size in one.sizes])
        axis.set_title(kind, loc="left", fontsize=10)
        axis.set_xlabel(one.unit, fontsize=8)
        axis.set_ylim(0.0, 1.02)
        axis.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("recall")
    panels[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
