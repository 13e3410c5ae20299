"""Classify windows or samples: a probe of a frozen encoder, or the encoder tuned with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch.nn import functional

from tjepa_estimators.errors import DataError
from tjepa_estimators.nn.depth import decayed_rates, layers_of
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.classification.config import ClassificationConfig
from tjepa_estimators.tasks.classification.inputs import ChosenInputs, SampleInputs, WindowInputs
from tjepa_estimators.tasks.classification.network import ClassifierNetwork, joined
from tjepa_estimators.tasks.classification.probe import fit_probe
from tjepa_estimators.tasks.levels import ChannelLevels
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import finetune

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.tasks.classification.inputs import Inputs
    from tjepa_estimators.training.best import FinetuneReport

__all__ = ["ClassificationTask"]

_ROWS = 512
"""Rows in one forward pass."""
_TUNING = {"steps": 200, "batch_size": 32, "learning_rate": 1e-3}
"""How fine-tuning is trained where nothing else is said."""


class ClassificationTask:
    """A classifier on a pretrained encoder, which is never changed.

    Parameters
    ----------
    pretrained
        What reads the rows: windows of series, or items of its tokenizer.
    config
        A :class:`ClassificationConfig` or a dict of its fields.
    train
        How fine-tuning is trained; 200 steps of 32 rows at a rate of 1e-3 where a dict says nothing.

    Attributes
    ----------
    network_
        The fitted network, in double precision.
    finetune_
        What fine-tuning came to; None without it.

    Examples
    --------
    >>> from tjepa_estimators import pretrain
    >>> time, fast = np.arange(40.0), np.arange(30) % 2
    >>> waves = np.sin(time * (0.3 + 0.4 * fast[:, None]))[:, :, None]
    >>> task = ClassificationTask(pretrain(list(waves), train={"steps": 5})).fit(waves, fast)
    >>> task.predict_proba(waves).argmax(axis=1).tolist() == fast.tolist()
    True
    """

    def __init__(
        self,
        pretrained: PretrainedEncoder,
        config: ClassificationConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
    ) -> None:
        self.pretrained = pretrained
        self.config = as_settings(ClassificationConfig, config)
        self.train = train if isinstance(train, TrainConfig) else as_settings(TrainConfig, {**_TUNING, **(train or {})})

    def fit(self, items: Any, labels: Int[np.ndarray, " rows"]) -> Self:  # noqa: ANN401 - what the encoder reads
        """Learn the classes of items.

        Parameters
        ----------
        items
            Windows ``[rows time channels]``, NaN where a value is missing; or what the tokenizer reads.
        labels
            Classes from 0 on, each of which occurs.

        Raises
        ------
        DataError
            The items cannot be read; there is one class only, or other numbers of rows and labels; or fine-tuning has
            too few rows to keep some for judging.
        """
        labels = np.asarray(labels)
        self._levels = self._fit_levels(items)
        inputs = self._inputs(items)
        if len(inputs) != len(labels) or len(np.unique(labels)) < 2:
            raise DataError(
                f"Got {len(inputs)} rows and {len(labels)} labels of {len(np.unique(labels))} classes; give a label "
                "for each row, and rows of two classes or more."
            )
        self.finetune_: FinetuneReport | None = None
        network = self._probed(inputs, labels) if self.config.strategy == "frozen" else self._tuned(inputs, labels)
        self.network_ = network.double().eval().requires_grad_(requires_grad=False)
        return self

    def predict_proba(self, items: Any) -> Float[np.ndarray, "rows classes"]:  # noqa: ANN401 - what the encoder reads
        """The probability of each class."""
        inputs = self._inputs(items)
        return functional.softmax(self._over(inputs, self.network_), dim=1).numpy()

    def _fit_levels(self, items: Any) -> ChannelLevels | None:  # noqa: ANN401 - what the encoder reads
        wanted = self.config.levels and self.pretrained.info.jepa.tokenizer is None
        return ChannelLevels().fit(items) if wanted else None

    def _inputs(self, items: Any) -> Inputs:  # noqa: ANN401 - what the encoder reads
        tokenizer = self.pretrained.info.jepa.tokenizer
        if tokenizer is None:
            return WindowInputs(items, self._levels)
        return SampleInputs(tokenizer.settings().rows(items))

    def _backbone(self) -> Backbone:
        return cast("Backbone", self.pretrained.build().teacher.module)

    def _probed(self, inputs: Inputs, labels: Int[np.ndarray, " rows"]) -> ClassifierNetwork:
        """The encoder as it is, under a logistic regression."""
        backbone = self._backbone().double().eval()

        def features(raw: Tensor, beside: Tensor) -> Tensor:
            return joined(backbone, raw, beside, inputs.channels)

        rows = self._over(inputs, features).numpy()
        is_latent = np.arange(rows.shape[1]) < inputs.channels * backbone.dim
        blocks = () if is_latent.all() else (is_latent, ~is_latent)
        return ClassifierNetwork(backbone, inputs.channels, fit_probe(rows, labels, self.config.seed, blocks))

    def _tuned(self, inputs: Inputs, labels: Int[np.ndarray, " rows"]) -> ClassifierNetwork:
        """The same, then all of it trained on cross-entropy; ends with the weights that judge best."""
        known, held = self._split(labels)
        network = self._probed(ChosenInputs(inputs, known), labels[known.numpy()]).float()
        network.requires_grad_(requires_grad=True)
        truth = torch.as_tensor(labels)

        def loss(network: Any, rows: Tensor) -> Tensor:  # noqa: ANN401 - a ClassifierNetwork, perhaps wrapped
            weight = next(network.parameters())
            raw, beside = inputs.raw(rows), inputs.beside(rows)
            raw = raw.to(weight) if raw.is_floating_point() else raw.to(weight.device)
            return functional.cross_entropy(network(raw, beside.to(weight)), truth[rows].to(weight.device))

        rates = decayed_rates(layers_of(network.backbone), self.config.encoder_rate, self.config.layer_decay)
        self.finetune_ = finetune(
            network,
            lambda module, index, _: loss(module, known[index]),
            len(known),
            [(list(network.head.parameters()), 1.0), *rates],
            self.train,
            identity={"data": inputs.digest(), "labels": labels.tolist(), "held_out": held.tolist()},
            judge=lambda module: float(
                sum(loss(module, rows).item() * len(rows) for rows in held.split(_ROWS)) / len(held)
            ),
            patience=self.config.patience,
        )
        return network

    def _split(self, labels: Int[np.ndarray, " rows"]) -> tuple[Tensor, Tensor]:
        """Rows to train on and rows that judge, of each class its share."""
        try:
            parts = train_test_split(
                np.arange(len(labels)), test_size=self.config.validation, stratify=labels, random_state=self.config.seed
            )
        except ValueError as error:
            raise DataError(
                f"strategy='finetune' keeps {self.config.validation:.0%} of the {len(labels)} rows to judge itself, "
                f"some of each class, and cannot: {error} Label more rows, or use strategy='frozen'."
            ) from error
        known, held = (torch.as_tensor(np.sort(part)) for part in parts)
        return known, held

    def _over(self, inputs: Inputs, function: Any) -> Float[Tensor, "rows width"]:  # noqa: ANN401 - of raw and beside
        """A function of all rows, in double precision, so that a row does not depend on those beside it."""
        numbers = inputs.batches(_ROWS)
        with limited_threads(self.pretrained.module), torch.inference_mode():
            parts = [function(_double(inputs.raw(index)), inputs.beside(index)) for index in numbers]
        rows, order = torch.cat(parts), torch.cat(numbers)
        ordered = torch.empty_like(rows)
        ordered[order] = rows
        return ordered


def _double(raw: Tensor) -> Tensor:
    return raw.double() if raw.is_floating_point() else raw
