"""A scikit-learn transformer: texts to embeddings of a pretrained encoder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from tjepa_estimators.artifact import PretrainedEncoder, resolve_pretrained
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.interop.sklearn.settings import seed_of
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.recipe import seeded
from tjepa_estimators.training.run import pretrain
from tjepa_text.documents import read_rows
from tjepa_text.whitening import Whitening

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["JEPATextFeatures", "resolve_text"]

_TOKENIZERS = ("wordpiece", "hugging-face")


class JEPATextFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Embed texts: ``X`` is a list of strings, an array of one axis or a column of a DataFrame.

    A row's embedding does not depend on the other rows, which are read in batches of similar length. An empty text is
    the zero vector, before whitening. A long text is embedded whole, or as the mean of its parts where a model has too
    few positions, see :func:`~tjepa_text.from_hugging_face`.

    Parameters
    ----------
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder` of text, a folder or a hub id, which is never changed; None
        pretrains on the texts given to ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining.
    pooling
        ``"mean"``, ``"max"`` or ``"first"``: how the latents of the tokens become one vector.
    whiten
        Make the directions of the embeddings uncorrelated and equally wide, as learned from the texts given to ``fit``.
    batch_size
        Texts per forward pass.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use.

    Examples
    --------
    >>> from tjepa_text import JEPATextFeatures
    >>> texts = ["To be, or not to be: that is the question.", "Whether 'tis nobler in the mind to suffer"]
    >>> JEPATextFeatures(train={"steps": 2}).fit_transform(texts).shape
    (2, 64)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "encoder": [str],
        "encoder_config": [Mapping, None],
        "pretrained": [str, os.PathLike, HasMethods(["embed"]), None],
        "config": [str, Mapping, HasMethods(["fit_to"])],
        "train": [Mapping, TrainConfig, None],
        "pooling": [StrOptions({"mean", "max", "first"})],
        "whiten": ["boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "text-tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        pooling: str = "mean",
        whiten: bool = False,
        batch_size: int = 64,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.pooling = pooling
        self.whiten = whiten
        self.batch_size = batch_size
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ANN401, ARG002 - scikit-learn's signature
        """Take the pretrained encoder, or pretrain one on the texts; learn to whiten if asked to."""
        texts = read_rows(X)
        self.pretrained_ = self._pretrain(texts) if self.pretrained is None else resolve_text(self.pretrained)
        self._n_features_out = self.pretrained_.dim
        self.whitening_ = Whitening.learn(self._embed(texts)) if self.whiten else None
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "rows features"]:  # noqa: ANN401 - scikit-learn's signature
        """Embed each text: as many columns as the encoder is wide, in double precision."""
        check_is_fitted(self)
        rows = self._embed(read_rows(X))
        return rows if self.whitening_ is None else self.whitening_(rows)

    def _embed(self, texts: list[str]) -> Float[np.ndarray, "rows dim"]:
        rows = self.pretrained_.embed(texts, pool=self.pooling, batch_size=self.batch_size)
        return rows.astype(np.float64)

    def _pretrain(self, texts: list[str]) -> PretrainedEncoder:
        return pretrain(
            texts,
            encoder=self.encoder,
            encoder_config=self.encoder_config,
            config=self.config,
            train=seeded(self.train, seed_of(self.random_state)),
        )

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's own class
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def resolve_text(given: object) -> PretrainedEncoder:
    """A pretrained encoder of text, from itself, a folder or a hub id.

    Raises
    ------
    ConfigError
        It reads something else.
    """
    encoder = given if isinstance(given, PretrainedEncoder) else None
    if encoder is None:
        if not isinstance(given, str | os.PathLike):
            return resolve_pretrained(given, _TOKENIZERS[0])  # says what may be given
        encoder = PretrainedEncoder.load(given)
    settings = encoder.info.jepa.tokenizer
    kind = None if settings is None else settings.kind
    if kind not in _TOKENIZERS:
        msg = f"This encoder reads {'series' if kind is None else repr(kind)}, not text; give one pretrained on text."
        raise ConfigError(msg)
    return encoder
