"""Fetches years of Open-Meteo's archive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from tjepa_estimators.data.remote.cache import FrameCache
from tjepa_estimators.data.remote.parts import PartStore
from tjepa_weather.archive import query, read_answer
from tjepa_weather.variables import choose_variables, empty_frame

if TYPE_CHECKING:
    from pathlib import Path

    from tjepa_estimators.data.remote.cache import Key
    from tjepa_estimators.data.remote.http import HttpClient
    from tjepa_estimators.data.remote.parts import Part
    from tjepa_weather.span import Span

__all__ = ["Archive"]

_DELAY = pd.Timedelta(days=2)
"""The archive ends that long ago, and refuses what is later."""
_SETTLING = timedelta(days=7)
"""ERA5 comes five days late; what is asked for earlier is null."""


class Archive:
    """Open-Meteo's archive, through a cache.

    Parameters
    ----------
    client
        Asks Open-Meteo.
    folder
        Of the cache.
    model
        Name of the reanalysis.
    """

    def __init__(self, client: HttpClient, folder: Path, *, model: str) -> None:
        self._client, self._model = client, model
        self._store = PartStore(cache=FrameCache(folder), licence="CC BY 4.0", settling=_SETTLING)

    def collect(self, place: tuple[float, float], span: Span) -> pd.DataFrame:
        """All variables of the years of a span, as they came."""
        latitude, longitude = place
        key: Key = {
            "provider": "open-meteo",
            "latitude": latitude,
            "longitude": longitude,
            "frequency": span.frequency,
            "model": self._model,
        }
        return self._store.collect(key, span.years(), lambda part: self._year(place, part, span.frequency))

    def _year(self, place: tuple[float, float], part: Part, frequency: str) -> pd.DataFrame:
        variables = choose_variables(frequency, None)
        last = min(part.end - pd.Timedelta(days=1), pd.Timestamp(datetime.now(UTC).date()) - _DELAY)
        if last < part.start:
            return empty_frame(variables)
        asked = query(
            *place,
            start=f"{part.start:%Y-%m-%d}",
            end=f"{last:%Y-%m-%d}",
            frequency=frequency,
            variables=variables,
            model=self._model,
        )
        return read_answer(self._client.json("/v1/archive", asked), frequency, variables)
