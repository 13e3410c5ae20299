"""Meteostat's yearly files: gzipped csv with a ``_source`` column beside each value.

Read here and not through ``meteostat.hourly``: version 2.1 fetches them without a time limit, turns every failure into
"no data", keeps that answer for 30 days, and drops implausible values unsaid.
"""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING

import pandas as pd
from meteostat.core.providers import provider_service
from meteostat.enumerations import Grade

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tjepa_weather.variables import Variable

__all__ = ["DamagedFileError", "read_year"]

_STAMP = {"h": ["year", "month", "day", "hour"], "D": ["year", "month", "day"]}
_MODEL_GRADES = (Grade.FORECAST, Grade.ANALYSIS)


class DamagedFileError(DataError):
    """The file ends early or cannot be unpacked; another try may help."""


def read_year(body: bytes, frequency: str, variables: Mapping[str, Variable], *, models: bool = False) -> pd.DataFrame:
    """Read one year of one station.

    Parameters
    ----------
    body
        The file as it was sent.
    frequency
        ``"h"`` or ``"D"``.
    variables
        The columns of the result; one that the file lacks is NaN.
    models
        Whether values that Meteostat took from a forecast model, to fill a gap, stay; otherwise they are NaN.

    Returns
    -------
    Floats in the order of the file, duplicates included. Stamps have no zone: hours are UTC, days are as reported.

    Raises
    ------
    DataError
        If the columns are not those that are expected; :class:`DamagedFileError` if the file is incomplete.
    """
    table, stamp = _table(body), _STAMP[frequency]
    if list(table.columns[: len(stamp)]) != stamp:
        raise DataError(
            f"Meteostat's file begins with the columns {list(table.columns[:5])}, expected {stamp}: "
            "the format has changed; update tjepa-weather"
        )
    index = pd.DatetimeIndex(pd.to_datetime(table[stamp]), name="date")
    columns = {name: _column(table, variable.meteostat, models=models) for name, variable in variables.items()}
    return pd.DataFrame(columns).set_axis(index)


def _table(body: bytes) -> pd.DataFrame:
    try:
        # A proxy may have unpacked it on the way.
        text = (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body).decode()
        return pd.read_csv(io.StringIO(text), low_memory=False)
    except (EOFError, OSError, zlib.error, ValueError) as error:
        raise DamagedFileError(f"A file of Meteostat arrived damaged ({error}); fetch it again") from error


def _column(table: pd.DataFrame, name: str, *, models: bool) -> pd.Series[float]:
    if name not in table:
        return pd.Series(float("nan"), index=table.index)
    values = pd.to_numeric(table[name], errors="coerce").astype(float)
    if models or f"{name}_source" not in table:
        return values
    sources = table[f"{name}_source"].fillna("").astype(str)  # one or more, with spaces between
    ids = {str(provider.id) for provider in provider_service.providers if provider.grade in _MODEL_GRADES}
    return values.mask(sources.isin([one for one in sources.unique() if not ids.isdisjoint(one.split())]))
