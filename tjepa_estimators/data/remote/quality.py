"""Tidy a frame of observations, and report what was wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tjepa_estimators.data.remote.grid import off_grid, on_grid
from tjepa_estimators.errors import DataError, DataQualityWarning

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.rules import Rule

__all__ = ["QualityReport", "tidy", "warn_of"]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was wrong with one series, and what became of it."""

    name: str
    num_rows: int = 0
    """As they came."""
    num_unsorted: int = 0
    """Rows that were earlier than the row before; sorted."""
    num_duplicates: int = 0
    """Rows whose time was given again; the last one counts."""
    num_off_grid: int = 0
    """Rows between the steps of the grid; left out."""
    bad: Mapping[str, int] = field(default_factory=dict)
    """Values that broke a rule, by its name; now NaN."""
    num_gaps: int = 0
    """Steps of the grid without any value; NaN. No fault: markets and shops close."""
    notes: tuple[str, ...] = ()
    """What a domain adds."""

    @property
    def is_clean(self) -> bool:
        """Nothing had to be changed; gaps do not count."""
        return not (self.num_unsorted or self.num_duplicates or self.num_off_grid or self.bad or self.notes)

    def noting(self, *notes: str) -> QualityReport:
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def __str__(self) -> str:
        counts = {
            "out of order (sorted)": self.num_unsorted,
            "with a time that comes again (last kept)": self.num_duplicates,
            "off the grid (left out)": self.num_off_grid,
        }
        found = [f"{count} rows {what}" for what, count in counts.items() if count]
        found += [f"{count} values {rule} (now missing)" for rule, count in self.bad.items()]
        return f"{self.name}, {self.num_rows} rows: {'; '.join([*found, *self.notes]) or 'clean'}"


def tidy(
    frame: pd.DataFrame, *, name: str, frequency: str = "", rules: Sequence[Rule] = ()
) -> tuple[pd.DataFrame, QualityReport]:
    """Sort, keep the last of duplicates, blank what breaks a rule, and put on a regular grid.

    Parameters
    ----------
    frame
        Numbers by time; not changed.
    name
        Of the series, for the report.
    frequency
        Of the grid; empty leaves the rows where they are.
    rules
        See :mod:`tjepa_estimators.data.remote.rules`; each sees what the one before it left.

    Raises
    ------
    DataError
        If the index holds no times, or ``frequency`` is not that of the rows.

    Examples
    --------
    >>> from tjepa_estimators.data.remote.rules import positive
    >>> days = pd.DatetimeIndex(["2024-03-04", "2024-03-01", "2024-03-04"])
    >>> raw = pd.DataFrame({"close": [5.0, -1.0, 6.0]}, index=days)
    >>> clean, report = tidy(raw, name="XYZ", frequency="B", rules=[positive(["close"])])
    >>> clean["close"].tolist()
    [nan, 6.0]
    >>> print(report)
    XYZ, 3 rows: 1 rows out of order (sorted); 1 rows with a time that comes again (last kept); 1 values not positive (now missing)
    """  # noqa: E501 - the report is one line
    index = _times(frame, name)
    ordered = frame.sort_index(kind="stable")
    unique = ordered[~ordered.index.duplicated(keep="last")].astype(float)
    clean, bad = _without_bad(unique, rules)
    report = QualityReport(
        name,
        num_rows=len(frame),
        num_unsorted=int((index[1:] < index[:-1]).sum()),
        num_duplicates=len(frame) - len(unique),
        bad=bad,
    )
    if not frequency or not len(unique):
        return clean, report
    num_off = len(off_grid(pd.DatetimeIndex(clean.index), frequency))
    regular = on_grid(clean, frequency)
    return regular, replace(report, num_off_grid=num_off, num_gaps=int(regular.isna().all(axis=1).sum()))


def warn_of(reports: Iterable[QualityReport], domain: str) -> None:
    """One :class:`~tjepa_estimators.errors.DataQualityWarning` for all series that were not clean."""
    found = [str(report) for report in reports if not report.is_clean]
    if found:
        text = "\n  ".join(found)
        warnings.warn(f"Data of the domain {domain!r} had faults:\n  {text}", DataQualityWarning, stacklevel=3)


def _times(frame: pd.DataFrame, name: str) -> pd.DatetimeIndex:
    if not isinstance(frame.index, pd.DatetimeIndex) or frame.index.hasnans:
        raise DataError(
            f"The index of {name!r} is a {type(frame.index).__name__}; expected times, none of them missing: "
            "frame.set_index(pd.to_datetime(frame['time'])), or pass the name of the time column"
        )
    return frame.index


def _without_bad(frame: pd.DataFrame, rules: Sequence[Rule]) -> tuple[pd.DataFrame, dict[str, int]]:
    bad: dict[str, int] = {}
    for rule in rules:
        marks = rule.find(frame).reindex(columns=frame.columns, fill_value=False).to_numpy(dtype=bool)
        if marks.any():
            bad[rule.name] = bad.get(rule.name, 0) + int(marks.sum())
            frame = frame.mask(np.asarray(marks))
    return frame, bad
