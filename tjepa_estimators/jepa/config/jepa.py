"""Settings of a JEPA."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tjepa_estimators.contracts import GridMasker
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.codebook import CodebookConfig  # noqa: TC001 - cattrs reads the annotations
from tjepa_estimators.jepa.config.checks import check_jepa
from tjepa_estimators.jepa.config.masks import MaskConfig
from tjepa_estimators.jepa.config.tokenizers import TokenizerConfig  # noqa: TC001 - the same
from tjepa_estimators.jepa.invariance import InvarianceConfig  # noqa: TC001 - the same
from tjepa_estimators.jepa.masking import MixedMasker
from tjepa_estimators.jepa.quantiles import QuantileConfig  # noqa: TC001 - the same

if TYPE_CHECKING:
    from tjepa_estimators.contracts import Masker

__all__ = ["JEPAConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JEPAConfig:
    """What a JEPA sees, hides, predicts and is punished for; the encoder is chosen apart from it."""

    tokenizer: TokenizerConfig | None = None
    """What makes tokens of data that are no series; None cuts series into patches, as the settings up to ``embedding``
    say, which mean nothing otherwise."""
    context_length: int = 504
    """Steps that the encoder is made for: its window after pretraining."""
    future_length: int = 168
    """Further steps that pretraining windows hold, to be predicted from the context."""
    patch_length: int = 24
    """Steps per token; 1 makes each time step a token."""
    patch_stride: int | None = None
    """Steps between neighbouring tokens; ``patch_length`` if None, less lets patches overlap."""
    embedding: str = "linear"
    """``"linear"``, ``"mlp"`` or ``"conv1d"``."""
    dim: int = 32
    """Width of a token."""
    masking: tuple[MaskConfig, ...] = (
        MaskConfig(kind="future", options={"low": 0.2, "high": 0.5}),
        MaskConfig(kind="block", options={"blocks": 3, "length": 0.2}),
    )
    """Ways to hide tokens; one is drawn for each batch."""
    prediction: str = "token"
    """``"token"``: each hidden token, asked by position, by a transformer; ``"mlp"``: the same, by layers that know the
    pooled context only; ``"pooled"``: the mean of the hidden tokens, from the pooled context."""
    residual: bool = False
    """Predict how a hidden token's latent differs from that of the nearest visible token; for what mostly stays as it
    is, such as frames to come. Not with ``prediction="pooled"`` or a codebook."""
    predictor_dim: int = 32
    predictor_depth: int = 1
    predictor_heads: int = 4
    loss: str = "smooth_l1"
    """``"smooth_l1"``, ``"l1"``, ``"l2"`` or ``"cosine"``."""
    latent: float = 1.0
    """Weight of the prediction error of the latents; 0, possible with ``quantiles``, leaves a plain forecaster."""
    quantiles: QuantileConfig | None = None
    """Decode quantiles of the hidden values from the predictor's answers, beside the latents: what a forecast without
    any training on the target needs. Patches must not overlap."""
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
    consistency: float = 0.0
    """Weight of the distance between the mean latents of slices along the first axis of positions; beside ``variance``
    or ``sigreg``, or all latents become one."""
    invariance: InvarianceConfig | None = None
    """Train the mean latent, too: that of the visible tokens is to be that of all of them. What an embedding of whole
    samples needs."""
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
        check_jepa(self)

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

    def masker(self, grid: tuple[int, ...] | None = None) -> Masker:
        """The masker that ``masking`` stands for, of tokens on ``grid``.

        Raises
        ------
        ConfigError
            A mask needs a grid and there is none, or it does not fit the mask.
        """
        maskers = tuple(_on(mask, grid) for mask in self.masking)
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


def _on(mask: MaskConfig, grid: tuple[int, ...] | None) -> Masker:
    masker = mask.build()
    if not isinstance(masker, GridMasker):
        return masker
    if grid is None:
        msg = f"mask kind {mask.kind!r} needs to know how tokens lie beside each other: call masker(grid)."
        raise ConfigError(msg)
    return masker.on(grid)
