"""The plot: errors over the share of the target's windows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from benchmarks.transfer.daily import DAILY
from benchmarks.transfer.rows import CARRIED, HEAD, OURS, RIDGE, SCRATCH
from benchmarks.transfer.runs import SHARES
from tjepa_estimators.commands.plots import BLACK, BLUE, GREY, ORANGE

if TYPE_CHECKING:
    from benchmarks.transfer.results import Results

__all__ = ["plot"]

_STYLES = {
    "repeat-last": (GREY, ":"),
    RIDGE: (ORANGE, "-"),
    CARRIED: (ORANGE, ":"),
    SCRATCH: (BLACK, "-"),
    OURS: (BLUE, "-"),
    OURS + HEAD: (BLUE, "--"),
}


def plot(results: Results, path: Path) -> None:
    """A panel for each target; lines are means over sources and seeds, bands the range over sources."""
    figure = Figure(figsize=(2.6 * len(DAILY), 3.0), layout="constrained")
    panels = figure.subplots(1, len(DAILY))
    for axis, target in zip(panels, DAILY, strict=True):
        for name, (colour, style) in _STYLES.items():
            lines = _lines(results, name, target)
            if len(lines):
                axis.plot(np.exp(np.log(lines).mean(axis=0)), style, color=colour, lw=1.5, label=name)
                axis.fill_between(range(len(SHARES)), lines.min(0), lines.max(0), color=colour, alpha=0.12, lw=0)
        axis.set_xticks(range(len(SHARES)), [f"{share}" for share in SHARES])
        axis.set_title(target, loc="left", fontsize=10)
        axis.set_xlabel("% of the windows", fontsize=8)
        axis.set_yscale("log")
        axis.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("MSE")
    panels[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})


def _lines(results: Results, name: str, target: str) -> np.ndarray:
    """Mean errors by source and share; of sources for which all shares are known."""
    sources = [source for source in DAILY if source != target]
    lines = np.array([[results.of(name, target, source, share).mean() for share in SHARES] for source in sources])
    return lines[np.isfinite(lines).all(axis=1)]
