"""Diagnostics: tell an encoder that learns from one whose latents collapse.

No single number tells. A falling loss, RankMe and a linear probe are all blind to latents that shrink as a whole;
the standard deviation is blind to latents that share one direction. So std, rank and lift over trivial
predictions are read together, and compared with the untrained encoder on the same batch.

Deviations are taken from the mean over the batch at each visible slot, so an encoder that gives positions but
ignores values counts as collapsed. What a batch cannot tell is NaN: the std of one sequence, the lift where
nothing is observed, the directions of latents that do not vary.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from tjepa_estimators.errors import CollapseWarning
from tjepa_estimators.jepa.code_losses import perplexity, token_entropy
from tjepa_estimators.jepa.losses import center, find_loss
from tjepa_estimators.jepa.quantiles import QuantileTerm

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_estimators.contracts import JEPAOutput

__all__ = [
    "Diagnostics",
    "check_collapse",
    "diagnose",
    "latent_std",
    "lift",
    "pc1_share",
    "rankme",
    "warn_on_collapse",
]

_SHRUNK = 0.1  # of the std of the untrained encoder, or of the median std for one that is dead
_ONE_DIRECTION = 0.6  # share of the variance
_LOW_RANK = 0.5  # of the rank of the untrained encoder
_ALIKE = 1.1  # exponential of the information that a token gives on its codes; 1 is none
_PERPLEXITY, _TOKEN_PERPLEXITY = "codebook.perplexity", "codebook.token_perplexity"
_MANY_DEAD = 0.25  # of the position-dimensions, more than in the untrained encoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The state of a JEPA on one batch."""

    std: float
    """Standard deviation of the latents over the batch, mean over visible slots and dimensions."""
    dead_positions: float
    """Share of (visible slot, dimension) pairs whose std is below a tenth of the median one."""
    rank: float
    """RankMe of the latents' deviations, 1 to ``dim``."""
    pc1: float
    """Share of the variance that lies in one direction, 0 to 1."""
    lift_over_copy: float
    """1 - loss / loss of repeating the teacher's last visible latent; above 0 is better than the copy."""
    lift_over_mean: float
    """1 - loss / loss of always predicting the mean target; above 0 is better than the mean."""
    loss: float
    """The prediction error."""
    encoder: dict[str, float] = field(default_factory=dict)
    """What parts of the encoder report, such as the use of each expert, by the path of the part. With a codebook also
    ``codebook.perplexity``, the codes in use, and ``codebook.token_perplexity``, the codes that one token takes; with a
    coarse view also ``coarse.loss`` and ``coarse.lift_over_mean``; with quantiles ``quantiles.loss``."""
    coarser: dict[int, Diagnostics] = field(default_factory=dict)
    """The same at coarser resolutions, by the number of steps that are averaged."""

    def as_dict(self) -> dict[str, float]:
        """All numbers by name; those of a coarser resolution begin with ``resolution_<factor>.``."""
        numbers = asdict(self)
        reported, _ = numbers.pop("encoder"), numbers.pop("coarser")
        for factor, health in self.coarser.items():
            reported |= {f"resolution_{factor}.{name}": number for name, number in health.as_dict().items()}
        return numbers | reported

    @classmethod
    def from_dict(cls, numbers: Mapping[str, Any]) -> Diagnostics:
        """What :func:`dataclasses.asdict` made plain."""
        coarser = {factor: cls.from_dict(health) for factor, health in numbers["coarser"].items()}
        return cls(**{**numbers, "coarser": coarser})


def diagnose(output: JEPAOutput, loss: str = "smooth_l1", encoder: Mapping[str, float] | None = None) -> Diagnostics:
    """Measure one forward pass; both controls are scored by the same loss on the same observed queries.

    Parameters
    ----------
    output
        What the model gave for a batch; 64 sequences or more make the numbers steady.
    loss
        A name in ``LOSSES``.
    encoder
        What the encoder reported on the same pass, see :func:`~tjepa_estimators.nn.auxiliary.encoder_diagnostics`.

    Raises
    ------
    ConfigError
        If ``loss`` is unknown.
    """
    achieved, copied, averaged = _score_controls(output, loss)
    latents, visible = _exact(output.latents).transpose(0, 1), output.visible.T.cpu()  # (visible, batch, ...)
    deviations, count = center(latents, visible)
    known = count >= 2
    directions = deviations[known][visible[known]]
    std = latent_std(latents.transpose(0, 1), visible.T)[known]
    return Diagnostics(
        std=std.mean().item(),
        dead_positions=(std <= _SHRUNK * std.median()).double().mean().item(),
        rank=rankme(directions),
        pc1=pc1_share(directions),
        lift_over_copy=lift(achieved, copied),
        lift_over_mean=lift(achieved, averaged),
        loss=achieved,
        encoder={**(encoder or {}), **_diagnose_extras(output, loss)},
    )


def latent_std(
    latents: Float[Tensor, "batch tokens dim"], observed: Bool[Tensor, "batch tokens"] | None = None
) -> Float[Tensor, "tokens dim"]:
    """Measure the standard deviation over the batch, for each position and dimension.

    Never pooled over positions: latents that only tell positions apart would look alive. A position with fewer
    than two observed rows has std 0.
    """
    centered, count = center(latents.transpose(0, 1), None if observed is None else observed.T)
    return (centered.square().sum(dim=-2) / (count - 1).clamp(min=1).unsqueeze(-1)).sqrt()


def rankme(latents: Float[Tensor, "n dim"]) -> float:
    """Effective rank: the exponential of the entropy of the singular values (RankMe, arXiv 2210.02885), centred.

    It runs from 1 (one direction) to ``dim`` (all directions alike) and does not see scale. NaN for latents that do
    not vary.

    Examples
    --------
    >>> round(rankme(torch.cat([torch.eye(4), -torch.eye(4)])), 6)
    4.0
    """
    sizes = _spectrum(latents).sqrt()
    return math.exp(torch.special.entr(sizes / sizes.sum()).sum().item())


def pc1_share(latents: Float[Tensor, "n dim"]) -> float:
    """Share of the variance that lies in the first principal direction; NaN for latents that do not vary.

    Examples
    --------
    >>> round(pc1_share(torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])), 6)
    0.9
    """
    variances = _spectrum(latents)
    return (variances.max() / variances.sum()).item()


def lift(loss: float, control_loss: float) -> float:
    """How much better than a control: 1 is perfect, 0 no better, negative worse; 0 where both are perfect.

    Examples
    --------
    >>> lift(0.25, 0.5)
    0.5
    """
    if control_loss == 0:
        return 0.0 if loss == 0 else -math.inf
    return 1 - loss / control_loss


def check_collapse(now: Diagnostics, start: Diagnostics) -> list[str]:
    """Say what is wrong and what to change; an empty list if nothing is.

    Parameters
    ----------
    now
        State of the trained model.
    start
        State of the same model before training, on the same batch.
    """
    found = []
    for factor, health in now.coarser.items():
        found += [f"At resolution {factor}: {sentence}" for sentence in check_collapse(health, start.coarser[factor])]
    if now.std < _SHRUNK * start.std:
        found.append(
            f"The latents shrank: their std fell from {start.std:.2g} to {now.std:.2g}, which neither the loss nor the "
            f"rank shows. Keep the stop-gradient and raise the teacher's momentum, or add the variance and covariance "
            f"terms, or SIGReg."
        )
    if now.dead_positions > start.dead_positions + _MANY_DEAD:
        found.append(
            f"Some positions died: {now.dead_positions:.0%} of all pairs of position and dimension hardly vary over "
            f"the batch, against {start.dead_positions:.0%} before training. Add the variance and covariance terms, "
            f"or SIGReg, and check that no position of the windows is constant or padding."
        )
    if now.pc1 > _ONE_DIRECTION and now.rank < _LOW_RANK * start.rank:
        found.append(
            f"The latents fell into one direction: it holds {now.pc1:.0%} of their variance and the effective rank "
            f"fell from {start.rank:.1f} to {now.rank:.1f}. Add the covariance term, or SIGReg; a variance term "
            f"without covariance makes this worse."
        )
    if now.encoder.get(_PERPLEXITY, math.inf) < _ALIKE * now.encoder.get(_TOKEN_PERPLEXITY, 1.0):
        found.append(
            f"The codebook tells tokens hardly apart: one token mixes {now.encoder[_TOKEN_PERPLEXITY]:.1f} codes and "
            f"all of them together use {now.encoder[_PERPLEXITY]:.1f}. Raise the weight of batch_entropy or of the "
            f"reconstruction, or train longer."
        )
    if now.lift_over_mean <= 0:
        found.append(
            f"The predictor learned nothing beyond the mean target: its lift over it is {now.lift_over_mean:.2f}. "
            f"Train longer, raise the learning rate, or hide fewer tokens; if it stays so, the hidden part may not be "
            f"predictable from the visible one."
        )
    return found


def warn_on_collapse(now: Diagnostics, start: Diagnostics) -> None:
    """Emit a ``CollapseWarning`` for each sentence of ``check_collapse``."""
    for sentence in check_collapse(now, start):
        warnings.warn(sentence, CollapseWarning, stacklevel=2)


def _diagnose_extras(output: JEPAOutput, loss: str) -> dict[str, float]:
    """What a codebook, a coarse view and decoded quantiles have to tell."""
    found = {}
    if output.codes is not None:
        logs, visible = output.codes.visible.detach().double(), output.visible
        found[_PERPLEXITY] = perplexity(logs, visible)
        found[_TOKEN_PERPLEXITY] = math.exp(token_entropy(logs, visible).item())
    if output.coarse is not None:
        achieved, _, averaged = _score_controls(output.coarse, loss)
        found |= {"coarse.loss": achieved, "coarse.lift_over_mean": lift(achieved, averaged)}
    if output.decoded is not None:
        found["quantiles.loss"] = QuantileTerm()(output).item()
    return found


def _score_controls(output: JEPAOutput, loss: str) -> tuple[float, float, float]:
    """Score the prediction, the copy of the last visible latent, and the mean target."""
    error = find_loss(loss)
    target, observed = _exact(output.target), output.observed.cpu()
    if not observed.any():
        return math.nan, math.nan, math.nan
    mean = target[observed].mean(dim=0).expand_as(target)
    achieved, copied, averaged = (
        error(guess, target, observed).item() for guess in (_exact(output.prediction), _exact(output.nearest), mean)
    )
    return achieved, copied, averaged


def _spectrum(latents: Float[Tensor, "n dim"]) -> Float[Tensor, " dim"]:
    """Squared singular values of the centred matrix, from its small Gram matrix."""
    centered, _ = center(_exact(latents))
    values: Tensor = torch.linalg.eigvalsh(centered.mT @ centered).clamp(min=0)
    return values


def _exact(latents: Tensor) -> Tensor:
    """In float64, where the mean of equal float32 values is that value: constants stay exactly constant."""
    return latents.detach().to("cpu", torch.float64)
