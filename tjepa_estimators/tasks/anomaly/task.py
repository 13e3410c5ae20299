"""The anomaly task: fit on what is normal, score what comes."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from einops import rearrange

from tjepa_estimators.artifact import resolve_pretrained
from tjepa_estimators.data.convert import as_series
from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import ConstantDataWarning, DataError, NotFittedError
from tjepa_estimators.jepa.config import JEPAConfig, as_preset
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.anomaly.channels import ChannelScale
from tjepa_estimators.tasks.anomaly.config import AnomalyConfig
from tjepa_estimators.tasks.anomaly.explanation import Explanation
from tjepa_estimators.tasks.anomaly.features import TokenLayout, WindowReader
from tjepa_estimators.tasks.anomaly.fusion import FUSIONS
from tjepa_estimators.tasks.anomaly.live import AnomalyStream
from tjepa_estimators.tasks.anomaly.resolutions import choose_resolutions
from tjepa_estimators.tasks.anomaly.stream import PartsStream, ViewStream
from tjepa_estimators.tasks.anomaly.view import View
from tjepa_estimators.tasks.encoder import encoder_for

if TYPE_CHECKING:
    import os

    from jaxtyping import Float, Int

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.tasks.anomaly.features import WindowFeatures
    from tjepa_estimators.tasks.anomaly.view import Judge
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["SHORT_WINDOWS", "AnomalyTask"]

_REPEATS = 4
"""Windows that the training data must have room for: what happens once cannot be called normal."""
_FEWEST_TOKENS = 4
"""Tokens of the shortest window, so that there is a past and a future; shorter series are padded."""
SHORT_WINDOWS = JEPAConfig(context_length=24, future_length=8, patch_length=4)
"""What is pretrained where nothing else is asked for. Short windows show where an anomaly begins and ends; what is
slower is the business of coarser resolutions."""
_TOGETHER = 128
"""Series of one length that are read together."""
_PIECE = 1 << 16
"""Steps of a recorded series that are scored at once."""


class AnomalyTask:
    """Score how abnormal each step of a series is, by what a pretrained encoder makes of the windows around it.

    Channels are put in units of the training data. At each resolution windows are judged by the error of predicted
    latents, by how far their joint latents lie from normal ones, and by level and spread, which the encoder does not
    see. Evidence is standardised on training windows that the scorers have not learned from, averaged over the windows
    that hold a step, and fused over resolutions and scorers.

    With ``lookahead`` (the default) the score of a step also uses windows that end up to a window later, as detection
    in recorded data may. Steps that nothing can be said about (nothing observed around them) get zero. Series that
    were fitted on get their training scores, from scorers that have learned from other stretches.

    Parameters
    ----------
    config
        An :class:`AnomalyConfig` or a dict of its fields.
    pretrained
        A :class:`~tjepa_estimators.PretrainedEncoder`, a folder or a hub id; it is never changed. None
        pretrains on the series given to ``fit``.
    encoder, encoder_config, jepa
        What to pretrain where ``pretrained`` is None, as in :func:`~tjepa_estimators.pretrain`; with ``jepa=None``
        windows of 32 steps in patches of 4.
    train
        A :class:`~tjepa_estimators.TrainConfig` or a dict of its fields, for pretraining. Where neither steps nor
        epochs are given: ten passes over the windows, at most 300 steps.

    Attributes
    ----------
    pretrained_
        The encoder in use.
    window_, stride_
        Steps looked at together and between windows, at the finest resolution.
    resolutions_
        Numbers of steps that are averaged.
    num_channels_
        Channels fitted on.
    shortest_
        Steps that a series must have to be scored: a window, or the shortest training series.
    training_scores_
        Scores of the series given to ``fit``, one array ``[time]`` each.
    threshold_
        Scores above it are abnormal; found on the training scores, see ``AnomalyConfig.threshold``.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.sin(np.arange(400.0) / 5)
    >>> task = AnomalyTask({"resolutions": (1,)}, train={"steps": 20}).fit(wave[:300])
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
        self._prepare(values)
        self.shortest_ = min(self.window_, *map(len, values))
        self._scale = ChannelScale.fit(values)
        if not self._scale.deviation.any():
            msg = (
                "No channel of the training data ever varies, so whatever moves will be abnormal; fit on a stretch "
                "that shows normal operation."
            )
            warnings.warn(msg, ConstantDataWarning, stacklevel=2)
        scaled = [self._scale(one) for one in values]
        parts = self._training_parts(scaled)
        self._fusion = FUSIONS[self.config.fusion]().fit(np.concatenate(parts, axis=1))
        self.training_scores_ = [self._fusion(one) for one in parts]
        self.threshold_ = self.config.threshold_rule()(self.training_scores_)
        self._seen = {_digest(one): rank for rank, one in enumerate(values)}
        return self

    def score(self, values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "time"]:
        """Score each step of one series.

        Parameters
        ----------
        values
            ``[time channels]``, or ``[time]`` for one channel, at least ``shortest_`` steps; NaN marks missing values.

        Returns
        -------
        Float64 ``[time]``; higher is more abnormal. With ``fusion="mean"`` between 0 and 1, see
        :class:`~tjepa_estimators.tasks.anomaly.fusion.MeanVote`.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        DataError
            Wrong number of channels, infinite values, or too few steps.
        """
        return self._score_one(self._checked(values, "a series [time channels]", 2))

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
            Wrong number of channels, infinite values, or too few steps.
        """
        checked = self._checked(windows, "windows [batch time channels]", 3)
        self._long_enough(checked[0])
        ranks = [self._seen.get(_digest(one)) for one in checked]
        new = checked[[rank is None for rank in ranks]]
        fused = [
            self._fusion(part)
            for low in range(0, len(new), _TOGETHER)
            for part in self._parts_of([self._scale(one) for one in new[low : low + _TOGETHER]])
        ]
        remaining = iter(fused)
        scores = [next(remaining) if rank is None else self.training_scores_[rank] for rank in ranks]
        return np.array([one.max() for one in scores])

    def stream(self) -> AnomalyStream:
        """Score one series as it arrives; its scores are those of :meth:`score` for the same steps, if they are new.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        self._check_fitted()
        return AnomalyStream(self._checked, self._scale, self._parts_stream(), self._fusion, self.num_channels_)

    def explain(self, values: Float[np.ndarray, "time channels"]) -> Explanation:
        """Tell which resolutions, scorers and channels made the scores of a series.

        A series that was fitted on is explained as if it were new.

        Parameters
        ----------
        values
            As for :meth:`score`.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        DataError
            Wrong number of channels, infinite values, or too few steps.
        """
        checked = self._long_enough(self._checked(values, "a series [time channels]", 2))
        scaled = self._scale(checked)
        scorers = len(self.config.scores)
        stream = self._parts_stream([partial(_shared_out, view) for view in self._views], scorers * (1 + len(scaled.T)))
        told = stream.update(scaled, is_last=True).reshape(len(self._views), -1, len(scaled))
        parts = told[:, :scorers].reshape(-1, len(scaled))
        excess = np.nan_to_num(told[:, scorers:]).reshape(-1, *scaled.T.shape).sum(axis=0)
        total = excess.sum(axis=0)
        names = tuple((view.factor, name) for view in self._views for name in view.names)
        shares = np.where(total > 0.0, excess / np.where(total > 0.0, total, 1.0), 0.0)
        return Explanation(self._fusion(parts), names, parts, shares.T)

    def _prepare(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> None:
        """Choose window and resolutions, pretrain where no encoder is given, and lay out the views."""
        config = self.config
        longest, total = max(map(len, values)), sum(map(len, values))
        room = max(2, min(longest, total // _REPEATS, config.window or longest))
        pretrained = None if self.pretrained is None else resolve_pretrained(self.pretrained)
        recipe = SHORT_WINDOWS if self.jepa is None else self.jepa
        widest = (as_preset(recipe).jepa if pretrained is None else pretrained.info.jepa).window_length
        window = min(room, config.window or widest)
        self.resolutions_ = config.resolutions or choose_resolutions([len(one) for one in values], window, _REPEATS)
        self.pretrained_ = encoder_for(
            values, room, pretrained=pretrained, encoder=self.encoder, encoder_config=self.encoder_config,
            jepa=recipe, train=self.train, resolutions=self.resolutions_,
        )  # fmt: skip
        known = self.pretrained_.info.jepa.window_length
        layout = self._layout(config.window or min(room, known))
        self.window_, self.stride_ = layout.window, config.stride or max(1, layout.window // 4)
        network = self.pretrained_.build().eval().requires_grad_(requires_grad=False)
        self._views = [
            View(factor, WindowReader(network.at(factor), layout), self.window_, self.stride_, config)
            for factor in self.resolutions_
        ]

    def _layout(self, window: int) -> TokenLayout:
        jepa = self.pretrained_.info.jepa
        stride = jepa.patch_stride or jepa.patch_length
        return TokenLayout(
            max(_FEWEST_TOKENS, math.ceil((window - jepa.patch_length) / stride) + 1), jepa.patch_length, stride
        )

    def _training_parts(
        self, scaled: Sequence[Float[np.ndarray, "time channels"]]
    ) -> list[Float[np.ndarray, "parts time"]]:
        """Learn what is normal; what each series scores by judges that have not learned from it."""
        honest = [view.fit(scaled) for view in self._views]
        parts: dict[int, Float[np.ndarray, "parts time"]] = {}
        by_length = sorted(range(len(scaled)), key=lambda number: len(scaled[number]))
        for _, group in groupby(by_length, key=lambda number: len(scaled[number])):
            members = [*group]
            for low in range(0, len(members), _TOGETHER):
                numbers = members[low : low + _TOGETHER]
                judges = [judge(numbers) for judge in honest]
                parts |= zip(numbers, self._parts_of([scaled[number] for number in numbers], judges), strict=True)
        return [parts[number] for number in range(len(scaled))]

    def _parts_of(
        self, scaled: Sequence[Float[np.ndarray, "time channels"]], judges: Sequence[Judge] | None = None
    ) -> Float[np.ndarray, "series parts time"]:
        """What each of several series of one length scores, read together."""
        stream = self._parts_stream(judges, series=len(scaled))
        parts = stream.update(np.concatenate(scaled, axis=1), is_last=True)
        return rearrange(parts, "(parts series) time -> series parts time", series=len(scaled))

    def _parts_stream(
        self, judges: Sequence[Judge] | None = None, rows: int | None = None, series: int = 1
    ) -> PartsStream:
        judges = [view.judge for view in self._views] if judges is None else judges
        return PartsStream([
            ViewStream(view, judge, rows or len(view.names), lookahead=self.config.lookahead, series=series)
            for view, judge in zip(self._views, judges, strict=True)
        ])  # fmt: skip

    def _score_one(self, values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "time"]:
        rank = self._seen.get(_digest(self._long_enough(values)))
        if rank is not None:
            return self.training_scores_[rank].copy()
        stream = self._parts_stream()
        return np.concatenate([
            self._fusion(stream.update(self._scale(piece), is_last=is_last)) for piece, is_last in _pieces(values)
        ])  # fmt: skip

    def _long_enough(self, values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "time channels"]:
        if len(values) < self.shortest_:
            msg = (
                f"Got {len(values)} steps, but at least {self.shortest_} are needed, a window; give longer series, fit "
                "with a smaller window, or pass single steps to stream()."
            )
            raise DataError(msg)
        return values

    def _check_fitted(self) -> None:
        if not hasattr(self, "_seen"):
            msg = "This AnomalyTask is not fitted; call fit() with series first."
            raise NotFittedError(msg)

    def _checked(self, values: np.ndarray, name: str, ndim: int) -> Float[np.ndarray, "... channels"]:
        """Double precision, with an axis of channels."""
        self._check_fitted()
        array = np.asarray(unmasked(values))
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


def _shared_out(
    view: View, features: WindowFeatures, ends: Int[np.ndarray, "windows"]
) -> Float[np.ndarray, "rows windows"]:
    """The evidence of each scorer; then, for each scorer and channel, its share in what exceeds the ordinary."""
    evidence = view.judge(features, ends)
    shares = np.maximum(evidence, 0.0)[:, :, None] * view.contributions(features)
    return np.concatenate([evidence, rearrange(shares, "scorers windows channels -> (scorers channels) windows")])


def _pieces(values: Float[np.ndarray, "time channels"]) -> Iterator[tuple[Float[np.ndarray, "time channels"], bool]]:
    for low in range(0, len(values), _PIECE):
        yield values[low : low + _PIECE], low + _PIECE >= len(values)


def _digest(values: Float[np.ndarray, "time channels"]) -> bytes:
    """Tell whether a series was fitted on."""
    return hashlib.sha256(str(values.shape).encode() + np.ascontiguousarray(values).tobytes()).digest()
