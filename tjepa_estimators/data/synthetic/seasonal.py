"""Seasons: up to three nested cycles, their strength and shape slowly changing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import interpolate, smooth_curve, standardise
from tjepa_estimators.data.synthetic.kinds import log_uniform
from tjepa_estimators.data.synthetic.profiles import profile

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CALENDARS", "draw_periods", "season", "seasons", "weekdays"]

CALENDARS = (
    (24.0, 168.0, 8766.0),  # hours: day, week, year
    (96.0, 672.0, 48.0),  # quarters of an hour: day, week, half a day
    (48.0, 336.0, 24.0),  # half hours
    (144.0, 1008.0, 72.0),  # ten minutes
    (288.0, 2016.0, 12.0),  # five minutes: day, week, hour
    (60.0, 1440.0, 15.0),  # minutes: hour, day, quarter
    (7.0, 365.25, 30.44),  # days: week, year, month
    (52.18, 13.04, 4.35),  # weeks: year, quarter, month
    (12.0, 3.0, 6.0),  # months: year, quarter, half
    (4.0, 8.0, 16.0),  # quarters
)
"""Periods that go together, strongest first."""

_CALENDAR_SHARES = (0.28, 0.14, 0.1, 0.09, 0.05, 0.08, 0.16, 0.04, 0.05, 0.01)


def seasons(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw one to three seasons on top of each other, some with a profile of the days of the week."""
    periods = draw_periods(rng, count)
    strength = rng.gamma(1.0, 1.0, (count, 3)) * (1.0, 0.6, 0.4)
    strength[:, 0] += 0.5
    strength[:, 1:] *= rng.random((count, 2)) < (0.55, 0.25)
    total = strength[:, :1] * season(rng, periods[:, :1], length)
    has_weekdays = rng.random((count, 1)) < 0.3
    total *= np.where(has_weekdays, weekdays(rng, periods[:, :1], length), 1.0)
    for number in (1, 2):
        rows = np.flatnonzero(strength[:, number])
        if len(rows):
            more = season(rng, periods[rows, number, np.newaxis], length)
            total[rows] += strength[rows, number, np.newaxis] * more
    return standardise(total)


def draw_periods(rng: np.random.Generator, count: int) -> Float[np.ndarray, "count 3"]:
    """Draw three periods for each series: most of a calendar, some near one, some anything."""
    periods = np.array(CALENDARS)[rng.choice(len(CALENDARS), size=count, p=_CALENDAR_SHARES)]
    is_near = rng.random((count, 1)) < 0.15
    periods = np.where(is_near, periods * np.exp(rng.normal(0, 0.1, (count, 3))), periods)
    is_free = rng.random((count, 1)) < 0.2
    anything = np.hstack([log_uniform(rng, 5.0, 400.0, count) for _ in range(3)])
    return np.maximum(np.where(is_free, anything, periods), 3.0)


def season(
    rng: np.random.Generator, periods: Float[np.ndarray, "count 1"], length: int
) -> Float[np.ndarray, "count length"]:
    """Repeat a random profile with the given period, in steps; its strength drifts and differs between cycles."""
    count = len(periods)
    cycles = np.arange(length) / periods + rng.random((count, 1))
    table = profile(rng, count)
    number = cycles.astype(np.intp)
    wave = interpolate(np.hstack([table, table[:, :1]]), (cycles - number) * table.shape[1])
    drift = smooth_curve(rng, count, length, log_uniform(rng, 100.0, 1000.0, count))
    by_cycle = np.take_along_axis(rng.standard_normal((count, int(number.max()) + 1)), number, axis=1)
    spread = rng.uniform(0, 0.4, (count, 1)) * drift + (rng.random((count, 1)) < 0.3) * 0.25 * by_cycle
    return wave * np.exp(spread)


def weekdays(
    rng: np.random.Generator, periods: Float[np.ndarray, "count 1"], length: int
) -> Float[np.ndarray, "count length"]:
    """Draw a factor for each seventh of seven periods: five working days, then two others."""
    count = len(periods)
    factors = 1 + 0.15 * rng.standard_normal((count, 7)) * (rng.random((count, 1)) < 0.5)
    factors[:, 5:] *= rng.uniform(0.1, 1.2, (count, 1))
    day = (np.arange(length) / periods + 7 * rng.random((count, 1))).astype(np.intp) % 7
    return np.take_along_axis(factors, day, axis=1)
