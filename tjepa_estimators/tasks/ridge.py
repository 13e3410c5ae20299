"""Ridge regression in closed form from sums over rows, with one strength per block of features.

Glossary: X features ``[rows p]``, Y targets ``[rows h]``. Everything that a fit or its error on other rows
needs is in the sums XᵀX, XᵀY and YᵀY, so strengths are chosen without a second pass over the rows, and sums
of parts add up to the sums of the whole. Rows are weighted by scaling X and Y alike before they are added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jaxtyping import Float
    from torch import Tensor

__all__ = ["STRENGTHS", "Choice", "Moments", "choose", "solve"]

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1e3, 1e4)
"""Strengths that are tried, relative to the mean square of the block's features."""

_TIE = 0.001
"""Strengths whose held-out errors differ by less than this share are as good; the strongest is taken."""
_GAIN = 0.003
"""Share by which a block must lower the held-out error to be used (``docs/decisions/0001-pooled-latents.md``)."""


@dataclass(slots=True)
class Moments:
    """Sums over rows."""

    xx: Float[Tensor, "p p"]
    xy: Float[Tensor, "p h"]
    yy: float
    rows: int

    @classmethod
    def zeros(cls, features: int, targets: int) -> Moments:
        """Sums over no rows."""
        double = torch.float64
        return cls(torch.zeros(features, features, dtype=double), torch.zeros(features, targets, dtype=double), 0.0, 0)

    def add(self, x: Float[Tensor, "rows p"], y: Float[Tensor, "rows h"]) -> None:
        """Add rows. The products are taken in the dtype of ``x``, summed in double."""
        self.xx += x.T @ x
        self.xy += x.T @ y
        self.yy += float(y.square().sum(dtype=torch.float64))
        self.rows += len(x)

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.xx + other.xx, self.xy + other.xy, self.yy + other.yy, self.rows + other.rows)

    def around(self, coefficients: Float[Tensor, "p h"]) -> Moments:
        """The sums of the same rows with what ``coefficients`` predict taken off their targets.

        A ridge on them shrinks towards ``coefficients`` instead of zero.
        """
        return Moments(self.xx, self.xy - self.xx @ coefficients, self.error(coefficients), self.rows)

    def error(self, coefficients: Float[Tensor, "p h"]) -> float:
        """Sum of squared errors of a linear map over these rows; rounding cannot make it negative."""
        fitted = (coefficients * (self.xx @ coefficients - 2.0 * self.xy)).sum()
        return max(0.0, self.yy + float(fitted))


@dataclass(frozen=True, slots=True)
class Choice:
    """The strengths that did best on rows that were held out."""

    strengths: dict[str, float]
    """Strength of each block in use; the others are left out."""
    errors: dict[str, float] = field(default_factory=dict)
    """Held-out error of each combination of blocks, at its best strengths."""


def solve(moments: Moments, blocks: Mapping[str, slice], strengths: Mapping[str, float]) -> Float[Tensor, "p h"]:
    """The ridge solution that uses the blocks named in ``strengths``; other features get zero.

    A strength is relative to the mean diagonal of its block of XᵀX, so it means the same for any scale,
    number of rows and number of features.
    """
    used = torch.cat([torch.arange(blocks[name].start, blocks[name].stop) for name in strengths])
    whole = len(used) == len(moments.xx)
    gram = moments.xx.clone() if whole else moments.xx[used][:, used]
    right = moments.xy[used]
    diagonal = gram.diagonal()
    begin = 0
    for name, strength in strengths.items():
        size = blocks[name].stop - blocks[name].start
        part = diagonal[begin : begin + size]
        part += strength * part.mean().clamp(min=1e-12)
        begin += size
    coefficients = torch.zeros_like(moments.xy)
    factor, failed = torch.linalg.cholesky_ex(gram)
    if failed:  # weights so uneven that rounding made the matrix indefinite
        coefficients[used] = torch.linalg.lstsq(gram, right).solution
    else:
        coefficients[used] = torch.cholesky_solve(right, factor)
    return coefficients


IsClear = Callable[["Float[Tensor, 'p h']", "Float[Tensor, 'p h']"], bool]


def _any_gain(_: Tensor, __: Tensor) -> bool:
    return True


def choose(
    train: Moments,
    held_out: Moments,
    blocks: Mapping[str, slice],
    strengths: Sequence[float] = STRENGTHS,
    required: Sequence[str] = (),
    is_clear: IsClear = _any_gain,
) -> Choice:
    """Choose blocks and strengths by the error on held-out rows, greedily in the order of ``blocks``.

    Parameters
    ----------
    train, held_out
        Sums over the rows to fit on and to judge by.
    blocks
        Columns of each block; the first is always used.
    strengths
        Strengths to try for a block.
    required
        Further blocks that must be used, whatever the held-out error says.
    is_clear
        Says of the coefficients without and with a block whether the gain is more than chance.
    """
    chosen: dict[str, float] = {}
    coefficients = torch.zeros_like(train.xy)
    errors: dict[str, float] = {}
    best = float("inf")
    for position, name in enumerate(blocks):
        found = {strength: solve(train, blocks, {**chosen, name: strength}) for strength in strengths}
        tried = {strength: held_out.error(solution) for strength, solution in found.items()}
        strength = max(strength for strength, error in tried.items() if error <= min(tried.values()) * (1.0 + _TIE))
        errors["+".join([*chosen, name])] = tried[strength]
        gains = tried[strength] < best * (1.0 - _GAIN) and is_clear(coefficients, found[strength])
        if position == 0 or name in required or gains:
            chosen[name], best, coefficients = strength, tried[strength], found[strength]
    return Choice(chosen, errors)
