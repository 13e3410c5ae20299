"""Weather measured at stations, from Meteostat."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.cache import cache_folder
from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import ConfigError
from tjepa_weather.assembly import assemble
from tjepa_weather.coordinates import is_on_earth
from tjepa_weather.fetched import FetchedWeather
from tjepa_weather.span import Span
from tjepa_weather.variables import choose_variables
from tjepa_weather.year_files import YearFiles

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.frames import FrameDomain
    from tjepa_estimators.data.remote.quality import QualityReport

__all__ = ["DEFAULT_STATIONS", "Stations"]

Where: TypeAlias = str | tuple[float, float]
"""The id of a station, or latitude and longitude of a place."""

DEFAULT_STATIONS: MappingProxyType[str, Where] = MappingProxyType(
    {
        "Frankfurt Airport": "10637",
        "London Heathrow": "03772",
        "New York LaGuardia": "72503",
        "Tokyo": "47662",
        "Sydney Airport": "94767",
    }
)

_USUAL = Retry()


@dataclass(frozen=True, kw_only=True, eq=False)
class Stations(FetchedWeather):
    """Temperature, humidity, precipitation, pressure and wind as measured, one series for each station.

    Nothing is fetched before :meth:`series` is called; then file by file of one station and year, each kept in the
    cache, so that a download that was stopped goes on. Hours are UTC. Days are those that the weather services report,
    in most cases of local time. What was not measured is NaN.

    Parameters
    ----------
    stations
        Ids of Meteostat (``"10637"``), or names with an id or a place ``(latitude, longitude)``. A place takes the
        nearest station that reports all variables, or else some; :attr:`located` tells which.
    variables
        Channels, see :mod:`tjepa_weather.variables`; None takes all of the frequency.
    frequency
        ``"h"`` or ``"D"``.
    start, end
        First and last day.
    models
        Whether to keep values of forecast models, with which Meteostat fills gaps.
    radius
        Kilometres around a place in which a station counts as near.
    cache
        Folder; None takes the user's, see :func:`~tjepa_estimators.data.remote.cache.cache_folder`.
    address
        Where Meteostat's files are.
    timeout
        Seconds to wait for the server.
    retry
        How often and how patiently to try again.

    Raises
    ------
    ConfigError
        If a setting is unknown or impossible.

    Examples
    --------
    >>> Stations(stations={"Bergen": (60.39, 5.32)}, variables=["temperature", "wind"], frequency="D").info.title
    'Daily weather at 1 station'
    >>> (series,) = Stations().sample()
    >>> series.channels
    ('temperature', 'humidity', 'precipitation', 'pressure', 'wind')
    """

    stations: Mapping[str, Where] | Sequence[str] = field(default_factory=DEFAULT_STATIONS.copy)
    variables: Sequence[str] | None = None
    frequency: str = "h"
    start: str = "2020-01-01"
    end: str = "2024-12-31"
    models: bool = False
    radius: float = 50.0
    cache: str | Path | None = None
    address: str = "https://data.meteostat.net"
    timeout: float = 30.0
    retry: Retry = _USUAL
    info: DomainInfo = field(init=False)

    def __post_init__(self) -> None:
        choose_variables(self.frequency, self.variables)
        where = self._where
        if not where or self.radius <= 0 or not all(_is_known(one) for one in where.values()):
            raise ConfigError(
                f"stations={self.stations!r}, radius={self.radius}; give Meteostat's ids, such as ['10637'], or names "
                "with (latitude, longitude), such as {'Berlin': (52.52, 13.41)}, and a radius above 0"
            )
        _ = self._span
        word = "Hourly" if self.frequency == "h" else "Daily"
        info = DomainInfo(
            name="stations",
            title=f"{word} weather at {len(where)} station{'s' * (len(where) > 1)}",
            licence="CC BY 4.0",
            source="Meteostat (meteostat.net) and the weather services that it names as its sources",
            frequency=self.frequency,
            season=24 if self.frequency == "h" else 365,
            sha256="",
        )
        object.__setattr__(self, "info", info)

    @cached_property
    def located(self) -> dict[str, str]:
        """The id of the station of each series; fetches where there are places."""
        wanted = choose_variables(self.frequency, self.variables)
        return {name: self._files.station_at(where, self._span, wanted) for name, where in self._where.items()}

    def _fetch(self) -> tuple[FrameDomain, dict[str, QualityReport]]:
        frames = {name: self._files.collect(station, self._span) for name, station in self.located.items()}
        return assemble(self.info, frames, self._span, [*choose_variables(self.frequency, self.variables)])

    @cached_property
    def _files(self) -> YearFiles:
        client = HttpClient(self.address, user_agent="tjepa-weather", timeout=self.timeout, retry=self.retry)
        return YearFiles(client, cache_folder(self.cache) / "meteostat", models=self.models, radius=self.radius)

    @property
    def _span(self) -> Span:
        return Span.between(self.frequency, self.start, self.end, earliest="1850-01-01")

    @property
    def _where(self) -> dict[str, Where]:
        if isinstance(self.stations, str):
            raise ConfigError(f"stations={self.stations!r}; give a list, as [{self.stations!r}]")
        if isinstance(self.stations, Mapping):
            return dict(self.stations)
        return {one: one for one in self.stations}


def _is_known(where: object) -> bool:
    return bool(re.fullmatch(r"[A-Z0-9]{5}", where)) if isinstance(where, str) else is_on_earth(where)
