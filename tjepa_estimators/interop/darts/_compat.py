"""All that we use of Darts' private side, behind one door.

The contract between Darts and its torch models moves with each minor release, so every private name stands in
this module, and the module refuses a release that it was not written for.
"""
# ruff: noqa: E402 - the gate stands before what it guards

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import darts
import torch

_WRITTEN_FOR = "0.48"
if not darts.__version__.startswith(f"{_WRITTEN_FOR}."):
    _message = (
        f"JEPAModel was written for Darts {_WRITTEN_FOR}, but Darts {darts.__version__} is installed, whose torch "
        'models may work differently; pip install "tjepa-estimators[darts]" brings the right one.'
    )
    raise ImportError(_message, name="darts")

from darts.models.forecasting.pl_forecasting_module import PLForecastingModule, io_processor
from darts.models.forecasting.torch_forecasting_model import MixedCovariatesTorchModel
from darts.utils.data.torch_datasets.training_dataset import SequentialTorchTrainingDataset
from darts.utils.data.torch_datasets.utils import PLModuleInput, PLModuleOutput, _parse_input_chunk_length
from darts.utils.likelihood_models.base import LikelihoodType
from darts.utils.likelihood_models.torch import TorchLikelihood
from darts.utils.serialization import add_safe_globals
from darts.utils.utils import n_steps_between
from pytorch_lightning.callbacks import ProgressBar

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.threads import limited_threads

if TYPE_CHECKING:
    import pytorch_lightning as pl

__all__ = [
    "BridgedModel",
    "LikelihoodType",
    "PLForecastingModule",
    "PLModuleInput",
    "PLModuleOutput",
    "SequentialTorchTrainingDataset",
    "TorchLikelihood",
    "add_safe_globals",
    "io_processor",
    "n_steps_between",
]


class BridgedModel(MixedCovariatesTorchModel):
    """A Darts torch model whose network may be solved instead of trained, and that keeps its weights when pickled.

    Darts' own hooks are overridden here and lead to five of ours, which a model implements.
    """

    # What a model implements.

    @property
    @abstractmethod
    def _learns(self) -> bool:
        """Whether ``fit`` learns from what it is given; if not, it asks for no more steps than ``predict``."""

    @abstractmethod
    def _gradient_reasons(self, dataset: Any, trainer: pl.Trainer | None) -> list[str]:
        """Why this fit needs gradient descent; nothing if it does not."""

    @abstractmethod
    def _solve(self, dataset: Any, val_dataset: Any, verbose: bool | None) -> Callable[[PLForecastingModule], None]:
        """Solve on the data, and return what carries the solution into a new network."""

    @abstractmethod
    def _build_module(self) -> PLForecastingModule:
        """A new network; after :meth:`_solve`."""

    @abstractmethod
    def _adopt(self, saved: Any) -> None:
        """Take over what :meth:`_build_module` needs from a saved model."""

    # Darts' hooks.

    def __init__(self, input_chunk_length: int | tuple[int, int]) -> None:
        shortest, longest = _parse_input_chunk_length(input_chunk_length)
        given = {**self.model_params, "input_chunk_length": longest}
        super().__init__(**self._extract_torch_model_params(**given))
        self.pl_module_params: dict[str, Any] = self._extract_pl_module_params(**given)
        self._shortest_input = shortest
        self.model: PLForecastingModule | None
        self.trainer_params: dict[str, Any]
        self.fit_path_: str

    def _has_callbacks(self) -> bool:
        """Whether somebody watches the training, be it Darts' own checkpoints; progress bars only show it."""
        return any(not isinstance(callback, ProgressBar) for callback in self.trainer_params.get("callbacks") or ())

    @property
    def _requires_training(self) -> bool:
        return self._learns and bool(super()._requires_training)

    @property
    def min_input_chunk_length(self) -> int:
        """Steps that a series must have; shorter windows than ``input_chunk_length`` are padded with NaN."""
        return self._shortest_input

    @property
    def supports_static_covariates(self) -> bool:
        """Static covariates are used."""
        return True

    @property
    def _ckpt_skipped_params(self) -> list[str]:
        return [*super()._ckpt_skipped_params, "pretrained", "train", "strategy", "blocks"]

    def _check_ckpt_parameters(self, tfm_save: Any) -> None:
        super()._check_ckpt_parameters(tfm_save)
        self._adopt(tfm_save)

    def _build_train_dataset(self, *args: Any, sample_weight: Any = None, **kwargs: Any) -> Any:
        if sample_weight is not None and not self._learns:  # Darts would drop them without a word
            msg = "Nothing is learned with this strategy, so sample weights have no effect; leave them out."
            raise ConfigError(msg)
        return super()._build_train_dataset(*args, sample_weight=sample_weight, **kwargs)

    def _create_model(self, train_sample: Any) -> PLForecastingModule:  # noqa: ARG002 - the solution knows the shapes
        return self._build_module()

    def _init_model(self, trainer: pl.Trainer | None = None) -> PLForecastingModule:
        chosen = "precision" in self.trainer_params
        module = super()._init_model(trainer)
        if not chosen:
            # Darts follows the type of the series; our network reads normalised windows, and single precision
            # is enough for those: level and scale keep the precision of the series
            self.trainer_params["precision"] = "32-true"
        return module

    def _setup_for_train(
        self,
        train_dataset: Any,
        val_dataset: Any = None,
        trainer: pl.Trainer | None = None,
        verbose: bool | None = None,
        epochs: int = 0,
        dataloader_kwargs: dict[str, Any] | None = None,
        load_best: bool = False,
    ) -> dict[str, Any]:
        reasons = self._gradient_reasons(train_dataset, trainer)
        carry_over = None
        if not (reasons and self.model_created):  # what gradients have trained is trained on
            carry_over = self._solve(train_dataset, val_dataset, verbose)
            self.model = None
        with self._calm():
            setup: dict[str, Any] = super()._setup_for_train(
                train_dataset, val_dataset, trainer, verbose, epochs, _loader_options(dataloader_kwargs), load_best
            )
        if carry_over is not None:
            carry_over(setup["model"])
        self.fit_path_ = "gradient" if reasons else "closed form"
        return setup

    def _train(self, trainer: pl.Trainer, model: PLForecastingModule, datamodule: Any, load_best: bool = False) -> None:
        if self.fit_path_ == "gradient":
            with self._calm(), limited_threads(model):
                super()._train(trainer, model, datamodule, load_best)
            return
        trainer.strategy.connect(model)  # so that the trainer can save the network
        self.model, self.trainer = model.eval(), trainer
        self._fit_called = True

    def _setup_for_predict(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        kwargs["dataloader_kwargs"] = _loader_options(kwargs.get("dataloader_kwargs"))
        with self._calm():
            setup: dict[str, Any] = super()._setup_for_predict(*args, **kwargs)
        return setup

    def _predict(self, trainer: pl.Trainer, model: PLForecastingModule, *args: Any, **kwargs: Any) -> Sequence[Any]:
        with self._calm(), limited_threads(model):
            forecasts: Sequence[Any] = super()._predict(trainer, model, *args, **kwargs)
        return forecasts

    @contextlib.contextmanager
    def _calm(self) -> Iterator[None]:
        """Keep Lightning's hints about devices, loaders and cloud services away, unless ``show_warnings`` is set."""
        if self.model_params.get("show_warnings"):
            yield
            return
        loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric)\b.*")
                warnings.filterwarnings("ignore", message=".*LeafSpec.*")  # Lightning's, but blamed on its caller
                yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)

    def _remember(self, parameter: str, value: object) -> None:
        """Replace a parameter by what it stood for, so that copies of this model need no file."""
        self._model_params[parameter] = value

    # Darts leaves the network out when it pickles a model, and the copy fails on predict.

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if self.model is not None:
            content = io.BytesIO()
            torch.save({"weights": self.model.state_dict(), "dtype": self.model.dtype}, content)
            state["_network_bytes"] = content.getvalue()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        content = state.pop("_network_bytes", None)
        super().__setstate__(state)
        if content is not None:
            saved = torch.load(io.BytesIO(content), weights_only=True)
            module = self._build_module().to(saved["dtype"])
            module.load_state_dict(saved["weights"])
            self.model = module.eval()


def _loader_options(given: dict[str, Any] | None) -> dict[str, Any]:
    """A copy, as Darts changes what it is given; pinned memory only where there is a device to copy to."""
    return {"pin_memory": torch.cuda.is_available(), **(given or {})}
