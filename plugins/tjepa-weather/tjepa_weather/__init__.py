"""Weather of stations (Meteostat) and places (Open-Meteo); this module describes them and imports no pandas."""

from __future__ import annotations

from tjepa_estimators.plugins import DomainSpec, hookimpl

__all__ = ["tjepa_domains"]


@hookimpl
def tjepa_domains() -> list[DomainSpec]:
    """Return the two domains; ``weather`` and ``weather_hourly`` are small files that the core bundles."""
    return [
        DomainSpec(
            name="stations",
            target="tjepa_weather.stations:Stations",
            summary="Weather measured at stations, hourly or daily, by Meteostat",
        ),
        DomainSpec(
            name="places",
            target="tjepa_weather.places:Places",
            summary="Weather at any place since 1940, hourly or daily, by Open-Meteo",
        ),
    ]
