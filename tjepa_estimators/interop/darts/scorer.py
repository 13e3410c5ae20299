"""A Darts anomaly scorer: alone on series, or on what a forecasting or filtering model leaves over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from darts import TimeSeries, metrics
from darts.ad.scorers import FittableAnomalyScorer

from tjepa_estimators.artifact import resolve_pretrained
from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.anomaly import AnomalyConfig, AnomalyTask
from tjepa_estimators.training.recipe import recipe_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from jaxtyping import Float, Int

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAScorer"]


class JEPAScorer(FittableAnomalyScorer):
    """Score how abnormal each step of a series is, by the latents of a pretrained encoder.

    A fittable scorer like Darts' ``KMeansScorer``: ``fit`` and ``score`` take series, ``fit_from_prediction`` and
    ``score_from_prediction`` what ``diff_fn`` makes of a series and its prediction. A score has the time index of its
    series, one value for each step; higher is more abnormal, with ``fusion="mean"`` between 0 and 1. Series that were
    fitted on get their training scores.

    The score of a step also uses windows that end up to a window (of the coarsest resolution) later: it looks
    ahead, as Darts' scorers do with ``window_agg=True``, unless ``lookahead=False``.

    Components are matched by name. NaN marks missing values. Of a stochastic series the median is scored.

    Parameters
    ----------
    window
        Steps looked at together; None takes the window of the encoder, but at most a quarter of all steps. A shorter
        series is refused, unless ``window=None`` and a series fitted on was as short.
    component_wise
        Whether each component gets scores of its own. Otherwise there is one score for all, led by the components
        with the highest evidence at each moment.
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
    diff_fn
        One of Darts' metrics per time step, which makes one series out of two.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id, which is never changed; None
        pretrains on the series given to ``fit``, with ``component_wise`` one encoder for all components.
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
    settings
        An :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig` with what is looked at.
    window
        1, which Darts reads as: each score belongs to one step, so that a metric compares it with that step's label.
    pretrained_
        The encoder in use.
    tasks_
        The fitted :class:`~tjepa_estimators.AnomalyTask`, or one for each component.
    components_
        Names of the components fitted on.
    shortest_
        Steps that a series needs to be scored.

    Examples
    --------
    >>> from darts.ad.detectors import QuantileDetector
    >>> wave = np.sin(np.arange(400.0) / 5)
    >>> wave[350:358] = 0.0
    >>> series = TimeSeries.from_values(wave)
    >>> scorer = JEPAScorer(window=48, train={"steps": 20}).fit(series[:300])
    >>> detector = QuantileDetector(high_quantile=0.98).fit(scorer.score(series[:300]))
    >>> detector.detect(scorer.score(series))[350:358].values().ravel().tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """

    # Darts' WindowedAnomalyScorer would cut the windows itself, one at each step, forget which series and time they
    # come from, and leave the first steps without a score: the task does all of that.

    def __init__(
        self,
        window: int | None = None,
        component_wise: bool = False,
        resolutions: Sequence[int] | None = None,
        scores: Sequence[str] | None = None,
        fusion: str = "mean",
        neighbours: int = 5,
        lookahead: bool = True,
        diff_fn: Callable[..., Any] = metrics.ae,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
        random_state: int | None = None,
    ) -> None:
        super().__init__(is_univariate=not component_wise, window=1, window_agg=True, diff_fn=diff_fn)
        self.settings = AnomalyConfig(
            window=window,
            resolutions=None if resolutions is None else tuple(resolutions),
            scores=AnomalyConfig().scores if scores is None else tuple(scores),
            fusion=fusion,
            lookahead=lookahead,
            neighbours=neighbours,
            seed=random_state or 0,
        )
        self.component_wise = component_wise
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.random_state = random_state

    def __str__(self) -> str:
        return "JEPAScorer"

    def _check_window_size(self, series: Sequence[Any]) -> None:
        """Refuse a series that is shorter than the window asked for; Darts calls it in ``fit`` and ``score``."""
        _check_length(series, self.settings.window or 1)

    def _fit_core(self, series: Sequence[TimeSeries], *args: Any, **kwargs: Any) -> None:  # noqa: ARG002 - Darts'
        series = [self._extract_deterministic_series(one, "series") for one in series]
        names = tuple(series[0].components)
        values = [one.values(copy=False)[:, _places(one, names)] for one in series]
        if len(names) == 1 or not self.component_wise:
            tasks = [self._task(self.pretrained).fit(values)]
        else:
            given = self.pretrained
            encoder = self._task(None).fit(values).pretrained_ if given is None else resolve_pretrained(given)
            tasks = [self._task(encoder).fit(_observed(values, *which)) for which in enumerate(names)]
        self.tasks_, self.components_, self.pretrained_ = tasks, names, tasks[0].pretrained_
        self.shortest_ = max(task.shortest_ for task in tasks)

    def _score_core(self, series: Sequence[TimeSeries], *args: Any, **kwargs: Any) -> list[TimeSeries]:  # noqa: ARG002
        return [self._score_one(one) for one in series]

    def _score_one(self, one: TimeSeries) -> TimeSeries:
        _check_length(one, self.shortest_)
        places = _places(one, self.components_)
        values = one.values(copy=False)[:, places]
        if len(self.tasks_) < len(places):
            return TimeSeries.from_times_and_values(one.time_index, self.tasks_[0].score(values))
        scores = np.empty(values.shape)
        for column, (task, place) in enumerate(zip(self.tasks_, places, strict=True)):
            scores[:, place] = task.score(values[:, column])
        return TimeSeries.from_times_and_values(
            one.time_index,
            scores,
            columns=one.components,
            static_covariates=one.static_covariates,
            hierarchy=one.hierarchy,
            metadata=one.metadata,
        )

    def _task(self, pretrained: Any) -> AnomalyTask:
        return AnomalyTask(
            self.settings,
            pretrained=pretrained,
            **recipe_of(self, self.random_state),
        )


def _places(one: TimeSeries, names: Sequence[str]) -> Int[np.ndarray, "components"]:
    """Where in the series the components of these names stand; a single one may have any name."""
    if one.width == len(names) == 1:
        return np.zeros(1, dtype=int)
    places: Int[np.ndarray, "components"] = one.components.get_indexer(names)
    if one.width != len(names) or (places < 0).any():
        msg = (
            f"A series has the components {[*one.components]}, but the scorer is fitted on {[*names]}; give the same "
            "components in any order, renamed with with_columns_renamed() where only the names differ."
        )
        raise DataError(msg)
    return places


def _observed(
    values: Sequence[Float[np.ndarray, "time channels"]], column: int, name: str
) -> list[Float[np.ndarray, "time"]]:
    """One component, of the series that observed it."""
    observed = [one[:, column] for one in values if np.isfinite(one[:, column]).any()]
    if not observed:
        msg = f"Component {name!r} holds NaN only; leave it out with drop_columns(), or use component_wise=False."
        raise DataError(msg)
    return observed


def _check_length(series: Sequence[Any], least: int) -> None:
    if len(series) < least:
        msg = (
            f"A series has {len(series)} steps, but at least {least} are needed; give longer series, fit with a "
            "smaller window, or, with window=None, fit on series as short as this."
        )
        raise DataError(msg)
