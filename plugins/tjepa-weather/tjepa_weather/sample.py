"""The offline sample: measured weather that the core bundles, in the units of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.data.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from numpy.typing import NDArray

    Values: TypeAlias = NDArray[np.floating[Any]]

__all__ = ["bundled_sample"]


def _fahrenheit(values: Values) -> Values:
    return (values - 32) / 1.8


def _unchanged(values: Values) -> Values:
    return values


_JFK: dict[str, tuple[str, Callable[[Values], Values]]] = {
    "temperature": ("temp", _fahrenheit),
    "humidity": ("humid", _unchanged),
    "precipitation": ("precip", lambda inches: inches * 25.4),
    "pressure": ("pressure", _unchanged),
    "wind": ("wind_speed", lambda miles: miles * 1.609344),
}
_SEATTLE: dict[str, tuple[str, Callable[[Values], Values]]] = {
    "temperature_min": ("temp_min", _unchanged),
    "temperature_max": ("temp_max", _unchanged),
    "precipitation": ("precipitation", _unchanged),
    "wind": ("wind", lambda metres: metres * 3.6),
}
_SOURCES = {"h": ("weather_hourly", "New York JFK", _JFK), "D": ("weather", "Seattle", _SEATTLE)}


def bundled_sample(frequency: str, variables: Sequence[str]) -> list[Series]:
    """Return the last 512 hours at New York JFK (2013) or days in Seattle (2015), measured by NOAA.

    Parameters
    ----------
    frequency
        ``"h"`` or ``"D"``.
    variables
        Those that the file has become the channels; all that it has where it has none of them. Seattle has neither
        humidity nor pressure nor a daily mean of temperature.

    Examples
    --------
    >>> (series,) = bundled_sample("D", ["temperature_max", "humidity"])
    >>> series.name, series.channels, series.num_steps
    ('Seattle', ('temperature_max',), 512)
    """
    domain, name, columns = _SOURCES[frequency]
    chosen = tuple(one for one in variables if one in columns) or tuple(columns)
    return [_converted(one, name, {channel: columns[channel] for channel in chosen}) for one in _bundled(domain)]


def _bundled(domain: str) -> Sequence[Series]:
    return load_domain(domain).sample()


def _converted(series: Series, name: str, columns: dict[str, tuple[str, Callable[[Values], Values]]]) -> Series:
    values = [convert(series.values[:, series.channels.index(column)]) for column, convert in columns.values()]
    return Series(np.column_stack(values), index=series.index, name=name, channels=tuple(columns))
