"""Packing: which tokens of which documents make up a training sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tjepa_text.encoding import TextEncoding

__all__ = ["PACKINGS", "pack_documents", "pack_joined"]


def pack_documents(texts: Iterable[str], encoding: TextEncoding) -> Iterator[list[int]]:
    """Sequences of one document each; a document that is too long makes several, of about one length."""
    for number, ids in enumerate(encoding.encode(texts)):
        for part in encoding.parts(ids, number):
            yield encoding.wrap(part)


def pack_joined(texts: Iterable[str], encoding: TextEncoding) -> Iterator[list[int]]:
    """Full sequences, of documents one after the other with a ``[SEP]`` after each; the last one may be shorter."""
    separator, pending = encoding.separator, list[int]()
    for ids in encoding.encode(texts):
        if ids:
            pending += [*ids, separator]
        while len(pending) >= encoding.room:
            yield encoding.wrap(pending[: encoding.room])
            pending = pending[encoding.room :]
    if pending:
        yield encoding.wrap(pending)


PACKINGS: Mapping[str, Callable[[Iterable[str], TextEncoding], Iterator[list[int]]]] = {
    "documents": pack_documents,
    "joined": pack_joined,
}
"""Ways of packing, by name."""
