"""Latitude and longitude."""

from __future__ import annotations

__all__ = ["is_on_earth"]


def is_on_earth(place: object) -> bool:
    """Whether it is a latitude and a longitude in degrees, north and east positive.

    Examples
    --------
    >>> is_on_earth((52.52, 13.41)), is_on_earth((139.69, 35.69)), is_on_earth("Berlin")
    (True, False, False)
    """
    if not isinstance(place, tuple | list) or len(place) != 2:
        return False
    latitude, longitude = place
    numbers = isinstance(latitude, int | float) and isinstance(longitude, int | float)
    return numbers and abs(latitude) <= 90 and abs(longitude) <= 180
