"""The tokenizer ``"wordpiece"``: a vector for each word piece, and its place in the sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.nn.positions import sinusoidal_positions
from tjepa_text.documents import read_documents
from tjepa_text.samples import PADDING
from tjepa_text.settings import TextSettings
from tjepa_text.vocabulary import SPECIAL, open_vocabulary, train_wordpiece

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

__all__ = ["WordPieceConfig", "WordPieceTokenizer", "token_positions"]


@dataclass(frozen=True, kw_only=True)
class WordPieceConfig(TextSettings):
    """Word pieces of a vocabulary that is given, or learned from what is trained on.

    Examples
    --------
    >>> settings = WordPieceConfig(vocabulary_size=60).fit_to(["To be, or not to be: that is the question."] * 2)
    >>> settings.rows(["to be", ""]).lengths.tolist()
    [2, 0]
    """

    vocabulary_size: int = 8000
    """Most pieces of a vocabulary that is learned."""
    lower: bool = True
    """Small letters only, without accents, in a vocabulary that is learned or a list; other ones say it themselves."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vocabulary_size <= len(SPECIAL):
            msg = f"vocabulary_size must exceed {len(SPECIAL)}, but got {self.vocabulary_size}."
            raise ConfigError(msg)

    def fit_to(self, items: object) -> WordPieceConfig:
        """Learn a vocabulary, unless there is one.

        Raises
        ------
        DataError
            There is nothing to learn from.
        """
        if self.vocabulary is not None:
            return self
        learned = train_wordpiece(lambda: read_documents(items), self.vocabulary_size, lower=self.lower)
        if open_vocabulary(learned).get_vocab_size() <= len(SPECIAL):
            msg = "The texts are empty, so no vocabulary can be learned from them."
            raise DataError(msg)
        return replace(self, vocabulary=learned)


class WordPieceTokenizer(nn.Module):
    """A learned vector for each piece, plus its position; positions are computed, so a text may have any length.

    Examples
    --------
    >>> settings = WordPieceConfig(vocabulary=["[UNK]", "to", "be"])
    >>> tokens = WordPieceTokenizer(8, settings)(torch.tensor([[1, 2], [1, -1]]))
    >>> tokens.values.shape, tokens.padding.tolist()
    (torch.Size([2, 2, 8]), [[False, False], [False, True]])
    """

    def __init__(self, dim: int, config: WordPieceConfig) -> None:
        super().__init__()
        self.dim = dim
        self.embed = nn.Embedding(open_vocabulary(config.encoding.vocabulary).get_vocab_size(), dim)

    def grid(self, raw: Int[Tensor, "batch tokens"]) -> tuple[int]:
        """Tokens along the one axis, the text."""
        return (raw.shape[1],)

    def forward(
        self,
        raw: Int[Tensor, "batch tokens"],
        context: Int[Tensor, "batch visible"] | None = None,  # noqa: ARG002 - nothing is taken from other tokens
    ) -> Tokens:
        """Embed token numbers; ``-1`` is padding."""
        values = self.embed(raw.clamp(min=0))
        positions = token_positions(raw, values.dtype)
        return Tokens(values + sinusoidal_positions(positions, self.dim), positions, raw == PADDING)


def token_positions(raw: Int[Tensor, "batch tokens"], dtype: torch.dtype) -> Float[Tensor, "batch tokens 1"]:
    """The place of each token."""
    steps = torch.arange(raw.shape[1], device=raw.device, dtype=dtype)
    return steps.reshape(1, -1, 1).expand(len(raw), -1, -1)
