"""Meteostat's database of stations: which stations lie near a place and have reported what is wanted."""

from __future__ import annotations

import sqlite3
import time
import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd
from meteostat import Point
from meteostat.api.stations import Stations as MeteostatStations
from meteostat.core.providers import provider_service
from meteostat.enumerations import Granularity

from tjepa_estimators.data.remote.retry import TransientFailure, with_retries
from tjepa_estimators.errors import DataQualityWarning, DownloadError

if TYPE_CHECKING:
    from pathlib import Path

    from tjepa_estimators.data.remote.http import HttpClient

__all__ = ["StationDirectory", "fetch_directory"]

_GRANULARITIES = {"h": {Granularity.HOURLY}, "D": {Granularity.HOURLY, Granularity.DAILY}}
"""Whose records count: Meteostat derives days from hours too."""
_MAX_AGE = 30 * 24 * 3600


class StationDirectory(MeteostatStations):
    """Meteostat's own queries, on a database file that the caller has fetched.

    Meteostat would fetch it to a place that is set once per process, and keep a file that was cut off for a month.

    Parameters
    ----------
    file
        The SQLite database.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def _get_file_path(self) -> str:
        return str(self._file)

    def connect(self, in_memory: bool | None = None) -> sqlite3.Connection:  # noqa: ARG002 - never in memory
        """Open the file."""
        return super().connect(in_memory=False)

    def near(self, place: tuple[float, float], radius: float) -> list[str]:
        """Ids of the stations within ``radius`` km of a latitude and longitude, nearest first."""
        found = self.nearby(Point(*place), radius=int(radius * 1000), limit=50)
        return [str(one) for one in found.index]

    def reported(self, station: str, frequency: str, start: pd.Timestamp, end: pd.Timestamp) -> set[str]:
        """Columns of which the inventory of a station has values at some time from ``start`` to ``end``."""
        found = self.inventory(station).df
        if found is None:
            return set()
        rows = found.reset_index()
        overlap = (pd.to_datetime(rows["start"]) <= end) & (pd.to_datetime(rows["end"]) >= start)
        kept = rows[overlap & rows["provider"].map(lambda one: _may_serve(one, frequency))]
        return set(kept["parameter"].str.lower())


def fetch_directory(client: HttpClient, file: Path) -> StationDirectory:
    """Open the database, fetched first where it is absent or older than 30 days.

    Raises
    ------
    DownloadError
        If it cannot be fetched. An old one is used instead, with a
        :class:`~tjepa_estimators.errors.DataQualityWarning`.
    """
    if not file.exists() or time.time() - file.stat().st_mtime > _MAX_AGE:
        try:
            with_retries(lambda: _fetch(client, file), what="Meteostat's stations.db", retry=client.retry)
        except DownloadError as error:
            if not file.exists():
                raise
            warnings.warn(f"Using the old {file.name}, it cannot be renewed: {error}", DataQualityWarning, stacklevel=2)
    return StationDirectory(file)


def _fetch(client: HttpClient, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".part")
    aside.write_bytes(client.content("/stations.db"))
    try:
        with closing(sqlite3.connect(aside)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise TransientFailure(f"the database arrived damaged: {found}")
    aside.replace(file)


def _may_serve(provider: str, frequency: str) -> bool:
    """A provider that this release of the package does not know may serve anything."""
    spec = provider_service.get_provider(provider)
    return spec is None or spec.granularity in _GRANULARITIES[frequency]
