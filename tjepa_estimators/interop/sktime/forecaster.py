"""A JEPA-pretrained forecaster for sktime: pipelines, grid search, ``evaluate``, panels and hierarchies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from sktime.datatypes import update_data
from sktime.forecasting.base import BaseForecaster

from tjepa_estimators.artifact import PretrainedEncoder, resolve_pretrained
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.interop.sktime.panel import Panel
from tjepa_estimators.interop.sktime.tiny import TINY
from tjepa_estimators.tasks.covariates import Covariates
from tjepa_estimators.tasks.forecast import ForecastTask
from tjepa_estimators.tasks.separate import SeparateForecastTask
from tjepa_estimators.training.recipe import recipe_of, seeded
from tjepa_estimators.training.run import pretrain

if TYPE_CHECKING:
    import os

    from jaxtyping import Float, Int

    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["JEPAForecaster"]

_FRAMES = ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"]
_ARCHITECTURE = ("encoder", "encoder_config", "pretrained", "config")
_HORIZON = 24
_TASKS: Mapping[str, Callable[..., ForecastTask | SeparateForecastTask]] = {
    "shared": ForecastTask,
    "separate": SeparateForecastTask,
}


class JEPAForecaster(BaseForecaster):
    """Forecast with an encoder that was pretrained, self-supervised, on unlabelled series.

    One fit serves a whole panel or hierarchy. Exogenous ``X`` is read as covariates that are known ahead; NaN in
    ``y`` or ``X`` marks missing values. A forecast for a step uses only what came before it, in-sample too.

    The encoder is a parameter (``pretrained=``), or comes from sktime's own ``pretrain(panel)``, or is pretrained
    on what ``fit`` is given. It is never changed by ``fit``, and what ``pretrain`` learned survives refitting,
    ``clone``, ``set_params``, grid search and pickling; setting another ``encoder``, ``encoder_config``,
    ``pretrained`` or ``config`` drops it. Pipelines of sktime do not hand ``pretrain`` on to their forecaster:
    pretrain the forecaster first, then put it into the pipeline.

    Parameters
    ----------
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; None pretrains in ``fit``.
    config
        A preset or :class:`~tjepa_estimators.JEPAConfig` (or dict) to pretrain with.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining and fine-tuning.
    horizon
        Steps ahead that the model gives at once; further ones are rolled out. None takes the largest step of
        ``fh`` in ``fit``, or 24; where something is fitted at most a third of the longest series.
    context_length
        Steps that a forecast looks back; that of the encoder if None. Cut where series are shorter.
    strategy
        ``"frozen"``: closed-form head on the frozen encoder; ``"finetune"``: the encoder (a copy) is trained on;
        ``"online"``: JEPA and forecasting are trained jointly; ``"zero_shot"``: nothing is fitted, an encoder that was
        pretrained with quantiles forecasts by itself, from histories of any length and without ``X``.
    blocks
        What the head reads. ``"auto"``: a held-out tail decides whether the latents help; ``"both"``: latents and
        lookback; ``"lookback"``: the linear baseline, no encoder.
    channels
        ``"shared"``: one encoder and head read every column of ``y`` by itself; ``"separate"``: each column has its
        own, which costs as many fits as there are columns.
    covariate_lookback
        Past steps of ``X`` that the head reads.
    max_rows
        Most windows that the head is solved on, a random subset where there are more; four times as many where it
        does not read the latents.
    random_state
        Seed of everything random; None keeps the seed of ``train``, which is 0 by default.

    Attributes
    ----------
    pretrained_
        The encoder in use, an immutable :class:`~tjepa_estimators.PretrainedEncoder`; a tuple of them with separate
        channels.
    task_
        The fitted :class:`~tjepa_estimators.ForecastTask`, or a
        :class:`~tjepa_estimators.tasks.separate.SeparateForecastTask`; its ``report_`` compares the model with its
        controls.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from tjepa_estimators.interop.sktime import JEPAForecaster
    >>> forecaster = JEPAForecaster(train={"steps": 5}, random_state=0)
    >>> forecaster.fit(load_airline(), fh=[1, 2, 3]).predict().shape
    (3,)
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": ["tjepa-estimators"],
        "maintainers": ["tjepa-estimators"],
        "python_dependencies": ["torch"],
        "y_inner_mtype": _FRAMES,
        "X_inner_mtype": _FRAMES,
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:categorical_in_X": False,
        "capability:non_contiguous_X": True,
        "capability:missing_values": True,
        "capability:unequal_length": True,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:update": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": False,
        "X-y-must-have-same-index": True,
        "capability:pretrain": True,
        "pretrain:fitted_params": ["pretrained_"],
    }

    # sktime remembers data until 1.3 and warns of the change in every constructor; we keep our own
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}
    _y = None
    _X = None

    pretrained_: PretrainedEncoder | tuple[PretrainedEncoder | None, ...] | None

    def __init__(
        self,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        horizon: int | None = None,
        context_length: int | None = None,
        strategy: str = "frozen",
        blocks: str = "auto",
        channels: str = "shared",
        covariate_lookback: int = 32,
        max_rows: int = 16_384,
        random_state: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.pretrained = pretrained
        self.config = config
        self.train = train
        self.horizon = horizon
        self.context_length = context_length
        self.strategy = strategy
        self.blocks = blocks
        self.channels = channels
        self.covariate_lookback = covariate_lookback
        self.max_rows = max_rows
        self.random_state = random_state
        super().__init__()

    def set_params(self, **params: Any) -> Self:
        """Set parameters and unfit; what ``pretrain`` learned stays unless the architecture changes."""
        before = self.get_params(deep=False)
        changed = any(name in params and params[name] != before[name] for name in _ARCHITECTURE)
        self._set_params_at("new" if changed else "pretrained", params)
        return self

    def __sklearn_clone__(self) -> Self:
        return self.clone()

    def _pretrain(self, y: pd.DataFrame, X: object = None, fh: object = None) -> Self:  # noqa: ARG002 - sktime's
        initial = getattr(self, "pretrained_", None) or self.pretrained
        self.pretrained_ = pretrain(
            y,
            encoder=self.encoder,
            encoder_config=self.encoder_config,
            config=self.config,
            train=seeded(self.train, self.random_state),
            initial=None if initial is None else resolve_pretrained(initial),
        )
        # sktime registers only attributes that are new; after a fit this one is not
        self._pretrained_attrs = ["pretrained_"]
        return self

    _pretrain_update = _pretrain

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> Self:
        self._panel, self._columns, self._exogenous = Panel.of(y), y.columns, X
        has_pretrained = bool(getattr(self, "_pretrained_attrs", None))
        self._fit_task(self._choose_horizon(fh), self.pretrained_ if has_pretrained else self.pretrained)
        if not has_pretrained:
            self.pretrained_ = self.task_.pretrained_
        return self

    def _update(self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True) -> Self:
        exogenous = self._with_exogenous(X)
        seen = update_data(self._panel.frame(self._columns), _matched(y, self._columns, "y"))
        panel = Panel.of(seen, self._panel.calendar.freq)
        _check_covered(exogenous, panel.all_index())
        self._panel, self._exogenous = panel, exogenous
        if update_params:
            self._fit_task(self.task_.config.horizon, self.task_.pretrained_)
        return self

    def _predict(self, fh: Any, X: pd.DataFrame | None) -> pd.DataFrame:
        index, forecast = self._forecast(fh, X)
        return pd.DataFrame(forecast, index, self._columns)

    def _predict_quantiles(self, fh: Any, X: pd.DataFrame | None, alpha: list[float]) -> pd.DataFrame:
        index, forecast = self._forecast(fh, X, alpha)
        columns = pd.MultiIndex.from_product([self._get_varnames(), alpha])
        return pd.DataFrame(forecast.reshape(len(index), -1), index, columns)

    def _choose_horizon(self, fh: Any) -> int:
        if self.horizon is not None:
            return self.horizon
        wanted = _HORIZON if fh is None else int(self._leads(fh).max())
        if self.strategy == "zero_shot":  # nothing is fitted, so a short history limits nothing
            return max(1, wanted)
        return max(1, min(wanted, int(self._panel.lengths.max()) // 3))

    def _fit_task(self, horizon: int, pretrained: Any) -> None:
        config = {
            "horizon": horizon,
            "context_length": self.context_length,
            "strategy": self.strategy,
            "blocks": self.blocks,
            "covariate_lookback": self.covariate_lookback,
            "max_rows": self.max_rows,
            "seed": int(self.random_state or 0),
        }
        if self.channels not in _TASKS:
            msg = f"channels must be one of {sorted(_TASKS)}; got {self.channels!r}."
            raise ConfigError(msg)
        task = _TASKS[self.channels](
            config,
            pretrained=pretrained,
            **recipe_of(self, self.random_state),
        )
        known = None
        if self._exogenous is not None:
            _check_covered(self._exogenous, self._panel.all_index())
            known = Covariates(known=self._panel.aligned(self._exogenous).arrays())
        self.task_ = task.fit(self._panel.arrays(), known)

    def _leads(self, fh: Any) -> Int[np.ndarray, "series fh"]:
        """Steps from the last one of each series to those of ``fh``; zero and less are in-sample.

        Raises
        ------
        DataError
            Absolute times of ``fh`` are off the grid of the series.
        """
        times, panel = fh.to_pandas(), self._panel
        if fh.is_relative and times.dtype.kind == "i":
            return np.tile(times.to_numpy(), (len(panel), 1))
        if fh.is_relative:
            times = fh.to_absolute(self.cutoff).to_pandas()
        return panel.calendar.places(times) - panel.last[:, None]

    def _forecast(
        self, fh: Any, X: pd.DataFrame | None, levels: list[float] | None = None
    ) -> tuple[pd.Index, Float[np.ndarray, "rows channels ..."]]:
        """Forecasts at ``fh`` of all series: one call of the task for the steps ahead, one for those in-sample."""
        panel, leads = self._panel, self._leads(fh)
        every = np.arange(len(panel))
        index = panel.index(np.repeat(every, leads.shape[1]), (panel.lengths[:, None] - 1 + leads).ravel())
        is_ahead, furthest = leads > 0, max(int(leads.max()), 0)
        exogenous = self._with_exogenous(X)
        _check_covered(exogenous, index[is_ahead.ravel()])
        known = None if exogenous is None else panel.aligned(exogenous, furthest)
        forecast = np.full((*leads.shape, len(self._columns), *([len(levels)] if levels else [])), np.nan)
        if furthest:
            series, column = np.nonzero(is_ahead)
            ahead = self._run_task(every, panel.lengths, furthest, known, levels)
            forecast[series, column] = ahead[series, leads[is_ahead] - 1]
        if not is_ahead.all():
            series, column = np.nonzero(~is_ahead)
            ends = panel.lengths[series] - 1 + leads[~is_ahead]
            forecast[series, column] = self._run_task(series, ends, 1, known, levels)[:, 0]
        return index, forecast.reshape(-1, *forecast.shape[2:])

    def _run_task(
        self,
        series: Int[np.ndarray, windows],
        ends: Int[np.ndarray, windows],
        steps: int,
        known: Panel | None,
        levels: list[float] | None,
    ) -> Float[np.ndarray, "windows steps channels ..."]:
        """Forecast from the steps before ``ends``; NaN where none of them was observed."""
        length = self.task_.context_length_
        contexts = self._panel.windows(series, ends, length)
        covariates = None
        if known is not None:
            covariates = Covariates(known=list(known.windows(series, ends + steps, length + steps)))
        return self.task_.predict(contexts, steps, covariates=covariates, quantiles=levels)

    def _with_exogenous(self, X: pd.DataFrame | None) -> pd.DataFrame | None:
        """All exogenous data: those seen, and ``X`` where it tells more."""
        if X is None:
            return self._exogenous
        if self._exogenous is None:
            msg = "X was given, but the forecaster was fitted without X; fit it with X, or leave X out."
            raise DataError(msg)
        return update_data(self._exogenous, _matched(X, self._exogenous.columns, "X"))

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:  # noqa: ARG003 - sktime's
        """Tiny settings for sktime's test suite."""
        return [
            {**TINY, "random_state": 0},
            {**TINY, "horizon": 2, "context_length": 6, "strategy": "finetune", "blocks": "both"},
        ]


def _matched(frame: pd.DataFrame, columns: pd.Index, name: str) -> pd.DataFrame:
    """``frame`` with the columns that ``fit`` saw, in that order; a single one may have another name."""
    if len(columns) == 1 == frame.shape[1]:
        return frame.set_axis(columns, axis=1)
    if len(columns) != frame.shape[1] or set(columns) != set(frame.columns):
        msg = f"{name} has columns {list(frame.columns)}, but the forecaster was fitted on {list(columns)}; give those."
        raise DataError(msg)
    return frame[columns]


def _check_covered(exogenous: pd.DataFrame | None, needed: pd.Index) -> None:
    missing = needed[:0] if exogenous is None else needed[~needed.isin(exogenous.index)]
    if len(missing):
        more = f" and {len(missing) - 1} more steps" if len(missing) > 1 else ""
        msg = (
            f"X is missing at {missing[0]}{more}. A forecaster fitted with X needs it at each step of y in fit and "
            "update, and at each step of fh in predict; NaN marks unknown values."
        )
        raise DataError(msg)
