"""The regular grid of times that the series of a frame lie on: whole numbers, periods or time stamps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Int

__all__ = ["Calendar", "frequency"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Times as positions on a grid and back, a whole panel at once.

    Examples
    --------
    >>> months = pd.period_range("2020-01", periods=3, freq="M")
    >>> calendar = Calendar(months[0], months.freq)
    >>> calendar.positions(months).tolist()
    [0, 1, 2]
    >>> str(calendar.times(np.array([12]))[0])
    '2021-01'
    """

    origin: Any
    """The earliest time, position 0."""
    freq: Any
    """Pandas offset between neighbours; None for whole numbers."""

    def positions(self, times: pd.Index) -> Int[np.ndarray, times]:
        """Position of each time; -1 where it is earlier than the origin or off the grid."""
        span = {"end": times.max()} if len(times) and times.max() > self.origin else {"periods": 1}
        return np.asarray(self._grid(**span).get_indexer(times))

    def places(self, times: pd.Index) -> Int[np.ndarray, times]:
        """Position of each time, also before the origin, where it is negative.

        Raises
        ------
        DataError
            Some are off the grid.
        """
        back = 0
        while self._shifted(-back).origin > times.min():
            back = max(1, 2 * back)
        positions = self._shifted(-back).positions(times)
        if (positions < 0).any():
            lost = [str(time) for time in times[positions < 0][:3]]
            step = "steps of 1" if self.freq is None else f"the frequency {getattr(self.freq, 'freqstr', self.freq)}"
            msg = f"The times {lost} are not on the grid of the series, which has {step} and holds {self.origin}."
            raise DataError(msg)
        return positions - back

    def times(self, positions: Int[np.ndarray, times]) -> pd.Index:
        """Time at each position, also before the origin; consecutive time stamps keep their frequency."""
        first, last = int(positions.min()), int(positions.max())
        if first < 0:
            return self._shifted(first).times(positions - first)
        grid = self._grid(periods=last + 1)
        in_a_row = len(positions) == last - first + 1 and bool((np.diff(positions) == 1).all())
        return grid[first:] if in_a_row else grid.take(positions)

    def _grid(self, *, periods: int | None = None, end: Any = None) -> pd.Index:
        if self.freq is None:
            return pd.RangeIndex(self.origin, self.origin + (periods or 0) if end is None else end + 1)
        grid: Any = pd.period_range if isinstance(self.origin, pd.Period) else pd.date_range
        return grid(self.origin, end=end, periods=periods, freq=self.freq)

    def _shifted(self, steps: int) -> Calendar:
        return Calendar(self.origin + (steps if self.freq is None else steps * self.freq), self.freq)


def frequency(times: pd.Index, sample: pd.Index) -> Any:
    """Frequency of time stamps or periods, None for whole numbers.

    Parameters
    ----------
    times
        What may carry a frequency.
    sample
        Times of one long series, to infer the frequency from where ``times`` carries none.

    Raises
    ------
    DataError
        Time stamps without a regular frequency.
    """
    freq = getattr(times, "freq", None)
    if freq is not None or not isinstance(sample, pd.DatetimeIndex):
        return freq
    name = pd.infer_freq(sample) if len(sample) >= 3 else None
    if name is None:
        msg = (
            "The time stamps have no regular frequency, so steps ahead cannot be counted. Make them regular, for "
            'example with y = y.asfreq("D") (a missing step becomes NaN, which may stay), or use a PeriodIndex or '
            "a RangeIndex."
        )
        raise DataError(msg)
    return pd.tseries.frequencies.to_offset(name)
