"""Read an encoder's features: from an artifact as it is, or from a network that learns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["embed", "raw_reader"]

RawReader = Callable[["Int[Tensor, 'batch']", "Backbone", str | None], "Float[Tensor, 'batch features']"]
"""Features of the observations with these numbers, by a given network."""


def embed(encoder: PretrainedEncoder, observations: np.ndarray, pool: str | None) -> Float[np.ndarray, "n features"]:
    """The features of observations.

    Raises
    ------
    DataError
        The encoder does not read such observations, or makes no numbers of them.
    """
    try:
        features = encoder.embed(observations, pool=pool)
    except (DataError, TypeError, RuntimeError) as error:
        settings = encoder.info.jepa.tokenizer
        reads = "windows of series" if settings is None else f"what the tokenizer {settings.kind!r} reads"
        msg = (
            f"The encoder reads {reads}, and cannot read these observations of the shape "
            f"{np.shape(observations)[1:]}: {error} If they are of another kind, give an encoder that was pretrained "
            "on such."
        )
        raise DataError(msg) from error
    if len(features) != len(observations):
        msg = f"The encoder reads {len(observations)} observations as {len(features)}; give each an axis for channels."
        raise DataError(msg)
    if not np.isfinite(features).all():
        raise DataError("The encoder gives NaN for some observations; look for what they hold.")
    return features


def raw_reader(encoder: PretrainedEncoder, observations: np.ndarray) -> RawReader:
    """Features through a network that is being trained, of observations by number."""
    if encoder.info.jepa.tokenizer is not None:
        rows = encoder.info.jepa.tokenizer.settings().rows(observations)
        return lambda index, backbone, pool: backbone.embed(rows.gather(index).to(_device(backbone)), pool)
    # channels are seen one by one and joined, as PretrainedEncoder.embed does
    windows = observations if observations.ndim == 3 else observations[..., None]
    values = torch.from_numpy(np.ascontiguousarray(np.moveaxis(windows, 2, 1), dtype=np.float64))

    def read(index: Tensor, backbone: Backbone, pool: str | None) -> Tensor:
        features = backbone.embed(values[index].flatten(0, 1).to(_device(backbone)), pool)
        return features.reshape(len(index), -1)

    return read


def _device(backbone: Backbone) -> torch.device:
    return next(backbone.parameters()).device
