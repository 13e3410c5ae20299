"""Meteostat's database of stations: which stations lie near a place and have reported what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from meteostat import Point
from meteostat.api.stations import Stations as MeteostatStations
from meteostat.core.providers import provider_service
from meteostat.enumerations import Granularity

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["StationDirectory"]

_GRANULARITIES = {"h": {Granularity.HOURLY}, "D": {Granularity.HOURLY, Granularity.DAILY}}
"""Whose records count: Meteostat derives days from hours too."""


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

    def covers(self, station: str, frequency: str, columns: Sequence[str], start: str, end: str) -> bool:
        """Whether the station's inventory reports one of the columns at all, and all of it overlaps with the time."""
        found = self.inventory(station).df
        if found is None:
            return False
        rows = found.reset_index()
        kept = rows[rows["provider"].map(lambda one: _granularity(one) in _GRANULARITIES[frequency])]
        kept = kept[kept["parameter"].str.lower().isin(columns)]
        overlap = (pd.to_datetime(kept["start"]) <= end) & (pd.to_datetime(kept["end"]) >= start)
        return bool(overlap.any())


def _granularity(provider: str) -> Granularity | None:
    spec = provider_service.get_provider(provider)
    return None if spec is None else spec.granularity
