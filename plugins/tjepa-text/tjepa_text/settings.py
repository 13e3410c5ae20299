"""What the settings of all tokenizers of text share: how texts become samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_text.documents import read_documents, read_rows
from tjepa_text.encoding import TOO_LONG, TextEncoding
from tjepa_text.packing import PACKINGS
from tjepa_text.samples import TokenSequences
from tjepa_text.vocabulary import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TextSettings"]


@dataclass(frozen=True, kw_only=True)
class TextSettings:
    """How texts are cut into sequences of tokens."""

    vocabulary: Any = None
    """JSON of the ``tokenizers`` library, its dict, or a list of word pieces; kept as JSON."""
    length: int = 64
    """Most tokens of a sequence in training."""
    too_long: str = "split"
    """What becomes of a text that has more tokens by itself, whatever the packing: ``"split"`` makes several sequences
    of it in training and embeds all of it; ``"truncate"`` keeps its beginning; ``"refuse"`` is an error."""
    packing: str = "documents"
    """Training sequences: ``"documents"`` never crosses from one document to the next; ``"joined"`` fills each
    sequence, with ``[SEP]`` after each document, which may go on in the next sequence."""
    shortest: int = 8
    """Sequences with fewer tokens are left out of training: there is too little to predict from."""

    adds_special: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.vocabulary is not None:
            object.__setattr__(self, "vocabulary", as_json(self.vocabulary, lower=getattr(self, "lower", True)))
        _one_of("too_long", self.too_long, TOO_LONG)
        _one_of("packing", self.packing, tuple(PACKINGS))
        if not 2 <= self.shortest <= self.length:
            msg = f"shortest must be at least 2 and at most length={self.length}, but got {self.shortest}."
            raise ConfigError(msg)

    @property
    def positions(self) -> int | None:
        """Tokens that are embedded together, more in parts; None where positions are computed, for any number."""
        return None

    @property
    def encoding(self) -> TextEncoding:
        """How texts become numbers.

        Raises
        ------
        ConfigError
            There is no vocabulary yet.
        """
        if self.vocabulary is None:
            msg = "This tokenizer has no vocabulary yet; give one, or use pretrain(), which learns one."
            raise ConfigError(msg)
        return TextEncoding(self.vocabulary, self.length, self.too_long, self.adds_special)

    def samples(self, items: object) -> TokenSequences:
        """Sequences to train on; texts, or parts of them, with too few tokens are left out.

        Raises
        ------
        DataError
            Nothing is left, or the items are no texts.
        """
        sequences = PACKINGS[self.packing](read_documents(items), self.encoding)
        found = TokenSequences(ids for ids in sequences if len(ids) >= self.shortest)
        if not len(found):
            msg = f"No text makes a sequence of {self.shortest} tokens or more; give longer ones or lower 'shortest'."
            raise DataError(msg)
        return found

    def rows(self, items: object) -> TokenSequences:
        """One sequence for each text, in order; an empty text makes one of padding, whose embedding is zero.

        Raises
        ------
        DataError
            The items are no texts, or one is too long and that is to be refused.
        """
        return TokenSequences(self._rows(read_rows(items)))

    def _rows(self, texts: list[str]) -> Iterator[list[int]]:
        encoding = self.encoding
        for number, ids in enumerate(encoding.encode(texts)):
            yield encoding.row(encoding.shorten(ids, number), self.positions)


def _one_of(name: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        msg = f"{name} must be one of {', '.join(map(repr, known))}, but got {given!r}."
        raise ConfigError(msg)
