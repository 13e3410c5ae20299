"""A scikit-learn classifier on a pretrained encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sklearn.rows import check_count, check_shape, shaped, validated
from tjepa_estimators.interop.sklearn.settings import CONSTRAINTS, N_CHANNELS, seed_of
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.recipe import recipe_of, seeded

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["JEPAClassifier"]


class JEPAClassifier(ClassifierMixin, BaseEstimator):
    """Classify windows of series, or items of another kind, on a pretrained encoder.

    Each row of ``X`` is a window of shape (time, n_channels), flattened; NaN marks missing values. With an encoder that
    has a tokenizer of its own, each row is one item that it reads: ``X`` is an array of any number of axes, a list or a
    column of items, or rows that are flattened items of one ``shape``.

    Parameters
    ----------
    strategy
        ``"frozen"``: a logistic regression on the encoder's mean latents, its strength chosen by cross-validation;
        ``"finetune"``: that first, then the encoder is trained with it on cross-entropy. A fifth of the rows judges,
        and the weights that do best on it are kept, which may be those it began with.
    levels
        Windows of series: tell the classifier level and spread of each channel beside the latents, which do not hold
        them.
    n_channels
        Channels of a window.
    shape
        Shape of an item, where the rows of ``X`` are flattened items of a tokenizer, such as ``(28, 28)``; one size may
        be -1, for what is left. None hands on ``X`` as it is.
    encoder_rate
        Learning rate of the encoder in fine-tuning, as a share of that of the classifier.
    tuning
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for fine-tuning: by default 200 steps of 32
        rows at a rate of 1e-3.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id, which is never changed; None
        pretrains on the rows given to ``fit``, without their labels.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Without steps or epochs:
        ten passes over the rows, at most 300 steps; with a tokenizer, what the preset says.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    classes_
        The labels.
    pretrained_
        The encoder in use, before fine-tuning.
    task_
        The fitted :class:`~tjepa_estimators.tasks.classification.ClassificationTask`.
    n_features_in_
        Columns of ``X`` in ``fit``, where that is an array or a table.

    Examples
    --------
    >>> from tjepa_estimators import JEPAClassifier
    >>> is_fast = np.arange(30) % 2
    >>> X = np.sin(np.arange(40.0) * (0.3 + 0.4 * is_fast[:, None]))
    >>> JEPAClassifier(train={"steps": 5}).fit(X, is_fast).score(X, is_fast)
    1.0
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "strategy": [StrOptions({"frozen", "finetune"})],
        "levels": ["boolean"],
        "n_channels": [N_CHANNELS],
        "shape": [tuple, list, None],
        "encoder_rate": [Interval(Real, 0, None, closed="left")],
        "tuning": [Mapping, TrainConfig, None],
    }

    def __init__(
        self,
        *,
        strategy: str = "frozen",
        levels: bool = True,
        n_channels: int = 1,
        shape: Sequence[int] | None = None,
        encoder_rate: float = 0.1,
        tuning: TrainConfig | Mapping[str, Any] | None = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.strategy = strategy
        self.levels = levels
        self.n_channels = n_channels
        self.shape = shape
        self.encoder_rate = encoder_rate
        self.tuning = tuning
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Pretrain an encoder on the rows where none is given, then learn their classes.

        Raises
        ------
        DataError
            The rows cannot be read, there is one class only, or fine-tuning has too few rows to judge itself by.
        """
        from tjepa_estimators.tasks.classification import ClassificationTask
        from tjepa_estimators.tasks.row_encoder import encoder_of_rows, tokenizer_of

        if y is None:
            msg = "JEPAClassifier requires y to be passed, but the target y is None."
            raise DataError(msg)
        seed = seed_of(self.random_state)
        tokenizer = tokenizer_of(self.pretrained, self.config)
        self._has_tokenizer = tokenizer is not None
        check_shape(self.shape, has_tokenizer=self._has_tokenizer)
        X, y = validated(self, X, y, has_tokenizer=self._has_tokenizer)
        items = self._items(X)
        check_classification_targets(y)
        self.classes_, labels = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        if len(self.classes_) < 2:
            msg = f"y holds only one class, {self.classes_[0]!r}; a classifier needs rows of two classes or more."
            raise DataError(msg)
        recipe = {"pretrained": self.pretrained, **recipe_of(self, seed)}
        self.pretrained_ = encoder_of_rows(items, tokenizer, recipe)
        self.task_ = ClassificationTask(
            self.pretrained_,
            {
                "strategy": self.strategy,
                "levels": self.levels,
                "encoder_rate": float(self.encoder_rate),
                "seed": seed or 0,
            },
            seeded(self.tuning, seed),
        ).fit(items, labels)
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows classes"]:
        """The probability of each class, in the order of ``classes_``.

        Raises
        ------
        DataError
            The rows cannot be read.
        """
        check_is_fitted(self)
        items = self._items(validated(self, X, has_tokenizer=self._has_tokenizer, reset=False))
        found = self.task_.predict_proba(items)
        check_count(len(found), items)
        return found

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return self.classes_[likeliest]

    def _items(self, X: Any) -> Any:
        """What the encoder reads, of rows."""
        return shaped(X, self.n_channels, self.shape, has_tokenizer=self._has_tokenizer)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
