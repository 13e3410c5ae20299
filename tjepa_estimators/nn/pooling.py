"""Pooling: one vector for a sequence of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["POOLS", "first_kept", "masked_max", "masked_mean"]


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


def masked_max(
    values: Float[Tensor, "batch tokens dim"], keep: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch dim"]:
    """Largest value over the kept tokens, dimension by dimension; zero where none is kept."""
    lowest = values.masked_fill(~keep.unsqueeze(-1), -torch.inf).amax(dim=1)
    return lowest.masked_fill(~keep.any(dim=1, keepdim=True), 0.0)


def first_kept(
    values: Float[Tensor, "batch tokens dim"], keep: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch dim"]:
    """The first kept token; zero where none is kept."""
    first = keep.to(torch.uint8).argmax(dim=1)
    chosen = values[torch.arange(len(values), device=values.device), first]
    return chosen.masked_fill(~keep.any(dim=1, keepdim=True), 0.0)


POOLS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": masked_mean,
    "max": masked_max,
    "first": first_kept,
}
"""Ways to make one vector of a sequence, by name."""
