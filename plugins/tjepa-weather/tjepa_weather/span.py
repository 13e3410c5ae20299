"""Which time a domain covers, and how finely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pandas as pd

from tjepa_estimators.data.remote.parts import parts_of
from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.parts import Part

__all__ = ["Span"]


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days, hourly or daily.

    Parameters
    ----------
    frequency
        ``"h"`` or ``"D"``.
    first
        Midnight of the first day.
    last
        Midnight of the last day, which is included.
    """

    frequency: str
    first: pd.Timestamp
    last: pd.Timestamp

    @classmethod
    def between(cls, frequency: str, start: str, end: str, earliest: str) -> Self:
        """Read two dates, both included.

        Raises
        ------
        ConfigError
            If they are no dates, in the wrong order, or before ``earliest``.

        Examples
        --------
        >>> [part.start.year for part in Span.between("h", "2023-06-01", "2024-01-31", "1940-01-01").years()]
        [2023, 2024]
        """
        try:
            first, last = pd.Timestamp(start), pd.Timestamp(end)
        except ValueError as error:
            raise ConfigError(f"start={start!r}, end={end!r}: {error}; give dates such as '2024-12-31'") from error
        if not pd.Timestamp(earliest) <= first <= last or (first, last) != (first.normalize(), last.normalize()):
            raise ConfigError(f"start={start!r}, end={end!r}; give two days in order, none before {earliest}")
        return cls(frequency, first, last)

    def years(self) -> list[Part]:
        """The years to fetch, whole ones: so a part is found in the cache whatever span is asked for next."""
        return parts_of(self.first, self.last + pd.Timedelta(days=1))

    def cut(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep the rows of the span, in the order in which they came."""
        return frame[(frame.index >= self.first) & (frame.index < self.last + pd.Timedelta(days=1))]
