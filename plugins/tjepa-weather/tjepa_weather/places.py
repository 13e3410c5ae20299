"""Weather at any place, from Open-Meteo's archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.cache import cache_folder
from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import ConfigError
from tjepa_weather.assembly import assemble
from tjepa_weather.coordinates import is_on_earth
from tjepa_weather.fetched import FetchedWeather
from tjepa_weather.openmeteo import Archive
from tjepa_weather.span import Span
from tjepa_weather.variables import choose_variables

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.frames import FrameDomain
    from tjepa_estimators.data.remote.quality import QualityReport

__all__ = ["DEFAULT_PLACES", "Places"]

DEFAULT_PLACES: MappingProxyType[str, tuple[float, float]] = MappingProxyType(
    {
        "Berlin": (52.52, 13.41),
        "New York": (40.71, -74.01),
        "Nairobi": (-1.29, 36.82),
        "Tokyo": (35.69, 139.69),
        "Sydney": (-33.87, 151.21),
    }
)

_PATIENT = Retry(attempts=7, first=5.0)
"""Waits three minutes in all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Places(FetchedWeather):
    """Temperature, humidity, precipitation, pressure and wind of a reanalysis, one series for each place.

    Values are those of a weather model that was fitted to all observations, on a grid of 9 to 25 km; they have no gaps
    but the latest days. Nothing is fetched before :meth:`series` is called; then year by year, each kept in the cache,
    so that a download that was stopped goes on. Hours are UTC, days are those of the place.

    Parameters
    ----------
    places
        Names with latitude and longitude.
    variables
        Channels, see :mod:`tjepa_weather.variables`; None takes all of the frequency.
    frequency
        ``"h"`` or ``"D"``.
    start, end
        First and last day, from 1940 on.
    model
        Open-Meteo's name of the reanalysis. The default mixes them (finer ones from 2017 on); ``"era5"`` is the same
        model all the time, on 25 km.
    cache
        Folder; None takes the user's, see :func:`~tjepa_estimators.data.remote.cache.cache_folder`.
    address
        Where the archive is; one of your own is possible, Open-Meteo is open source.
    timeout
        Seconds to wait for the server.
    interval
        Least seconds between two requests. A year counts as 26 calls of the 600 a minute that are free.
    retry
        How often and how patiently to try again; by default beyond the minute that a limit lasts.

    Raises
    ------
    ConfigError
        If a setting is unknown or impossible.

    Examples
    --------
    >>> Places(places={"Oslo": (59.91, 10.75)}, frequency="D").info.title
    'Daily weather at 1 place'
    >>> [(series.name, series.channels) for series in Places(frequency="D", variables=["wind"]).sample()]
    [('Seattle', ('wind',))]
    """

    places: Mapping[str, tuple[float, float]] = field(default_factory=DEFAULT_PLACES.copy)
    variables: Sequence[str] | None = None
    frequency: str = "h"
    start: str = "2020-01-01"
    end: str = "2024-12-31"
    model: str = "best_match"
    cache: str | Path | None = None
    address: str = "https://archive-api.open-meteo.com"
    timeout: float = 60.0
    interval: float = 3.0
    retry: Retry = _PATIENT
    info: DomainInfo = field(init=False)

    def __post_init__(self) -> None:
        choose_variables(self.frequency, self.variables)
        _check_places(self.places)
        _ = self._span
        word = "Hourly" if self.frequency == "h" else "Daily"
        info = DomainInfo(
            name="places",
            title=f"{word} weather at {len(self.places)} place{'s' * (len(self.places) > 1)}",
            licence="CC BY 4.0; the free service is for non-commercial use",
            source="Weather data by Open-Meteo.com, from reanalyses of ECMWF and Copernicus",
            frequency=self.frequency,
            season=24 if self.frequency == "h" else 365,
            sha256="",
        )
        object.__setattr__(self, "info", info)

    def _fetch(self) -> tuple[FrameDomain, dict[str, QualityReport]]:
        client = HttpClient(
            self.address, user_agent="tjepa-weather", timeout=self.timeout, interval=self.interval, retry=self.retry
        )
        archive = Archive(client, cache_folder(self.cache) / "open-meteo", model=self.model)
        frames = {name: archive.collect(place, self._span) for name, place in self.places.items()}
        return assemble(self.info, frames, self._span, [*choose_variables(self.frequency, self.variables)])

    @property
    def _span(self) -> Span:
        return Span.between(self.frequency, self.start, self.end, earliest="1940-01-01")


def _check_places(places: Mapping[str, tuple[float, float]]) -> None:
    if not places or not all(is_on_earth(place) for place in places.values()):
        raise ConfigError(
            f"places={dict(places)}; give at least one name with (latitude, longitude) in degrees, north and east "
            "positive, such as {'Berlin': (52.52, 13.41)}"
        )
