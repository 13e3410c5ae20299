"""Span masking: whole phrases are hidden, not words here and there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Bool
    from torch import Tensor

__all__ = ["SpanMasker"]


@dataclass(frozen=True, slots=True)
class SpanMasker:
    """Hide spans of neighbouring tokens that do not touch each other (as in SpanBERT, arXiv 1907.10529).

    The lengths of the spans are drawn once for a batch, their places for each row: so each row hides equally many
    tokens. A sequence too short for a span of ``shortest`` hides one shorter span.

    Parameters
    ----------
    share
        Share of the tokens to hide, between 0 and 1, both excluded.
    shortest, longest
        Tokens of a span.

    Raises
    ------
    ConfigError
        If a setting is out of range or, on a call, a sequence has fewer than two tokens.

    Examples
    --------
    >>> masks = SpanMasker(share=0.25, shortest=4, longest=4)(16, 2, torch.Generator().manual_seed(0))
    >>> masks.context.shape, masks.targets.shape
    (torch.Size([2, 12]), torch.Size([2, 1, 4]))
    """

    share: float = 0.15
    shortest: int = 3
    longest: int = 8

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            msg = f"share={self.share} is no share of a sequence; give a number between 0 and 1, both excluded."
            raise ConfigError(msg)
        if not 1 <= self.shortest <= self.longest or self.shortest % 1 or self.longest % 1:
            msg = f"spans of {self.shortest} to {self.longest} tokens were asked for; give whole numbers from 1 up."
            raise ConfigError(msg)

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Draw the masks of a batch."""
        if tokens < 2:
            msg = f"Span masking needs at least 2 tokens, but a sequence has {tokens}; use longer texts."
            raise ConfigError(msg)
        hidden = self._place(self._lengths(tokens, generator), tokens, batch, generator)
        order = torch.argsort(hidden.to(torch.uint8), dim=1, stable=True)
        visible = tokens - int(hidden[0].sum())
        return Masks(context=order[:, :visible], targets=order[:, visible:].unsqueeze(1))

    def _lengths(self, tokens: int, generator: torch.Generator) -> list[int]:
        """Lengths of spans, together the share of the tokens that is closest to what spans can make up."""
        budget = min(max(round(self.share * tokens), 1), tokens - 1)
        shortest, longest = int(self.shortest), int(self.longest)  # settings that went through JSON may come as 3.0
        lengths: list[int] = []
        while (left := budget - sum(lengths)) >= shortest or not lengths:
            most = min(longest, left)
            least = min(shortest, most)
            lengths.append(int(torch.randint(least, most + 1, (), generator=generator, device=generator.device)))
        return self._widened(lengths, budget)

    def _widened(self, lengths: list[int], budget: int) -> list[int]:
        """Spread what is left of the budget over the spans, as far as they may grow."""
        for position, length in enumerate(lengths):
            room = max(0, min(int(self.longest) - length, budget - sum(lengths)))
            lengths[position] = length + room
        return lengths

    @staticmethod
    def _place(lengths: list[int], tokens: int, batch: int, generator: torch.Generator) -> Bool[Tensor, "batch tokens"]:
        """Where the spans lie: the visible tokens are dealt out to the gaps around them."""
        device, count = generator.device, len(lengths)
        visible = tokens - sum(lengths)
        spans = torch.tensor(lengths, device=device)
        drawn = spans[torch.rand(batch, count, generator=generator, device=device).argsort(dim=1)]
        gaps = torch.rand(batch, max(visible + 1, count), generator=generator, device=device).argsort(dim=1)
        # a gap for each span keeps them apart; only where most tokens are hidden there are fewer gaps than spans
        before = gaps[:, :count].clamp(max=visible).sort(dim=1).values
        starts = before + drawn.cumsum(dim=1) - drawn
        steps = torch.arange(tokens, device=device)[:, None]
        return ((steps >= starts.unsqueeze(1)) & (steps < (starts + drawn).unsqueeze(1))).any(dim=2)
