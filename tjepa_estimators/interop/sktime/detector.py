"""A JEPA-pretrained anomaly detector for sktime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from sktime.detection.base import BaseDetector

from tjepa_estimators.data.columns import in_order
from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sktime.tiny import TINY
from tjepa_estimators.tasks.anomaly import AnomalyTask
from tjepa_estimators.tasks.anomaly.config import settings_of
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPADetector"]


class JEPADetector(BaseDetector):
    """Detect abnormal time points of a series by the latents of a pretrained encoder.

    ``predict`` gives the positions of abnormal points, ``predict_segments`` the runs of them, ``transform`` a label
    for each step, ``transform_scores`` a score for each step (higher is more abnormal). Give ``fit`` a mostly
    normal series; NaN marks missing values, columns are matched by name. Labels and scores look ahead by up to a
    window, as detection in recorded data may, unless ``lookahead=False``.

    Parameters
    ----------
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; None pretrains in ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with; None takes windows of 32
        steps in patches of 4: short ones show where an anomaly begins and ends.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining.
    window
        Steps looked at together; None takes those of the encoder, but at most a quarter of the series.
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
        Share of the training steps that count as abnormal.
    threshold
        What :func:`~tjepa_estimators.tasks.thresholds.as_threshold` takes, such as ``{"alarms": 1, "steps": 1440}``;
        None takes ``contamination``.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use.
    task_
        The fitted :class:`~tjepa_estimators.AnomalyTask`.
    threshold_
        Scores above it are abnormal.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from tjepa_estimators.interop.sktime import JEPADetector
    >>> wave = pd.Series(np.sin(np.arange(300.0) / 5))
    >>> detector = JEPADetector(train={"steps": 5}, random_state=0).fit(wave)
    >>> detector.transform_scores(wave).shape
    (300, 1)
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["tjepa-estimators"],
        "maintainers": ["tjepa-estimators"],
        "python_dependencies": ["torch"],
        "task": "anomaly_detection",
        "learning_type": "unsupervised",
        "X_inner_mtype": "pd.DataFrame",
        "fit_is_empty": False,
        "capability:multivariate": True,
        "capability:missing_values": True,
        "capability:update": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    def __init__(
        self,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
        window: int | None = None,
        resolutions: Sequence[int] | None = None,
        scores: Sequence[str] | None = None,
        fusion: str = "mean",
        neighbours: int = 5,
        lookahead: bool = True,
        contamination: float = 0.05,
        threshold: Any = None,
        random_state: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.window = window
        self.resolutions = resolutions
        self.scores = scores
        self.fusion = fusion
        self.neighbours = neighbours
        self.lookahead = lookahead
        self.contamination = contamination
        self.threshold = threshold
        self.random_state = random_state
        super().__init__()

    # sktime's detector base labels by the index instead of the position, drops the index, fails on a stored Series,
    # cuts segments at each abnormal point and takes panels that it cannot handle; the public methods below put that
    # right

    def transform(self, X: pd.DataFrame | pd.Series | np.ndarray) -> pd.DataFrame:
        """Label each step: 1 where it is abnormal, else 0; with the index of ``X``."""
        labels = super().transform(X)
        return labels.set_axis(X.index) if hasattr(X, "index") else labels

    def fit_transform(self, X: pd.DataFrame | pd.Series | np.ndarray, y: object = None) -> pd.DataFrame:
        """Fit, then label each step of the same series."""
        return self.fit(X, y).transform(X)

    def update(self, X: pd.DataFrame | pd.Series | np.ndarray, y: object = None) -> Self:  # noqa: ARG002 - sktime's
        """Learn from further steps as well; the encoder stays.

        Rows of an array follow those that are known; rows of a frame are told by its index, and replace those of the
        same one.

        Raises
        ------
        DataError
            An array is given, but those that are known have times.
        """
        self.check_is_fitted()
        known, new = self._check_X(self._X), self._check_X(X)
        if not hasattr(X, "index"):
            if not isinstance(known.index, pd.RangeIndex):
                msg = f"An array has no times, but known steps end at {known.index[-1]}; give a frame with an index."
                raise DataError(msg)
            new = new.set_axis(known.index[-1] + known.index.step * (1 + np.arange(len(new))))
        self._X: pd.DataFrame = new.combine_first(known)
        self._fit_task(self._X, self.pretrained_)
        return self

    def predict_points(self, X: pd.DataFrame | pd.Series | np.ndarray) -> pd.DataFrame:
        """Positions of abnormal points, as :meth:`predict` gives them."""
        return self.predict(X)

    def predict_segments(self, X: pd.DataFrame | pd.Series | np.ndarray) -> pd.DataFrame:
        """Runs of consecutive abnormal steps, each a left-closed interval of positions, in the column ``ilocs``.

        Without labels, as sktime's detectors of abnormal segments give them; ``sparse_to_dense`` numbers them.
        """
        points = self.predict(X)["ilocs"].to_numpy()
        starts = points[np.diff(points, prepend=-2) > 1]
        ends = points[np.diff(points, append=len(X) + 1) > 1] + 1
        return pd.DataFrame({"ilocs": pd.arrays.IntervalArray.from_arrays(starts, ends, closed="left")})

    def explain(self, X: pd.DataFrame | pd.Series | np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Tell what made the scores; a series that was fitted on is explained as if it were new.

        Returns
        -------
        parts, channels
            Both with the index of ``X``. The standardised score of each resolution and scorer (a column each; one is
            the edge of what is normal), and the share of each channel in what is not.
        """
        self.check_is_fitted()
        frame = in_order(self._check_X(X), self._columns)
        told = self.task_.explain(self._values(frame))
        names = pd.MultiIndex.from_tuples(told.names, names=["resolution", "scorer"])
        return pd.DataFrame(told.parts.T, frame.index, names), pd.DataFrame(told.channels, frame.index, frame.columns)

    def _check_X(self, X: Any) -> pd.DataFrame:
        if isinstance(X, list) or np.ndim(X) > 2 or getattr(getattr(X, "index", None), "nlevels", 1) > 1:
            msg = "A panel was given, but JEPADetector looks at one series; call it for each, or use AnomalyTask."
            raise DataError(msg)
        return super()._check_X(X)

    def _fit(self, X: pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002 - sktime's signature
        self._fit_task(X, self.pretrained)
        return self

    def _predict(self, X: pd.DataFrame) -> pd.Series:
        return pd.Series(np.flatnonzero(self._score(X) > self.threshold_), dtype="int64")

    def _predict_scores(self, X: pd.DataFrame) -> pd.Series:
        scores = self._score(X)
        return pd.Series(scores[scores > self.threshold_], name="scores", dtype="float64")

    def _transform_scores(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"scores": self._score(X)}, X.index)

    def _fit_task(self, X: pd.DataFrame, pretrained: Any) -> None:
        self.task_ = AnomalyTask(
            settings_of(self, seed=self.random_state),
            pretrained=pretrained,
            **recipe_of(self, self.random_state),
        ).fit(X)
        self.pretrained_ = self.task_.pretrained_
        self.threshold_ = self.task_.threshold_
        self._columns = X.columns

    def _score(self, X: pd.DataFrame) -> Float[np.ndarray, "time"]:
        return self.task_.score(self._values(X))

    def _values(self, X: pd.DataFrame) -> Float[np.ndarray, "time channels"]:
        return in_order(X, self._columns).to_numpy(dtype=np.float64, na_value=np.nan)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:  # noqa: ARG003 - sktime's
        """Tiny settings for sktime's test suite."""
        tiny = {**TINY, "config": {**TINY["config"], "patch_length": 2}}  # the suite scores series of ten steps
        return [
            {**tiny, "window": 8, "random_state": 0},
            {**tiny, "window": 8, "scores": ("neighbours",), "contamination": 0.2},
        ]
