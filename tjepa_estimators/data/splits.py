"""Cut all series of a domain into train and test at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

__all__ = ["SPLITS", "TRAIN_FRACTION", "check_split", "split_frames"]

SPLITS = ("all", "train", "test")
TRAIN_FRACTION = 0.8
"""Of the time that the whole domain covers."""


def check_split(split: str, domain: str) -> None:
    """Refuse a split that does not exist.

    Raises
    ------
    DataError
        If it is neither ``"all"`` nor ``"train"`` nor ``"test"``.
    """
    if split not in SPLITS:
        raise DataError(f"Unknown split {split!r} of the domain {domain!r}; choose one of {SPLITS}")


def split_frames(
    frames: Iterable[tuple[str, pd.DataFrame]], grid: pd.Index[Any], split: str
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Put each frame on the grid of its domain and keep the steps of one split.

    Parameters
    ----------
    frames
        Names and frames, each sorted by an index without duplicates.
    grid
        Every step from the domain's first to its last. The cut is at 80 % of it, for all frames.
    split
        ``"train"`` is before the cut, ``"test"`` from it on, ``"all"`` both.

    Yields
    ------
    Name and frame, from the frame's own first step to its last; frames without a step in the split are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> grid = pd.RangeIndex(10)
    >>> old, young = pd.DataFrame({"x": 1.0}, index=grid), pd.DataFrame({"x": 1.0}, index=grid[9:])
    >>> [(name, len(part)) for name, part in split_frames([("old", old), ("young", young)], grid, "test")]
    [('old', 2), ('young', 1)]
    """
    cut = grid[min(round(len(grid) * TRAIN_FRACTION), len(grid) - 1)]
    for name, part in frames:
        frame = part.reindex(grid[(grid >= part.index[0]) & (grid <= part.index[-1])])
        if split != "all":
            frame = frame[frame.index < cut] if split == "train" else frame[frame.index >= cut]
        if len(frame):
            yield name, frame
