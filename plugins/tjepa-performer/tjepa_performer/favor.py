"""FAVOR+: softmax attention through positive orthogonal random features, linear in the number of tokens.

The softmax kernel is a mean over Gaussian directions ``w`` (Choromanski et al., arXiv 2009.14794, lemma 1)::

    exp(q · k) = E_w [ exp(w · q - |q|² / 2) exp(w · k - |k|² / 2) ]

With ``m`` drawn directions in place of the mean, attention becomes two small steps: every direction gathers the
values of all tokens once, and every token then reads from the ``m`` directions. No tensor is tokens x tokens.

Written with ``a[j, f] = w_f · k_j - |k_j|² / 2`` and ``b[i, f] = w_f · q_i`` (the ``|q|²`` cancels), the paper's ratio
of sums is two softmaxes, of which the first runs over the tokens and the second over the directions::

    gathered[f] = Σ_j softmax_j(a[j, f]) v_j
    mixed[i]    = Σ_f softmax_f(b[i, f] + logsumexp_j a[j, f]) gathered[f]

A softmax subtracts its maximum, so nothing overflows and no denominator is below 1: the small constant that
implementations add to the features, and the bias that it brings, are not needed. All sums stay within one row.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["default_features", "draw_directions", "favor_attention"]


def default_features(width: int) -> int:
    """Directions for heads of ``width``: ``width · log(width)`` as theorem 4 of the paper asks for, at least ``width``.

    Examples
    --------
    >>> default_features(8), default_features(64)
    (17, 267)
    """
    return max(width, math.ceil(width * math.log(width)))


def draw_directions(features: int, width: int) -> Float[Tensor, "features width"]:
    """Gaussian directions, in blocks of ``width`` that are orthogonal to each other.

    Each direction alone is a standard normal vector, so the kernel stays unbiased; orthogonality lowers its variance
    (section 2.4 of the paper). Draws from torch's global generator.
    """
    blocks = math.ceil(features / width)
    basis, triangle = torch.linalg.qr(torch.randn(blocks, width, width))
    # LAPACK fixes the signs of the basis; only with those of the triangle is it uniform over rotations
    basis = basis * triangle.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    norms = torch.randn(features, width).norm(dim=-1, keepdim=True)  # chi with `width` degrees of freedom
    return basis.mT.reshape(-1, width)[:features] * norms


def favor_attention(
    query: Float[Tensor, "batch heads tokens width"],
    key: Float[Tensor, "batch heads tokens width"],
    value: Float[Tensor, "batch heads tokens width"],
    directions: Float[Tensor, "heads features width"],
    visible: Bool[Tensor, "batch 1 1 tokens"] | None = None,
) -> Float[Tensor, "batch heads tokens width"]:
    """Approximate ``scaled_dot_product_attention(query, key, value)``.

    Parameters
    ----------
    query, key, value
        As in softmax attention.
    directions
        Random features of each head, from :func:`draw_directions`.
    visible
        Which tokens may be attended to, at least one in each row; None means all.

    Returns
    -------
    Means of the values with positive weights that add up to 1, in float32 at least: exponents need its digits.
    """
    with torch.autocast(query.device.type, enabled=False):
        query, key, value, directions = (part.to(_at_least_float32(part)) for part in (query, key, value, directions))
        directions = directions * query.shape[-1] ** -0.25  # on both sides: the usual 1 / sqrt(width)
        norms = key.square().sum(dim=-1) / (2 * math.sqrt(key.shape[-1]))
        kept = directions @ key.mT - norms.unsqueeze(-2)  # (batch, heads, features, tokens)
        if visible is not None:
            kept = kept.masked_fill(~visible, -torch.inf)
        gathered = kept.softmax(dim=-1) @ value  # (batch, heads, features, width)
        asked = query @ directions.mT + kept.logsumexp(dim=-1).unsqueeze(-2)  # (batch, heads, tokens, features)
        return asked.softmax(dim=-1) @ gathered


def _at_least_float32(x: Tensor) -> torch.dtype:
    return torch.promote_types(x.dtype, torch.float32)
