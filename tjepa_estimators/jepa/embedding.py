"""Embed what users have: windows of series, or samples that a tokenizer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.nn.pooling import POOLS

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.contracts import Samples
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["check_pool", "embed_samples", "embed_windows"]


def embed_windows(
    backbone: Backbone, values: Float[np.ndarray, "batch time ..."], pool: str | None, batch_size: int
) -> Float[np.ndarray, "batch features"]:
    """Embed windows ``[batch time]`` or ``[batch time channels]``; channels one by one, joined.

    Raises
    ------
    DataError
        ``values`` is not a numeric array of two or three dimensions, or holds infinite values.
    """
    values = np.asarray(unmasked(values))
    if values.dtype.kind not in "fiub" or values.ndim not in {2, 3} or 0 in values.shape:
        msg = (
            f"embed needs a numeric array [batch time] or [batch time channels], but got shape {values.shape} "
            f"of {values.dtype}; for one series pass series[None]."
        )
        raise DataError(msg)
    if np.isinf(values).any():
        msg = "embed got infinite values; replace them by NaN, which marks a missing value."
        raise DataError(msg)
    rows = values[..., None] if values.ndim == 2 else values
    # a copy, as arrays of pandas cannot be written to and torch warns of them
    flat = torch.from_numpy(np.array(np.moveaxis(rows, 2, 1).reshape(-1, rows.shape[1]), dtype=float, order="C"))
    with torch.inference_mode():
        parts = [backbone.embed(chunk, pool) for chunk in flat.split(batch_size)]
    return torch.cat(parts).reshape(len(values), -1).numpy()


def embed_samples(
    backbone: Backbone, samples: Samples, pool: str | None, batch_size: int
) -> Float[np.ndarray, "samples features"]:
    """Embed samples in whatever order is quickest; the rows come in the order of their numbers.

    Raises
    ------
    ConfigError
        Tokens are asked for side by side, and samples make different numbers of them.
    """
    numbers = list(samples.batches(batch_size))
    with torch.inference_mode():
        parts = [backbone.embed(samples.gather(index), pool) for index in numbers]
    if len({part.shape[1] for part in parts}) > 1:
        msg = f"pool={pool!r} needs samples of one length, but these make different numbers of tokens; pool them."
        raise ConfigError(msg)
    return _in_order(torch.cat(parts), torch.cat(numbers)).float().numpy()


def check_pool(pool: str | None) -> None:
    """Refuse a way of pooling that is none.

    Raises
    ------
    ConfigError
        If ``pool`` is unknown.
    """
    if pool is not None and pool not in POOLS:
        msg = f"pool must be one of {', '.join(map(repr, POOLS))} or None, but got {pool!r}."
        raise ConfigError(msg)


def _in_order(rows: Float[Tensor, "samples features"], numbers: Tensor) -> Float[Tensor, "samples features"]:
    ordered = torch.empty_like(rows)
    ordered[numbers] = rows
    return ordered
