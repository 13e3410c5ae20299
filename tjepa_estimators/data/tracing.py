"""Choices that depend on the data, which a traced graph cannot make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["may_hold"]


def may_hold(mask: Tensor) -> bool:
    """Whether a mask is true anywhere; if not, there is a shortcut.

    True while ``torch.export`` or ``torch.compile`` traces: the graph is made once, for data with gaps too.

    Examples
    --------
    >>> may_hold(torch.tensor([False, True])), may_hold(torch.tensor([False, False]))
    (True, False)
    """
    return torch.compiler.is_compiling() or bool(mask.any())
