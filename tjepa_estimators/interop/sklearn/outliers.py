"""scikit-learn outlier detectors: rows are time steps, or rows are windows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.interop.sklearn.settings import (
    CONSTRAINTS,
    N_CHANNELS,
    observed,
    seed_of,
    windows_of,
)
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.tasks.anomaly import AnomalyConfig, AnomalyStream, Explanation
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAOutlierDetector", "JEPAWindowOutlierDetector"]

_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")


class _JEPAOutliers(OutlierMixin, BaseEstimator, ABC):
    """Score rows with an :class:`~tjepa_estimators.AnomalyTask`; subclasses say what a row is."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CONSTRAINTS,
        "resolutions": [tuple, list, None],
        "scores": [tuple, list, None],
        "fusion": [str],
        "neighbours": [_AT_LEAST_ONE],
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "threshold": [Real, str, Mapping, callable, None],
    }

    @abstractmethod
    def _series(self, X: Float[np.ndarray, "rows features"]) -> list[Float[np.ndarray, "time channels"]]:
        """Series to learn from."""

    @abstractmethod
    def _abnormality(self, X: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows"]:
        """Higher is more abnormal."""

    @abstractmethod
    def _of_steps(self, config: AnomalyConfig) -> AnomalyConfig:
        """What of the settings is meant for single steps, which the task scores."""

    @abstractmethod
    def _threshold(self, X: Float[np.ndarray, "rows features"], config: AnomalyConfig) -> float:
        """Training rows above it are outliers."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn what is normal from mostly normal rows."""
        from tjepa_estimators.tasks.anomaly import AnomalyConfig, AnomalyTask
        from tjepa_estimators.tasks.anomaly.config import settings_of

        X = self._rows(X, reset=True)
        seed = seed_of(self.random_state)
        config = as_settings(AnomalyConfig, settings_of(self, seed=seed))
        self.task_ = AnomalyTask(
            self._of_steps(config),
            pretrained=self.pretrained,
            **recipe_of(self, seed),
        ).fit(self._series(X))
        self.pretrained_ = self.task_.pretrained_
        self.offset_ = -self._threshold(X, config)
        return self

    def score_samples(self, X: Any) -> Float[np.ndarray, "rows"]:
        """Score each row; lower is more abnormal, as everywhere in scikit-learn."""
        check_is_fitted(self)
        return -self._abnormality(self._rows(X, reset=False))

    def decision_function(self, X: Any) -> Float[np.ndarray, "rows"]:
        """Score each row relative to ``offset_``; negative is an outlier."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """Label each row: 1 for an inlier, -1 for an outlier."""
        return np.where(self.decision_function(X) >= 0.0, 1, -1)

    def _rows(self, X: Any, *, reset: bool) -> Float[np.ndarray, "rows features"]:
        return validate_data(self, unmasked(X), reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class JEPAOutlierDetector(_JEPAOutliers):
    """Detect abnormal time steps: the rows of ``X`` are consecutive steps of one series, the columns its channels.

    A row is judged together with the rows around it. So rows must come in order of time, and never go through a
    shuffled split; use :class:`sklearn.model_selection.TimeSeriesSplit`. For the same reason two of scikit-learn's
    checks cannot hold: ``check_methods_sample_order_invariance`` and ``check_methods_subset_invariance``. Where
    rows are windows that stand for themselves, use :class:`JEPAWindowOutlierDetector`, which passes all of them.

    Parameters
    ----------
    window
        Steps looked at together; None takes the window of the encoder, but at most a quarter of the rows.
    resolutions
        Numbers of steps that are averaged before the series is looked at, such as ``(1, 4, 16)``: each gives a view
        with windows of its own. None takes the first two as far as the training data can fill them.
    scores
        Names of the scorers, some of ``"prediction"``, ``"subspace"``, ``"neighbours"``, ``"mahalanobis"`` and
        ``"level"``; None takes all but the fourth.
    fusion
        How the scores of all resolutions and scorers become one: ``"mean"``, ``"max"``, ``"rank"`` or ``"agreement"``.
    neighbours
        Nearest training windows whose distances are averaged.
    lookahead
        Whether the score of a step also uses windows that end up to a window later, or none that end a stride later.
    contamination
        Share of the training rows that counts as outliers, in (0, 0.5].
    threshold
        What :func:`~tjepa_estimators.tasks.thresholds.as_threshold` takes, such as ``{"alarms": 1, "steps": 1440}``;
        None takes ``contamination``.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id, which is never changed; None
        pretrains on the rows given to ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with; None takes windows of 32
        steps in patches of 4.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Without steps or epochs:
        ten passes over the windows, at most 300 steps.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use.
    task_
        The fitted :class:`~tjepa_estimators.AnomalyTask`.
    offset_
        ``decision_function`` is ``score_samples`` less this.
    n_features_in_
        Columns of ``X`` in ``fit``.

    Examples
    --------
    >>> from tjepa_estimators import JEPAOutlierDetector
    >>> X = np.sin(np.arange(400.0) / 5)[:, None]
    >>> X[300:308] = 0.0
    >>> labels = JEPAOutlierDetector(window=48, train={"steps": 20}).fit(X[:250]).predict(X)
    >>> labels[300:308].tolist()
    [-1, -1, -1, -1, -1, -1, -1, -1]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_JEPAOutliers._parameter_constraints,
        "window": [_AT_LEAST_ONE, None],
        "lookahead": ["boolean"],
    }

    def __init__(
        self,
        *,
        window: int | None = None,
        resolutions: Sequence[int] | None = None,
        scores: Sequence[str] | None = None,
        fusion: str = "mean",
        neighbours: int = 5,
        lookahead: bool = True,
        contamination: float = 0.05,
        threshold: Any = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.window = window
        self.resolutions = resolutions
        self.scores = scores
        self.fusion = fusion
        self.neighbours = neighbours
        self.lookahead = lookahead
        self.contamination = contamination
        self.threshold = threshold
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    def explain(self, X: Any) -> Explanation:
        """Tell which resolutions, scorers and columns made the scores; there, as in ``task_``, higher is more abnormal.

        Rows that were fitted on are explained as if they were new.
        """
        check_is_fitted(self)
        return self.task_.explain(self._rows(X, reset=False))

    def stream(self) -> AnomalyStream:
        """Score rows as they arrive, with the scores of ``task_``: lower becomes higher.

        Rows whose scores exceed ``-offset_`` are outliers.
        """
        check_is_fitted(self)
        return self.task_.stream()

    def _series(self, X: Float[np.ndarray, "rows features"]) -> list[Float[np.ndarray, "time channels"]]:
        return [X]

    def _abnormality(self, X: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows"]:
        return self.task_.score(X)

    def _of_steps(self, config: AnomalyConfig) -> AnomalyConfig:
        return config

    def _threshold(self, X: Float[np.ndarray, "rows features"], config: AnomalyConfig) -> float:  # noqa: ARG002 - done
        return self.task_.threshold_


class JEPAWindowOutlierDetector(_JEPAOutliers):
    """Detect abnormal windows: each row of ``X`` is a window of shape (time, n_channels), flattened.

    A row stands for itself: its score depends neither on the other rows nor on their order.

    Parameters
    ----------
    n_channels
        Channels of a window.
    resolutions
        Numbers of steps that are averaged before the series is looked at, such as ``(1, 4, 16)``: each gives a view
        with windows of its own. None takes the first two as far as the training data can fill them.
    scores
        Names of the scorers, some of ``"prediction"``, ``"subspace"``, ``"neighbours"``, ``"mahalanobis"`` and
        ``"level"``; None takes all but the fourth.
    fusion
        How the scores of all resolutions and scorers become one: ``"mean"``, ``"max"``, ``"rank"`` or ``"agreement"``.
    neighbours
        Nearest training windows whose distances are averaged.
    contamination
        Share of the training rows that counts as outliers, in (0, 0.5].
    threshold
        What :func:`~tjepa_estimators.tasks.thresholds.as_threshold` takes, where each row is a series of one step;
        None takes ``contamination``.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id, which is never changed; None
        pretrains on the rows given to ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with; None takes windows of 32
        steps in patches of 4, cut to the rows.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Without steps or epochs:
        ten passes over the rows, at most 300 steps.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use.
    task_
        The fitted :class:`~tjepa_estimators.AnomalyTask`.
    offset_
        ``decision_function`` is ``score_samples`` less this.
    n_features_in_
        Columns of ``X`` in ``fit``.

    Examples
    --------
    >>> from tjepa_estimators import JEPAWindowOutlierDetector
    >>> X = np.sin(np.arange(40.0) / 5 + np.arange(60.0)[:, None])
    >>> odd = X[:1] * np.linspace(-1.0, 1.0, 40)
    >>> JEPAWindowOutlierDetector(train={"steps": 20}).fit(X).predict(odd)
    array([-1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **_JEPAOutliers._parameter_constraints,
        "n_channels": [N_CHANNELS],
    }

    def __init__(
        self,
        *,
        n_channels: int = 1,
        resolutions: Sequence[int] | None = None,
        scores: Sequence[str] | None = None,
        fusion: str = "mean",
        neighbours: int = 5,
        contamination: float = 0.05,
        threshold: Any = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_channels = n_channels
        self.resolutions = resolutions
        self.scores = scores
        self.fusion = fusion
        self.neighbours = neighbours
        self.contamination = contamination
        self.threshold = threshold
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    def _series(self, X: Float[np.ndarray, "rows features"]) -> list[Float[np.ndarray, "time channels"]]:
        return observed(windows_of(X, self.n_channels))

    def _abnormality(self, X: Float[np.ndarray, "rows features"]) -> Float[np.ndarray, "rows"]:
        return self.task_.score_windows(windows_of(X, self.n_channels))

    def _of_steps(self, config: AnomalyConfig) -> AnomalyConfig:
        return replace(config, threshold=None)  # a rule for rows may fail, or warn, on their steps

    def _threshold(self, X: Float[np.ndarray, "rows features"], config: AnomalyConfig) -> float:
        return config.threshold_rule()(list(self._abnormality(X)[:, None]))  # each row is its own series
