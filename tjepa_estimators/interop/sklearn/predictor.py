"""A scikit-learn classifier that predicts anomalies in the next window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sklearn.settings import (
    CONSTRAINTS,
    N_CHANNELS,
    observed,
    seed_of,
    windows_of,
)
from tjepa_estimators.interop.sklearn.time_blocks import best_f1_threshold, later_part, logistic_regression
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os

    from jaxtyping import Float, Int

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAAnomalyPredictor"]


class JEPAAnomalyPredictor(ClassifierMixin, BaseEstimator):
    """Predict whether the next window will be abnormal, from the window at hand.

    Each row of ``X`` is a window of shape (time, n_channels), flattened; ``y`` is 1 where the *next* window holds an
    anomaly. :func:`~tjepa_estimators.next_window_rows` makes both from a labelled series. Rows come in order of time.

    A classifier learns on features of a frozen encoder, see
    :class:`~tjepa_estimators.tasks.prediction_features.PredictionFeatures`. Without ``y`` there is no classifier:
    windows are then ranked by the energy of the forecast that the JEPA makes of the next window's latents.

    Parameters
    ----------
    n_channels
        Channels of a window.
    resolutions
        Numbers of steps that are averaged before a window is looked at, such as ``(1, 4, 16)``; None takes these
        three as far as a window still fills a patch of the encoder.
    channels
        ``"pooled"``: maximum and mean over channels, so that the features do not grow with their number;
        ``"joined"``: all channels side by side.
    parts
        What the classifier sees, of ``"levels"``, ``"latents"``, ``"energies"``, ``"codes"`` and ``"novelty"``: see
        :class:`~tjepa_estimators.tasks.prediction_features.PredictionFeatures`. Codes need an encoder with a codebook;
        novelty needs ``unlabelled`` windows in ``fit``.
    classifier
        Any scikit-learn classifier with ``predict_proba``. None takes a class-weighted logistic regression on
        standardised features; its strength is chosen by cross-validation in blocks of time. Its probabilities
        rank well, but are those of classes of equal size.
    contamination
        Without ``y``: share of the training windows that lies above the threshold.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id, which is never changed; None
        pretrains on the rows given to ``fit``. Best is one with ``future_length`` as long as a window.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Without steps or epochs:
        ten passes over the rows, at most 300 steps.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    classes_
        The two labels; the second one stands for an anomaly. 0 and 1 without ``y``.
    classifier_
        The fitted classifier; None without ``y``.
    features_
        The fitted :class:`~tjepa_estimators.tasks.prediction_features.PredictionFeatures`.
    threshold_
        With ``y``: the probability with the best F1 on the latest quarter of the rows, by a classifier that was
        fitted on those before; 0.5 where one of both parts lacks a class. The classifier in use is fitted on all.
        Without ``y``: an energy.
    pretrained_
        The encoder in use.
    n_features_in_
        Columns of ``X`` in ``fit``.

    Examples
    --------
    A wave trembles in the window before it breaks.

    >>> from tjepa_estimators import JEPAAnomalyPredictor, next_window_rows
    >>> random, wave = np.random.default_rng(0), np.sin(np.arange(4000.0) / 3)
    >>> labels = np.zeros(4000)
    >>> for start in range(200, 4000, 200):
    ...     wave[start - 40 : start] += 0.5 * random.normal(size=40)
    ...     labels[start : start + 10] = 1
    >>> X, y, current = next_window_rows(wave, labels, window=40)
    >>> predictor = JEPAAnomalyPredictor(train={"steps": 20}).fit(X[:60], y[:60])
    >>> predictor.score(X[60:], y[60:]) > 0.9
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "n_channels": [N_CHANNELS],
        "resolutions": [tuple, list, None],
        "channels": [StrOptions({"pooled", "joined"})],
        "parts": [tuple, list],
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
    }

    def __init__(
        self,
        *,
        n_channels: int = 1,
        resolutions: Sequence[int] | None = None,
        channels: str = "pooled",
        parts: Sequence[str] = ("levels", "latents", "energies"),
        classifier: Any = None,
        contamination: float = 0.05,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_channels = n_channels
        self.resolutions = resolutions
        self.channels = channels
        self.parts = parts
        self.classifier = classifier
        self.contamination = contamination
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, *, unlabelled: Any = None) -> Self:
        """Learn from windows.

        Parameters
        ----------
        X
            Windows in order of time, one a row.
        y
            Whether the next window holds an anomaly, two labels; None ranks windows without labels.
        unlabelled
            More windows, mostly normal, such as those from before anybody labelled: what is usual (level, spread,
            energy) is then learnt from them and not from ``X``; so is the encoder where none is given.
        """
        rows, labels = self._labelled(X, y)
        if unlabelled is None and "novelty" in self.parts:
            msg = "In X each window is its own nearest one, so 'novelty' needs others: pass fit(..., unlabelled=...)."
            raise DataError(msg)
        usual = rows if unlabelled is None else self._windows(unlabelled, reset=False)
        self._fit_features(usual)
        self._usual_energies = np.sort(self.features_.energy(usual))
        if labels is None:
            self.classifier_: Any = None
            self.threshold_ = float(np.quantile(self._usual_energies, 1.0 - self.contamination))
        else:
            self._fit_classifier(self.features_(rows), labels)
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows 2"]:
        """Probability of both classes; without labels, of an anomaly: the share of training windows of less energy."""
        check_is_fitted(self)
        windows = self._windows(X, reset=False)
        abnormal = (
            np.searchsorted(self._usual_energies, self.features_.energy(windows)) / len(self._usual_energies)
            if self.classifier_ is None
            else self.classifier_.predict_proba(self.features_(windows))[:, 1]
        )
        return np.stack([1.0 - abnormal, abnormal], axis=1)

    def decision_function(self, X: Any) -> Float[np.ndarray, "rows"]:
        """Log-odds of an anomaly (without labels the energy) relative to the threshold; positive where predicted."""
        check_is_fitted(self)
        if self.classifier_ is None:
            return self.energy(X) - self.threshold_
        return _log_odds(self.predict_proba(X)[:, 1]) - _log_odds(self.threshold_)

    def predict(self, X: Any) -> np.ndarray:
        """Label each row: the second of ``classes_`` where the decision function is positive."""
        abnormal = self.decision_function(X) > 0.0
        return self.classes_[abnormal.astype(int)]

    def energy(self, X: Any) -> Float[np.ndarray, "rows"]:
        """Early warning that uses no label: how unusual the forecast of the next window's latents is. Higher is worse.

        In deviations of the training windows; see
        :meth:`~tjepa_estimators.tasks.prediction_features.PredictionFeatures.energy`.
        """
        check_is_fitted(self)
        return self.features_.energy(self._windows(X, reset=False))

    def _labelled(self, X: Any, y: Any) -> tuple[Float[np.ndarray, "rows time channels"], np.ndarray | None]:
        """Windows, and 1 where the label is the second one."""
        if y is None:
            self.classes_ = np.array([0, 1])
            return self._windows(X, reset=True), None
        X, y = validate_data(self, unmasked(X), y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            msg = f"Only binary classification is supported. The type of the target is {type_of_target(y)}."
            raise DataError(msg)
        if len(self.classes_) < 2:
            msg = (
                f"y holds only one class, {self.classes_[0]!r}, but a classifier needs windows before an anomaly and "
                "others; label more windows, or leave y out to rank windows without labels."
            )
            raise DataError(msg)
        return windows_of(X, self.n_channels), labels

    def _windows(self, X: Any, *, reset: bool) -> Float[np.ndarray, "rows time channels"]:
        rows = validate_data(self, unmasked(X), reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        return windows_of(rows, self.n_channels)

    def _fit_features(self, windows: Float[np.ndarray, "rows time channels"]) -> None:
        from tjepa_estimators.tasks.encoder import encoder_for
        from tjepa_estimators.tasks.prediction_features import PredictionFeatures

        self.pretrained_ = encoder_for(
            observed(windows),
            windows.shape[1],
            pretrained=self.pretrained,
            **recipe_of(self, seed_of(self.random_state)),
        )
        self.features_ = PredictionFeatures(
            self.pretrained_,
            {
                "resolutions": self.resolutions and tuple(self.resolutions),
                "channels": self.channels,
                "parts": tuple(self.parts),
            },
        ).fit(windows)

    def _fit_classifier(self, features: Float[np.ndarray, "rows features"], labels: Int[np.ndarray, "rows"]) -> None:
        self.threshold_ = 0.5
        start = later_part(labels)
        if start is not None:
            earlier = self._new_classifier(labels[:start]).fit(features[:start], labels[:start])
            self.threshold_ = best_f1_threshold(earlier.predict_proba(features[start:])[:, 1], labels[start:])
        self.classifier_ = self._new_classifier(labels).fit(features, labels)

    def _new_classifier(self, labels: Int[np.ndarray, "rows"]) -> Any:
        return logistic_regression(labels) if self.classifier is None else clone(self.classifier)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        tags.target_tags.required = False
        return tags


def _log_odds(probability: Any) -> Any:
    sure = np.finfo(float).eps
    inside = np.clip(probability, sure, 1.0 - sure)
    return np.log(inside / (1.0 - inside))
