"""What the settings of a JEPA must obey, each alone and together."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.losses import LOSSES
from tjepa_estimators.nn.tokens import EMBEDDINGS

if TYPE_CHECKING:
    from tjepa_estimators.jepa.config.jepa import JEPAConfig

__all__ = ["check_jepa"]


def check_jepa(jepa: JEPAConfig) -> None:
    """Refuse settings that are impossible.

    Raises
    ------
    ConfigError
        A rule is broken; the message tells the first one.
    """
    _check_window(jepa)
    _check_network(jepa)
    _check_loss(jepa)
    _check_mts(jepa)
    _check_quantiles(jepa)
    _check_resolutions(jepa)
    _check_tokenizer(jepa)


def _check_window(jepa: JEPAConfig) -> None:
    _require(
        jepa.context_length >= 1 and jepa.future_length >= 0,
        "context_length must be at least 1 and future_length at least 0",
        jepa.context_length,
    )
    _require(
        1 <= jepa.patch_length <= jepa.window_length,
        "patch_length must be at least 1 and fit in the window",
        jepa.patch_length,
    )
    _require(
        jepa.patch_stride is None or 1 <= jepa.patch_stride <= jepa.patch_length,
        "patch_stride must lie in 1..patch_length",
        jepa.patch_stride,
    )
    _require(len(jepa.masking) > 0, "masking must name at least one way to hide tokens", jepa.masking)
    _require(
        jepa.num_tokens >= 2,
        "the window must hold at least two tokens: lengthen it or shorten patch_length",
        jepa.num_tokens,
    )


def _check_network(jepa: JEPAConfig) -> None:
    _require(jepa.embedding in EMBEDDINGS, f"embedding must be one of {sorted(EMBEDDINGS)}", jepa.embedding)
    _require(
        jepa.prediction in {"token", "mlp", "pooled"}, "prediction must be 'token', 'mlp' or 'pooled'", jepa.prediction
    )
    _require(
        min(jepa.dim, jepa.predictor_dim, jepa.predictor_depth, jepa.predictor_heads) >= 1,
        "dim, predictor_dim, predictor_depth and predictor_heads must be at least 1",
        jepa.dim,
    )
    _require(
        jepa.prediction != "token" or jepa.predictor_dim % jepa.predictor_heads == 0,
        "predictor_heads must divide predictor_dim",
        jepa.predictor_heads,
    )
    _require(
        not jepa.residual or (jepa.prediction != "pooled" and jepa.codebook is None),
        "residual adds to latents of tokens: it needs prediction='token' or 'mlp', and no codebook",
        (jepa.prediction, jepa.codebook),
    )
    _require(all(0.0 <= value <= 1.0 for value in jepa.momentum), "momentum must lie in [0, 1]", jepa.momentum)


def _check_loss(jepa: JEPAConfig) -> None:
    _require(jepa.loss in LOSSES, f"loss must be one of {sorted(LOSSES)}", jepa.loss)
    _require(
        all(0.0 <= one < math.inf for one in (jepa.variance, jepa.covariance, jepa.sigreg, jepa.consistency)),
        "weights of loss terms must not be negative, and finite",
        (jepa.variance, jepa.covariance, jepa.sigreg, jepa.consistency),
    )
    # a variance hinge alone is satisfied by one shared direction: the rank halved when it was tried
    _require(
        jepa.variance == 0.0 or jepa.covariance > 0.0,
        "variance needs a positive covariance weight beside it",
        jepa.variance,
    )


def _check_mts(jepa: JEPAConfig) -> None:
    is_by_token = jepa.prediction == "token"
    _require(
        0.0 <= jepa.coarse < math.inf and all(0.0 <= weight < math.inf for weight in jepa.reconstruction),
        "coarse and reconstruction must be finite and not negative",
        (jepa.coarse, jepa.reconstruction),
    )
    _require(
        jepa.coarse == 0.0 or (is_by_token and jepa.patch_stride in {None, jepa.patch_length}),
        "coarse needs prediction='token' and patches that do not overlap: leave patch_stride at None",
        (jepa.prediction, jepa.patch_stride),
    )
    _require(
        jepa.codebook is None or is_by_token,
        "a codebook codes tokens one by one: it needs prediction='token'",
        jepa.prediction,
    )
    _require(
        jepa.codebook is None or not jepa.normalize_targets,
        "with a codebook the targets are mixtures of codes, which a layer norm would spoil: set "
        "normalize_targets=False",
        jepa.normalize_targets,
    )
    _require(
        max(jepa.reconstruction) == 0.0 or is_by_token,
        "reconstruction decodes tokens, of which prediction='pooled' leaves none: take prediction='token'",
        jepa.prediction,
    )


def _check_quantiles(jepa: JEPAConfig) -> None:
    _require(
        0.0 < jepa.latent < math.inf or (jepa.latent == 0.0 and jepa.quantiles is not None),
        "latent must be positive and finite, or 0 where quantiles are learned in its place",
        jepa.latent,
    )
    _require(
        jepa.quantiles is None
        or (jepa.prediction == "token" and jepa.patch_stride in {None, jepa.patch_length} and jepa.codebook is None),
        "quantiles need prediction='token', no codebook, and patches that do not overlap: leave patch_stride at None",
        (jepa.prediction, jepa.patch_stride, jepa.codebook),
    )


def _check_resolutions(jepa: JEPAConfig) -> None:
    _require(
        jepa.resolutions[:1] == (1,) and all(fine < coarse for fine, coarse in pairwise(jepa.resolutions)),
        "resolutions must begin with 1, the series as it is, and increase",
        jepa.resolutions,
    )
    weights = jepa.resolution_weights
    _require(
        weights is None or len(weights) == len(jepa.resolutions),
        f"resolution_weights must hold one weight for each of the resolutions {jepa.resolutions}",
        weights,
    )
    _require(
        weights is None or all(0.0 < weight < math.inf for weight in weights),
        "resolution_weights must be positive and finite: leave out a resolution that is to have no weight",
        weights,
    )


def _check_tokenizer(jepa: JEPAConfig) -> None:
    of_series = {
        "coarse": jepa.coarse > 0.0,
        "quantiles": jepa.quantiles is not None,
        "reconstruction": max(jepa.reconstruction) > 0.0,
        "resolutions": len(jepa.resolutions) > 1,
    }
    asked = [name for name, is_asked in of_series.items() if is_asked]
    _require(jepa.tokenizer is None or not asked, "with a tokenizer of its own there can be no such thing", asked)


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"JEPAConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
