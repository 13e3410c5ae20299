"""Sinusoidal positions: smooth, parameter-free, and defined at any coordinate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["sinusoidal_positions"]


def sinusoidal_positions(positions: Float[Tensor, "batch tokens axes"], dim: int) -> Float[Tensor, "batch tokens dim"]:
    """Sine and cosine features of token coordinates; the axes share the dimensions evenly.

    Source: Vaswani et al., "Attention is all you need" (arXiv 1706.03762), section 3.5.

    Examples
    --------
    >>> sinusoidal_positions(torch.arange(6.0).reshape(1, 6, 1), dim=8).shape
    torch.Size([1, 6, 8])
    """
    axes = positions.shape[-1]
    half = -(-dim // (2 * axes))
    exponents = torch.arange(half, device=positions.device, dtype=positions.dtype) / half
    angles = positions.unsqueeze(-1) * torch.exp(-math.log(10_000.0) * exponents)
    features = torch.cat([angles.sin(), angles.cos()], dim=-1)
    return features.flatten(-2)[..., :dim]
