"""From texts to token numbers: what a vocabulary puts around a text, and how it is cut to a length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_text.vocabulary import open_vocabulary

__all__ = ["TOO_LONG", "TextEncoding"]

TOO_LONG = ("split", "truncate", "refuse")
"""What may become of a text that is too long."""
_CHUNK = 1000
"""Texts that are read ahead, so that a stream never lies in memory as text."""


@dataclass(frozen=True)
class TextEncoding:
    """How texts become numbers.

    Parameters
    ----------
    vocabulary
        JSON of the ``tokenizers`` library.
    length
        Most tokens of a sequence, those around the text included.
    too_long
        ``"split"``, ``"truncate"`` or ``"refuse"``.
    adds_special
        Put around each sequence what the vocabulary's own rule puts around a text.
    """

    vocabulary: str
    length: int
    too_long: str
    adds_special: bool = False

    def encode(self, texts: Iterable[str]) -> Iterator[list[int]]:
        """Numbers of the tokens of each text, nothing around them."""
        tokenizer, stream = open_vocabulary(self.vocabulary), iter(texts)
        while chunk := list(islice(stream, _CHUNK)):
            for encoding in tokenizer.encode_batch(chunk, add_special_tokens=False):
                yield encoding.ids

    @cached_property
    def around(self) -> tuple[list[int], list[int]]:
        """Numbers that are put before and after a text."""
        if not self.adds_special:
            return [], []
        tokenizer = open_vocabulary(self.vocabulary)
        empty = tokenizer.encode("").ids
        word = tokenizer.encode("a")
        before = next((at for at, special in enumerate(word.special_tokens_mask) if not special), 0)
        return empty[:before], empty[before:]

    @property
    def room(self) -> int:
        """Tokens of a sequence that are of the text itself."""
        return self.length - len(self.wrap([]))

    @property
    def separator(self) -> int:
        """Number of the token between documents.

        Raises
        ------
        ConfigError
            The vocabulary has none.
        """
        number = open_vocabulary(self.vocabulary).token_to_id("[SEP]")
        if number is None:
            msg = "packing='joined' puts '[SEP]' between documents, which the vocabulary lacks; add it or do not join."
            raise ConfigError(msg)
        return int(number)

    def wrap(self, ids: Sequence[int]) -> list[int]:
        """A whole sequence of the tokens of a text."""
        before, after = self.around
        return [*before, *ids, *after]

    def row(self, ids: list[int], positions: int | None) -> list[int]:
        """All tokens of a text that is embedded: parts that fill the positions of a model, each a whole sequence.

        Without positions it is one part, however long; an empty text makes none, so that its embedding is zero.
        """
        if not ids:
            return []
        room = len(ids) if positions is None else positions - len(self.wrap([]))
        return [token for at in range(0, len(ids), room) for token in self.wrap(ids[at : at + room])]

    def parts(self, ids: list[int], number: int) -> list[list[int]]:
        """The sequences that a text is cut into, of about one length, or the one that it is cut to.

        Raises
        ------
        DataError
            It is too long, and that is to be refused.
        """
        if len(ids) <= self.room:
            return [ids]
        if self.too_long == "split":
            return [part.tolist() for part in np.array_split(np.array(ids), -(-len(ids) // self.room))]
        return [self.shorten(ids, number)]

    def shorten(self, ids: list[int], number: int) -> list[int]:
        """The beginning of a text that is too long.

        Raises
        ------
        DataError
            That is to be refused.
        """
        if len(ids) > self.room and self.too_long == "refuse":
            msg = (
                f"Text {number} makes {len(ids)} tokens, more than the {self.room} of a sequence; shorten it, or set "
                "too_long to 'split' or 'truncate'."
            )
            raise DataError(msg)
        return ids[: self.room] if self.too_long == "truncate" else ids
