"""Forecasting with a pretrained encoder: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch

from tjepa_estimators.artifact import resolve_pretrained
from tjepa_estimators.data.convert import as_series
from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.encoder import encoder_for
from tjepa_estimators.tasks.forecast_config import REQUIRED, ForecastConfig, require
from tjepa_estimators.tasks.head import MORE_ROWS, HeadReport, fit_head
from tjepa_estimators.tasks.network import ForecastNetwork, decoding_network
from tjepa_estimators.tasks.quantiles import DecodedQuantiles, ResidualQuantiles
from tjepa_estimators.tasks.rows import TrainingRows
from tjepa_estimators.tasks.tuning import Parts, finetuned_parts, frozen_parts, online_parts
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import pretrain, untrained

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["ForecastConfig", "ForecastTask"]

_REPEATS = 4
"""Windows that all series together must have room for where an encoder is pretrained on them: one teaches nothing."""


class ForecastTask:
    """Fit a head on a pretrained encoder and forecast panels of series.

    Parameters
    ----------
    config
        A :class:`ForecastConfig` or a dict of its fields.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder, the name of a bundled one or a hub id; it is never
        changed. None pretrains on the series given to ``fit``, which ``strategy="zero_shot"`` refuses.
    encoder, encoder_config, jepa
        What to pretrain where ``pretrained`` is None, as in :func:`~tjepa_estimators.pretrain`; its window is at
        most a quarter of all steps.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining and fine-tuning. Where
        neither steps nor epochs are given, pretraining takes ten passes over the windows, at most 300 steps.

    Attributes
    ----------
    pretrained_
        The encoder in use; None with ``blocks="lookback"``.
    network_
        The fitted network; with ``strategy="zero_shot"`` one that hands on what the encoder decodes.
    quantiles_
        Quantiles of the residuals on the held-out tail, or those that the encoder decodes for each window.
    context_length_, num_channels_
        Steps and channels of a window.
    report_
        Held-out errors of the fitted head beside the controls; none with ``strategy="zero_shot"``.
    finetune_
        What fine-tuning came to, as a :class:`~tjepa_estimators.training.best.FinetuneReport`; None where there was
        none, or nothing to judge it by.

    Examples
    --------
    >>> import numpy as np
    >>> task = ForecastTask({"horizon": 4, "blocks": "lookback"}).fit(np.sin(np.arange(200.0)))
    >>> task.predict([np.sin(np.arange(100.0))]).shape
    (1, 4, 1)
    """

    quantiles_: ResidualQuantiles | DecodedQuantiles

    def __init__(
        self,
        config: ForecastConfig | Mapping[str, Any] | None = None,
        *,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        jepa: Any = "tiny",  # noqa: ANN401 - whatever pretrain() takes
        train: TrainConfig | Mapping[str, Any] | None = None,
    ) -> None:
        self.config = as_settings(ForecastConfig, config)
        self.pretrained = pretrained
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.jepa = jepa
        self.train = train

    def fit(self, data: object, covariates: Covariates | None = None, held_out: object = None) -> Self:
        """Fit the head, and the encoder where the strategy says so; with ``"zero_shot"`` only count the channels.

        Parameters
        ----------
        data
            Series of any kind that :func:`~tjepa_estimators.pretrain` takes; all with the same channels.
        covariates
            What is known beside the target, one array per series.
        held_out
            Other series to choose blocks, strengths and quantiles on, instead of the latest part of ``data``;
            cannot be combined with covariates.

        Raises
        ------
        DataError
            The data cannot be used, or covariates were given with ``strategy="zero_shot"``.
        ConfigError
            The strategy needs an encoder that decodes values, and there is none or it cannot have a decoder.
        """
        values = [one.values for one in as_series(data)]
        judges = [] if held_out is None else [one.values for one in as_series(held_out)]
        if judges and covariates is not None:
            msg = "held_out cannot be combined with covariates; leave it out, and the latest part of data is held out."
            raise DataError(msg)
        channels = {array.shape[1] for array in values + judges}
        if len(channels) > 1:
            msg = f"All series must have the same channels, but they have {sorted(channels)}; fit one task for each."
            raise DataError(msg)
        covariates = (covariates or Covariates()).checked([len(array) for array in values])
        self.num_channels_ = channels.pop()
        if self.config.strategy == "zero_shot":
            return self._adopt(covariates)
        self.pretrained_ = self._pretrained(values)
        config, longest = self.config, max(len(array) for array in values)
        wanted = config.context_length or (self.pretrained_.context_length if self.pretrained_ else 512)
        self.context_length_ = max(1, min(wanted, longest - config.horizon if longest > config.horizon else longest))
        self.covariate_scale_ = CovariateScale.fit(
            covariates, min(config.covariate_lookback, self.context_length_), config.horizon
        )
        rows = self._rows(values, covariates)
        judging = self._rows(judges, covariates) if judges else None
        seen = values if judges else [one[: len(one) - round(config.validation * len(one))] for one in values]
        parts = self._parts(rows, judging, seen)
        network, self.finetune_ = self._network(parts), parts.report
        with limited_threads(network):
            self.report_, self.quantiles_ = fit_head(network, rows, judging, REQUIRED[config.blocks])
        self.network_ = network.requires_grad_(requires_grad=False)
        return self

    def _adopt(self, covariates: Covariates) -> Self:
        """Forecast with what the encoder decodes; nothing is fitted."""
        if not covariates.is_empty:
            msg = (
                "strategy='zero_shot' trains nothing, so it cannot learn what covariates mean; leave them out, or take "
                "strategy='frozen'."
            )
            raise DataError(msg)
        if self.pretrained is None:
            msg = (
                "strategy='zero_shot' trains nothing, so it needs an encoder that has learned to forecast; give "
                "pretrained='tjepa-tiny', or one that was pretrained with JEPAConfig(quantiles=QuantileConfig())."
            )
            raise ConfigError(msg)
        self.pretrained_ = resolve_pretrained(self.pretrained)
        decoder = self.pretrained_.forecaster()
        self.context_length_ = min(self.config.context_length or decoder.context_length, decoder.context_length)
        self.covariate_scale_ = CovariateScale.fit(covariates, 0, self.config.horizon)
        self.network_ = decoding_network(decoder, self.context_length_, self.config.horizon)
        self.report_, self.finetune_ = HeadReport.untrained(), None
        self.quantiles_ = DecodedQuantiles(decoder)
        return self

    def predict(
        self,
        contexts: Sequence[np.ndarray] | Float[np.ndarray, "series time channels"],
        steps: int | None = None,
        *,
        covariates: Covariates | None = None,
        quantiles: Sequence[float] | None = None,
    ) -> Float[np.ndarray, "series steps channels ..."]:
        """Forecast the steps after each context.

        Parameters
        ----------
        contexts
            Recent values of each series ``[time channels]`` (or ``[time]``), of any length; the latest
            ``context_length_`` steps are used. NaN marks missing values.
        steps
            Steps ahead; the horizon if None. Further ones are rolled out on the forecast itself; with
            ``strategy="zero_shot"`` those beyond what the encoder decodes at once.
        covariates
            Those given to ``fit``, for these contexts; ``known`` must start with the context and go on
            for ``steps`` steps after it, ``past`` must cover the context.
        quantiles
            Levels between 0 and 1; None gives the point forecast.

        Returns
        -------
        Float64 ``[series steps channels]``, with quantiles ``[series steps channels quantiles]``. NaN for a
        channel whose window holds no value at all.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        DataError
            Wrong number of channels, infinite values, or covariates that do not reach far enough.
        """
        if not hasattr(self, "network_"):
            msg = "This ForecastTask is not fitted; call fit() with series first."
            raise NotFittedError(msg)
        steps = self.config.horizon if steps is None else steps
        require(steps >= 1, "steps must be at least 1", steps)
        require(all(0.0 < level < 1.0 for level in quantiles or ()), "quantiles must lie between 0 and 1", quantiles)
        window = self._windows(contexts)
        origin = np.array([len(context) for context in contexts], dtype=np.int64)
        beside = (covariates or Covariates()).checked(origin.tolist(), steps)
        if self.config.strategy == "zero_shot":
            forecast = self._decode(window, steps, quantiles)
        else:
            forecast, deviation = self._roll_out(window, origin, beside, steps)
            if quantiles is not None:
                forecast = forecast[..., None] + self.quantiles_.spread(window, deviation, steps, quantiles)
        forecast[np.isnan(window).all(axis=1)] = np.nan
        return _by_series(forecast, len(contexts), self.num_channels_)

    def _pretrained(self, values: Sequence[np.ndarray]) -> PretrainedEncoder | None:
        if self.config.blocks == "lookback":
            return None
        longest, total = max(len(array) for array in values), sum(len(array) for array in values)
        return encoder_for(
            values,
            min(longest, max(total // _REPEATS, 2 * self.config.horizon)),
            pretrained=self.pretrained,
            encoder=self.encoder,
            encoder_config=self.encoder_config,
            jepa=self.jepa,
            train=self.train,
            begin=untrained if self.config.strategy == "online" else pretrain,
        )

    def _rows(self, values: Sequence[np.ndarray], covariates: Covariates) -> TrainingRows:
        return TrainingRows(
            values,
            self.context_length_,
            self.config.horizon,
            validation=self.config.validation,
            max_rows=self.config.max_rows * (MORE_ROWS if self.config.blocks == "lookback" else 1),
            seed=self.config.seed,
            covariates=covariates,
            scale=self.covariate_scale_,
        )

    def _parts(self, rows: TrainingRows, judges: TrainingRows | None, seen: Sequence[np.ndarray]) -> Parts:
        """What the head reads; trained on ``seen`` only, as the rest judges the head."""
        pretrained, config = self.pretrained_, self.config
        if pretrained is None:
            return Parts(None)
        if config.strategy == "frozen" or not len(rows.index["train"]):
            return frozen_parts(pretrained)
        train = as_settings(TrainConfig, self.train)
        if config.strategy == "finetune":
            return finetuned_parts(pretrained, rows, self._network, train, config, judges)
        return online_parts(pretrained, seen, train)

    def _network(self, parts: Parts) -> ForecastNetwork:
        features = self.covariate_scale_.num_features
        network = ForecastNetwork(parts.backbone, self.context_length_, self.config.horizon, features, parts.decoder)
        return network.eval()

    def _windows(
        self, contexts: Sequence[np.ndarray] | Float[np.ndarray, "series time channels"]
    ) -> Float[np.ndarray, "rows time"]:
        """The latest steps of each context, one row per channel, padded with NaN on the left."""
        length, channels = self.context_length_, self.num_channels_
        windows = np.full((len(contexts), length, channels), np.nan)
        for window, context in zip(windows, contexts, strict=True):
            recent = _as_floats(context)[-length:]
            recent = recent[:, None] if recent.ndim == 1 else recent
            if recent.shape[1:] != (channels,):
                msg = f"A context has shape {np.shape(context)}, but the model was fitted on {channels} channels."
                raise DataError(msg)
            window[length - len(recent) :] = recent
        rows = np.moveaxis(windows, 2, 1).reshape(-1, length)
        if np.isinf(rows).any():
            msg = "A context holds infinite values; replace them by NaN (missing) or drop them."
            raise DataError(msg)
        return rows

    def _decode(
        self, window: Float[np.ndarray, "rows time"], steps: int, quantiles: Sequence[float] | None
    ) -> Float[np.ndarray, "rows steps ..."]:
        """What the encoder decodes; it knows best how far it sees at once, and gives level and spread in one pass."""
        decoded = cast("DecodedQuantiles", self.quantiles_)
        return decoded.mean(window, steps) if quantiles is None else decoded.values(window, steps, quantiles)

    def _roll_out(
        self, window: Float[np.ndarray, "rows time"], origin: np.ndarray, covariates: Covariates, steps: int
    ) -> tuple[Float[np.ndarray, "rows steps"], Float[np.ndarray, "rows 1"]]:
        """Forecast block after block; the deviation is that of the first, observed window."""
        blocks, deviation = [], np.empty(0)
        series = np.repeat(np.arange(len(origin)), self.num_channels_)
        for done in range(0, steps, self.config.horizon):
            features = self.covariate_scale_.features(covariates, series, origin[series] + done)
            forecast, spread = self._forward(window, features if features.shape[1] else None)
            deviation = spread if done == 0 else deviation
            blocks.append(forecast)
            window = np.concatenate([window, forecast], axis=1)[:, -self.context_length_ :]
        return np.concatenate(blocks, axis=1)[:, :steps], deviation

    def _forward(
        self, window: Float[np.ndarray, "rows time"], features: Float[np.ndarray, "rows features"] | None
    ) -> tuple[Float[np.ndarray, "rows horizon"], Float[np.ndarray, "rows 1"]]:
        parts, size = [], 4096
        with limited_threads(self.network_), torch.inference_mode():
            for begin in range(0, max(1, len(window)), size):
                chunk = torch.from_numpy(window[begin : begin + size])
                known = None if features is None else torch.from_numpy(features[begin : begin + size])
                forecast, stats = self.network_(chunk, known)
                parts.append((denormalize(forecast.double(), stats), stats.std))
        forecasts, deviations = (torch.cat(side).numpy() for side in zip(*parts, strict=True))
        return forecasts, deviations


def _by_series(
    rows: Float[np.ndarray, "rows steps ..."], series: int, channels: int
) -> Float[np.ndarray, "series steps channels ..."]:
    return np.moveaxis(rows.reshape(series, channels, *rows.shape[1:]), 1, 2)


def _as_floats(context: object) -> Float[np.ndarray, "..."]:
    try:
        return np.asarray(unmasked(context), dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"A context holds values that are no numbers: {error}."
        raise DataError(msg) from error
