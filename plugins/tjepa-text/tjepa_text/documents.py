"""Documents: the texts in whatever a user has, read one after the other."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tjepa_estimators.errors import DataError

__all__ = ["read_documents", "read_rows"]


def read_documents(items: object) -> Iterator[str]:
    """The texts to train on.

    Parameters
    ----------
    items
        Strings in a list, an array, a column of a DataFrame or any other collection that can be read twice; a column
        of a Hugging Face dataset, or one whose rows have a column ``"text"``; the path of a text file (also ``.gz``)
        or of a folder of such, whose paragraphs, with an empty line between them, are the documents.

    Raises
    ------
    DataError
        There are none, something is no string or no valid one, or a file cannot be read.

    Examples
    --------
    >>> list(read_documents(["To be", "or not to be"]))
    ['To be', 'or not to be']
    """
    for number, item in enumerate(_items(items)):
        if isinstance(item, Path):
            yield from _paragraphs(item)
        else:
            yield _text(item, number)


def read_rows(items: object) -> list[str]:
    """One text for each item, as :func:`read_documents` takes them; but a file is one item, its whole text.

    Raises
    ------
    DataError
        There are none, something is no string or no valid one, or a file cannot be read.
    """
    rows = [_read(item) if isinstance(item, Path) else _text(item, at) for at, item in enumerate(_items(items))]
    if not rows:
        msg = "There is no text to embed; give at least one string."
        raise DataError(msg)
    return rows


def _items(items: Any) -> Iterable[object]:  # noqa: ANN401 - whatever a user has
    if isinstance(items, Path):
        return _files(items)
    if isinstance(items, Mapping):
        msg = (
            f"Text must come from one collection, but got {type(items).__name__} of {list(items)}; choose one of them."
        )
        raise DataError(msg)
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        msg = f"Text must come as a list of strings, but got {type(items).__name__}; write ['...'] for a single one."
        raise DataError(msg)
    if getattr(items, "ndim", 1) != 1:
        shape = getattr(items, "shape", None)
        msg = f"Text must come in one column, but got shape {shape}; select the column that holds the text."
        raise DataError(msg)
    if iter(items) is items:
        msg = "An iterator can be read once only, but texts are read several times; give list(...) of it."
        raise DataError(msg)
    return items


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.name.lower().endswith((".txt", ".txt.gz")))
        if not found:
            msg = f"The folder {path} holds no .txt or .txt.gz file."
            raise DataError(msg)
        return found
    if not path.is_file():
        msg = f"There is no file {path}; a text itself must be a string in a list."
        raise DataError(msg)
    return [path]


def _paragraphs(path: Path) -> Iterator[str]:
    lines: list[str] = []
    for line in _read(path).splitlines():
        if line.strip():
            lines.append(line)
        elif lines:
            yield "\n".join(lines)
            lines = []
    if lines:
        yield "\n".join(lines)


def _read(path: Path) -> str:
    try:
        content = path.read_bytes()
        return (gzip.decompress(content) if path.suffix.lower() == ".gz" else content).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as UTF-8 text: {error}."
        raise DataError(msg) from error


def _text(item: object, number: int) -> str:
    if isinstance(item, Mapping):  # a row of a dataset; one that is streamed may not know its columns beforehand
        if "text" not in item:
            msg = f"Item {number} has no column 'text' but {list(item)}; give one, as in dataset['sentence']."
            raise DataError(msg)
        item = item["text"]
    if not isinstance(item, str):
        msg = f"Item {number} is no string but {item!r} ({type(item).__name__}); drop it, or put '' for a missing one."
        raise DataError(msg)
    try:
        item.encode()
    except UnicodeEncodeError as error:
        msg = f"Item {number} is no valid text: {error}; repair it, as with text.encode('utf-8', 'replace').decode()."
        raise DataError(msg) from error
    return str(item)  # numpy's strings are strings, but the tokenizers library refuses them
