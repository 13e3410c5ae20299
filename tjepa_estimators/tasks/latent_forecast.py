"""What a JEPA sees in windows, and what it expects to see in the next ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.nn.pooling import masked_mean
from tjepa_estimators.nn.threads import limited_threads

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["LatentForecaster", "Latents"]

_ROWS = 1024
"""Windows times channels in one forward pass."""


@dataclass(frozen=True, slots=True)
class Latents:
    """Latents of windows of one channel; NaN where nothing was observed."""

    now: Float[np.ndarray, "*rows dim"]
    """Mean of the window's tokens."""
    last: Float[np.ndarray, "*rows dim"]
    """The window's last token that holds a value."""
    ahead: Float[np.ndarray, "*rows dim"]
    """Mean of what is predicted for the tokens of the next window."""
    codes: Float[np.ndarray, "*rows shares"]
    """Shares of codes, as in :class:`~tjepa_estimators.jepa.model.Foresight`, side by side; none without a codebook."""


class LatentForecaster:
    """The teacher's latents of windows and the predictor's latents of the windows after them, in double precision.

    The next window is predicted as far as it was in pretraining: over as many tokens as the window has, but at most
    those of ``future_length``.

    Parameters
    ----------
    pretrained
        Its teacher encodes, its student and predictor look ahead; it is never changed.

    Examples
    --------
    >>> from tjepa_estimators import pretrain
    >>> encoder = pretrain(np.sin(np.arange(200.0)), train={"steps": 2})
    >>> LatentForecaster(encoder)(np.zeros((3, 50))).ahead.shape
    (3, 32)
    """

    def __init__(self, pretrained: PretrainedEncoder) -> None:
        self._jepa = pretrained.build().double().eval().requires_grad_(requires_grad=False)
        jepa = pretrained.info.jepa
        self._reach = max(1, jepa.future_length // (jepa.patch_stride or jepa.patch_length))

    def __call__(self, rows: Float[np.ndarray, "rows time"]) -> Latents:
        """Encode windows ``[rows time]``, each normalised by its own level and spread; NaN is missing."""
        distinct, place = _distinct(np.asarray(rows, dtype=np.float64))
        with limited_threads(self._jepa), torch.inference_mode():
            parts = [self._encode(chunk) for chunk in torch.from_numpy(distinct).split(_ROWS)]
        return Latents(*(torch.cat(part).numpy()[place] for part in zip(*parts, strict=True)))

    def _encode(self, raw: Float[Tensor, "rows time"]) -> list[Tensor]:
        seen = self._jepa.encode(raw)
        keep = ~seen.padding
        order = torch.arange(keep.shape[1]).where(keep, -1)
        last = seen.values[torch.arange(len(raw)), order.argmax(dim=1)]
        foresight = self._jepa.foresee(raw, min(self._reach, keep.shape[1]))
        codes = raw.new_zeros(len(raw), 0) if foresight.codes is None else foresight.codes.flatten(1)
        unseen = ~keep.any(dim=1, keepdim=True)
        parts = masked_mean(seen.values, keep), last, foresight.values.mean(dim=1), codes
        return [part.masked_fill(unseen, torch.nan) for part in parts]


def _distinct(rows: Float[np.ndarray, "rows time"]) -> tuple[Float[np.ndarray, "some time"], Int[np.ndarray, "rows"]]:
    """The rows that differ after normalisation, and where each row stands among them.

    Constant rows are all alike: in telemetry most channels are switches that rarely move.
    """
    constant = (rows == rows[:, :1]).all(axis=1)
    place = np.where(constant, 0, np.cumsum(~constant))
    return np.concatenate([np.zeros_like(rows[:1]), rows[~constant]]), place
