"""The joint-embedding predictive architecture: student, EMA teacher, predictor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn
from torch.optim.swa_utils import AveragedModel

from tjepa_estimators.contracts import JEPAOutput, Masks, Tokens
from tjepa_estimators.nn.auxiliary import auxiliary_losses
from tjepa_estimators.nn.tokens import take_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Int
    from torch import Tensor

    from tjepa_estimators.jepa.predictor import PooledPredictor, TokenPredictor
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["JEPA"]


class _ExponentialAverage:
    """Moves the teacher's parameters a little towards the student's."""

    momentum = 0.0

    def __call__(self, teacher: Sequence[Tensor], student: Sequence[Tensor], _: Tensor | int) -> None:
        torch._foreach_lerp_(list(teacher), list(student), 1.0 - self.momentum)


def _last_visible(
    context: Int[Tensor, "batch visible"], targets: Int[Tensor, "batch queries"]
) -> Int[Tensor, "batch queries"]:
    """For each target, the visible token just before it; the first visible one if none is."""
    before = context.unsqueeze(1) < targets.unsqueeze(2)
    first = context.min(dim=1, keepdim=True).values
    return torch.where(before, context.unsqueeze(1), -1).max(dim=2).values.maximum(first)


class JEPA(nn.Module):
    """Predict the latents of hidden tokens; nothing is reconstructed.

    The student encodes the visible tokens only. The teacher, an exponential moving average of the
    student, encodes all of them; its layer-normalised latents at the hidden tokens are the targets and
    carry no gradient.

    Parameters
    ----------
    backbone
        Tokenizer and encoder; the student. The teacher starts as its copy.
    predictor
        From the student's latents to the targets.
    normalize_targets
        Layer-normalise the targets without an affine map.
    beside
        A JEPA whose teacher this one shares; ``backbone`` must be its student then.

    Notes
    -----
    Source: I-JEPA (arXiv 2301.08243); layer-normalised targets as in data2vec (arXiv 2202.03555).
    """

    def __init__(
        self,
        backbone: Backbone,
        predictor: TokenPredictor | PooledPredictor,
        *,
        normalize_targets: bool = True,
        beside: JEPA | None = None,
    ) -> None:
        super().__init__()
        self.student = backbone
        self.predictor = predictor
        self.normalize_targets = normalize_targets
        self._average: _ExponentialAverage = _ExponentialAverage() if beside is None else beside._average  # noqa: SLF001 - the same class
        self.teacher: AveragedModel = self._averaged(backbone) if beside is None else beside.teacher

    def _averaged(self, part: nn.Module) -> AveragedModel:
        average = AveragedModel(part, multi_avg_fn=self._average).requires_grad_(requires_grad=False)
        average.n_averaged.fill_(1)  # zero would make the first update copy the student whole
        return average

    def at(self, factor: int) -> JEPA:  # noqa: ARG002 - the contract of JEPAs of several resolutions
        """The JEPA for windows of averages of ``factor`` steps: this one, as it is the only one."""
        return self

    def forward(self, raw: Tensor, masks: Masks) -> JEPAOutput:
        """Predict the hidden tokens of ``raw`` and say what they should have been."""
        context = self.student(raw, keep=masks.context)
        auxiliary = auxiliary_losses(self.student)
        targets = rearrange(masks.targets, "batch blocks hidden -> batch (blocks hidden)")
        with torch.no_grad():
            teacher = self.encode(raw, masks)
            asked = Tokens(
                *(take_tokens(part, targets) for part in (teacher.values, teacher.positions, teacher.padding))
            )
            # a row whose visible part is all padding cannot be predicted, so it must carry no loss
            observed = ~asked.padding & ~context.padding.all(dim=1, keepdim=True)
            target, kept = self.predictor.select(asked.values, observed)
            nearest, _ = self.predictor.select(
                take_tokens(teacher.values, _last_visible(masks.context, targets)), observed
            )
        prediction = self.predictor(context, asked.positions)
        return JEPAOutput(prediction, target, kept, nearest, context.values, ~context.padding, auxiliary)

    @torch.no_grad()
    def encode(self, raw: Tensor, masks: Masks | None = None) -> Tokens:
        """The teacher's latents of all tokens, as targets: contextualised and normalised."""
        tokens = self.teacher(raw, context=None if masks is None else masks.context)
        values = (
            nn.functional.layer_norm(tokens.values, tokens.values.shape[-1:])
            if self.normalize_targets
            else tokens.values
        )
        return Tokens(values, tokens.positions, tokens.padding)

    @torch.no_grad()
    def update_teacher(self, momentum: float) -> None:
        """Move the teacher: ``teacher = momentum * teacher + (1 - momentum) * student``."""
        self._average.momentum = momentum
        self.teacher.update_parameters(self.student)

    def train(self, mode: bool = True) -> JEPA:
        """Set the training mode; the teacher never drops anything out."""
        super().train(mode)
        self.teacher.eval()
        return self
