"""JEPAModel: a pretrained encoder with everything that Darts' torch models can do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from tjepa_estimators.artifact import ArtifactInfo, PretrainedEncoder, Provenance, resolve_pretrained
from tjepa_estimators.errors import ConfigError, NotFittedError
from tjepa_estimators.interop.darts._compat import BridgedModel, add_safe_globals
from tjepa_estimators.interop.darts.blueprint import Blueprint
from tjepa_estimators.interop.darts.convert import arrays_of, covariates_of
from tjepa_estimators.interop.darts.likelihoods import DECODED
from tjepa_estimators.interop.darts.module import JEPAForecastingModule
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, as_preset
from tjepa_estimators.jepa.invariance import InvarianceConfig
from tjepa_estimators.jepa.quantiles import QuantileConfig
from tjepa_estimators.plugins.catalog import get_encoder
from tjepa_estimators.settings import as_settings, to_dict
from tjepa_estimators.tasks.covariates import CovariateScale
from tjepa_estimators.tasks.forecast import ForecastConfig, ForecastTask
from tjepa_estimators.tasks.head import HeadReport
from tjepa_estimators.training.config import TrainConfig

if TYPE_CHECKING:
    import os

    import pytorch_lightning as pl

__all__ = ["JEPAModel"]

_log = logging.getLogger(__name__)


class JEPAModel(BridgedModel):
    """Forecast with a JEPA-pretrained encoder; past, future and static covariates, likelihoods, fast backtests.

    ``fit`` solves a linear head on the windows, the latents of the encoder and the covariates in closed form:
    seconds instead of epochs. Where that is impossible it goes on from that solution by gradient descent, as any
    Darts model does. That is so with

    * a ``likelihood`` (the spread begins with that of the held-out residuals; ``n_epochs=0`` keeps it so),
    * a ``loss_fn`` other than the squared error,
    * sample weights,
    * a Trainer or callbacks of your own (early stopping) or ``save_checkpoints=True``,
    * ``enable_finetuning``,
    * future covariates together with ``output_chunk_shift``.

    ``fit_path_`` tells which path was taken, and the log why. Other training settings (``n_epochs``,
    ``optimizer_kwargs``, ...) have no effect on the closed form; ``val_series`` have one where there are no
    covariates: blocks and ridge strengths are chosen on them instead of on the latest part of the series.

    With ``strategy="zero_shot"`` nothing is learned: ``fit`` only takes the series to forecast, of any length that
    ``input_chunk_length`` admits. A quantile regression then gives the quantiles that the encoder decodes, and a
    Gaussian, Laplace or Cauchy likelihood their spread.

    A second ``fit`` keeps the encoder and solves the head anew; a network trained by gradient is trained on.
    ``retrain=True`` in a backtest without ``pretrained`` pretrains anew in each step. An encoder pretrained on
    data from after the start of a backtest has seen its future.

    Parameters
    ----------
    input_chunk_length
        Steps of the window. As a pair ``(shortest, longest)``, series of at least ``shortest`` steps are accepted
        and what is missing counts as not observed.
    output_chunk_length
        Steps that are forecast at once.
    output_chunk_shift
        Steps between the window and the first one forecast.
    encoder, encoder_config
        Registered encoder to pretrain and its settings; see :func:`~tjepa_estimators.list_plugins`.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; it is never changed. None pretrains
        on the series given to ``fit``.
    config
        What to pretrain: a preset, a :class:`~tjepa_estimators.JEPAConfig` or a dict of its fields.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields: budget of pretraining and fine-tuning.
    strategy
        ``"frozen"``: the encoder stays as it is; ``"finetune"``: it is trained on the forecasting error at a lower
        rate; ``"online"``: it is trained on forecasting and JEPA jointly. Then the head is solved. ``"zero_shot"``:
        nothing is fitted; needs an encoder that was pretrained with quantiles, and no covariates.
    blocks
        ``"auto"``: held-out data decides whether the head reads the latents beside the window; ``"both"``: it does;
        ``"lookback"``: it does not, and nothing is pretrained (the linear baseline).
    use_static_covariates
        Whether to use static covariates of the series.
    **kwargs
        Those of every Darts torch model: ``likelihood``, ``add_encoders``, ``random_state``, ``batch_size`` (here 256
        by default), ``n_epochs`` (20), ``optimizer_kwargs`` (``{"lr": 1e-4}``: training begins at a solution),
        ``pl_trainer_kwargs`` (on the CPU unless it says otherwise), and so on.

    Attributes
    ----------
    pretrained_
        The encoder in use; None with ``blocks="lookback"``.
    report_
        Held-out errors of the solved head beside the controls.
    fit_path_
        ``"closed form"`` or ``"gradient"``.

    Raises
    ------
    ConfigError
        A setting is unknown or impossible.
    PluginError
        The encoder is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from darts import TimeSeries
    >>> series = TimeSeries.from_values(np.sin(np.arange(200.0)))
    >>> model = JEPAModel(input_chunk_length=48, output_chunk_length=8, train={"steps": 2})
    >>> len(model.fit(series).predict(8, verbose=False))
    8
    """

    def __init__(
        self,
        input_chunk_length: int | tuple[int, int],
        output_chunk_length: int,
        output_chunk_shift: int = 0,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        config: str | JEPAConfig | Mapping[str, Any] = "tiny",
        train: TrainConfig | Mapping[str, Any] | None = None,
        strategy: str = "frozen",
        blocks: str = "auto",
        use_static_covariates: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(input_chunk_length)
        self._task_config = ForecastConfig(
            horizon=output_chunk_shift + output_chunk_length,
            context_length=self.input_chunk_length,
            strategy=strategy,
            blocks=blocks,
            seed=kwargs.get("random_state") or 0,
        )
        self._to_pretrain: dict[str, Any] = {"encoder": encoder, "encoder_config": encoder_config, "jepa": config}
        self._pretrained, self._train_options = pretrained, train
        get_encoder(encoder)  # misspelt names and settings are told here, not after hours of loading data
        as_preset(config)
        as_settings(TrainConfig, train)
        if kwargs.get("enable_finetuning") is False:
            msg = "enable_finetuning=False fits nothing, but a head has to be fitted; use strategy='frozen' instead."
            raise ConfigError(msg)
        if not self._learns:
            _check_untrained(kwargs)
        self._considers_static_covariates = use_static_covariates
        self._choose_defaults(kwargs)

    def _choose_defaults(self, given: Mapping[str, Any]) -> None:
        """Our own where the user chose nothing; Darts' constructor cannot be given them, as it would record them."""
        trainer = given.get("pl_trainer_kwargs") or {}
        if "batch_size" not in given:
            self.batch_size = 256
        if "n_epochs" not in given and "max_epochs" not in trainer:
            self.n_epochs = 20
            self.trainer_params["max_epochs"] = 20
        self.trainer_params = {"accelerator": "cpu", "enable_model_summary": False} | self.trainer_params
        if "optimizer_cls" not in given:
            self.pl_module_params["optimizer_kwargs"] = {"lr": 1e-4} | (given.get("optimizer_kwargs") or {})

    @property
    def _learns(self) -> bool:
        return self._task_config.strategy != "zero_shot"

    def _gradient_reasons(self, dataset: Any, trainer: pl.Trainer | None) -> list[str]:
        if not self._learns:
            _check_no_covariates(dataset)
            return []
        given = self.model_params
        checks = {
            "a likelihood": given.get("likelihood") is not None,
            "another loss_fn": not isinstance(given.get("loss_fn") or nn.MSELoss(), nn.MSELoss),
            "sample weights": getattr(dataset, "sample_weight", None) is not None,
            "a Trainer": trainer is not None,
            "callbacks": self._has_callbacks(),
            "enable_finetuning": given.get("enable_finetuning") is not None,
            "future covariates after a shift": self.output_chunk_shift > 0
            and getattr(dataset, "future_covariates", None) is not None,
        }
        reasons = [reason for reason, holds in checks.items() if holds]
        if reasons:
            _log.info("The network is trained by gradient descent, because of: %s.", ", ".join(reasons))
        else:
            _log.info("The head is solved in closed form.")
        return reasons

    def _solve(self, dataset: Any, val_dataset: Any, verbose: bool | None) -> Callable[[JEPAForecastingModule], None]:
        values, covariates = arrays_of(dataset), covariates_of(dataset)
        judges = arrays_of(val_dataset) if val_dataset is not None and covariates.is_empty else None
        task = ForecastTask(
            self._task_config,
            pretrained=self._encoder_in_use(),
            train=self._train_settings(verbose),
            **self._to_pretrain,
        )
        # Darts gives no future covariates for the steps that are skipped, so the task must not read them
        readable = replace(covariates, known=None) if self.output_chunk_shift else covariates
        task.fit(values, None if readable.is_empty else readable, held_out=judges)
        scale = CovariateScale.fit(covariates, task.covariate_scale_.lookback, self.output_chunk_length)
        self.pretrained_, self.report_ = task.pretrained_, task.report_
        self._blueprint = to_dict(Blueprint.of(task, scale))
        return partial(JEPAForecastingModule.start_from, task=task, scale=scale)

    def _encoder_in_use(self) -> PretrainedEncoder | None:
        if getattr(self, "pretrained_", None) is not None:
            return self.pretrained_
        if self._pretrained is None or self._task_config.blocks == "lookback":
            return None
        encoder = resolve_pretrained(self._pretrained)
        self._remember("pretrained", encoder)  # its folder may be gone when a copy of this model is fitted
        return encoder

    def _train_settings(self, verbose: bool | None) -> TrainConfig | Mapping[str, Any]:
        train = self._train_options
        if isinstance(train, TrainConfig):
            return train
        accelerator = self.trainer_params.get("accelerator")
        return {
            "seed": self._task_config.seed,
            "progress": verbose,
            "accelerator": accelerator if isinstance(accelerator, str) else "cpu",
            **(train or {}),
        }

    def _build_module(self) -> JEPAForecastingModule:
        if not hasattr(self, "_blueprint"):
            msg = "The shapes of the network are not known; load the weights with skip_checks=False, or call fit()."
            raise NotFittedError(msg)
        config = self._task_config
        return JEPAForecastingModule(
            self._blueprint,
            frozen=config.strategy in {"frozen", "zero_shot"},
            encoder_rate=config.encoder_rate,
            **self.pl_module_params,
        )

    def _adopt(self, saved: JEPAModel) -> None:
        self._blueprint, self.pretrained_, self.report_ = saved._blueprint, saved.pretrained_, saved.report_


def _check_untrained(given: Mapping[str, Any]) -> None:
    """Refuse what only training could give, where there is none."""
    asked = [name for name in ("enable_finetuning", "loss_fn") if given.get(name) is not None]
    if asked:
        msg = f"strategy='zero_shot' trains nothing, but {asked[0]} was given; leave it out, or take strategy='frozen'."
        raise ConfigError(msg)
    likelihood = given.get("likelihood")
    if likelihood is not None and likelihood.type not in DECODED:
        names = ", ".join(kind.name for kind in DECODED)
        msg = (
            f"A {type(likelihood).__name__} has to be trained, but strategy='zero_shot' trains nothing; choose a "
            f"likelihood of {names}, or strategy='frozen'."
        )
        raise ConfigError(msg)


def _check_no_covariates(dataset: Any) -> None:
    """Refuse covariates: what they mean has to be learned."""
    if not covariates_of(dataset).is_empty:
        msg = (
            "strategy='zero_shot' trains nothing, so it cannot learn what covariates mean; leave them out (static ones "
            "with use_static_covariates=False), or take strategy='frozen'."
        )
        raise ConfigError(msg)


# Darts loads files with an unpickler that knows its own classes and these.
add_safe_globals(
    [
        JEPAModel,
        PretrainedEncoder,
        ArtifactInfo,
        Provenance,
        JEPAConfig,
        MaskConfig,
        QuantileConfig,
        CodebookConfig,
        InvarianceConfig,
        TrainConfig,
        ForecastConfig,
        HeadReport,
        type(Path()),
    ]
)
