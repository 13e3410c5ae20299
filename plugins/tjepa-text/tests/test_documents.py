"""Texts come out of whatever a user has, or it is said why not."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from tjepa_text.documents import read_documents, read_rows

from tjepa_estimators.errors import DataError

TEXTS = ["To be", "or not to be", ""]


class Dataset:
    """Stands for a dataset that is streamed: rows with columns, any number of times."""

    column_names = None  # as after a map

    def __iter__(self):
        return iter([{"label": 0, "text": text} for text in TEXTS])


@pytest.mark.parametrize(
    "items",
    [TEXTS, tuple(TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object), pd.Series(TEXTS), Dataset()],
    ids=["list", "tuple", "array", "objects", "column", "dataset"],
)
def test_texts_come_in_any_collection(items):
    assert list(read_documents(items)) == read_rows(items) == TEXTS


def test_the_paragraphs_of_a_file_are_its_documents_and_the_file_is_one_row(tmp_path):
    (tmp_path / "a.txt").write_text("To be\nor not\n\n \nto be\n")
    assert list(read_documents(tmp_path / "a.txt")) == ["To be\nor not", "to be"]
    assert read_rows([tmp_path / "a.txt", "other"]) == ["To be\nor not\n\n \nto be\n", "other"]


def test_a_folder_is_read_in_the_order_of_its_names_and_packed_files_too(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.txt").write_text("second")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress("first é".encode()))
    (tmp_path / "inner" / "c.TXT").write_text("third")
    (tmp_path / "inner" / "d.TXT.GZ").write_bytes(gzip.compress(b"fourth"))
    (tmp_path / "notes.md").write_text("no text")
    assert list(read_documents(tmp_path)) == ["first é", "second", "third", "fourth"]


def test_a_library_of_datasets_is_read_by_column():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict({"text": TEXTS, "other": TEXTS[::-1]})
    assert list(read_documents(data)) == TEXTS
    assert list(read_documents(data["other"])) == TEXTS[::-1]
    streamed = data.to_iterable_dataset()
    assert list(read_documents(streamed)) == list(read_documents(streamed.map(lambda row: row))) == TEXTS


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ("To be", "as a list of strings"),
        (3, "as a list of strings"),
        ({"train": TEXTS, "test": TEXTS}, r"dict of \['train', 'test'\]; choose one"),
        ([{"text": None}], "Item 0 is no string but None"),
        (["To be", "\ud800"], "Item 1 is no valid text: .* surrogates not allowed"),
        (["To be", None], "Item 1 is no string but None"),
        (pd.Series(["To be", float("nan")]), "Item 1 is no string but nan"),
        ([b"To be"], "Item 0 is no string"),
        (np.array([["To be"]]), "in one column"),
        (iter(["To be"]), "read once only"),
    ],
)
def test_what_is_no_text_is_refused(items, told):
    with pytest.raises(DataError, match=told):
        list(read_documents(items))


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds no \.txt"):
        list(read_documents(tmp_path))
    with pytest.raises(DataError, match="There is no file"):
        list(read_documents(tmp_path / "gone.txt"))
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1"))
    (tmp_path / "broken.txt.gz").write_bytes(b"no gzip")
    whole = gzip.compress(b"to be or not to be")
    (tmp_path / "short.txt.gz").write_bytes(whole[:-9])
    (tmp_path / "damaged.txt.gz").write_bytes(whole[:10] + b"\xff" + whole[11:])
    for name in ("latin.txt", "broken.txt.gz", "short.txt.gz", "damaged.txt.gz"):
        with pytest.raises(DataError, match=f"{name} cannot be read as UTF-8"):
            list(read_documents(tmp_path / name))


def test_a_dataset_without_a_column_of_text_says_what_it_has():
    with pytest.raises(DataError, match=r"no column 'text' but \['sentence'\]"):
        list(read_documents([{"sentence": "To be"}]))


def test_nothing_to_embed_is_refused():
    with pytest.raises(DataError, match="no text to embed"):
        read_rows([])
