"""Splits of items that stand in order."""

from __future__ import annotations

from typing import TypeVar

from tjepa_estimators.errors import DataError

__all__ = ["part_of"]

T = TypeVar("T")


def part_of(items: list[T], split: str, train: int) -> list[T]:
    """All items, the first ``train`` of them, or the rest.

    Raises
    ------
    DataError
        There is no such split.

    Examples
    --------
    >>> part_of([1, 2, 3], "test", train=2)
    [3]
    """
    parts = {"all": items, "train": items[:train], "test": items[train:]}
    if split not in parts:
        raise DataError(f"split {split!r} is unknown; choose one of {sorted(parts)}.")
    return parts[split]
