"""Scores of a series whose steps arrive one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.tasks.anomaly.channels import ChannelScale
    from tjepa_estimators.tasks.anomaly.stream import PartsStream

__all__ = ["AnomalyStream"]


class AnomalyStream:
    """Scores of one series as it arrives, in memory that does not grow; made by :meth:`AnomalyTask.stream`.

    Examples
    --------
    >>> from tjepa_estimators import AnomalyTask
    >>> wave = np.sin(np.arange(400.0) / 5)
    >>> task = AnomalyTask({"resolutions": (1,)}, train={"steps": 2}).fit(wave[:300])
    >>> stream = task.stream()
    >>> scores = [stream.score_next(step) for step in wave[300:]] + [stream.finish()]
    >>> bool(np.allclose(np.concatenate(scores), task.score(wave[300:])))
    True
    """

    def __init__(
        self,
        check: Callable[[np.ndarray, str, int], Float[np.ndarray, "... channels"]],
        scale: ChannelScale,
        parts: PartsStream,
        fusion: Callable[[Float[np.ndarray, "parts time"]], Float[np.ndarray, "time"]],
        num_channels: int,
    ) -> None:
        self._check, self._scale, self._parts, self._fusion = check, scale, parts, fusion
        self._num_channels, self._is_finished = num_channels, False

    def score_next(self, values: Float[np.ndarray, "... channels"]) -> Float[np.ndarray, "time"]:
        """Take the next step ``[channels]`` (or a number, for one channel), or several ``[time channels]``.

        Returns
        -------
        Float64 ``[time]``: the scores of the steps that are final now, each step once and in order, often none. With
        ``lookahead=False`` a step is final less than a stride after it came (times the coarsest resolution), else up
        to a window and a stride. Nothing is final before the first whole window.

        Raises
        ------
        DataError
            Wrong number of channels, infinite values, or a stream that is finished.
        """
        self._check_open()
        array = np.asarray(values)
        is_step = array.ndim == 0 or (array.ndim == 1 and self._num_channels > 1)
        steps = self._check(array.reshape(1, -1) if is_step else array, "the next steps [time channels]", 2)
        return self._fusion(self._parts.update(self._scale(steps)))

    def finish(self) -> Float[np.ndarray, "time"]:
        """Scores of the steps that are still open, as no more will come."""
        self._check_open()
        self._is_finished = True
        return self._fusion(self._parts.update(np.empty((0, self._num_channels)), is_last=True))

    def _check_open(self) -> None:
        if self._is_finished:
            msg = "This stream is finished; begin another one with task.stream()."
            raise DataError(msg)
