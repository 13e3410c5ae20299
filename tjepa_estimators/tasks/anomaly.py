"""Anomaly detection with a pretrained encoder: arrays in, one score per step out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from tjepa_estimators.artifact import resolve_pretrained
from tjepa_estimators.data.convert import as_series
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError
from tjepa_estimators.jepa.config import JEPAConfig, as_preset
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.anomaly_scores import SCORERS, TokenLayout
from tjepa_estimators.tasks.anomaly_view import ViewScorer
from tjepa_estimators.tasks.encoder import encoder_for
from tjepa_estimators.tasks.fusion import FUSIONS
from tjepa_estimators.tasks.resolutions import at_resolution, choose_resolutions

if TYPE_CHECKING:
    import os

    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["AnomalyConfig", "AnomalyTask"]

_REPEATS = 4
"""Windows that the training data must have room for: what happens once cannot be called normal."""
_FEWEST_TOKENS = 4
"""Tokens of the shortest window, so that each quarter has one; shorter series are padded."""
_SHORT = JEPAConfig(context_length=192, future_length=64, patch_length=8)
"""On two real series with planted anomalies: average precision .59 and .44, against .36 and .22 with ``"tiny"``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyConfig:
    """What an anomaly detector looks at and how it weighs it."""

    window: int | None = None
    """Steps looked at together; None takes the window that the encoder was pretrained on, but at most a quarter
    of all training steps. Rounded up to whole patches, and at least four of them."""
    stride: int | None = None
    """Steps between windows; half a patch if None."""
    resolutions: tuple[int, ...] | None = (1,)
    """Numbers of steps that are averaged before the series is looked at; each gives a view with windows of its own.
    ``(1, 4, 16)`` sees spikes and what takes sixteen windows. None takes these as far as the training data hold four
    of their windows."""
    scores: tuple[str, ...] = ("prediction", "neighbours")
    """Names of the scorers."""
    fusion: str = "mean"
    """How the standardised scores of all resolutions and scorers become one: ``"mean"``, or ``"max"``, the highest."""
    neighbours: int = 5
    """Nearest training windows whose distances are averaged."""
    top_channels: int | None = None
    """Channels with the highest evidence that count, at each patch anew; the square root of their number if None.
    A mean over all would thin out what shows in a few of many channels, the single highest follows the noise."""
    contamination: float = 0.05
    """Share of the training steps that lies above the threshold."""
    max_windows: int = 2000
    """Training windows to remember as neighbours; a random subset where there are more."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("window", "stride", "neighbours", "top_channels", "max_windows"):
            given = getattr(self, name)
            _require(given is None or given >= 1, f"{name} must be at least 1", given)
        _require(0.0 < self.contamination <= 0.5, "contamination must lie in (0, 0.5]", self.contamination)
        _require(
            bool(self.scores) and set(self.scores) <= SCORERS.keys(),
            f"scores must be some of {sorted(SCORERS)}",
            self.scores,
        )
        factors = (1,) if self.resolutions is None else self.resolutions
        _require(
            bool(factors) and min(factors) >= 1 and len(set(factors)) == len(factors),
            "resolutions must be different numbers of steps, at least 1",
            self.resolutions,
        )
        _require(self.fusion in FUSIONS, f"fusion must be one of {sorted(FUSIONS)}", self.fusion)


class AnomalyTask:
    """Score how abnormal each step of a series is, by a pretrained encoder's latents.

    Windows overlap; each scorer judges each patch of them, each channel on its own. Evidence is standardised for
    each channel and place in the window, averaged over the highest channels and over the windows that cover a
    step, standardised again, and fused over resolutions and scorers. All in double precision, so that a score does not
    depend on what else is scored beside it. What is judged is shape and spread, not level, since series drift.

    The score of a step also uses windows that end up to a window later: it looks ahead, as detection in recorded
    data may. Steps that nothing can be said about (nothing observed around them) get the median, zero. Series
    that were fitted on get their training scores, in which no window counts as its own neighbour.

    Parameters
    ----------
    config
        An :class:`AnomalyConfig` or a dict of its fields.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; it is never changed. None
        pretrains on the series given to ``fit``.
    encoder, encoder_config, jepa
        What to pretrain where ``pretrained`` is None, as in :func:`~tjepa_estimators.pretrain`; with ``jepa=None``
        windows of 256 steps in patches of 8, which show where an anomaly begins and ends better than the long
        windows for forecasting.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Where neither steps nor
        epochs are given: ten passes over the windows, at most 300 steps.

    Attributes
    ----------
    pretrained_
        The encoder in use.
    window_
        Steps looked at together, at the finest resolution.
    resolutions_
        Numbers of steps that are averaged.
    training_scores_
        Scores of the series given to ``fit``, one array ``[time]`` each.
    threshold_
        The ``1 - contamination`` quantile of the training scores.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.sin(np.arange(400.0) / 5)
    >>> task = AnomalyTask({"window": 48}, train={"steps": 20}).fit(wave[:300])
    >>> wave[350:358] = 0.0
    >>> bool((task.score(wave)[350:358] > task.threshold_).all())
    True
    """

    def __init__(
        self,
        config: AnomalyConfig | Mapping[str, Any] | None = None,
        *,
        pretrained: str | os.PathLike[str] | PretrainedEncoder | None = None,
        encoder: str = "transformer",
        encoder_config: Mapping[str, Any] | None = None,
        jepa: Any = None,  # noqa: ANN401 - whatever pretrain() takes
        train: TrainConfig | Mapping[str, Any] | None = None,
    ) -> None:
        self.config = as_settings(AnomalyConfig, config)
        self.pretrained = pretrained
        self.encoder = encoder
        self.encoder_config = encoder_config
        self.jepa = jepa
        self.train = train

    def fit(self, data: object) -> Self:
        """Learn what is normal from mostly normal series.

        Parameters
        ----------
        data
            Series of any kind that :func:`~tjepa_estimators.pretrain` takes; all with the same channels.

        Raises
        ------
        DataError
            The data cannot be used.
        """
        values = [one.values.astype(np.float64) for one in as_series(data)]
        channels = {array.shape[1] for array in values}
        if len(channels) > 1:
            msg = f"All series must have the same channels, but they have {sorted(channels)}; fit one task for each."
            raise DataError(msg)
        self.num_channels_ = channels.pop()
        longest, total = max(len(array) for array in values), sum(len(array) for array in values)
        room = max(2, min(longest, total // _REPEATS, self.config.window or longest))
        pretrained = None if self.pretrained is None else resolve_pretrained(self.pretrained)
        recipe = _SHORT if self.jepa is None else self.jepa
        widest = (as_preset(recipe).jepa if pretrained is None else pretrained.info.jepa).window_length
        window = min(room, self.config.window or widest)
        self.resolutions_ = self.config.resolutions or choose_resolutions(
            [len(one) for one in values], window, _REPEATS
        )
        views = [at_resolution(one, factor) for factor in self.resolutions_ for one in values]
        self.pretrained_ = encoder_for(
            views, room, pretrained=pretrained, encoder=self.encoder, encoder_config=self.encoder_config,
            jepa=recipe, train=self.train,
        )  # fmt: skip
        jepa = self.pretrained_.info.jepa
        self.layout_ = self._layout(min(room, jepa.window_length) if self.config.window is None else self.config.window)
        self.window_ = self.layout_.window
        self.stride_ = self.config.stride or max(1, jepa.patch_length // 2)
        self._fit_scorers(values)
        return self

    def score(self, values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "time"]:
        """Score each step of one series.

        Parameters
        ----------
        values
            ``[time channels]``, or ``[time]`` for one channel, of any length; NaN marks missing values.

        Returns
        -------
        Float64 ``[time]``; higher is more abnormal; of the training steps about half lie above zero.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        DataError
            Wrong number of channels, or infinite values.
        """
        return self._score([self._checked(values, "a series [time channels]", 2)])[0]

    def score_windows(self, windows: Float[np.ndarray, "batch time channels"]) -> Float[np.ndarray, "batch"]:
        """Score each window as a whole, as a series of its own: the highest score of its steps.

        Parameters
        ----------
        windows
            ``[batch time channels]``, or ``[batch time]`` for one channel; NaN marks missing values.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        DataError
            Wrong number of channels, or infinite values.
        """
        checked = self._checked(windows, "windows [batch time channels]", 3)
        return np.array([steps.max() for steps in self._score(list(checked))])

    def _layout(self, window: int) -> TokenLayout:
        jepa = self.pretrained_.info.jepa
        stride = jepa.patch_stride or jepa.patch_length
        return TokenLayout(
            max(_FEWEST_TOKENS, math.ceil((window - jepa.patch_length) / stride) + 1), jepa.patch_length, stride
        )

    def _fit_scorers(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> None:
        jepa = self.pretrained_.build().double().eval().requires_grad_(requires_grad=False)
        views = [ViewScorer(jepa, self.layout_, self.stride_, factor, self.config) for factor in self.resolutions_]
        with limited_threads(jepa), torch.inference_mode():
            self.training_scores_ = self._fuse([scores for view in views for scores in view.fit(values)])
        self.threshold_ = float(np.quantile(np.concatenate(self.training_scores_), 1.0 - self.config.contamination))
        self._seen = {_digest(one): rank for rank, one in enumerate(values)}
        self._views, self._jepa = views, jepa

    def _score(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> list[Float[np.ndarray, "time"]]:
        with limited_threads(self._jepa), torch.inference_mode():
            scores = self._fuse([scores for view in self._views for scores in view(values)])
        ranks = [self._seen.get(_digest(one)) for one in values]
        return [
            new if rank is None else self.training_scores_[rank].copy() for new, rank in zip(scores, ranks, strict=True)
        ]

    def _fuse(self, scores: Sequence[Sequence[Float[np.ndarray, "time"]]]) -> list[Float[np.ndarray, "time"]]:
        """For each series one score out of those of all views and scorers."""
        fuse = FUSIONS[self.config.fusion]
        return [fuse(np.stack(one)) for one in zip(*scores, strict=True)]

    def _checked(self, values: np.ndarray, name: str, ndim: int) -> Float[np.ndarray, "... channels"]:
        """Double precision, with an axis of channels."""
        if not hasattr(self, "_views"):
            msg = "This AnomalyTask is not fitted; call fit() with series first."
            raise NotFittedError(msg)
        array = np.asarray(values)
        if array.dtype.kind not in "biuf" or array.ndim not in {ndim - 1, ndim} or 0 in array.shape:
            msg = f"Expected {name} of numbers, not empty, but got shape {array.shape} of {array.dtype}."
            raise DataError(msg)
        array = np.asarray(array if array.ndim == ndim else array[..., None], dtype=np.float64)
        if array.shape[-1] != self.num_channels_:
            msg = (
                f"Got {array.shape[-1]} channels, but the task was fitted on {self.num_channels_}; pass the same "
                f"channels in the same order as {name}."
            )
            raise DataError(msg)
        if np.isinf(array).any():
            msg = "The values hold infinity; replace it by NaN (missing), for example with np.where."
            raise DataError(msg)
        return array


def _digest(values: Float[np.ndarray, "time channels"]) -> bytes:
    """Tell whether a series was fitted on."""
    return hashlib.sha256(str(values.shape).encode() + np.ascontiguousarray(values).tobytes()).digest()


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"AnomalyConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
