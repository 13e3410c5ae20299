"""The tokenizer ``"hugging-face"``: the vocabulary and the embeddings of a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import torch
from torch import nn

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.errors import ConfigError
from tjepa_text.hugging_face.families import family_of, rebuild_config
from tjepa_text.samples import PADDING
from tjepa_text.settings import TextSettings
from tjepa_text.wordpiece import token_positions

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

__all__ = ["HuggingFaceTokenizer", "HuggingFaceTokenizerConfig"]


@dataclass(frozen=True, kw_only=True)
class HuggingFaceTokenizerConfig(TextSettings):
    """A vocabulary and the configuration of the model that it belongs to; :func:`from_hugging_face` fills it in."""

    model: dict[str, Any] = field(default_factory=dict)
    """Configuration of the model, ``model_type`` among it."""

    adds_special: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.positions is not None and self.length > self.positions:
            msg = f"length={self.length} is more than the {self.positions} positions of this model; lower it."
            raise ConfigError(msg)

    @property
    def positions(self) -> int | None:
        """Those that the model has."""
        return self.model.get("max_position_embeddings")

    def fit_to(self, items: object) -> Self:  # noqa: ARG002 - the vocabulary is the model's
        """Itself: nothing is learned.

        Raises
        ------
        ConfigError
            There is no model.
        """
        if self.vocabulary is None or not self.model:
            msg = "The tokenizer 'hugging-face' belongs to a model: make an encoder with from_hugging_face(...)."
            raise ConfigError(f"{msg} Give it as initial= or pretrained=.")
        return self


class HuggingFaceTokenizer(nn.Module):
    """The embeddings of a model: of the token, of its place, of the one segment; then a layer norm.

    Places are counted anew after the last position of the model: there the next part of a text begins.
    """

    def __init__(self, dim: int, config: HuggingFaceTokenizerConfig) -> None:
        super().__init__()
        self.dim = dim
        self.embed = family_of(config.model).build("embeddings", rebuild_config(config.model))
        self.positions = cast("nn.Embedding", self.embed.position_embeddings).num_embeddings
        width = cast("nn.Embedding", self.embed.word_embeddings).embedding_dim
        if width != dim:
            msg = f"The model is {width} wide, but dim={dim}; set dim to {width}."
            raise ConfigError(msg)

    def grid(self, raw: Int[Tensor, "batch tokens"]) -> tuple[int]:
        """Tokens along the one axis, the text."""
        return (raw.shape[1],)

    def forward(
        self,
        raw: Int[Tensor, "batch tokens"],
        context: Int[Tensor, "batch visible"] | None = None,  # noqa: ARG002 - nothing is taken from other tokens
    ) -> Tokens:
        """Embed token numbers; ``-1`` is padding."""
        steps = torch.arange(raw.shape[1], device=raw.device) % self.positions
        values = self.embed(input_ids=raw.clamp(min=0), position_ids=steps.unsqueeze(0))
        return Tokens(values, token_positions(raw, values.dtype), raw == PADDING)
