"""Make an artifact of a Hugging Face model."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from tjepa_estimators import PretrainedEncoder
from tjepa_estimators.artifact import ArtifactInfo, Provenance
from tjepa_estimators.errors import ArtifactError, ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig, TokenizerConfig, as_preset
from tjepa_text.hugging_face.families import family_of, plain_config

if TYPE_CHECKING:
    from collections.abc import Mapping


__all__ = ["from_hugging_face"]


def from_hugging_face(
    source: str | os.PathLike[str],
    *,
    config: str | JEPAConfig | Mapping[str, Any] = "t-jepa",
    length: int | None = None,
    too_long: str = "split",
    seed: int = 0,
) -> PretrainedEncoder:
    """An encoder with the weights of a Hugging Face model, in student and teacher.

    Its mean-pooled embeddings are the mean-pooled last hidden states of the model; only an empty text is the zero
    vector. A text with more tokens than the model has positions is embedded in parts, each by itself, and pooled over
    the tokens of all: the mean is that of the parts, weighted by their tokens, and ``"first"`` is of the first part.
    ``pretrain(texts, initial=encoder, config="t-jepa")`` goes on from it.

    Parameters
    ----------
    source
        A folder with the model and its tokenizer, or a hub id.
    config
        The recipe to go on with: its masks, predictor and loss; what makes tokens, and their width, are the model's.
    length
        Most tokens of a training sequence; that of the recipe, as far as the model has positions, if None.
    too_long
        What becomes of longer texts: ``"split"`` (several sequences in training, and all of it is embedded),
        ``"truncate"`` or ``"refuse"``.
    seed
        Of the weights of the predictor.

    Raises
    ------
    ArtifactError
        The model or its tokenizer cannot be read.
    ConfigError
        The model is of a kind that cannot be taken apart, or ``transformers`` is not installed.
    """
    model, vocabulary = _read(str(source))
    family, plain = family_of(model.config.to_dict()), plain_config(model.config)
    jepa = as_preset(config).jepa
    most = plain["max_position_embeddings"]
    options = {"vocabulary": vocabulary, "model": plain, "length": length or _length(jepa, most), "too_long": too_long}
    jepa = replace(jepa, dim=model.config.hidden_size, tokenizer=TokenizerConfig(kind="hugging-face", options=options))
    network = build_jepa(jepa, "hugging-face", {"model": plain}, seed=seed)
    backbones: tuple[Any, ...] = (network.student, network.teacher.module)
    for backbone in backbones:
        backbone.tokenizer.embed.load_state_dict(model.embeddings.state_dict())
        backbone.encoder.layers.load_state_dict(getattr(model, family.attribute).state_dict())
    return PretrainedEncoder(_info(jepa, plain, str(source), seed), network.state_dict())


def _read(source: str) -> tuple[Any, str]:
    """The model in single precision, and its vocabulary as JSON."""
    try:
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        msg = "Hugging Face models need the library transformers: pip install 'tjepa-text[hugging-face]'."
        raise ConfigError(msg) from error
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        return AutoModel.from_pretrained(source).float(), tokenizer.backend_tokenizer.to_str()
    except (OSError, ValueError, AttributeError) as error:
        msg = f"There is no model with a tokenizer of the tokenizers library at {source!r}: {error}"
        raise ArtifactError(msg) from error


def _length(jepa: JEPAConfig, most: int) -> int:
    options = {} if jepa.tokenizer is None else jepa.tokenizer.options
    return min(options.get("length", 128), most)


def _info(jepa: JEPAConfig, model: dict[str, Any], source: str, seed: int) -> ArtifactInfo:
    provenance = Provenance(
        data=({"name": os.path.basename(os.path.normpath(source)), "licence": "that of the model"},),  # noqa: PTH119
        seed=seed,
        provided_by={"tjepa-text": version("tjepa-text")},
        versions={name: version(name) for name in ("tjepa-estimators", "torch", "transformers")},
    )
    return ArtifactInfo(encoder="hugging-face", encoder_config={"model": model}, jepa=jepa, provenance=provenance)
