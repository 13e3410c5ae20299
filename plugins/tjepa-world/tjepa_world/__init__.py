"""World models in the latent space of any pretrained encoder, and planning with them.

This module describes the plugin and imports no torch; its public names are imported on first use.
"""

from __future__ import annotations

from tjepa_estimators.plugins import PresetSpec, TokenizerSpec, hookimpl

__all__ = ["tjepa_presets", "tjepa_tokenizers"]


@hookimpl
def tjepa_tokenizers() -> list[TokenizerSpec]:
    """Return the tokenizer of vectors."""
    return [
        TokenizerSpec(
            name="vectors",
            target="tjepa_world.vectors.tokenizer:VectorTokenizer",
            config="tjepa_world.vectors.config:VectorsConfig",
            summary="Vectors such as the state of a machine, or short histories of them",
        )
    ]


@hookimpl
def tjepa_presets() -> list[PresetSpec]:
    """Return the recipe for vectors."""
    return [
        PresetSpec(
            name="vectors-tiny",
            target="tjepa_world.vectors.presets:tiny",
            summary="Small network for vectors of a few features",
        )
    ]
