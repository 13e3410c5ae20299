"""Samples of one shape, side by side in an array."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.windows import batch_indices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jaxtyping import Int
    from numpy.typing import ArrayLike
    from torch import Tensor

__all__ = ["StackedSamples"]


class StackedSamples:
    """The rows of an array as :class:`~tjepa_estimators.contracts.Samples`: for tokenizers whose samples are alike.

    Parameters
    ----------
    values
        Samples along the first axis; kept as they are, memory-mapped ones too, and read in batches.

    Examples
    --------
    >>> samples = StackedSamples(np.arange(6.0).reshape(3, 2))
    >>> samples.gather(torch.tensor([2, 0])).tolist()
    [[4.0, 5.0], [0.0, 1.0]]
    """

    def __init__(self, values: ArrayLike) -> None:
        self.values = np.asanyarray(values)

    def __len__(self) -> int:
        return len(self.values)

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, " batch"]:
        """Numbers of the samples of step ``step``, see :func:`~tjepa_estimators.data.windows.batch_indices`."""
        return batch_indices(len(self), batch_size, step, seed)

    def batches(self, batch_size: int) -> Iterator[Int[Tensor, " batch"]]:
        """All numbers, in order."""
        return iter(torch.arange(len(self)).split(batch_size))

    def gather(self, index: Int[Tensor, " batch"]) -> Tensor:
        """Read samples; numbers with a fraction come in single precision, others as they are."""
        rows = np.asarray(self.values[index.cpu().numpy()])  # indexing by numbers copies
        return torch.from_numpy(rows.astype(np.float32, copy=False) if rows.dtype.kind == "f" else rows)

    def digest(self) -> str:
        """A short identity of shape and values; of large arrays, of a thousand samples spread over them."""
        chosen = np.linspace(0, len(self) - 1, min(len(self), 1000)).astype(int)
        digest = hashlib.sha256(f"{self.values.shape}{self.values.dtype}".encode())
        digest.update(np.ascontiguousarray(self.values[chosen]).tobytes())
        return digest.hexdigest()[:16]
