"""Open-Meteo's archive: what to ask for, and how to read the answer.

Requests take ``timezone=GMT`` for hours, so that each day has 24, and ``timezone=auto`` for days, which are then days
of the place's own clock. ``null`` is a value that the archive does not have (yet).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tjepa_weather.variables import Variable

__all__ = ["query", "read_answer"]

_SECTION = {"h": "hourly", "D": "daily"}
_UNITS = {"hPa at sea level": "hPa"}


def query(
    latitude: float,
    longitude: float,
    *,
    start: str,
    end: str,
    frequency: str,
    variables: Mapping[str, Variable],
    model: str = "best_match",
) -> dict[str, str]:
    """Return the parameters of one request, first and last day included.

    Examples
    --------
    >>> from tjepa_weather.variables import choose_variables
    >>> wind = choose_variables("D", ["wind"])
    >>> query(52.52, 13.41, start="2024-01-01", end="2024-12-31", frequency="D", variables=wind)["daily"]
    'wind_speed_10m_mean'
    """
    return {
        "latitude": f"{latitude}",
        "longitude": f"{longitude}",
        "start_date": start,
        "end_date": end,
        _SECTION[frequency]: ",".join(variable.open_meteo for variable in variables.values()),
        "timezone": "GMT" if frequency == "h" else "auto",
        "models": model,
        # The defaults of today, asked for by name: nobody's change of a default shall change our units.
        "temperature_unit": "celsius",
        "wind_speed_unit": "kmh",
        "precipitation_unit": "mm",
    }


def read_answer(answer: object, frequency: str, variables: Mapping[str, Variable]) -> pd.DataFrame:
    """Read one parsed answer into a table with a column for each variable.

    Returns
    -------
    Floats, NaN for ``null``. Stamps have no zone: hours are UTC, days those of the place.

    Raises
    ------
    DataError
        If the answer reports an error, lacks a variable, or has another unit or zone than was asked for.
    """
    section = _SECTION[frequency]
    if not isinstance(answer, dict) or answer.get("error") or section not in answer:
        raise DataError(f"Open-Meteo answers {str(answer)[:200]}; expected {section} values: update tjepa-weather")
    if frequency == "h" and answer.get("utc_offset_seconds") != 0:
        raise DataError(
            f"Open-Meteo sends hours of zone {answer.get('timezone')!r}, expected GMT: update tjepa-weather"
        )
    values, units = answer[section], answer.get(f"{section}_units", {})
    columns = {name: _column(values, units, variable) for name, variable in variables.items()}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(pd.to_datetime(values["time"]), name="date"))


def _column(values: Mapping[str, Any], units: Mapping[str, str], variable: Variable) -> list[float]:
    if variable.open_meteo not in values:
        raise DataError(f"Open-Meteo's answer lacks {variable.open_meteo!r}; it has {[*values]}: leave that one out")
    unit, expected = units.get(variable.open_meteo), _UNITS.get(variable.unit, variable.unit)
    if unit not in (None, expected, "undefined"):
        raise DataError(f"Open-Meteo sends {variable.open_meteo} in {unit!r}, expected {expected!r}")
    return [float("nan") if value is None else float(value) for value in values[variable.open_meteo]]
