"""Fill gaps between observed values by straight lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tjepa_estimators.data.tracing import may_hold

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["interpolate_gaps"]


def interpolate_gaps(values: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """Replace NaN by the line between the observed neighbours, at the ends by the nearest observed value.

    Rows without any observation stay NaN.

    Examples
    --------
    >>> interpolate_gaps(torch.tensor([[1.0, torch.nan, 3.0, torch.nan]])).tolist()
    [[1.0, 2.0, 3.0, 3.0]]
    """
    missing = values.isnan()
    if not may_hold(missing):
        return values
    seen = ~missing
    last = values.shape[1] - 1
    step = torch.arange(values.shape[1], device=values.device).expand_as(values)
    # by rank, not by running extremes: ONNX has none
    place, rank = torch.where(seen, step, last + 1).sort(dim=1).values, seen.cumsum(dim=1)
    before, after = place.gather(1, (rank - 1).clamp(min=0)), place.gather(1, rank.clamp(max=last))
    after = torch.where(after > last, before, after)
    low, high = (values.gather(1, side.clamp(0, last)) for side in (before, after))
    share = (step - before).to(values.dtype) / (after - before).clamp(min=1)
    return torch.where(seen, values, low + (high - low) * share)
