"""Text for tjepa_estimators; this module describes what there is and imports no torch.

The public names ``JEPATextFeatures`` and ``from_hugging_face`` are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tjepa_estimators.plugins import (
    CommandSpec,
    DomainSpec,
    EncoderSpec,
    MaskerSpec,
    PresetSpec,
    TokenizerSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from tjepa_text.features import JEPATextFeatures
    from tjepa_text.hugging_face.convert import from_hugging_face

__all__ = ["JEPATextFeatures", "from_hugging_face"]

_TARGETS = {
    "JEPATextFeatures": "tjepa_text.features",
    "from_hugging_face": "tjepa_text.hugging_face.convert",
}


@hookimpl
def tjepa_tokenizers() -> list[TokenizerSpec]:
    """Return the tokenizer that learns its vocabulary, and the one that takes over a model's."""
    return [
        TokenizerSpec(
            name="wordpiece",
            target="tjepa_text.wordpiece:WordPieceTokenizer",
            config="tjepa_text.wordpiece:WordPieceConfig",
            summary="Text as word pieces, of a vocabulary that is given or learned",
        ),
        TokenizerSpec(
            name="hugging-face",
            target="tjepa_text.hugging_face.embeddings:HuggingFaceTokenizer",
            config="tjepa_text.hugging_face.embeddings:HuggingFaceTokenizerConfig",
            summary="Text as the tokens of a Hugging Face model, with its embeddings",
        ),
    ]


@hookimpl
def tjepa_encoders() -> list[EncoderSpec]:
    """Return the layers of Hugging Face models."""
    return [
        EncoderSpec(
            name="hugging-face",
            target="tjepa_text.hugging_face.layers:HuggingFaceEncoder",
            config="tjepa_text.hugging_face.layers:HuggingFaceEncoderConfig",
            summary="The layers of a Hugging Face model: DistilBERT, BERT and MiniLM",
        )
    ]


@hookimpl
def tjepa_maskers() -> list[MaskerSpec]:
    """Return the masker of neighbouring words."""
    return [
        MaskerSpec(
            name="span", target="tjepa_text.spans:SpanMasker", summary="Spans of 3 to 8 tokens, 15 % of a sequence"
        )
    ]


@hookimpl
def tjepa_presets() -> list[PresetSpec]:
    """Return the recipe that trains on a CPU and that of the published description."""
    return [
        PresetSpec(
            name="text-tiny", target="tjepa_text.presets:TEXT_TINY", summary="From nothing, on a CPU, in minutes"
        ),
        PresetSpec(name="t-jepa", target="tjepa_text.presets:T_JEPA", summary="The values published for T-JEPA"),
    ]


@hookimpl
def tjepa_domains() -> list[DomainSpec]:
    """Return the play that is bundled."""
    return [DomainSpec(name="hamlet", target="tjepa_text.hamlet:Hamlet", summary="Hamlet, speech by speech")]


@hookimpl
def tjepa_commands() -> list[CommandSpec]:
    """Return the semantic check and the demonstration."""
    return [
        CommandSpec(name="demo-text", target="tjepa_text.demo:run", summary="learn from Hamlet, and see what of it"),
        CommandSpec(
            name="probe-text",
            target="tjepa_text.probe.command:run",
            summary="whether an encoder of text puts paraphrases closer than unrelated sentences",
        ),
    ]


def __getattr__(name: str) -> object:
    if name not in _TARGETS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_TARGETS[name]), name)
