"""The variables that both domains offer: unit, the providers' names, and which values are plausible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["DAILY", "HOURLY", "Variable", "choose_variables", "empty_frame"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One channel.

    Parameters
    ----------
    unit
        Both providers are asked for, and give, the same unit.
    meteostat
        Column in Meteostat's yearly files.
    open_meteo
        Name in Open-Meteo's archive.
    low, high
        What lies outside is a fault of a sensor or of a decoder. Temperatures: the records are -89.2 and 56.7 °C; the
        other bounds are those of Meteostat.
    """

    unit: str
    meteostat: str
    open_meteo: str
    low: float
    high: float


HOURLY: Mapping[str, Variable] = {
    "temperature": Variable("°C", "temp", "temperature_2m", -90, 60),
    "humidity": Variable("%", "rhum", "relative_humidity_2m", 0, 100),
    "precipitation": Variable("mm", "prcp", "precipitation", 0, 350),
    "pressure": Variable("hPa at sea level", "pres", "pressure_msl", 850, 1090),
    "wind": Variable("km/h", "wspd", "wind_speed_10m", 0, 250),
}
"""Values of an hour; precipitation is the sum of the hour that ends at the stamp."""

DAILY: Mapping[str, Variable] = {
    "temperature": Variable("°C", "temp", "temperature_2m_mean", -90, 60),
    "temperature_min": Variable("°C", "tmin", "temperature_2m_min", -90, 60),
    "temperature_max": Variable("°C", "tmax", "temperature_2m_max", -90, 60),
    "humidity": Variable("%", "rhum", "relative_humidity_2m_mean", 0, 100),
    "precipitation": Variable("mm", "prcp", "precipitation_sum", 0, 2000),
    "pressure": Variable("hPa at sea level", "pres", "pressure_msl_mean", 850, 1090),
    "wind": Variable("km/h", "wspd", "wind_speed_10m_mean", 0, 150),
}
"""Means over a day, its extremes of temperature, and its sum of precipitation."""

_BY_FREQUENCY = {"h": HOURLY, "D": DAILY}


def choose_variables(frequency: str, names: Sequence[str] | None) -> dict[str, Variable]:
    """Look up the variables of a frequency, all of them where no names are given.

    Raises
    ------
    ConfigError
        If the frequency is neither ``"h"`` nor ``"D"``, or a name is unknown at that frequency.

    Examples
    --------
    >>> {name: variable.unit for name, variable in choose_variables("h", ["temperature", "wind"]).items()}
    {'temperature': '°C', 'wind': 'km/h'}
    """
    if frequency not in _BY_FREQUENCY:
        raise ConfigError(f"Unknown frequency {frequency!r}; choose 'h' for hourly or 'D' for daily values")
    known = _BY_FREQUENCY[frequency]
    chosen = tuple(known) if names is None else tuple(names)
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen or isinstance(names, str):
        raise ConfigError(f"variables={names!r} at frequency {frequency!r}; give a list with some of {[*known]}")
    return {name: known[name] for name in chosen}


def empty_frame(variables: Iterable[str]) -> pd.DataFrame:
    """A table without rows, for a year of which a provider has nothing."""
    return pd.DataFrame(columns=[*variables], index=pd.DatetimeIndex([], name="date"), dtype=float)
