"""The joint-embedding predictive architecture: student, EMA teacher, predictor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import torch
from einops import rearrange
from torch import nn
from torch.optim.swa_utils import AveragedModel

from tjepa_estimators.contracts import CodeOutput, Decoded, JEPAOutput, Masks, Rebuilt, Tokens, Views
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.seasonal import guess_next, guess_values
from tjepa_estimators.nn.auxiliary import auxiliary_losses
from tjepa_estimators.nn.pooling import masked_mean
from tjepa_estimators.nn.tokens import take_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.jepa.codebook import Codebook, Coded
    from tjepa_estimators.jepa.invariance import Expander
    from tjepa_estimators.jepa.predictor import MLPPredictor, PooledPredictor, TokenPredictor
    from tjepa_estimators.jepa.quantiles import QuantileDecoder
    from tjepa_estimators.jepa.reconstruction import PatchDecoder
    from tjepa_estimators.jepa.seasonal import Guess
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.nn.tokens import PatchTokenizer

__all__ = ["JEPA", "Foresight"]


@dataclass(frozen=True, slots=True)
class Foresight:
    """What is expected after windows."""

    values: Float[Tensor, "batch tokens dim"]
    """Latents of the next tokens; mixtures of codes where there is a codebook."""
    codes: Float[Tensor, "batch slots codes"] | None
    """Shares of codes: of the window's tokens and of its coarse view, then of the next tokens and of their coarse view.
    Coarse views are those of a JEPA that has them; None without a codebook."""


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
    """Predict the latents of hidden tokens; nothing is reconstructed unless a decoder is given.

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
    coarse
        A second predictor, asked for one latent more: the hidden part averaged down to one patch, which the teacher
        encodes as a token by itself. It has a query of its own, as its position may be that of a hidden token.
    codebook
        Latents become mixtures of its codes before they are predicted from and compared; the teacher has an average
        of it. The latents that embed and forecast are those before it.
    decoder
        From the student's latents, coded if there is a codebook, to the visible patches.
    quantiles
        From the predictor's answers to quantiles of the hidden values; a
        :class:`~tjepa_estimators.jepa.forecaster.PatchForecaster` needs it.
    expander
        From mean latents to views of samples as a whole, which a loss term compares.
    residual
        The predictor's latents are added to those of the nearest visible tokens, normalised as targets are.
    beside
        A JEPA whose teacher and codebooks this one shares; ``backbone`` must be its student then.

    Notes
    -----
    Source: I-JEPA (arXiv 2301.08243); layer-normalised targets as in data2vec (arXiv 2202.03555).
    """

    def __init__(
        self,
        backbone: Backbone,
        predictor: TokenPredictor | MLPPredictor | PooledPredictor,
        *,
        normalize_targets: bool = True,
        coarse: TokenPredictor | None = None,
        codebook: Codebook | None = None,
        decoder: PatchDecoder | None = None,
        quantiles: QuantileDecoder | None = None,
        expander: Expander | None = None,
        residual: bool = False,
        beside: JEPA | None = None,
    ) -> None:
        super().__init__()
        self.student = backbone
        self.predictor = predictor
        self.normalize_targets = normalize_targets
        self.coarse_predictor = coarse
        self.decoder = decoder
        self.quantiles = quantiles
        self.expander = expander
        self.residual = residual
        if beside is None:
            self._average = _ExponentialAverage()
            self.teacher = self._averaged(backbone)
            self.codebook = codebook
            self.teacher_codebook = None if codebook is None else self._averaged(codebook)
        else:
            self._average, self.teacher = beside._average, beside.teacher  # noqa: SLF001 - the same class
            self.codebook, self.teacher_codebook = beside.codebook, beside.teacher_codebook

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
        seen = self._code(context, self.codebook)
        targets = rearrange(masks.targets, "batch blocks hidden -> batch (blocks hidden)")
        with torch.no_grad():
            teacher = self._teach(raw, context=masks.context)
            nearest = take_tokens(teacher.tokens.values, _last_visible(masks.context, targets))
        asked = teacher.take(targets)
        guess = self._guess(raw, masks.context, targets)
        hints = 0.0 if guess is None or self.quantiles is None else self.quantiles.embed(guess)
        answers = self.predictor.answer(seen.tokens, asked.tokens.positions, hints)
        output = self._compare(self.predictor, answers, context, seen, asked, nearest)
        if self.coarse_predictor is not None:
            last = take_tokens(teacher.tokens.values, masks.context.max(dim=1, keepdim=True).values)
            summary = self._summarize(raw, masks.context, targets)
            coarse = self.coarse_predictor.answer(seen.tokens, summary.tokens.positions)
            coarse_output = self._compare(self.coarse_predictor, coarse, context, seen, summary, last)
            output = replace(output, coarse=coarse_output)
        if self.decoder is not None:
            truth = take_tokens(self._tokenizer.scaled(raw, masks.context), masks.context)
            output = replace(output, rebuilt=Rebuilt(self.decoder(seen.tokens.values), truth.to(seen.tokens.values)))
        if self.quantiles is not None and guess is not None:
            truth = take_tokens(self._tokenizer.scaled(raw, masks.context), targets).to(answers)
            # where nothing is visible there is no scale to decode in
            truth = truth.masked_fill(context.padding.all(dim=1)[:, None, None], torch.nan)
            output = replace(output, decoded=Decoded(self.quantiles(answers, guess), truth, self.quantiles.levels))
        if self.expander is not None:
            part = masked_mean(context.values, ~context.padding)
            known = ~context.padding.all(dim=1)
            views = Views(self.expander(part), self.expander(self.student.pooled(raw)), known)
            output = replace(output, views=views)
        return replace(output, auxiliary=auxiliary)

    def _guess(
        self, raw: Tensor, context: Int[Tensor, "batch visible"], targets: Int[Tensor, "batch hidden"]
    ) -> Guess | None:
        """What the visible tokens alone say of the hidden values, if these are to be decoded."""
        if self.quantiles is None:
            return None
        scaled = self._tokenizer.scaled(raw, context)
        is_seen = torch.zeros(scaled.shape[:2], dtype=torch.bool, device=raw.device).scatter_(1, context, value=True)
        return guess_values(scaled, is_seen, targets)

    def _compare(
        self,
        predictor: TokenPredictor | MLPPredictor | PooledPredictor,
        answers: Float[Tensor, "batch queries width"],
        context: Tokens,
        seen: _Coded,
        asked: _Coded,
        nearest: Float[Tensor, "batch queries dim"],
    ) -> JEPAOutput:
        """Read latents from a predictor's answers, and lay those of the teacher beside them."""
        # a row whose visible part is all padding cannot be predicted, so it must carry no loss
        observed = ~asked.tokens.padding & ~context.padding.all(dim=1, keepdim=True)
        target, kept = predictor.select(asked.tokens.values, observed)
        nearest, _ = predictor.select(nearest, observed)
        prediction = predictor.read(answers)
        if self.residual and predictor is self.predictor:
            prediction = prediction + self._nearest(seen.tokens, asked.tokens.positions)
        output = JEPAOutput(prediction, target, kept, nearest, context.values, ~context.padding, context.positions)
        if self.codebook is None or seen.codes is None or asked.codes is None:
            return output
        coded = self.codebook(prediction)
        codes = CodeOutput(seen.tokens.values, seen.codes, coded.log_probabilities, asked.codes)
        return replace(output, prediction=coded.values, codes=codes)

    def _nearest(
        self, context: Tokens, positions: Float[Tensor, "batch queries axes"]
    ) -> Float[Tensor, "batch queries dim"]:
        """The student's latent of the visible token that lies nearest to each position.

        It carries no gradient: else the easiest change to predict is none, and all latents of a sample draw together.
        """
        exact = "donot_use_mm_for_euclid_dist"  # the fast way rounds, and far from the origin takes a neighbour's place
        distances = torch.cdist(positions, context.positions, compute_mode=exact)
        distances = distances.masked_fill(context.padding.unsqueeze(1), torch.inf)
        return take_tokens(self._normalized(context.values.detach()), distances.argmin(dim=2))

    def _normalized(self, latents: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens dim"]:
        return nn.functional.layer_norm(latents, latents.shape[-1:]) if self.normalize_targets else latents

    @torch.no_grad()
    def _teach(self, raw: Tensor, context: Tensor | None = None, keep: Tensor | None = None) -> _Coded:
        """The teacher's latents as targets, of all tokens or of those to ``keep``."""
        tokens = self.teacher(raw, keep=keep, context=context)
        normal = Tokens(self._normalized(tokens.values), tokens.positions, tokens.padding)
        return self._code(normal, self.teacher_codebook)

    def _summarize(
        self, raw: Tensor, context: Int[Tensor, "batch visible"], hidden: Int[Tensor, "batch hidden"]
    ) -> _Coded:
        """The teacher's latent of the hidden part as one token, which it sees alone and just after the visible ones."""
        summary = self._tokenizer.summarize(raw, context, hidden)
        order = torch.arange(context.shape[1] + 1, device=raw.device).expand(len(raw), -1)
        return self._teach(summary, context=order[:, :-1], keep=order[:, -1:])

    @staticmethod
    def _code(tokens: Tokens, codebook: Callable[[Tensor], Coded] | None) -> _Coded:
        if codebook is None:
            return _Coded(tokens, None)
        coded = codebook(tokens.values)
        return _Coded(Tokens(coded.values, tokens.positions, tokens.padding), coded.log_probabilities)

    @property
    def _tokenizer(self) -> PatchTokenizer:
        return cast("PatchTokenizer", self.student.tokenizer)  # what the coarse view and the decoder need

    def encode(self, raw: Tensor, masks: Masks | None = None) -> Tokens:
        """The teacher's latents of all tokens, as targets: contextualised, and normalised or coded."""
        return self._teach(raw, context=None if masks is None else masks.context).tokens

    def code(self, raw: Tensor) -> Float[Tensor, "batch tokens codes"]:
        """The share of each code in the teacher's latents of all tokens.

        Raises
        ------
        ConfigError
            There is no codebook.
        """
        codes = self._teach(raw).codes
        if codes is None:
            msg = "This JEPA has no codebook; pretrain with JEPAConfig(codebook=CodebookConfig()), or use encode()."
            raise ConfigError(msg)
        return codes.exp()

    @torch.no_grad()
    def foresee(self, raw: Float[Tensor, "batch time"], tokens: int) -> Foresight:
        """Predict the ``tokens`` after windows, from all that these hold."""
        context = self.student(raw)
        seen = self._code(context, self.codebook).tokens
        later = context.positions[:, -1:] + torch.arange(1, tokens + 1, device=raw.device)[None, :, None]
        hints = 0.0 if self.quantiles is None else self.quantiles.embed(guess_next(self._tokenizer.scaled(raw), tokens))
        latents = self.predictor.read(self.predictor.answer(seen, later, hints))
        if self.residual:
            latents = latents + self._nearest(seen, later)
        if self.codebook is None:
            return Foresight(latents, None)
        fine = self.codebook(latents)
        codes = [self._teach(raw).codes, fine.log_probabilities]
        if self.coarse_predictor is not None:
            every = torch.arange(context.values.shape[1], device=raw.device).expand(len(raw), -1)
            coarse = self.codebook(self.coarse_predictor(seen, later[:, :1]))
            codes = [codes[0], self._summarize(raw, every, every).codes, codes[1], coarse.log_probabilities]
        return Foresight(fine.values, torch.cat([part for part in codes if part is not None], dim=1).exp())

    @torch.no_grad()
    def update_teacher(self, momentum: float) -> None:
        """Move the teacher: ``teacher = momentum * teacher + (1 - momentum) * student``."""
        self._average.momentum = momentum
        self.teacher.update_parameters(self.student)
        if self.codebook is not None and self.teacher_codebook is not None:
            self.teacher_codebook.update_parameters(self.codebook)

    def train(self, mode: bool = True) -> JEPA:
        """Set the training mode; the teacher never drops anything out."""
        super().train(mode)
        self.teacher.eval()
        return self


@dataclass(frozen=True, slots=True)
class _Coded:
    """Tokens, and the logarithms of the shares of their codes if there is a codebook."""

    tokens: Tokens
    codes: Float[Tensor, "batch tokens codes"] | None

    def take(self, index: Int[Tensor, "batch chosen"]) -> _Coded:
        values, positions, padding = (
            take_tokens(part, index) for part in (self.tokens.values, self.tokens.positions, self.tokens.padding)
        )
        codes = None if self.codes is None else take_tokens(self.codes, index)
        return _Coded(Tokens(values, positions, padding), codes)
