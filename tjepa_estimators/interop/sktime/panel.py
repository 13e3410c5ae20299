"""Panels: the frames of sktime as one array, with the place of each series in it and in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sktime.calendar import Calendar, frequency

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["Panel"]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Series of any length and start on one calendar; two thousand of them are handled without a loop.

    Examples
    --------
    >>> panel = Panel.of(pd.DataFrame({"y": [1.0, 2.0, 3.0]}))
    >>> panel.windows(np.array([0]), np.array([2]), 3)[0, :, 0].tolist()
    [nan, 1.0, 2.0]
    >>> panel.index(np.array([0, 0]), np.array([3, 4])).tolist()
    [3, 4]
    """

    values: Float[np.ndarray, "rows channels"]
    """All series one after the other."""
    lengths: Int[np.ndarray, series]
    """Steps of each series."""
    first: Int[np.ndarray, series]
    """Position of its first step on the calendar."""
    calendar: Calendar
    keys: pd.Index | None
    """Names of the series in a panel or hierarchy, in order of appearance; None for a single series."""
    names: tuple[object, ...]
    """Names of the levels of the index."""

    @classmethod
    def of(cls, frame: pd.DataFrame, freq: object = None) -> Panel:
        """Read a frame of type ``pd.DataFrame``, ``pd-multiindex`` or ``pd_multiindex_hier``.

        Parameters
        ----------
        frame
            One row for each step of each series.
        freq
            Its frequency where it is known and the index may have lost it.

        Raises
        ------
        DataError
            Time stamps without a regular frequency, or steps that are missing, repeated or out of order.
        """
        if frame.index.nlevels == 1:
            return cls._of_rows(frame, np.array([len(frame)]), None, freq)
        levels = list(range(frame.index.nlevels - 1))
        number = frame.groupby(level=levels, sort=False).ngroup().to_numpy()
        if (np.diff(number) < 0).any():
            frame = frame.iloc[np.argsort(number, kind="stable")]
        lengths = np.bincount(number)
        first: Any = frame.index[np.cumsum(lengths) - lengths]
        return cls._of_rows(frame, lengths, first.droplevel(-1), freq)

    @classmethod
    def _of_rows(
        cls, frame: pd.DataFrame, lengths: Int[np.ndarray, series], keys: pd.Index | None, freq: object
    ) -> Panel:
        index: Any = frame.index
        begin = np.cumsum(lengths) - lengths
        times = index if keys is None else index.get_level_values(-1)
        longest = int(lengths.argmax())
        sample = times[begin[longest] : begin[longest] + lengths[longest]]
        # the level of a panel's index, unlike the times taken from it, may carry a frequency
        carrier = times if keys is None else index.remove_unused_levels().levels[-1]
        calendar = Calendar(times.min(), freq or frequency(carrier, sample))
        position = calendar.positions(times)
        _check_steps(position, begin, times, keys)
        return cls(
            frame.to_numpy(dtype=np.float64, na_value=np.nan), lengths, position[begin], calendar, keys,
            tuple(index.names),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def begin(self) -> Int[np.ndarray, series]:
        """Row that each series begins in."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def last(self) -> Int[np.ndarray, series]:
        """Position of the last step of each series on the calendar."""
        return self.first + self.lengths - 1

    def arrays(self) -> list[Float[np.ndarray, "time channels"]]:
        """One array for each series."""
        return np.split(self.values, self.begin[1:])

    def windows(
        self, series: Int[np.ndarray, windows], ends: Int[np.ndarray, windows], length: int
    ) -> Float[np.ndarray, "windows time channels"]:
        """The ``length`` steps of each series before its step ``ends``; NaN where there are none."""
        step = ends[:, None] + np.arange(-length, 0)
        inside = (step >= 0) & (step < self.lengths[series][:, None])
        row = np.where(inside, self.begin[series][:, None] + step, 0)
        return np.where(inside[..., None], self.values[row], np.nan)

    def index(self, series: Int[np.ndarray, rows], step: Int[np.ndarray, rows]) -> pd.Index:
        """The index of these steps of these series, counted from the first step of each; also beyond the last."""
        times = self.calendar.times(self.first[series] + step)
        if self.keys is None:
            return times.rename(self.names[0])
        levels = [self.keys.get_level_values(level)[series] for level in range(self.keys.nlevels)]
        return pd.MultiIndex.from_arrays([*levels, times], names=self.names)

    def all_index(self, beyond: int = 0) -> pd.Index:
        """The index of all steps, and of ``beyond`` further ones after each series."""
        lengths = self.lengths + beyond
        series = np.repeat(np.arange(len(self)), lengths)
        return self.index(series, np.arange(len(series)) - np.repeat(np.cumsum(lengths) - lengths, lengths))

    def frame(self, columns: pd.Index) -> pd.DataFrame:
        """Back to a frame."""
        return pd.DataFrame(self.values, self.all_index(), columns)

    def aligned(self, frame: pd.DataFrame, beyond: int = 0) -> Panel:
        """Another frame, such as X, at all steps and ``beyond`` further ones; NaN where it has none."""
        values = frame.reindex(self.all_index(beyond)).to_numpy(dtype=np.float64, na_value=np.nan)
        return replace(self, values=values, lengths=self.lengths + beyond)


def _check_steps(
    position: Int[np.ndarray, rows], begin: Int[np.ndarray, series], times: pd.Index, keys: pd.Index | None
) -> None:
    step = np.diff(position, prepend=position[:1])
    step[begin] = 1
    wrong = np.flatnonzero((step != 1) | (position < 0))
    if len(wrong):
        row = int(wrong[0])
        series = "" if keys is None else f" of series {keys[int(np.searchsorted(begin, row, side='right')) - 1]!r}"
        msg = (
            f"The time index{series} skips, repeats or reorders steps before {times[row]}. Sort it, drop "
            "duplicates and add the missing steps as NaN, for example with y.asfreq(...) or y.reindex(...)."
        )
        raise DataError(msg)
