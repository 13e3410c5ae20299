"""Pooling: one vector for a sequence of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["masked_mean"]


def masked_mean(
    values: Float[Tensor, "batch tokens dim"], keep: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch dim"]:
    """Mean over the kept tokens; zero where none is kept.

    Examples
    --------
    >>> import torch
    >>> masked_mean(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]])).tolist()
    [[2.0]]
    """
    weight = keep.unsqueeze(-1).to(values.dtype)
    return (values * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1.0)
