"""Pretrain and fine-tune: build a Trainer, run it, hand back the result."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import logging
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch.utils.data import DataLoader

from tjepa_estimators.artifact import ArtifactInfo, PretrainedEncoder, Provenance
from tjepa_estimators.data.mixture import MixtureConfig
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig, as_preset
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.plugins.catalog import get_encoder, get_tokenizer, list_plugins, provider
from tjepa_estimators.settings import as_settings, to_dict
from tjepa_estimators.training.best import BestWeights
from tjepa_estimators.training.callbacks import CollapseWatch, DomainWatch, Resumable
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.material import read
from tjepa_estimators.training.module import FinetuneModule, PretrainModule, StepModule, WindowLoss

if TYPE_CHECKING:
    from torch import nn

    from tjepa_estimators.jepa.config import Preset
    from tjepa_estimators.jepa.diagnostics import Diagnostics
    from tjepa_estimators.plugins.specs import Spec
    from tjepa_estimators.training.best import FinetuneReport, Judge

__all__ = ["finetune", "pretrain", "untrained"]

_WATCH = 20
"""Measurements of a representation's health in a run; each costs about half a step."""

_RARELY = 10
"""Domains are measured so many times less often: there may be many of them."""

_IRRELEVANT = {
    "epochs", "accelerator", "devices", "strategy", "threads", "checkpoint_dir", "checkpoint_every", "progress",
}  # fmt: skip
"""Settings that a stopped run may go on without: the result does not depend on them, or ``steps`` says it."""


def pretrain(
    data: object,
    *,
    encoder: str = "transformer",
    encoder_config: Mapping[str, Any] | None = None,
    config: str | JEPAConfig | Mapping[str, Any] = "tiny",
    train: TrainConfig | Mapping[str, Any] | None = None,
    mixture: MixtureConfig | Mapping[str, Any] | None = None,
    initial: PretrainedEncoder | str | os.PathLike[str] | None = None,
    on_diagnostics: Callable[[int, Diagnostics], None] | None = None,
) -> PretrainedEncoder:
    """Pretrain an encoder on unlabelled series by predicting the latents of hidden patches.

    Parameters
    ----------
    data
        Series of any kind: an array ``[time]``, ``[time channels]`` or ``[series time channels]``, a
        DataFrame (also sktime's panels and hierarchies), Darts series, a data domain or its name, or a list of these.
        A list with domains in it, or a dict of names and data, is several domains, see ``mixture``. Channels are
        seen one by one; NaN marks missing values; memory-mapped arrays are not copied. With a tokenizer in
        ``config``: the items that it reads, or the name of a domain that holds such.
    encoder
        A registered encoder, see :func:`~tjepa_estimators.list_plugins`.
    encoder_config
        Settings of the encoder; what they may hold depends on it.
    config
        A preset (``"tiny"``, ``"temporal-jepa"``, ``"pooled-jepa"``, ``"mts-jepa"``, ``"mts-jepa-latent"``) or a
        :class:`JEPAConfig`. Its window is cut to the longest series where that is shorter, and resolutions that
        reach beyond it are left out.
    train
        A :class:`TrainConfig` or a dict of its fields, which replace those of the preset.
    mixture
        How several domains share the batches, and what is kept from training to measure each of them on: a
        :class:`~tjepa_estimators.MixtureConfig` or a dict of its fields. One domain alone is trained on
        as a whole.
    initial
        Go on from these weights, or those of a folder or hub id; their encoder and settings are used then.
    on_diagnostics
        Called with the step and the health of the representation about twenty times.

    Returns
    -------
    The pretrained encoder, an immutable artifact that every estimator takes as ``pretrained=``.

    Raises
    ------
    DataError
        The data cannot be used.
    ConfigError
        A setting is unknown or impossible.
    PluginError
        The encoder is not installed.

    Warns
    -----
    CollapseWarning
        The representation degenerated; the message says what to change.

    Examples
    --------
    >>> import numpy as np
    >>> pretrain(np.sin(np.arange(300.0)), train={"steps": 3}).dim
    32
    """
    preset = as_preset(config)
    settings = train if isinstance(train, TrainConfig) else as_settings(TrainConfig, {**preset.train, **(train or {})})
    initial = PretrainedEncoder.load(initial) if isinstance(initial, str | os.PathLike) else initial
    given = read(data, preset.jepa if initial is None else initial.info.jepa)
    if initial is None:
        jepa = given.fit(preset.jepa)
        encoder_config = _encoder_config(encoder, preset, encoder_config)
        model = build_jepa(jepa, encoder, encoder_config, seed=settings.seed)
    else:
        jepa, encoder, encoder_config = initial.info.jepa, initial.info.encoder, initial.info.encoder_config
        model = initial.build()
    corpus = given.corpus(jepa, None if mixture is None else as_settings(MixtureConfig, mixture))
    module = PretrainModule(model, corpus.source, jepa, settings)
    every = max(1, module.steps // _WATCH)
    watch, domain_watch = CollapseWatch(every, on_diagnostics), DomainWatch(_RARELY * every, corpus.held_out)
    identity = {
        "jepa": to_dict(jepa), "encoder": [encoder, dict(encoder_config or {})], "data": corpus.digest,
        "initial": initial.fingerprint if initial else None, "shares": corpus.shares,
        "windows": len(corpus.source),
    }  # fmt: skip
    _run("pretrain", module, settings, [watch, domain_watch], identity)
    provenance = Provenance(
        data=given.sources,
        windows=len(corpus.source),
        shares=corpus.shares,
        train=to_dict(settings) | {"steps": module.steps, "checkpoint_dir": None},
        seed=settings.seed,
        provided_by=_providers(encoder, model.student, jepa),
        versions={name: _version(name) for name in ("tjepa-estimators", "torch", "pytorch-lightning")},
        diagnostics=_finite(watch.last),
        domains={name: _finite(health) for name, health in domain_watch.last.items()},
    )
    info = ArtifactInfo(encoder=encoder, encoder_config=dict(encoder_config or {}), jepa=jepa, provenance=provenance)
    return PretrainedEncoder(info, model.state_dict())


def untrained(
    data: object,
    *,
    encoder: str = "transformer",
    encoder_config: Mapping[str, Any] | None = None,
    config: str | JEPAConfig | Mapping[str, Any] = "tiny",
    train: TrainConfig | Mapping[str, Any] | None = None,
) -> PretrainedEncoder:
    """What :func:`pretrain` starts from: random weights. The control that any claim for pretraining needs.

    Parameters are those of :func:`pretrain`; of ``train`` only the seed matters.

    Examples
    --------
    >>> import numpy as np
    >>> untrained(np.sin(np.arange(300.0))).dim
    32
    """
    preset = as_preset(config)
    settings = as_settings(TrainConfig, train)
    jepa = read(data, preset.jepa).fit(preset.jepa)
    encoder_config = _encoder_config(encoder, preset, encoder_config)
    model = build_jepa(jepa, encoder, encoder_config, seed=settings.seed)
    provenance = Provenance(seed=settings.seed, provided_by=_providers(encoder, model.student, jepa))
    info = ArtifactInfo(encoder=encoder, encoder_config=encoder_config, jepa=jepa, provenance=provenance)
    return PretrainedEncoder(info, model.state_dict())


def _encoder_config(encoder: str, preset: Preset, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy, as the caller may change theirs; the preset's is for its own encoder."""
    return copy.deepcopy({**(preset.encoder if encoder == "transformer" else {}), **(given or {})})


def finetune(
    network: nn.Module,
    window_loss: WindowLoss,
    num_windows: int,
    rates: Sequence[tuple[list[nn.Parameter], float]],
    train: TrainConfig,
    after_step: Callable[[], None] | None = None,
    identity: Mapping[str, object] | None = None,
    judge: Judge | None = None,
    patience: int | None = None,
) -> FinetuneReport | None:
    """Train ``network`` in place on a loss over windows.

    Parameters
    ----------
    network
        What is trained; in training mode while it is, in evaluation mode afterwards.
    window_loss
        Loss of the network on the windows with given numbers.
    num_windows
        Windows to draw from.
    rates
        Groups of parameters, each with its share of the learning rate.
    train
        How to train.
    after_step
        Called after each step of the optimiser.
    identity
        What else the result depends on, such as a digest of the data: with ``checkpoint_dir``, a run that
        was stopped is continued only where all of this is the same.
    judge
        Held-out error of the network, measured at the start and about twenty times on the way; the weights with the
        lowest one are those that it ends with. None ends with the last weights.
    patience
        Checks without gain after which to stop; None takes all steps.

    Returns
    -------
    What it came to, where there is a judge.
    """
    module = FinetuneModule(network, window_loss, num_windows, train, list(rates), after_step)
    best = None if judge is None else BestWeights(judge, module.steps, patience)
    start = {"network": type(network).__name__, "weights": _digest_weights(network), "windows": num_windows}
    settings = {"rates": [share for _, share in rates], "patience": patience, "judged": judge is not None}
    _run("finetune", module, train, [] if best is None else [best], {**start, **settings, **(identity or {})})
    network.eval()
    if best is None:
        return None
    best.restore(network)  # here, as a finished run that is called again runs no hook
    return best.report


def _run(
    stage: str,
    module: StepModule,
    train: TrainConfig,
    callbacks: list[pl.Callback],
    identity: Mapping[str, object],
) -> None:
    checkpoint = None
    if train.checkpoint_dir is not None:
        settings = {name: value for name, value in to_dict(train).items() if name not in _IRRELEVANT}
        stated = json.dumps({**identity, **settings, "steps": module.steps}, default=str)
        resumable = Resumable(train.checkpoint_dir, stage, train.checkpoint_every, stated)
        checkpoint, callbacks = resumable.found(), [*callbacks, resumable]
    with scoped_seed(train.seed), limited_threads(module, train.threads), _quiet():
        trainer = _trainer(train, module.steps, callbacks)
        module.train()
        counter: DataLoader[int] = DataLoader(range(module.steps * train.accumulate), batch_size=None)  # type: ignore[arg-type]
        trainer.fit(module, counter, ckpt_path=checkpoint)
        module.cpu()


def _trainer(train: TrainConfig, steps: int, callbacks: list[pl.Callback]) -> pl.Trainer:
    try:
        return pl.Trainer(
            max_steps=steps,
            max_epochs=-1,
            accelerator=train.accelerator,
            devices=train.devices,
            strategy=train.strategy,
            accumulate_grad_batches=train.accumulate,
            precision=train.precision,  # type: ignore[arg-type]
            gradient_clip_val=train.gradient_clip,
            callbacks=callbacks,
            logger=False,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=sys.stderr.isatty() if train.progress is None else train.progress,
            use_distributed_sampler=False,
        )
    except (ValueError, MisconfigurationException) as error:
        msg = f"These devices cannot be had: {error} Correct accelerator, devices, strategy or precision."
        raise ConfigError(msg) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's hints about loaders, devices and cloud services out of the user's output."""
    loggers = [
        logging.getLogger(name)
        for name in ("pytorch_lightning", "lightning.pytorch", "lightning.fabric", "lightning_fabric")
    ]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning_fabric|torch\.utils\.data).*")
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _providers(encoder: str, network: nn.Module, jepa: JEPAConfig) -> dict[str, str]:
    """Distributions, with versions, of encoder, tokenizer and registered encoders inside it, such as experts."""
    classes = {f"{type(part).__module__}:{type(part).__qualname__}" for part in network.modules()}
    usable = (row.name for row in list_plugins() if (row.kind, row.status) == ("encoder", "ok"))
    inside = [name for name in usable if get_encoder(name).target in classes]
    specs: list[Spec] = [get_encoder(name) for name in (encoder, *inside)]
    if jepa.tokenizer is not None:
        specs.append(get_tokenizer(jepa.tokenizer.kind))
    return dict(map(provider, specs))


def _digest_weights(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for value in network.state_dict().values():
        digest.update(value.cpu().numpy().tobytes())
    return digest.hexdigest()[:16]


def _finite(health: Diagnostics | None) -> dict[str, float]:
    """What could be measured: one window alone has no spread, and JSON has no NaN."""
    return {} if health is None else {name: value for name, value in health.as_dict().items() if math.isfinite(value)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
