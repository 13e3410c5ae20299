"""Embed windows in double precision, so that what stands beside a window does not change its features."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from einops import rearrange

from tjepa_estimators.nn.threads import limited_threads

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["WindowEmbedder"]

_ROWS = 1024
"""Windows times channels in one forward pass."""


class WindowEmbedder:
    """The teacher of a pretrained encoder, copied in double precision; the encoder is never changed.

    In single precision the embedding of a window depends on the size of its batch in the sixth digit, more than
    scikit-learn's checks allow.

    Parameters
    ----------
    pretrained
        Whose teacher embeds.

    Examples
    --------
    >>> from tjepa_estimators import pretrain
    >>> encoder = pretrain(np.sin(np.arange(200.0)), train={"steps": 2})
    >>> WindowEmbedder(encoder)(np.zeros((3, 50, 2))).shape
    (3, 64)
    """

    def __init__(self, pretrained: PretrainedEncoder) -> None:
        self._jepa = pretrained.build().double().eval().requires_grad_(requires_grad=False)

    def __call__(self, windows: Float[np.ndarray, "batch time channels"]) -> Float[np.ndarray, "batch features"]:
        """Embed each channel by its mean latent, and join the channels."""
        rows = torch.from_numpy(np.array(windows, dtype=np.float64))  # copied: it may be read-only or reversed
        flat = rearrange(rows, "batch time channels -> (batch channels) time")
        backbone = cast("Backbone", self._jepa.teacher.module)
        with limited_threads(self._jepa), torch.inference_mode():
            parts = [backbone.pooled(chunk) for chunk in flat.split(_ROWS)]
        return torch.cat(parts).reshape(len(windows), -1).numpy()
