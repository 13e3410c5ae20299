"""Values of weather that cannot be true: codes for "missing", and what no instrument has seen on Earth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tjepa_estimators.data.remote.rules import Rule, not_crossed, within
from tjepa_weather.variables import choose_variables

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MISSING_CODES", "weather_rules"]

MISSING_CODES = (-99.0, -99.9, -999.0, -999.9, -9999.0, -9999.9, -99999.0)
"""What files hold in place of nothing; none of our variables can be that low."""


def weather_rules(frequency: str, variables: Sequence[str] | None = None) -> list[Rule]:
    """The rules for our variables, also for a table of one's own whose columns are named and measured as ours.

    Parameters
    ----------
    frequency
        ``"h"`` or ``"D"``.
    variables
        The columns; None for all variables.

    Examples
    --------
    >>> import pandas as pd
    >>> from tjepa_estimators.data.remote.quality import tidy
    >>> hours = pd.date_range("2024-01-01", periods=3, freq="h")
    >>> clean, report = tidy(
    ...     pd.DataFrame({"temperature": [3.5, -999.0, 88.0]}, index=hours),
    ...     name="roof",
    ...     rules=weather_rules("h", ["temperature"]),
    ... )
    >>> clean["temperature"].tolist()
    [3.5, nan, nan]
    >>> dict(report.bad)
    {'that say "missing"': 1, 'of temperature outside -90 to 60 °C': 1}
    """
    chosen = choose_variables(frequency, variables)
    codes = Rule('that say "missing"', lambda frame: frame.isin(MISSING_CODES))
    bounds = [
        replace(
            within([name], variable.low, variable.high),
            name=f"of {name} outside {variable.low:g} to {variable.high:g} {variable.unit}",
        )
        for name, variable in chosen.items()
    ]
    return [codes, *bounds, not_crossed("temperature_min", "temperature_max")]
