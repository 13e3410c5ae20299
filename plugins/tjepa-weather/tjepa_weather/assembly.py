"""From what a provider sent to a domain: cut, tidied, on a grid, with a report of what was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tjepa_estimators.data.remote.frames import FrameDomain
from tjepa_estimators.data.remote.quality import QualityReport, tidy, warn_of
from tjepa_weather.rules import weather_rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from tjepa_estimators.contracts import DomainInfo
    from tjepa_weather.span import Span

__all__ = ["assemble"]


def assemble(
    info: DomainInfo, fetched: Mapping[str, pd.DataFrame], span: Span, variables: Sequence[str]
) -> tuple[FrameDomain, dict[str, QualityReport]]:
    """Make a domain of what was fetched.

    Parameters
    ----------
    info
        Of the domain.
    fetched
        Rows as they came, by name of the series.
    span, variables
        What is kept of them. A variable without any value at one series is left out of that series.

    Returns
    -------
    The domain and a report for each series; one warning tells all that was not clean.

    Raises
    ------
    DataError
        If a series has no value at all.
    """
    rules = weather_rules(span.frequency, variables)
    frames, reports = {}, {}
    for name, rows in fetched.items():
        regular, report = tidy(span.cut(rows)[[*variables]], name=name, frequency=span.frequency, rules=rules)
        frames[name], reports[name] = _without_empty(regular, report)
    domain = FrameDomain(info=info, frames=frames)
    warn_of(reports.values(), info.name)
    return domain, reports


def _without_empty(frame: pd.DataFrame, report: QualityReport) -> tuple[pd.DataFrame, QualityReport]:
    empty = [str(name) for name in frame if frame[name].isna().all()]
    if not empty or len(empty) == len(frame.columns):
        return frame, report
    return frame.drop(columns=empty), report.noting(f"no value of {', '.join(empty)} (left out)")
