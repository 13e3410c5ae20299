"""Rows as an estimator is given them, and the encoder that reads them: windows of series, or a tokenizer's samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import torch
from einops import rearrange

from tjepa_estimators.artifact import PretrainedEncoder, resolve_pretrained
from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.jepa.config import TokenizerConfig, as_preset
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.tasks.encoder import brief_training, encoder_for
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import pretrain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.contracts import Samples
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["RowEncoder", "encoder_of_rows", "pooled_rows", "tokenizer_of"]

_ROWS = 256
"""Samples in one forward pass; windows are shorter, but have channels."""


def tokenizer_of(pretrained: object, config: object) -> TokenizerConfig | None:
    """The tokenizer that reads rows: that of the given weights, or that of what is to be pretrained; None for series.

    Raises
    ------
    ArtifactError
        The weights cannot be read.
    """
    if pretrained is None:
        return as_preset(cast("Any", config)).jepa.tokenizer
    given = pretrained if isinstance(pretrained, PretrainedEncoder) else PretrainedEncoder.load(cast("Any", pretrained))
    return given.info.jepa.tokenizer


def encoder_of_rows(rows: Any, tokenizer: TokenizerConfig | None, recipe: Mapping[str, Any]) -> PretrainedEncoder:  # noqa: ANN401 - what the tokenizer reads
    """Read the given encoder, or pretrain one on the rows.

    Parameters
    ----------
    rows
        Windows ``[rows time channels]``, or items.
    tokenizer
        What reads the items; None for windows.
    recipe
        ``pretrained``, ``encoder``, ``encoder_config``, ``jepa`` and ``train``, as in
        :func:`~tjepa_estimators.tasks.encoder.encoder_for`.
    """
    if tokenizer is None:
        seen = [window for window in rows if np.isfinite(window).any()] or [*rows]
        return encoder_for(seen, rows.shape[1], **recipe)
    if recipe["pretrained"] is not None:
        return resolve_pretrained(recipe["pretrained"], tokenizer.kind)
    preset, train = as_preset(recipe["jepa"]), recipe["train"]
    if not isinstance(train, TrainConfig):
        samples = tokenizer.fit_to(rows).settings().samples(rows)
        train = brief_training({**preset.train, **(train or {})}, len(samples))
    return pretrain(
        rows, encoder=recipe["encoder"], encoder_config=recipe["encoder_config"], config=recipe["jepa"], train=train
    )


def pooled_rows(backbone: Backbone, raw: Tensor, tokenizer: TokenizerConfig | None) -> Float[Tensor, "rows features"]:
    """The mean latent of each row; of windows, those of the channels side by side."""
    if tokenizer is not None:
        return backbone.pooled(raw)
    flat = rearrange(raw, "rows time channels -> (rows channels) time")
    return backbone.pooled(flat).reshape(len(raw), -1)


class _Windows(StackedSamples):
    """Windows, read in double precision."""

    def gather(self, index: Tensor) -> Tensor:
        return torch.from_numpy(self.values[index.numpy()])


def _in_precision_of(backbone: Backbone, raw: Tensor) -> Tensor:
    """Windows in the precision of the network; samples as their tokenizer expects them."""
    return raw.to(next(backbone.parameters()).dtype) if raw.dtype == torch.float64 else raw


ReadRows: TypeAlias = "Callable[[Backbone, Tensor, TokenizerConfig | None], Tensor]"


@dataclass(frozen=True, slots=True)
class RowEncoder:
    """One encoder, and how it reads rows."""

    pretrained: PretrainedEncoder

    @property
    def tokenizer(self) -> TokenizerConfig | None:
        """What reads the rows; None where they are windows."""
        return self.pretrained.info.jepa.tokenizer

    def samples(self, rows: Any) -> Samples:  # noqa: ANN401 - what the tokenizer reads
        """The rows under their numbers."""
        if self.tokenizer is None:
            return _Windows(np.array(rows, dtype=np.float64))
        return self.tokenizer.settings().rows(rows)

    def backbone(self) -> Backbone:
        """A copy of the teacher; in double precision for windows: what is beside one must not change its features."""
        jepa = self.pretrained.build().eval().requires_grad_(requires_grad=False)
        if self.tokenizer is None:  # a plugin's tokenizer need not know more than one precision
            jepa = jepa.double()
        return cast("Backbone", jepa.teacher.module)

    def features(
        self, backbone: Backbone, samples: Samples, read: ReadRows = pooled_rows
    ) -> Float[np.ndarray, "rows features"]:
        """What ``read`` makes of all rows, in order."""
        found: dict[int, np.ndarray] = {}
        with limited_threads(backbone), torch.inference_mode():
            for index in samples.batches(_ROWS):
                rows = read(backbone, _in_precision_of(backbone, samples.gather(index)), self.tokenizer)
                found.update(zip(index.tolist(), rows.double().numpy(), strict=True))
        return np.stack([found[number] for number in range(len(samples))])
