"""Packing: which tokens of which documents make up a training sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
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
    """Full sequences, of documents one after the other with a ``[SEP]`` after each; the last one may be shorter.

    A document that is too long by itself is cut or refused beforehand, unless it is to be split: then it goes on in the
    next sequence, as any other.
    """
    separator, room = encoding.separator, encoding.room
    documents = (encoding.shorten(ids, number) for number, ids in enumerate(encoding.encode(texts)))
    tokens = chain.from_iterable([*ids, separator] for ids in documents if ids)
    while sequence := list(islice(tokens, room)):
        yield encoding.wrap(sequence)


PACKINGS: Mapping[str, Callable[[Iterable[str], TextEncoding], Iterator[list[int]]]] = {
    "documents": pack_documents,
    "joined": pack_joined,
}
"""Ways of packing, by name."""
