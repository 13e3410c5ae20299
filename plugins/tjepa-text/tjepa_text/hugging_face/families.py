"""Which models of ``transformers`` can be taken apart, and how they are built from plain settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FAMILIES", "Family", "family_of", "plain_config", "rebuild_config"]


@dataclass(frozen=True, slots=True)
class Family:
    """Where the parts of a kind of model are."""

    module: str
    embeddings: str
    """Class of the embeddings."""
    layers: str
    """Class of the stack of layers."""
    attribute: str
    """Where a whole model keeps that stack."""

    def build(self, part: str, config: object) -> nn.Module:
        """Fresh ``"embeddings"`` or ``"layers"``."""
        built: nn.Module = getattr(import_module(self.module), getattr(self, part))(config)
        return built


FAMILIES: Mapping[str, Family] = {
    "distilbert": Family(
        "transformers.models.distilbert.modeling_distilbert", "Embeddings", "Transformer", "transformer"
    ),
    "bert": Family("transformers.models.bert.modeling_bert", "BertEmbeddings", "BertEncoder", "encoder"),
}
"""By the ``model_type`` of a configuration; MiniLM is a BERT."""

_OF_NO_USE = {"architectures", "_name_or_path", "transformers_version", "dtype", "torch_dtype", "id2label", "label2id"}


def family_of(model: Mapping[str, Any]) -> Family:
    """The family of a model with this configuration.

    Raises
    ------
    ConfigError
        It is none that can be taken apart.
    """
    kind = str(model.get("model_type"))
    if kind not in FAMILIES:
        msg = f"A Hugging Face model of type {kind!r} cannot be taken apart here; use one of {sorted(FAMILIES)}."
        raise ConfigError(msg)
    return FAMILIES[kind]


def plain_config(config: Any) -> dict[str, Any]:  # noqa: ANN401 - a configuration of transformers
    """A configuration as what JSON can hold, without what says nothing of the network."""
    kept = {name: value for name, value in config.to_dict().items() if name not in _OF_NO_USE}
    return {name: value for name, value in kept.items() if isinstance(value, str | int | float | bool)}


def rebuild_config(model: Mapping[str, Any]) -> object:
    """The configuration of ``transformers`` for plain settings.

    Raises
    ------
    ConfigError
        There is no such family, or ``transformers`` is not installed.
    """
    family_of(model)
    try:
        from transformers import AutoConfig
    except ImportError as error:
        msg = "Hugging Face models need the library transformers: pip install 'tjepa-text[hugging-face]'."
        raise ConfigError(msg) from error
    kept = dict(model)
    return AutoConfig.for_model(kept.pop("model_type"), attn_implementation="sdpa", **kept)
