"""The encoder ``"hugging-face"``: the layers of a model, without its embeddings and heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.transformer import attention_mask
from tjepa_text.hugging_face.families import family_of, rebuild_config

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["HuggingFaceEncoder", "HuggingFaceEncoderConfig"]


@dataclass(frozen=True, kw_only=True)
class HuggingFaceEncoderConfig:
    """Configuration of the model; an empty one is a DistilBERT of two layers, as wide as the tokens."""

    model: dict[str, Any] = field(default_factory=dict)
    """Settings of ``transformers``, ``model_type`` among them."""


class HuggingFaceEncoder(nn.Module):
    """A stack of layers on tokens that are embedded already.

    More tokens than the model has positions are mixed in parts of so many, each by itself: it was never trained on
    tokens that are farther apart. Layers that are no model's take any number.
    """

    def __init__(self, dim: int, config: HuggingFaceEncoderConfig) -> None:
        super().__init__()
        model = config.model or _small(dim)
        settings: Any = rebuild_config(model)
        if settings.hidden_size != dim:
            msg = f"The model is {settings.hidden_size} wide, but dim={dim}; set dim to {settings.hidden_size}."
            raise ConfigError(msg)
        self.positions: int | None = model.get("max_position_embeddings")
        self.layers = family_of(model).build("layers", settings)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others."""
        if self.positions is None or x.shape[1] <= self.positions:
            return self._mix(x, padding)
        parts = x.split(self.positions, dim=1)
        masks = [None] * len(parts) if padding is None else padding.split(self.positions, dim=1)
        return torch.cat([self._mix(part, mask) for part, mask in zip(parts, masks, strict=True)], dim=1)

    def _mix(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None
    ) -> Float[Tensor, "batch tokens dim"]:
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)  # a weight of zero does not silence NaN
        mixed: Tensor = self.layers(x, attention_mask(padding)).last_hidden_state
        return mixed


def _small(dim: int) -> dict[str, Any]:
    heads = next(heads for heads in (4, 2, 1) if dim % heads == 0)
    return {"model_type": "distilbert", "dim": dim, "n_heads": heads, "n_layers": 2, "hidden_dim": 2 * dim}
