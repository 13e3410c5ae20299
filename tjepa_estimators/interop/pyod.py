"""A PyOD detector: and through PyOD one for Darts' ``PyODScorer``, aeon and ``TimeSeriesOD``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pyod.models.base import BaseDetector

from tjepa_estimators.data.columns import in_order
from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import ConfigError, NotFittedError
from tjepa_estimators.tasks.anomaly import AnomalyTask
from tjepa_estimators.tasks.anomaly.config import settings_of
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAOD"]


class JEPAOD(BaseDetector):
    """Detect abnormal time steps: the rows of ``X`` are consecutive steps of one series, the columns its channels.

    The columns of DataFrames are matched by name.

    Parameters
    ----------
    contamination
        Share of the training rows that counts as outliers, in (0, 0.5], or an object of PyThresh.
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

    Attributes
    ----------
    decision_scores_, threshold_, labels_
        As in every PyOD detector: scores, their cut, and 1 for each outlier among the training rows.
    pretrained_
        The encoder in use.
    task_
        The fitted :class:`~tjepa_estimators.AnomalyTask`.

    Examples
    --------
    >>> wave = np.sin(np.arange(300.0) / 5)[:, None]
    >>> wave[270:278] = 0.0
    >>> JEPAOD(train={"steps": 3}).fit(wave[:250]).predict(wave)[270:278].tolist()
    [1, 1, 1, 1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        contamination: Any = 0.05,
        window: int | None = None,
        resolutions: Sequence[int] | None = None,
        scores: Sequence[str] | None = None,
        fusion: str = "mean",
        neighbours: int = 5,
        lookahead: bool = True,
        threshold: Any = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
    ) -> None:
        if not (isinstance(contamination, float | int) or hasattr(contamination, "fit")):
            msg = f"contamination must be a number in (0, 0.5], or an object of PyThresh; got {contamination!r}."
            raise ConfigError(msg)
        super().__init__(contamination=contamination)
        self.window = window
        self.resolutions = resolutions
        self.scores = scores
        self.fusion = fusion
        self.neighbours = neighbours
        self.lookahead = lookahead
        self.threshold = threshold
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train

    def fit(self, X: Any, y: object = None) -> Self:
        """Learn what is normal from a mostly normal series."""
        self._set_n_classes(y)
        self.task_ = AnomalyTask(
            self._settings(),
            pretrained=self.pretrained,
            **recipe_of(self),
        ).fit(_values(X))
        self._columns = getattr(X, "columns", None)
        self.pretrained_ = self.task_.pretrained_
        self.decision_scores_ = self.task_.training_scores_[0]
        self._process_decision_scores()
        if self.threshold is not None or isinstance(self.contamination, float | int):
            self.threshold_ = self.task_.threshold_
            self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)
        return self

    def decision_function(self, X: Any) -> Float[np.ndarray, "rows"]:
        """Score each row; higher is more abnormal, as everywhere in PyOD."""
        if not hasattr(self, "task_"):
            msg = "This JEPAOD is not fitted; call fit() with a series first."
            raise NotFittedError(msg)
        if self._columns is not None and hasattr(X, "columns"):
            X = in_order(X, self._columns)
        return self.task_.score(_values(X))

    def _settings(self) -> dict[str, Any]:
        settings = settings_of(self)
        if not isinstance(self.contamination, float | int):
            del settings["contamination"]  # an object of PyThresh, which PyOD's base class asks
        return settings


def _values(X: Any) -> np.ndarray:
    """Numbers of an array or a frame, NaN where they are masked or pandas' NA."""
    return X.to_numpy(np.float64, na_value=np.nan) if hasattr(X, "columns") else np.asarray(unmasked(X))
