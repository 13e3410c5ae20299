"""A scikit-learn transformer: windows, or what a tokenizer reads, to embeddings of a pretrained encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from tjepa_estimators.interop.sklearn.rows import check_count, check_shape, shaped, validated
from tjepa_estimators.interop.sklearn.settings import (
    CONSTRAINTS,
    N_CHANNELS,
    seed_of,
)
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os

    import numpy as np
    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAFeatures"]


class JEPAFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Embed windows: each row of ``X`` is a window of shape (time, n_channels), flattened.

    Each channel is embedded on its own and normalised by its own level and spread. NaN marks missing values. A
    row's embedding does not depend on the other rows.

    With an encoder that has a tokenizer, in ``pretrained`` or in ``config``, each row is one item that it reads: ``X``
    is an array with an axis for each of their axes, a list or a column of items, or they are flattened and ``shape``
    says how to undo it.

    Parameters
    ----------
    n_channels
        Channels of a window; of no use with a tokenizer.
    shape
        Shape of a sample where rows are flattened and a tokenizer reads them, such as ``(28, 28)``; one size may be
        -1, for what is left.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id, which is never changed; None
        pretrains on the rows given to ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Without steps or epochs:
        ten passes over the rows, at most 300 steps.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use.
    n_features_in_
        Columns of ``X`` in ``fit``, where that is an array or a table.

    Examples
    --------
    >>> import numpy as np
    >>> from tjepa_estimators import JEPAFeatures
    >>> X = np.random.default_rng(0).normal(size=(20, 48))
    >>> JEPAFeatures(train={"steps": 2}).fit_transform(X).shape
    (20, 32)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "n_channels": [N_CHANNELS],
        "shape": [tuple, list, None],
    }

    def __init__(
        self,
        *,
        n_channels: int = 1,
        shape: Sequence[int] | None = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_channels = n_channels
        self.shape = shape
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Take the pretrained encoder, or pretrain one on the rows."""
        from tjepa_estimators.tasks.row_encoder import RowEncoder, encoder_of_rows, tokenizer_of

        tokenizer = tokenizer_of(self.pretrained, self.config)
        check_shape(self.shape, has_tokenizer=tokenizer is not None)
        self._has_tokenizer = tokenizer is not None
        rows = self._rows(X, reset=True)
        recipe = {"pretrained": self.pretrained, **recipe_of(self, seed_of(self.random_state))}
        self.pretrained_ = encoder_of_rows(rows, tokenizer, recipe)
        self._reader = RowEncoder(self.pretrained_)
        self._backbone = self._reader.backbone()
        self._n_features_out = self.pretrained_.dim * (1 if self._has_tokenizer else self.n_channels)
        return self

    def transform(self, X: Any) -> Float[np.ndarray, "rows features"]:
        """Embed each row, in double precision: the width of the encoder, for each channel of a window.

        Raises
        ------
        DataError
            The rows cannot be read.
        """
        check_is_fitted(self)
        rows = self._rows(X, reset=False)
        samples = self._reader.samples(rows)
        check_count(len(samples), rows)
        return self._reader.features(self._backbone, samples)

    def _rows(self, X: Any, *, reset: bool) -> Any:
        X = validated(self, X, has_tokenizer=self._has_tokenizer, reset=reset)
        return shaped(X, self.n_channels, self.shape, has_tokenizer=self._has_tokenizer)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
