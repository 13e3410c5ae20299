"""Vectors, or short histories of them, in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.windows import batch_indices
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jaxtyping import Float, Int
    from torch import Tensor

__all__ = ["VectorSamples", "read_vectors"]


@dataclass(frozen=True, slots=True, eq=False)
class VectorSamples:
    """Samples of one shape; see :class:`tjepa_estimators.contracts.Samples`."""

    values: Float[Tensor, "samples steps features"]

    def __len__(self) -> int:
        return len(self.values)

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, " batch"]:
        """Numbers of the samples of a training step."""
        return batch_indices(len(self), batch_size, step, seed)

    def batches(self, batch_size: int) -> Iterator[Int[Tensor, " batch"]]:
        """The number of each sample once."""
        return iter(torch.arange(len(self)).split(batch_size))

    def gather(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch steps features"]:
        """The samples with these numbers."""
        return self.values[index]

    def digest(self) -> str:
        """A short identity of all values."""
        content = self.values.contiguous().numpy().tobytes()
        return hashlib.sha256(str(tuple(self.values.shape)).encode() + content).hexdigest()[:16]


def read_vectors(items: object) -> Float[np.ndarray, "samples steps features"]:
    """An array of vectors ``[samples features]`` or of histories ``[samples steps features]``, always with steps.

    Raises
    ------
    DataError
        It is no such array, is empty, or holds infinite values; NaN marks missing ones.
    """
    values = np.asarray(items)
    if values.dtype.kind not in "fiub" or values.ndim not in {2, 3} or 0 in values.shape:
        msg = (
            f"vectors are numbers [samples features] or [samples steps features], but got shape {values.shape} of "
            f"{values.dtype}; for one vector pass vector[None]."
        )
        raise DataError(msg)
    values = values.astype(np.float32)  # a copy: torch warns of arrays that cannot be written to
    if np.isinf(values).any():
        raise DataError("vectors hold infinite values; replace them by NaN, which marks a missing value.")
    return values[:, None] if values.ndim == 2 else values
