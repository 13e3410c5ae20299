"""MSL and SMAP as rows: a window of all channels, and whether the next window holds an anomaly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.anomaly.datasets import DATASETS as SETS
from tjepa_estimators.tasks.next_window import next_window_rows

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int

__all__ = ["DATASETS", "STRIDE", "WINDOW", "Prediction", "load"]

DATASETS = ("MSL", "SMAP")
WINDOW = 100
STRIDE = 20


@dataclass(frozen=True, eq=False)  # hashed by identity: encoders are cached for it
class Prediction:
    """The parts of one set."""

    name: str
    normal: list[Float[np.ndarray, "time channels"]]
    """The official training parts, one of each file; no labels."""
    windows: Float[np.ndarray, "rows time channels"]
    """Windows of the official test parts, file after file."""
    y: Int[np.ndarray, "rows"]
    """1 where the next window holds an anomaly."""
    current: Bool[np.ndarray, "rows"]
    """Whether the window itself holds one."""
    file: Int[np.ndarray, "rows"]
    """Number of the file in which the window begins; a window may reach over two."""

    @cached_property
    def normal_windows(self) -> Float[np.ndarray, "windows time channels"]:
        """Windows of the official training parts; they do not overlap."""
        cut = [part[: len(part) // WINDOW * WINDOW].reshape(-1, WINDOW, part.shape[1]) for part in self.normal]
        return np.concatenate(cut)

    def usual(self, file: int) -> Float[np.ndarray, "windows time channels"]:
        """Windows of the training part of one file; they overlap, as there are few."""
        every = np.lib.stride_tricks.sliding_window_view(self.normal[file], WINDOW, axis=0)[::STRIDE]
        return np.moveaxis(every, 2, 1)

    @property
    def parts(self) -> dict[str, slice]:
        """Rows to fit classifiers on, to choose thresholds on, and to score: 6 to 2 to 2, in order."""
        held = len(self.y) // 5
        return {
            "train": slice(0, len(self.y) - 2 * held),
            "validation": slice(len(self.y) - 2 * held, len(self.y) - held),
            "test": slice(len(self.y) - held, len(self.y)),
        }


def load(folder: Path, name: str) -> Prediction:
    """Read a set: test parts are joined in order of their files' names and then cut, as in the literature.

    Each channel is standardised by the training part of its own file and clipped at ten deviations.
    """
    files = [one.standardised() for one in SETS[name](folder / "anomaly")]
    rows = next_window_rows(
        *(np.concatenate([getattr(one, part) for one in files]) for part in ("test", "labels")), WINDOW
    )
    windows = rows.X.reshape(len(rows.X), WINDOW, -1)
    ends = np.cumsum([len(one.test) for one in files])
    file = np.searchsorted(ends, np.arange(len(windows)) * WINDOW, side="right")
    return Prediction(name, [one.train for one in files], windows, rows.y, rows.current, file)
