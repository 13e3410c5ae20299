"""Score series as they arrive: in bounded memory, each window read once.

A recorded series is scored by the same code, as a stream that comes in a few large pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from einops import rearrange

from tjepa_estimators.tasks.anomaly.grid import cut_windows, window_ends
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    from tjepa_estimators.tasks.anomaly.view import Judge, View

__all__ = ["PartsStream", "ViewStream"]

_BATCH = 256
"""Windows judged at once."""


class ViewStream:
    """The scorers of one resolution on one series, or on several side by side.

    Parameters
    ----------
    view
        What is normal at this resolution.
    judge
        Gives the evidence of windows.
    rows
        Numbers that it gives for each window.
    lookahead
        Whether a step has the mean evidence of all windows whose span holds it, or that of the first one.
    series
        Number of series: their channels stand side by side in what comes, and their scores below each other, so that
        many short ones are read together.
    """

    def __init__(self, view: View, judge: Judge, rows: int, *, lookahead: bool = True, series: int = 1) -> None:
        self._view, self._judge, self._lookahead, self._series = view, judge, lookahead, series
        self._steps: Float[np.ndarray, "time channels"] | None = None  # of the block that is not complete
        self._blocks: Float[np.ndarray, "blocks channels"] | None = None  # that a window to come may hold
        self._known = 0  # blocks that have come
        self._end = 0  # of the last window judged
        self._open = _OpenBlocks(rows * series)
        self._length = self._given = 0  # steps that have come, and that have their scores

    def update(
        self, values: Float[np.ndarray, "time channels"], *, is_last: bool = False
    ) -> Float[np.ndarray, "rows time"]:
        """Take further steps; scores of the steps, from where the last call ended, of which no later window speaks."""
        view = self._view
        self._take(values, is_last=is_last)
        window = view.window
        ends = self._new_ends(is_last=is_last)
        batch = max(1, _BATCH // self._series)
        for low in range(0, len(ends), batch):
            self._read(ends[low : low + batch])
        # the last window of a series ends wherever the series does, as soon as a step from here
        open_from = self._end + 1 - view.span if self._lookahead else self._end
        final = self._known if is_last else max(0, open_from)
        scores = np.repeat(self._open.close(final), view.factor, axis=1)
        if is_last:
            scores = scores[:, : self._length - self._given]
        self._given += scores.shape[1]
        keep = min(window, self._known)
        self._blocks = self._blocks[len(self._blocks) - keep :] if self._blocks is not None else None
        return scores

    def _take(self, values: Float[np.ndarray, "time channels"], *, is_last: bool) -> None:
        """Average the steps that make up whole blocks, and keep the rest."""
        self._length += len(values)
        steps = values if self._steps is None else np.concatenate([self._steps, values])
        whole = len(steps) if is_last else len(steps) // self._view.factor * self._view.factor
        blocks = at_resolution(steps[:whole], self._view.factor) if whole else steps[:0]
        self._steps = steps[whole:].copy()
        self._blocks = blocks if self._blocks is None else np.concatenate([self._blocks, blocks])
        self._known += len(blocks)

    def _new_ends(self, *, is_last: bool) -> Int[np.ndarray, "windows"]:
        view = self._view
        if self._known < (view.fewest if is_last else view.window):
            return np.arange(0)
        return window_ends(self._known, view.window, view.stride, after=self._end, is_last=is_last)

    def _read(self, ends: Int[np.ndarray, "windows"]) -> None:
        view = self._view
        offset = self._known - len(self._blocks)  # type: ignore[arg-type]
        windows = rearrange(
            cut_windows(self._blocks, ends - offset, view.window),  # type: ignore[arg-type]
            "windows time (series channels) -> (windows series) time channels",
            series=self._series,
        )
        judged = self._judge(view.reader(windows), np.repeat(ends, self._series))
        evidence = rearrange(judged, "rows (windows series) -> (rows series) windows", series=self._series)
        before = np.concatenate([[self._end], ends[:-1]])
        starts = np.where(before > 0, ends - view.span, 0) if self._lookahead else before
        self._open.add(evidence, starts, ends)
        self._end = int(ends[-1])


class _OpenBlocks:
    """Sums of evidence for blocks of which further windows may speak."""

    def __init__(self, rows: int) -> None:
        self._first = 0
        self._total, self._count = np.zeros((rows, 0)), np.zeros((rows, 0))

    def add(
        self,
        evidence: Float[np.ndarray, "rows windows"],
        starts: Int[np.ndarray, "windows"],
        ends: Int[np.ndarray, "windows"],
    ) -> None:
        """Give the evidence of each window to its blocks, from ``starts`` up to ``ends``."""
        self._reach(int(ends[-1]))
        known = ~np.isnan(evidence)
        for window, (start, end) in enumerate(zip(starts - self._first, ends - self._first, strict=True)):
            self._total[:, start:end] += np.where(known[:, window], evidence[:, window], 0.0)[:, None]
            self._count[:, start:end] += known[:, window, None]

    def close(self, final: int) -> Float[np.ndarray, "rows blocks"]:
        """Mean evidence of the blocks before ``final``, which are forgotten; NaN where there is none."""
        self._reach(final)
        done = max(0, final - self._first)
        silent = max(0, done - self._total.shape[1])  # a series too short for any window of this view
        self._total, self._count = (np.pad(one, ((0, 0), (0, silent))) for one in (self._total, self._count))
        total, count = self._total[:, :done], self._count[:, :done]
        self._total, self._count = self._total[:, done:].copy(), self._count[:, done:].copy()
        self._first += done
        return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)

    def _reach(self, end: int) -> None:
        """Open the blocks before ``end``, with no evidence yet."""
        grow = max(0, end - self._first - self._total.shape[1])
        self._total, self._count = (np.pad(one, ((0, 0), (0, grow))) for one in (self._total, self._count))


class PartsStream:
    """Scores of all resolutions and scorers on one series, as far as all of them have judged a step."""

    def __init__(self, streams: Sequence[ViewStream]) -> None:
        self._streams = streams
        self._waiting: list[Float[np.ndarray, "rows time"]] | None = None

    def update(
        self, values: Float[np.ndarray, "time channels"], *, is_last: bool = False
    ) -> Float[np.ndarray, "parts time"]:
        """Take further steps; scores of the steps that are final now, from where the last call ended."""
        new = [stream.update(values, is_last=is_last) for stream in self._streams]
        if self._waiting is not None:
            new = [np.concatenate(pair, axis=1) for pair in zip(self._waiting, new, strict=True)]
        ready = min(one.shape[1] for one in new)
        self._waiting = [one[:, ready:].copy() for one in new]
        return np.concatenate([one[:, :ready] for one in new])
