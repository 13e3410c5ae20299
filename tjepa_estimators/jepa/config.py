"""Settings of a JEPA, the parts they stand for, and presets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.jepa.losses import LOSSES
from tjepa_estimators.jepa.masking import BlockMasker, FutureMasker, MixedMasker, RandomMasker
from tjepa_estimators.settings import as_settings

if TYPE_CHECKING:
    from tjepa_estimators.contracts import Masker

__all__ = ["PRESETS", "JEPAConfig", "MaskConfig", "Preset", "as_preset"]

_MASKERS: Mapping[str, type[Any]] = {"random": RandomMasker, "block": BlockMasker, "future": FutureMasker}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskConfig:
    """One way to hide tokens and how often it is drawn."""

    kind: str
    """``"random"``, ``"block"`` or ``"future"``."""
    weight: float = 1.0
    """How often it is drawn, relative to the others."""
    options: dict[str, float] = field(default_factory=dict)
    """Arguments of the masker, such as ``{"ratio": 0.7}``."""

    def __post_init__(self) -> None:
        self.build()

    def build(self) -> Masker:
        """The masker that this stands for."""
        if self.kind not in _MASKERS:
            msg = f"mask kind {self.kind!r} is unknown; choose one of {sorted(_MASKERS)}."
            raise ConfigError(msg)
        try:
            masker: Masker = _MASKERS[self.kind](**self.options)
        except TypeError as error:
            msg = f"options {self.options} do not fit mask kind {self.kind!r}: {error}."
            raise ConfigError(msg) from error
        return masker


@dataclass(frozen=True, slots=True, kw_only=True)
class JEPAConfig:
    """What a JEPA sees, hides, predicts and is punished for; the encoder is chosen apart from it."""

    context_length: int = 504
    """Steps that the encoder is made for: its window after pretraining."""
    future_length: int = 168
    """Further steps that pretraining windows hold, to be predicted from the context."""
    patch_length: int = 24
    """Steps per token; 1 makes each time step a token."""
    patch_stride: int | None = None
    """Steps between neighbouring tokens; ``patch_length`` if None, less lets patches overlap."""
    embedding: str = "linear"
    """``"linear"`` or ``"conv1d"``."""
    dim: int = 32
    """Width of a token."""
    masking: tuple[MaskConfig, ...] = (
        MaskConfig(kind="future", options={"low": 0.2, "high": 0.5}),
        MaskConfig(kind="block", options={"blocks": 3, "length": 0.2}),
    )
    """Ways to hide tokens; one is drawn for each batch."""
    prediction: str = "token"
    """``"token"``: each hidden token, asked by position; ``"pooled"``: their mean, from the pooled context."""
    predictor_dim: int = 32
    predictor_depth: int = 1
    predictor_heads: int = 4
    loss: str = "smooth_l1"
    """``"smooth_l1"``, ``"l1"``, ``"l2"`` or ``"cosine"``."""
    normalize_targets: bool = True
    """Layer-normalise the teacher's latents before they are predicted."""
    momentum: tuple[float, float] = (0.99, 1.0)
    """Momentum of the teacher at the first and at the last step; a cosine lies between."""
    variance: float = 0.0
    """Weight of VICReg's variance term; needs ``covariance`` beside it."""
    covariance: float = 0.0
    """Weight of VICReg's covariance term."""
    sigreg: float = 0.0
    """Weight of LeJEPA's SIGReg term."""
    coarse: float = 0.0
    """Weight of one prediction more: the latent of the hidden part averaged down to one patch, from the same context.
    MTS-JEPA's second view."""
    codebook: CodebookConfig | None = None
    """Compare mixtures of learned codes in place of latents, as MTS-JEPA does; needs ``normalize_targets=False``."""
    reconstruction: tuple[float, float] = (0.0, 0.0)
    """Weight, at the first and at the last step, of rebuilding the visible patches from the student's latents; a line
    lies between."""
    resolutions: tuple[int, ...] = (1,)
    """Steps that are averaged to one, for each view of a series; a view's window holds as many averages as the
    first one's holds steps, so it reaches further back."""
    resolution_weights: tuple[float, ...] | None = None
    """Weight of the objective at each resolution; equal ones that add up to 1 if None."""
    share_encoder: bool = True
    """One encoder for all resolutions, or one for each; every resolution has a predictor of its own."""

    def __post_init__(self) -> None:
        _require(
            self.context_length >= 1 and self.future_length >= 0,
            "context_length must be at least 1 and future_length at least 0",
            self.context_length,
        )
        _require(
            1 <= self.patch_length <= self.context_length + self.future_length,
            "patch_length must be at least 1 and fit in the window",
            self.patch_length,
        )
        _require(
            self.patch_stride is None or 1 <= self.patch_stride <= self.patch_length,
            "patch_stride must lie in 1..patch_length",
            self.patch_stride,
        )
        _require(self.embedding in {"linear", "conv1d"}, "embedding must be 'linear' or 'conv1d'", self.embedding)
        _require(self.prediction in {"token", "pooled"}, "prediction must be 'token' or 'pooled'", self.prediction)
        _require(self.loss in LOSSES, f"loss must be one of {sorted(LOSSES)}", self.loss)
        _require(
            min(self.dim, self.predictor_dim, self.predictor_depth, self.predictor_heads) >= 1,
            "dim, predictor_dim, predictor_depth and predictor_heads must be at least 1",
            self.dim,
        )
        _require(
            self.prediction == "pooled" or self.predictor_dim % self.predictor_heads == 0,
            "predictor_heads must divide predictor_dim",
            self.predictor_heads,
        )
        _require(all(0.0 <= value <= 1.0 for value in self.momentum), "momentum must lie in [0, 1]", self.momentum)
        _require(
            min(self.variance, self.covariance, self.sigreg) >= 0.0,
            "weights of loss terms must not be negative",
            (self.variance, self.covariance, self.sigreg),
        )
        # a variance hinge alone is satisfied by one shared direction: the rank halved when it was tried
        _require(
            self.variance == 0.0 or self.covariance > 0.0,
            "variance needs a positive covariance weight beside it",
            self.variance,
        )
        _require(len(self.masking) > 0, "masking must name at least one way to hide tokens", self.masking)
        _require(
            self.num_tokens >= 2,
            "the window must hold at least two tokens: lengthen it or shorten patch_length",
            self.num_tokens,
        )
        self._check_extras()
        self._check_resolutions()

    def _check_extras(self) -> None:
        is_by_token = self.prediction == "token"
        _require(
            0.0 <= self.coarse < math.inf and all(0.0 <= weight < math.inf for weight in self.reconstruction),
            "coarse and reconstruction must be finite and not negative",
            (self.coarse, self.reconstruction),
        )
        _require(
            self.coarse == 0.0 or (is_by_token and self.patch_stride in {None, self.patch_length}),
            "coarse needs prediction='token' and patches that do not overlap: leave patch_stride at None",
            (self.prediction, self.patch_stride),
        )
        _require(
            self.codebook is None or is_by_token,
            "a codebook codes tokens one by one: it needs prediction='token'",
            self.prediction,
        )
        _require(
            self.codebook is None or not self.normalize_targets,
            "with a codebook the targets are mixtures of codes, which a layer norm would spoil: set "
            "normalize_targets=False",
            self.normalize_targets,
        )
        _require(
            max(self.reconstruction) == 0.0 or is_by_token,
            "reconstruction decodes tokens, of which prediction='pooled' leaves none: take prediction='token'",
            self.prediction,
        )

    def _check_resolutions(self) -> None:
        _require(
            self.resolutions[:1] == (1,) and all(fine < coarse for fine, coarse in pairwise(self.resolutions)),
            "resolutions must begin with 1, the series as it is, and increase",
            self.resolutions,
        )
        weights = self.resolution_weights
        _require(
            weights is None or len(weights) == len(self.resolutions),
            f"resolution_weights must hold one weight for each of the resolutions {self.resolutions}",
            weights,
        )
        _require(
            weights is None or all(0.0 < weight < math.inf for weight in weights),
            "resolution_weights must be positive and finite: leave out a resolution that is to have no weight",
            weights,
        )

    @property
    def window_length(self) -> int:
        """Steps of a pretraining window, or averages of steps at a coarser resolution."""
        return self.context_length + self.future_length

    @property
    def reach(self) -> int:
        """Steps that the window of the coarsest resolution covers."""
        return self.window_length * self.resolutions[-1]

    def weights(self) -> tuple[float, ...]:
        """The weight of each resolution."""
        return self.resolution_weights or (1.0 / len(self.resolutions),) * len(self.resolutions)

    @property
    def num_tokens(self) -> int:
        """Tokens of a pretraining window."""
        stride = self.patch_stride or self.patch_length
        return max(0, -(-(self.window_length - self.patch_length) // stride)) + 1

    def masker(self) -> Masker:
        """The masker that ``masking`` stands for."""
        maskers = tuple(mask.build() for mask in self.masking)
        return maskers[0] if len(maskers) == 1 else MixedMasker(maskers, tuple(mask.weight for mask in self.masking))

    def fit_to(self, steps: int) -> JEPAConfig:
        """Shrink the window to series of ``steps`` steps, keeping the shares of context and future.

        A window that is mostly padding teaches nothing; one with too few tokens neither. So the window is
        cut to the series and the patch to a fourteenth of it. Resolutions whose window is longer than the series
        are left out before; the first one always stays.
        """
        if steps < self.reach and len(self.resolutions) > 1:
            return self._keep_resolutions(steps).fit_to(steps)
        if steps >= self.window_length:
            return self
        window = max(steps, 2)
        patch = max(1, min(self.patch_length, window // 14))
        context = max(1, min(window, round(window * self.context_length / self.window_length)))
        return replace(
            self, context_length=context, future_length=window - context, patch_length=patch, patch_stride=None
        )

    def _keep_resolutions(self, steps: int) -> JEPAConfig:
        kept = sum(factor == 1 or factor * self.window_length <= steps for factor in self.resolutions)
        weights = None if self.resolution_weights is None else self.resolution_weights[:kept]
        return replace(self, resolutions=self.resolutions[:kept], resolution_weights=weights)


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"JEPAConfig: {rule}; got {given!r}."
        raise ConfigError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A named recipe: the JEPA, the size of its encoder, and how it is trained."""

    jepa: JEPAConfig
    encoder: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)


_NEXT_WINDOW = (MaskConfig(kind="future", options={"low": 0.5, "high": 0.5}),)

PRESETS: Mapping[str, Preset] = {
    "tiny": Preset(jepa=JEPAConfig()),
    "temporal-jepa": Preset(
        jepa=JEPAConfig(
            context_length=12, future_length=0, patch_length=4, patch_stride=3, embedding="conv1d", dim=64,
            masking=(MaskConfig(kind="random", options={"ratio": 0.7}),),
            predictor_dim=64, loss="l1", momentum=(0.999, 0.999),
        ),
        encoder={"depth": 4},
        train={"learning_rate": 1e-4},
    ),
    "pooled-jepa": Preset(
        jepa=JEPAConfig(
            context_length=60, future_length=0, patch_length=1, dim=128,
            masking=(MaskConfig(kind="random", options={"ratio": 0.5}),),
            prediction="pooled", predictor_dim=64, predictor_depth=2, momentum=(0.996, 0.996),
        ),
        encoder={"depth": 4, "heads": 8, "dropout": 0.1},
        train={"learning_rate": 1e-4},
    ),
    "mts-jepa": Preset(
        jepa=JEPAConfig(
            context_length=100, future_length=100, patch_length=20, dim=256, masking=_NEXT_WINDOW,
            predictor_dim=128, predictor_depth=2, predictor_heads=4, loss="l2", normalize_targets=False,
            momentum=(0.996, 0.996), coarse=0.5, codebook=CodebookConfig(), reconstruction=(0.5, 0.1),
        ),
        encoder={"depth": 6, "heads": 8, "dropout": 0.1},
        train={"learning_rate": 5e-4, "weight_decay": 1e-5, "batch_size": 128, "gradient_clip": 0.5},
    ),
    "mts-jepa-latent": Preset(
        jepa=JEPAConfig(
            context_length=100, future_length=100, patch_length=20, dim=64, masking=_NEXT_WINDOW,
            predictor_dim=64, momentum=(0.996, 0.996), coarse=0.5,
        ),
    ),
}  # fmt: skip
"""``"tiny"`` is our default; ``"temporal-jepa"`` and ``"pooled-jepa"`` carry the values of the published descriptions
they are named after.

``"mts-jepa"`` has the windows, sizes, codebook and weights of MTS-JEPA (arXiv 2602.04643): a window of 100 steps
predicts the codes of the next one. Four things are ours. The teacher encodes the next window after the seen one and
normalises it by the statistics of the seen one; the paper's encodes it alone, normalised by its own, which hides a jump
of level or spread from the targets. Patches are embedded linearly, not by a residual CNN. Predicted codes are those
nearest to a predicted latent, not an output of their own. The rate warms up and falls, as in all our trainings, with
AdamW in place of Adam. ``"mts-jepa-latent"`` keeps windows and coarse view and regresses latents: no codebook, nothing
is rebuilt; it is small enough to train on a CPU within a minute."""


def as_preset(given: str | JEPAConfig | Mapping[str, Any] | None) -> Preset:
    """Turn a preset's name, settings, a dict of settings or None (the default) into a preset."""
    if isinstance(given, str):
        if given not in PRESETS:
            msg = f"preset {given!r} is unknown; choose one of {sorted(PRESETS)} or pass a JEPAConfig."
            raise ConfigError(msg)
        return PRESETS[given]
    return Preset(jepa=as_settings(JEPAConfig, given))
