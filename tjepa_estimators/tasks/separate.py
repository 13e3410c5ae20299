"""An encoder and a head for each channel, in place of one encoder that all channels share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tjepa_estimators.data.convert import as_series
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.forecast import ForecastTask
from tjepa_estimators.tasks.forecast_config import ForecastConfig

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.tasks.covariates import Covariates
    from tjepa_estimators.tasks.head import HeadReport

__all__ = ["SeparateForecastTask"]


class SeparateForecastTask:
    """Forecast each channel by a :class:`ForecastTask` of its own.

    Prices, volumes and volatilities, or temperatures and humidities, may have little in common; then an encoder that
    serves them all serves none. It costs as many pretrainings as there are channels. Parameters are those of
    :class:`ForecastTask`; ``pretrained`` may also be a sequence with an encoder for each channel.

    Attributes
    ----------
    tasks_
        The task of each channel.

    Examples
    --------
    >>> weather = np.stack([np.sin(np.arange(200.0)), np.arange(200.0) % 7], axis=1)
    >>> task = SeparateForecastTask({"horizon": 4, "blocks": "lookback"}).fit(weather)
    >>> task.predict([weather]).shape
    (1, 4, 2)
    """

    def __init__(
        self,
        config: ForecastConfig | Mapping[str, Any] | None = None,
        *,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | Sequence[PretrainedEncoder | None] | None = None,
        **recipe: Any,  # noqa: ANN401 - encoder, encoder_config, jepa and train, as ForecastTask takes them
    ) -> None:
        self.config = as_settings(ForecastConfig, config)
        self.pretrained = pretrained
        self.recipe = recipe

    def fit(self, data: object, covariates: Covariates | None = None, held_out: object = None) -> Self:
        """Fit the task of each channel; as :meth:`ForecastTask.fit`."""
        series = [one.values for one in as_series(data)]
        judges = None if held_out is None else [one.values for one in as_series(held_out)]
        counts = {one.shape[1] for one in [*series, *(judges or [])]}
        if len(counts) > 1:
            msg = f"All series must have the same channels, but they have {sorted(counts)}; fit one task for each."
            raise DataError(msg)
        self.num_channels_ = counts.pop()
        self.tasks_ = [
            ForecastTask(self.config, pretrained=encoder, **self.recipe).fit(
                _channel(series, channel), covariates, None if judges is None else _channel(judges, channel)
            )
            for channel, encoder in enumerate(self._encoders())
        ]
        return self

    def predict(
        self,
        contexts: Sequence[np.ndarray] | Float[np.ndarray, "series time channels"],
        steps: int | None = None,
        *,
        covariates: Covariates | None = None,
        quantiles: Sequence[float] | None = None,
    ) -> Float[np.ndarray, "series steps channels ..."]:
        """Forecast each channel; as :meth:`ForecastTask.predict`."""
        if not hasattr(self, "tasks_"):
            msg = "This SeparateForecastTask is not fitted; call fit() with series first."
            raise NotFittedError(msg)
        columns = [np.asarray(one) if np.ndim(one) == 2 else np.asarray(one)[:, None] for one in contexts]
        if wrong := {one.shape[1] for one in columns} - {self.num_channels_}:
            msg = f"A context has {wrong.pop()} channels, but the model was fitted on {self.num_channels_}."
            raise DataError(msg)
        forecasts = [
            task.predict(_channel(columns, channel), steps, covariates=covariates, quantiles=quantiles)
            for channel, task in enumerate(self.tasks_)
        ]
        return np.concatenate(forecasts, axis=2)

    @property
    def context_length_(self) -> int:
        """Steps that the longest window of a channel has."""
        return max(task.context_length_ for task in self.tasks_)

    @property
    def pretrained_(self) -> tuple[PretrainedEncoder | None, ...]:
        """The encoder of each channel."""
        return tuple(task.pretrained_ for task in self.tasks_)

    @property
    def report_(self) -> tuple[HeadReport, ...]:
        """The report of each channel."""
        return tuple(task.report_ for task in self.tasks_)

    def _encoders(self) -> Sequence[Any]:
        given = self.pretrained
        if isinstance(given, Sequence) and not isinstance(given, str):
            if len(given) != self.num_channels_:
                msg = f"{len(given)} encoders were given for {self.num_channels_} channels; give one for each, or one."
                raise ConfigError(msg)
            return given
        return [given] * self.num_channels_


def _channel(arrays: Sequence[np.ndarray], channel: int) -> list[np.ndarray]:
    return [one[:, [channel]] for one in arrays]
