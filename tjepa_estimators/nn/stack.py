"""A stack of residual blocks, and what it costs in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch
from torch.utils.checkpoint import checkpoint as recompute

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor, nn

__all__ = ["run_blocks"]


def run_blocks(
    blocks: Iterable[nn.Module], x: Float[Tensor, "batch tokens dim"], *rest: object, checkpoint: bool
) -> Float[Tensor, "batch tokens dim"]:
    """Apply blocks one after another.

    Parameters
    ----------
    blocks
        Called as ``block(x, *rest)``; each keeps the shape of ``x``.
    x
        Tokens.
    rest
        Further arguments, the same for each block.
    checkpoint
        Keep only the inputs of the blocks and compute their inside again in the backward pass: the memory of one
        block instead of all, for one more forward pass.
    """
    for block in blocks:
        if checkpoint and torch.is_grad_enabled():
            x = recompute(block, x, *rest, use_reentrant=False)
        else:
            x = block(x, *rest)
    return x
