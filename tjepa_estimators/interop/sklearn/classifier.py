"""A scikit-learn classifier on a pretrained encoder, frozen or fine-tuned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.model_selection import train_test_split
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sklearn.probe import fit_probe, linear_map
from tjepa_estimators.interop.sklearn.rows import check_shape, shaped
from tjepa_estimators.interop.sklearn.settings import CONSTRAINTS, N_CHANNELS, seed_of
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.recipe import recipe_of, seeded

if TYPE_CHECKING:
    import os

    from jaxtyping import Float, Int

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["JEPAClassifier"]

_HELD = 0.2
"""Share of the rows, with equal shares of each class, that judges fine-tuning."""
_FEWEST = 5
"""Rows that each class must have for that."""
_TUNING = {"steps": 200, "batch_size": 32, "learning_rate": 1e-3}


class JEPAClassifier(ClassifierMixin, BaseEstimator):
    """Classify rows: windows of shape (time, n_channels), flattened, or what the encoder's tokenizer reads.

    ``strategy="frozen"`` fits a logistic regression on standardised embeddings, and on the level and spread of each
    channel of a window, which embeddings leave out; its strength is chosen by cross-validation where each class has
    six rows or more. ``"finetune"`` goes on from there and trains the encoder with it, at a lower rate, on the
    cross-entropy. A fifth of the rows judges, and the weights that do best on it are kept; where they are those from
    before, or a class has fewer than five rows, the frozen result stands.

    Parameters
    ----------
    n_channels
        Channels of a window; of no use with a tokenizer.
    shape
        Shape of a sample where rows are flattened and a tokenizer reads them, such as ``(28, 28)``; one size may be
        -1, for what is left.
    strategy
        ``"frozen"`` or ``"finetune"``.
    tuning
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for fine-tuning; 200 steps of 32 rows at a
        rate of 1e-3 where it says nothing.
    encoder_rate
        Rate of the encoder's last layer in that of the head.
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
        ten passes over the rows, at most 300 steps.
    random_state
        Seed of everything random; None keeps the seeds of ``train`` and ``tuning``, which are 0 by default.

    Attributes
    ----------
    classes_
        The labels.
    pretrained_
        The encoder that it began with.
    probe_
        The regression on the frozen embeddings of all rows.
    finetune_report_
        What fine-tuning came to; None without it.
    n_features_in_
        Columns of ``X`` in ``fit``.

    Examples
    --------
    >>> steps, random = np.arange(48.0), np.random.default_rng(0)
    >>> y = np.repeat(["slow", "fast"], 30)
    >>> X = np.sin(steps / np.where(y == "slow", 6, 2)[:, None] + random.uniform(0, 6, size=(60, 1)))
    >>> classifier = JEPAClassifier(train={"steps": 20}).fit(X[::2], y[::2])
    >>> classifier.score(X[1::2], y[1::2]) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "n_channels": [N_CHANNELS],
        "shape": [tuple, list, None],
        "strategy": [StrOptions({"frozen", "finetune"})],
        "tuning": [Mapping, TrainConfig, None],
        "encoder_rate": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        n_channels: int = 1,
        shape: Sequence[int] | None = None,
        strategy: str = "frozen",
        tuning: TrainConfig | Mapping[str, Any] | None = None,
        encoder_rate: float = 0.3,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_channels = n_channels
        self.shape = shape
        self.strategy = strategy
        self.tuning = tuning
        self.encoder_rate = encoder_rate
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Learn from labelled rows."""
        from tjepa_estimators.tasks.inputs import Inputs, encoder_of_rows, tokenizer_of

        tokenizer, seed = tokenizer_of(self.pretrained, self.config), seed_of(self.random_state)
        check_shape(self.shape, has_tokenizer=tokenizer is not None)
        self._has_tokenizer = tokenizer is not None
        rows, labels = self._labelled(X, y)
        recipe = {"pretrained": self.pretrained, **recipe_of(self, seed)}
        self.pretrained_ = encoder_of_rows(rows, tokenizer, recipe)
        self._inputs = Inputs(self.pretrained_)
        self._backbone = self._inputs.backbone()
        samples = self._inputs.samples(rows)
        features = self._features(samples)
        self.probe_: Any = fit_probe(features, labels)
        self.finetune_report_: Any = None
        self._network: Any = None
        if self.strategy == "finetune" and np.bincount(labels).min() >= _FEWEST:
            self._finetune(samples, features, labels, seed)
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows classes"]:
        """Probability of each class, in the order of ``classes_``."""
        check_is_fitted(self)
        samples = self._inputs.samples(self._rows(X))
        if self._network is not None:
            return self._network.probabilities(samples)
        return self.probe_.predict_proba(self._features(samples))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def _labelled(self, X: Any, y: Any) -> tuple[Any, Int[np.ndarray, "rows"]]:
        X, y = validate_data(self, X, y, **self._checks())
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            msg = f"y holds only one class, {self.classes_[0]!r}; a classifier needs rows of two classes or more."
            raise DataError(msg)
        return shaped(X, self.n_channels, self.shape, has_tokenizer=self._has_tokenizer), labels

    def _rows(self, X: Any) -> Any:
        X = validate_data(self, X, reset=False, **self._checks())
        return shaped(X, self.n_channels, self.shape, has_tokenizer=self._has_tokenizer)

    def _checks(self) -> dict[str, Any]:
        dtype = None if self._has_tokenizer else np.float64
        return {"dtype": dtype, "ensure_all_finite": "allow-nan", "allow_nd": True}

    def _features(self, samples: Any) -> Float[np.ndarray, "rows features"]:
        from tjepa_estimators.tasks.classification import described_rows

        return self._inputs.features(self._backbone, samples, described_rows)

    def _finetune(
        self,
        samples: Any,
        features: Float[np.ndarray, "rows features"],
        labels: Int[np.ndarray, "rows"],
        seed: int | None,
    ) -> None:
        from tjepa_estimators.tasks.classification import ClassifierNetwork, tune_classifier

        given = self.tuning if isinstance(self.tuning, TrainConfig) else {**_TUNING, **(self.tuning or {})}
        train = as_settings(TrainConfig, seeded(given, seed))
        size = max(round(_HELD * len(labels)), len(self.classes_))
        seen, held = train_test_split(
            np.arange(len(labels)), test_size=size, stratify=labels, random_state=train.seed % 2**32
        )
        head = linear_map(fit_probe(features[seen], labels[seen]))  # the judges must be new to it
        network = ClassifierNetwork(self._inputs.backbone().float(), head, self._inputs.tokenizer)
        self.finetune_report_ = tune_classifier(network, samples, labels, held, train, self.encoder_rate)
        if self.finetune_report_.best_step > 0:
            self._network = network if self._has_tokenizer else network.double()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
