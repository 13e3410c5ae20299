"""Which views of which articles are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tjepa_estimators.errors import ConfigError

__all__ = ["ARTICLES", "FIRST", "PageViewsConfig"]

ARTICLES = (
    "Bitcoin",
    "Christmas",
    "Earthquake",
    "Influenza",
    "Marathon",
    "Photosynthesis",
    "Python (programming language)",
    "Tour de France",
)
"""Articles of the English Wikipedia with different rhythms: weeks of work and of leisure, terms of school, seasons of
the year, events, booms."""

FIRST = pd.Timestamp("2015-07-01")
"""No views are known before."""

_CHOICES = {
    "access": ("all-access", "desktop", "mobile-app", "mobile-web"),
    "agent": ("user", "spider", "automated", "all-agents"),
    "granularity": ("daily", "monthly"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageViewsConfig:
    """Which views are counted.

    Raises
    ------
    ConfigError
        If a setting is unknown or the span is empty.

    Examples
    --------
    >>> PageViewsConfig(project="de.wikipedia", granularity="monthly").frequency
    'MS'
    """

    project: str = "en.wikipedia"
    """The wiki, as in its address."""
    access: str = "all-access"
    """``"desktop"``, ``"mobile-app"``, ``"mobile-web"`` or all of them."""
    agent: str = "user"
    """``"user"`` (people, as far as Wikimedia can tell), ``"spider"``, ``"automated"`` or ``"all-agents"``."""
    granularity: str = "daily"
    """``"daily"`` or ``"monthly"``; hourly views are not offered for articles."""
    start: str = "2015-07-01"
    """First day."""
    end: str = "2026-01-01"
    """The day after the last; a fixed one by default, so that the data stay the same."""

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(f"Wikimedia offers no {name} {getattr(self, name)!r} for articles; choose {choices}.")
        try:
            start, end = self.span
        except ValueError as error:
            raise ConfigError(f"start and end must be days such as '2024-12-31'; {error}") from error
        if not FIRST <= start < end:
            raise ConfigError(f"start={start} and end={end} hold no views; give {FIRST:%Y-%m-%d} <= start < end.")

    @property
    def span(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First day, and the day after the last."""
        return pd.Timestamp(self.start).normalize(), pd.Timestamp(self.end).normalize()

    @property
    def frequency(self) -> str:
        """Of the series; months are named by their first day."""
        return {"daily": "D", "monthly": "MS"}[self.granularity]

    @property
    def season(self) -> int:
        """A week of days, or a year of months."""
        return {"daily": 7, "monthly": 12}[self.granularity]
