"""Fetches Meteostat's yearly files, and finds the station for a place."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from tjepa_estimators.data.remote.cache import FrameCache
from tjepa_estimators.data.remote.parts import PartStore
from tjepa_estimators.data.remote.retry import TransientFailure, with_retries
from tjepa_estimators.errors import DataError, DownloadError
from tjepa_weather.bulk import DamagedFileError, read_year
from tjepa_weather.directory import StationDirectory, fetch_directory
from tjepa_weather.variables import choose_variables, empty_frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from tjepa_estimators.data.remote.cache import Key
    from tjepa_estimators.data.remote.http import HttpClient
    from tjepa_estimators.data.remote.parts import Part
    from tjepa_weather.span import Span
    from tjepa_weather.variables import Variable

__all__ = ["YearFiles"]

_FOLDERS = {"h": "hourly", "D": "daily"}
_SETTLING = timedelta(days=30)
"""Weather services send corrections for weeks."""


class YearFiles:
    """Meteostat's bulk data, through a cache.

    Parameters
    ----------
    client
        Asks Meteostat.
    folder
        Of the cache.
    models
        Whether values of forecast models stay.
    radius
        Kilometres around a place in which a station counts as near.
    """

    def __init__(self, client: HttpClient, folder: Path, *, models: bool, radius: float) -> None:
        self._client, self._folder, self._models, self._radius = client, folder, models, radius
        self._store = PartStore(cache=FrameCache(folder), licence="CC BY 4.0", settling=_SETTLING)

    @cached_property
    def _directory(self) -> StationDirectory:
        return fetch_directory(self._client, self._folder / "stations.db")

    def collect(self, station: str, span: Span) -> pd.DataFrame:
        """All variables of the years of a span, as they came; no rows for years of which there is no file."""
        key: Key = {"provider": "meteostat", "station": station, "frequency": span.frequency, "models": self._models}
        return self._store.collect(key, span.years(), lambda part: self._year(station, part, span.frequency))

    def station_at(self, where: str | tuple[float, float], span: Span, wanted: Mapping[str, Variable]) -> str:
        """The station that was named, or the nearest to a place: first of those that report all that is wanted.

        Raises
        ------
        DataError
            If no station within the radius has a value.
        """
        if isinstance(where, str):
            return where
        near = self._directory.near(where, self._radius)
        for station in self._promising(near, span, {variable.meteostat for variable in wanted.values()}):
            if span.cut(self.collect(station, span))[[*wanted]].notna().to_numpy().any():
                return station
        raise DataError(
            f"None of the {len(near)} stations within {self._radius:g} km of {where} has values of {[*wanted]} from "
            f"{span.first:%Y-%m-%d} to {span.last:%Y-%m-%d}; give a larger radius, another time, or take the domain "
            "'places', which has values everywhere"
        )

    def _promising(self, near: list[str], span: Span, columns: set[str]) -> list[str]:
        reported = {one: self._directory.reported(one, span.frequency, span.first, span.last) & columns for one in near}
        return [one for one in near if reported[one] == columns] + [
            one for one in near if reported[one] and reported[one] != columns
        ]

    def _year(self, station: str, part: Part, frequency: str) -> pd.DataFrame:
        path = f"/{_FOLDERS[frequency]}/{part.start.year}/{station}.csv.gz"
        variables = choose_variables(frequency, None)

        def attempt() -> pd.DataFrame:
            body = self._client.content(path)
            try:
                return read_year(body, frequency, variables, models=self._models)
            except DamagedFileError as error:
                raise TransientFailure(str(error)) from error

        try:
            return with_retries(attempt, what=self._client.address + path, retry=self._client.retry)
        except DownloadError as error:
            if error.status != 404:
                raise
            return empty_frame(variables)
