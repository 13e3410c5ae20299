"""What a bar of each length means: its grid, its season, and how much of it is fetched at a time."""

from __future__ import annotations

from dataclasses import dataclass

from tjepa_estimators.errors import ConfigError

__all__ = ["Interval", "interval_of"]


@dataclass(frozen=True, slots=True)
class Interval:
    """Length of a bar."""

    name: str
    """As the providers write it."""
    frequency: str
    """Grid, as pandas writes it."""
    season: int
    """Steps of the strongest season; prices have none from day to day."""
    part: str
    """What is kept together in the cache, as pandas writes it; empty for the whole span."""
    kept_days: int = 0
    """How far back the provider goes; 0 where it keeps everything."""

    @property
    def is_intraday(self) -> bool:
        """Shorter than a day, so that its stamps are moments and not dates."""
        return self.name[-1] in "mh"


def interval_of(name: str, table: tuple[Interval, ...]) -> Interval:
    """Find an interval by name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    for one in table:
        if one.name == name:
            return one
    raise ConfigError(f"Unknown interval {name!r}; choose one of {[one.name for one in table]}")
