"""Corpora larger than memory: parquet shards, copied once into a file that is mapped, not read."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from tjepa_estimators.data.series import Series
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["open_shards"]

_VALUES, _INDEX = "values.f32", "index.json"
_ROWS = 1 << 16
"""Rows that are in memory at a time."""


def open_shards(
    files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    cache: str | os.PathLike[str],
    columns: Sequence[str] | None = None,
    group: str | None = None,
) -> list[Series]:
    """Open parquet files as memory-mapped series, in flat memory however large they are.

    The first call copies the values into ``cache`` as single precision, batch by batch; further calls with the same
    files open that copy. Windows are then read from the disk as training asks for them. Rows must stand in the order
    of time, and the rows of a series next to each other; a series may go on in the next file.

    Parameters
    ----------
    files
        A folder, whose ``*.parquet`` files are read in the order of their names, or files in the order to read.
    cache
        Folder for the copy: four bytes a value.
    columns
        Value columns; all numeric ones but ``group`` if None.
    group
        Column that tells the series apart; without it all rows are one series.

    Raises
    ------
    DataError
        No files, no such column, a column that holds no numbers, or a series in two places.
    ImportError
        pyarrow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> folder = tempfile.mkdtemp()
    >>> pd.DataFrame({"shop": list("aab"), "sold": [1, 2, 3]}).to_parquet(f"{folder}/part-0.parquet")
    >>> [(one.name, len(one)) for one in open_shards(folder, cache=f"{folder}/cache", group="shop")]
    [('a', 2), ('b', 1)]
    """
    paths = _paths(files)
    target = Path(cache).expanduser()
    identity = _identity(paths, columns, group)
    if not (target / _INDEX).is_file() or json.loads((target / _INDEX).read_text())["identity"] != identity:
        _copy(paths, target, identity, columns, group)
    return _mapped(target)


def _paths(files: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    given = [files] if isinstance(files, str | os.PathLike) else list(files)
    paths = [Path(one).expanduser() for one in given]
    found = [file for path in paths for file in (sorted(path.glob("*.parquet")) if path.is_dir() else [path])]
    missing = [str(path) for path in found if not path.is_file()]
    if missing or not found:
        raise DataError(f"There are no parquet files in {[str(path) for path in paths]}; missing: {missing}.")
    return found


def _identity(paths: list[Path], columns: Sequence[str] | None, group: str | None) -> str:
    """Changes with the files and with what is read of them; their content is not read for it."""
    facts = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(json.dumps([facts, list(columns or ()), group]).encode()).hexdigest()


@dataclass
class _Index:
    """Where each series begins in the copy."""

    names: list[str | None] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    rows: int = 0
    _known: set[str | None] = field(default_factory=set)

    def add(self, names: NDArray[Any] | None, count: int) -> None:
        """Note the series that begin in the next ``count`` rows."""
        if names is None:
            if not self.starts:
                self._begin(None, 0)
        else:
            changes = np.flatnonzero(names[1:] != names[:-1]) + 1
            for row in (0, *changes):
                if not self.names or self.names[-1] != str(names[row]):
                    self._begin(str(names[row]), row)
        self.rows += count

    def _begin(self, name: str | None, row: int) -> None:
        if name is not None and name in self._known:
            raise DataError(f"The rows of series {name!r} do not stand together; sort the shards by series and time.")
        self._known.add(name)
        self.names.append(name)
        self.starts.append(self.rows + int(row))


def _copy(paths: list[Path], target: Path, identity: str, columns: Sequence[str] | None, group: str | None) -> None:
    target.mkdir(parents=True, exist_ok=True)
    (target / _INDEX).unlink(missing_ok=True)
    unfinished, index = target / f"{_VALUES}.unfinished", _Index()
    chosen: list[str] = list(columns or ())
    with unfinished.open("wb") as file:
        for path in paths:
            chosen = chosen or _numeric(path, group)
            for batch in _batches(path, chosen, group):
                _write(file, batch, chosen, group, index)
    if not index.rows:
        raise DataError(f"{[str(path) for path in paths]} hold no rows; give files with observations.")
    unfinished.replace(target / _VALUES)
    facts = {"identity": identity, "columns": chosen, "names": index.names, "starts": [*index.starts, index.rows]}
    (target / f"{_INDEX}.unfinished").write_text(json.dumps(facts))
    (target / f"{_INDEX}.unfinished").replace(target / _INDEX)  # last: it says that the copy is whole


def _numeric(path: Path, group: str | None) -> list[str]:
    import pyarrow.parquet as pq
    from pyarrow import types

    schema = pq.read_schema(path)
    numeric = [one.name for one in schema if types.is_integer(one.type) or types.is_floating(one.type)]
    found = [name for name in numeric if name != group and not name.startswith("__index_level_")]
    if not found:
        raise DataError(f"{path} has no numeric column; it has {schema.names}: name value columns with columns=[...].")
    return found


def _batches(path: Path, columns: list[str], group: str | None) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = [*columns, *([group] if group else [])]
    try:
        with pq.ParquetFile(path) as shard:
            missing = [name for name in wanted if name not in shard.schema_arrow.names]
            if missing:
                raise DataError(f"{path} has no columns {missing}; it has {shard.schema_arrow.names}.")
            yield from shard.iter_batches(batch_size=_ROWS, columns=wanted)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} cannot be read as parquet: {error}") from error


def _write(file: BinaryIO, batch: pa.RecordBatch, columns: list[str], group: str | None, index: _Index) -> None:
    if not len(batch):
        return
    index.add(None if group is None else batch.column(group).to_numpy(zero_copy_only=False), len(batch))
    values = np.empty((len(batch), len(columns)), np.float32)
    for number, name in enumerate(columns):
        try:
            values[:, number] = batch.column(name).to_numpy(zero_copy_only=False)
        except (TypeError, ValueError) as error:
            raise DataError(f"Column {name!r} holds no numbers: {error}; leave it out of columns.") from error
    file.write(values.tobytes())


def _mapped(target: Path) -> list[Series]:
    facts = json.loads((target / _INDEX).read_text())
    names, starts, columns = facts["names"], facts["starts"], tuple(facts["columns"])
    values = np.memmap(target / _VALUES, np.float32, mode="r").reshape(-1, len(columns))
    return [
        Series(values[begin:end], name=name, channels=columns)
        for name, (begin, end) in zip(names, pairwise(starts), strict=True)
    ]
