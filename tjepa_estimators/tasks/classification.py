"""Classification by an encoder with a linear head, trained together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from tjepa_estimators.nn.depth import decayed_rates, layers_of
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.tasks.inputs import pooled_rows
from tjepa_estimators.training.run import finetune

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.contracts import Samples
    from tjepa_estimators.jepa.config import TokenizerConfig
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.training.best import FinetuneReport
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["ClassifierNetwork", "described_rows", "tune_classifier"]

_ROWS = 256
_PATIENCE = 6
_DECAY = 0.7
"""Rate of a layer in that of the one above."""


def described_rows(
    backbone: Backbone, raw: Tensor, tokenizer: TokenizerConfig | None
) -> Float[Tensor, "rows features"]:
    """The pooled latents of each row; of windows also the level and the spread of each channel, which latents lack."""
    if tokenizer is not None:
        return pooled_rows(backbone, raw, tokenizer)
    level = raw.nanmean(dim=1).nan_to_num()
    spread = (raw - level[:, None]).square().nanmean(dim=1).nan_to_num().sqrt()
    return torch.cat([pooled_rows(backbone, raw, tokenizer), level, spread], dim=1)


class ClassifierNetwork(nn.Module):
    """What is described of a row, and a linear map of it to one logit a class."""

    def __init__(
        self,
        backbone: Backbone,
        head: tuple[Float[np.ndarray, "classes features"], Float[np.ndarray, "classes"]],
        tokenizer: TokenizerConfig | None,
    ) -> None:
        super().__init__()
        self.backbone, self.tokenizer = backbone, tokenizer
        weight, bias = (torch.from_numpy(np.array(part, dtype=np.float32)) for part in head)
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        self.head.weight.data, self.head.bias.data = weight, bias

    def forward(self, raw: Tensor) -> Float[Tensor, "rows classes"]:
        """Logits of each class."""
        values = raw.to(self.head.weight.dtype) if self.tokenizer is None else raw
        return self.head(described_rows(self.backbone, values, self.tokenizer))

    def probabilities(self, samples: Samples) -> Float[np.ndarray, "rows classes"]:
        """Of each class, for all rows, in order."""
        found = np.empty((len(samples), self.head.out_features))
        with limited_threads(self), torch.inference_mode():
            for index in samples.batches(_ROWS):
                found[index.numpy()] = self(samples.gather(index)).double().softmax(dim=1).numpy()
        return found


def tune_classifier(
    network: ClassifierNetwork,
    samples: Samples,
    labels: Int[np.ndarray, "rows"],
    held_out: Int[np.ndarray, "held"],
    train: TrainConfig,
    encoder_rate: float,
) -> FinetuneReport:
    """Train all of a network on the cross-entropy; the weights that do best on held-out rows are kept.

    The head learns at the full rate, the encoder at a lower one, lowest near to its input.

    Parameters
    ----------
    network
        Its head was fitted before: linear probing, then fine-tuning (arXiv 2202.10054).
    samples, labels
        All rows, and the number of the class of each.
    held_out
        Numbers of the rows that judge and are not trained on.
    train
        How to train.
    encoder_rate
        Share of the rate for the last layer of the encoder.
    """
    truth = torch.from_numpy(labels)
    judges = torch.from_numpy(held_out)
    seen = torch.from_numpy(np.setdiff1d(np.arange(len(labels)), held_out))

    def loss(module: nn.Module, numbers: Tensor) -> Tensor:
        return nn.functional.cross_entropy(module(samples.gather(numbers)), truth[numbers])

    def judge(module: nn.Module) -> float:
        return sum(float(loss(module, part)) * len(part) for part in judges.split(_ROWS)) / len(judges)

    network.requires_grad_(requires_grad=True)
    rates = decayed_rates(layers_of(network.backbone), encoder_rate, _DECAY)
    report = finetune(
        network,
        lambda module, index, _: loss(module, seen[index]),
        len(seen),
        [(list(network.head.parameters()), 1.0), *rates],
        train,
        identity={"data": samples.digest(), "labels": labels.tolist(), "held_out": held_out.tolist()},
        judge=judge,
        patience=_PATIENCE,
    )
    network.requires_grad_(requires_grad=False).eval()
    assert report is not None  # noqa: S101 - there is a judge
    return report
