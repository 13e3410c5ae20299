"""Paths of files among what a user has: a folder, a file, a list or a column of files."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from tjepa_estimators.errors import DataError

__all__ = ["find_files"]

_LONGEST = 200
"""Characters of a wrong path that an error shows: it may be something else, such as a whole article."""


def find_files(items: object, suffixes: Collection[str], kind: str) -> list[Path] | None:
    """Paths, where ``items`` is a folder (all files in and below it, sorted), a file, or a list or column of files.

    Parameters
    ----------
    items
        What a user gave.
    suffixes
        Endings of the files of a folder that are read.
    kind
        What such a file is, for errors.

    Returns
    -------
    None where the items are no paths.

    Raises
    ------
    DataError
        There is no such folder or file, or nothing in it that can be read.
    """
    if isinstance(items, str | Path):
        # unlike Path.is_dir, this is false for a name that is too long
        is_folder = os.path.isdir(items)  # noqa: PTH112
        return _below(Path(items), suffixes, kind) if is_folder else find_files([items], suffixes, kind)
    listed = list(items) if getattr(items, "ndim", 0) == 1 else items  # type: ignore[call-overload]
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(one, str | Path) for one in listed):
        return None
    missing = [f"{path}" for path in listed if not os.path.isfile(path)]  # noqa: PTH113 - the same
    if missing:
        raise DataError(f"There is no file {missing[0][:_LONGEST]!r} ({len(missing)} of {len(listed)} are missing).")
    return [Path(path) for path in listed]


def _below(folder: Path, suffixes: Collection[str], kind: str) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)
    if not found:
        raise DataError(f"There is no {kind} in {folder}; files that end in {sorted(suffixes)} are read.")
    return found
