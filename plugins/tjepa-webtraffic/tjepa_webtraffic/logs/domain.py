"""The data domain ``web_logs``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.frames import FrameDomain
from tjepa_estimators.data.splits import check_split
from tjepa_estimators.errors import DataError, DataQualityWarning
from tjepa_webtraffic.logs.config import LogConfig
from tjepa_webtraffic.logs.count import LogReport, count
from tjepa_webtraffic.logs.files import LogFile, merged
from tjepa_webtraffic.logs.lines import parse_lines
from tjepa_webtraffic.logs.sample import sample_lines
from tjepa_webtraffic.logs.steps import to_steps

if TYPE_CHECKING:
    import pandas as pd

    from tjepa_estimators import Series
    from tjepa_webtraffic.logs.requests import Request

__all__ = ["WebLogs"]

Paths: TypeAlias = str | Path | Sequence[str | Path]

_SITE = "site"


class WebLogs:
    r"""Page views and sessions per step, from logs of servers or analytics tools; one series for each site.

    Files are read when :meth:`series` is called first, line by line, in memory that does not grow with them. Lines are
    in the common or combined log format, rows of ``.csv`` files have a time and a visitor; both may be packed
    (``.gz``). A step without a page view is 0, as that was observed; a step in which the log was not written is NaN:
    what ``gaps`` declares, and 24 hours or more without any line. The first and the last step, of which the log has a
    part only, are left out unless ``start`` and ``end`` say that it has all.

    Parameters
    ----------
    files
        The files of the log, in any order, of one server or of several that write at the same time; or a mapping from
        the names of several sites to theirs.
    config
        How to count.

    Examples
    --------
    >>> WebLogs().sample()[0].channels
    ('page_views', 'sessions')
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "access.log")
    ...     _ = path.write_text("\n".join(sample_lines(days=3)))
    ...     logs = WebLogs(path, LogConfig(frequency="2h"))
    ...     hours = logs.series("train")[0]
    ...     print(logs.reports()["site"])
    460 lines: 194 page views in 74 sessions, 72 of bots, 194 other requests, 0 malformed, 0 late; silent: never
    """

    def __init__(self, files: Paths | Mapping[str, Paths] = (), config: LogConfig | None = None) -> None:
        self.files = files
        self.config = config or LogConfig()
        self.info = DomainInfo(
            name="web_logs",
            title="Page views and sessions, from logs",
            licence="that of your logs; the sample is computed, CC0 1.0",
            source="logs of servers or analytics tools",
            frequency=self.config.frequency,
            season=self.config.season,
            sha256="",
        )
        self._read: tuple[FrameDomain, dict[str, LogReport]] | None = None

    def series(self, split: str = "all") -> list[Series]:
        """Return the series of one split: ``"train"``, ``"test"`` (the last fifth of the time) or ``"all"``.

        Raises
        ------
        DataError
            If no files were given, one cannot be read as a log, or the split is unknown.
        """
        check_split(split, self.info.name)
        return self._counted()[0].series(split)

    def reports(self) -> dict[str, LogReport]:
        """What the lines of each site were: page views, bots, malformed ones and so on."""
        return self._counted()[1]

    def sample(self) -> list[Series]:
        """Return six days of a computed log, per hour: small, and needs no file."""
        frame, _ = _count(parse_lines(sample_lines()), LogConfig(), "the sample")
        return FrameDomain(info=replace(self.info, frequency="h"), frames={"computed log": frame}).sample()

    def _counted(self) -> tuple[FrameDomain, dict[str, LogReport]]:
        if self._read is None:
            found = {site: self._site(site, paths) for site, paths in self._sites().items()}
            frames = {site: frame for site, (frame, _) in found.items()}
            self._read = (
                FrameDomain(info=self.info, frames=frames),
                {site: report for site, (_, report) in found.items()},
            )
            _warn(self._read[1])
        return self._read

    def _sites(self) -> dict[str, list[Path]]:
        sites = self.files if isinstance(self.files, Mapping) else {_SITE: self.files}
        paths = {
            site: [Path(files)] if isinstance(files, str | os.PathLike) else [Path(one) for one in files]
            for site, files in sites.items()
        }
        empty = [site for site, files in paths.items() if not files]
        if empty or not paths:
            raise DataError(
                f"There are no logs for {empty or 'any site'}; name the files, which are read when they are needed: "
                "WebLogs(['access.log', 'access.log.1.gz']). WebLogs().sample() is a computed log."
            )
        return paths

    def _site(self, site: str, paths: list[Path]) -> tuple[pd.DataFrame, LogReport]:
        zone = ZoneInfo(self.config.timezone)
        requests = merged(LogFile(path, self.config.columns, zone) for path in paths)
        return _count(requests, self.config, f"The log of {site!r}")


def _count(requests: Iterable[Request | None], config: LogConfig, label: str) -> tuple[pd.DataFrame, LogReport]:
    counts = count(requests, config, label)
    return to_steps(counts, config, label), counts.report


def _warn(reports: Mapping[str, LogReport]) -> None:
    faults = [f"{site}: {report}" for site, report in reports.items() if not report.is_clean]
    if faults:
        warnings.warn("Logs had faults:\n  " + "\n  ".join(faults), DataQualityWarning, stacklevel=4)
