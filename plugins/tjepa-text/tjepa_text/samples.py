"""Token sequences in memory, drawn so that those of a batch have similar lengths."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.windows import batch_indices

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

__all__ = ["PADDING", "TokenSequences", "padding_waste"]

PADDING = -1
"""Stands where a sequence has ended; no vocabulary has such a number, so no text can hold it."""
_WASTE = 0.25
"""Most padding of a batch that is embedded, as a share of it; less makes more and smaller batches."""


class TokenSequences:
    """Sequences of token numbers, of any lengths.

    Parameters
    ----------
    sequences
        The numbers of each; read once.

    Examples
    --------
    >>> TokenSequences([[5, 6], [7]]).gather(torch.tensor([0, 1])).tolist()
    [[5, 6], [7, -1]]
    """

    def __init__(self, sequences: Iterable[list[int]]) -> None:
        sizes: list[int] = []
        flat = chain.from_iterable(_counted(sequences, sizes))
        self._ids = np.fromiter(flat, dtype=np.int32)
        self.lengths = np.array(sizes, dtype=np.int64)
        self._ends = self.lengths.cumsum()
        self._order = lru_cache(maxsize=2)(self._shuffle)

    def __len__(self) -> int:
        return len(self.lengths)

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, " batch"]:
        """Numbers of the sequences of a training step, all of about one length.

        An epoch goes through all of them, in batches that are cut from their order by length and then shuffled; equal
        lengths are in a new order in each. Where they do not fill the last batch, some are drawn twice.
        """
        batches = max(1, -(-len(self) // batch_size))
        epoch = step // batches
        begin = int(batch_indices(batches, 1, step, seed)[0]) * batch_size
        order = self._order(epoch, seed)
        if len(order) < batch_size:
            return order.repeat(-(-batch_size // len(order)))[:batch_size]
        return order[min(begin, len(order) - batch_size) :][:batch_size]

    def batches(self, batch_size: int) -> Iterator[Int[Tensor, " batch"]]:
        """All numbers, from the shortest sequence to the longest.

        A batch ends early where the next sequence would make more than a quarter of it padding: one long text does not
        make many short ones long, and lengths must grow by a third for each batch that is cut so.
        """
        order = self.lengths.argsort(kind="stable")
        return iter(torch.from_numpy(order).split(_batch_sizes(self.lengths[order].tolist(), batch_size)))

    def gather(self, index: Int[Tensor, " batch"]) -> Int[Tensor, "batch tokens"]:
        """Read sequences, with padding up to the longest one."""
        chosen = index.cpu().numpy()
        lengths = self.lengths[chosen]
        steps = np.arange(max(1, lengths.max(initial=1)))
        inside = steps < lengths[:, None]
        places = (self._ends[chosen] - lengths)[:, None] + steps
        rows = np.full(inside.shape, PADDING, dtype=np.int64)
        rows[inside] = self._ids[places[inside]]
        return torch.from_numpy(rows)

    def digest(self) -> str:
        """SHA-256 of all numbers and lengths."""
        return hashlib.sha256(self._ids.tobytes() + self.lengths.tobytes()).hexdigest()[:16]

    def _shuffle(self, epoch: int, seed: int) -> Int[Tensor, " sequences"]:
        """All numbers by length; which of two equally long ones comes first is chance."""
        chance = np.random.default_rng([seed % 2**64, epoch]).permutation(len(self))
        return torch.from_numpy(np.lexsort((chance, self.lengths)))


def padding_waste(samples: TokenSequences, batch_size: int, steps: int, seed: int = 0) -> float:
    """Share of padding in the batches of the first ``steps`` training steps.

    Examples
    --------
    >>> padding_waste(TokenSequences([[1, 2], [3]]), batch_size=2, steps=1)
    0.25
    """
    rows = [samples.gather(samples.draw(step, batch_size, seed)) for step in range(steps)]
    return sum(int((row == PADDING).sum()) for row in rows) / sum(row.numel() for row in rows)


def _batch_sizes(lengths: list[int], batch_size: int) -> list[int]:
    """How many of the lengths, which grow, each batch takes."""
    sizes, real = [0], 0
    for length in (max(1, length) for length in lengths):  # an empty sequence makes one token of padding
        rows = sizes[-1] + 1
        if rows > batch_size or real + length < (1 - _WASTE) * rows * length:
            sizes.append(0)
            real = 0
        sizes[-1] += 1
        real += length
    return sizes


def _counted(sequences: Iterable[list[int]], sizes: list[int]) -> Iterator[list[int]]:
    for ids in sequences:
        sizes.append(len(ids))
        yield ids
