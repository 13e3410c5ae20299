"""A data domain made of frames: what a plugin fetched, or a csv or DataFrame of one's own."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.grid import grid_of, utc_stamps
from tjepa_estimators.data.remote.quality import tidy, warn_of
from tjepa_estimators.data.series import Series
from tjepa_estimators.data.splits import check_split, split_frames
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.rules import Rule

__all__ = ["FrameDomain", "panel_frames", "read_csv"]

SAMPLE_STEPS = 512


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameDomain:
    """Frames by name, each a series, cut into train and test at one moment for all of them.

    Parameters
    ----------
    info
        Licence, source and the frequency of the grid.
    frames
        Numbers by time on that grid, stamps without a zone; see :func:`~tjepa_estimators.data.remote.quality.tidy`.
        Steps without any value at either end of a frame are left out.

    Raises
    ------
    DataError
        If there is no frame, or one without any value.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=10, freq="D")
    >>> mine = FrameDomain.from_frame(pd.DataFrame({"sold": range(10)}, index=days), frequency="D", season=7)
    >>> [len(mine.series(split)[0]) for split in ("train", "test")]
    [8, 2]
    """

    info: DomainInfo
    frames: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        empty = [name for name, frame in self.frames.items() if not frame.notna().to_numpy().any()]
        if empty or not self.frames:
            raise DataError(
                f"The domain {self.info.name!r} has no values for {empty or 'any series'}; expected at least one "
                "observation in each: leave these out, or choose other columns or another span of time"
            )
        object.__setattr__(self, "frames", {name: _trimmed(frame) for name, frame in self.frames.items()})

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        frequency: str,
        name: str = "own",
        columns: Sequence[str] = (),
        time: str = "",
        panel: str = "",
        season: int = 1,
        licence: str = "private",
        rules: Sequence[Rule] = (),
    ) -> Self:
        """Make a domain of a table of one's own: sorted, without duplicates, on a grid, and with a report of faults.

        Parameters
        ----------
        frame
            One row for each time, or for each time and series.
        frequency
            Of the grid, such as ``"D"``, ``"B"`` or ``"h"``; times without a row become NaN.
        name
            Of the domain.
        columns
            Channels; empty takes all columns but ``time`` and ``panel``.
        time, panel
            Column of the times (empty: the index holds them), and column that tells series apart (empty: one series).
        season
            Steps of the strongest season.
        licence
            Goes into what is trained on the data.
        rules
            Which values cannot be true.

        Raises
        ------
        DataError
            If columns are absent or no numbers, times cannot be read, or rows do not fit the frequency.
        """
        info = DomainInfo(
            name=name,
            title=f"Own data: {name}",
            licence=licence,
            source="given by the user",
            frequency=frequency,
            season=season,
            sha256="",
        )
        parts = panel_frames(frame, columns=columns, time=time, panel=panel, name=name)
        tidied = {key: tidy(part, name=key, frequency=frequency, rules=rules) for key, part in parts.items()}
        warn_of((report for _, report in tidied.values()), name)
        return cls(info=info, frames={key: part for key, (part, _) in tidied.items()})

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        time: str,
        frequency: str,
        name: str = "",
        columns: Sequence[str] = (),
        panel: str = "",
        season: int = 1,
        licence: str = "private",
        rules: Sequence[Rule] = (),
    ) -> Self:
        """Read a csv file and go on as :meth:`from_frame`; the checksum of the file goes into ``info``."""
        frame, sha256 = read_csv(path)
        domain = cls.from_frame(
            frame,
            frequency=frequency,
            name=name or Path(path).name.split(".")[0],
            columns=columns,
            time=time,
            panel=panel,
            season=season,
            licence=licence,
            rules=rules,
        )
        return domain.citing(path, sha256)

    def citing(self, path: str | Path, sha256: str) -> Self:
        """The same, with the name of the file that it was read from and its checksum in ``info``."""
        return replace(self, info=replace(self.info, source=Path(path).name, sha256=sha256))

    def series(self, split: str = "all") -> list[Series]:
        """Return the series of one split.

        Parameters
        ----------
        split
            ``"train"`` is the first 80 % of the time that the whole domain covers, ``"test"`` the rest, ``"all"``
            both. A series that lies in one of the two is absent from the other.

        Raises
        ------
        DataError
            If the split is unknown.
        """
        check_split(split, self.info.name)
        stamps = [stamp for frame in self.frames.values() for stamp in (frame.index[0], frame.index[-1])]
        grid = grid_of(pd.DatetimeIndex(stamps), self.info.frequency)
        return [
            Series(part.to_numpy(dtype=float), index=part.index, name=name, channels=tuple(map(str, part.columns)))
            for name, part in split_frames(self.frames.items(), grid, split)
        ]

    def sample(self) -> list[Series]:
        """Return the last 512 steps of each series."""
        return [one.tail(SAMPLE_STEPS) for one in self.series()]


def read_csv(path: str | Path) -> tuple[pd.DataFrame, str]:
    """Read a csv file, packed or not, and its sha256.

    Raises
    ------
    DataError
        If there is no such file, or it is no csv.
    """
    try:
        # read in one piece: in pieces, a column could hold numbers in one and text in the next
        frame = pd.read_csv(path, float_precision="round_trip", low_memory=False)
        return frame, hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"Cannot read the csv file {str(path)!r}: {error}; give the path of a csv with a header"
        ) from error


def panel_frames(
    frame: pd.DataFrame, *, columns: Sequence[str], time: str, panel: str, name: str
) -> dict[str, pd.DataFrame]:
    """Take a table apart: numbers by time, UTC where the times had a zone, for each series of the panel.

    Raises
    ------
    DataError
        If columns are absent or no numbers, or times cannot be read.
    """
    absent = [one for one in (*columns, *filter(None, (time, panel))) if one not in frame.columns]
    if absent or not len(frame):
        raise DataError(
            f"The table of {name!r} has {len(frame)} rows and the columns {list(frame.columns)}, but no {absent}; "
            "give columns, time and panel as they are named in it"
        )
    chosen = list(columns) or [one for one in frame.columns if one not in (time, panel)]
    numbers = _numbers(frame[chosen], name).set_axis(_times(frame[time] if time else frame.index, name), axis=0)
    if not panel:
        return {name: numbers}
    if frame[panel].isna().any():
        raise DataError(
            f"The column {panel!r} of {name!r} tells series apart, but some rows have none (pandas reads the text 'NA' "
            "as none, too); fill it in, or read the file with pandas.read_csv(keep_default_na=False) and use from_frame"
        )
    return {str(key): part for key, part in numbers.groupby(frame[panel].to_numpy())}


def _numbers(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    wrong = [column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])]
    if wrong:
        raise DataError(
            f"Columns {wrong} of {name!r} are no numbers; name the columns to use with columns=[...], "
            "or convert them with pandas.to_numeric"
        )
    return frame.astype(float)


def _times(values: pd.Series[str] | pd.Index[str], name: str) -> pd.DatetimeIndex:
    if pd.api.types.is_numeric_dtype(values.dtype):
        raise DataError(
            f"The times of {name!r} are numbers, such as {np.asarray(values)[0]}; convert them with pandas.to_datetime"
        )
    try:
        with warnings.catch_warnings(action="error", category=UserWarning):  # of formats that pandas can only guess
            return utc_stamps(pd.DatetimeIndex(pd.to_datetime(values)))
    except (ValueError, TypeError, UserWarning) as error:
        raise DataError(
            f"The times of {name!r} cannot be read: {error}; convert them with pandas.to_datetime"
        ) from error


def _trimmed(frame: pd.DataFrame) -> pd.DataFrame:
    seen = frame.notna().any(axis=1).to_numpy().nonzero()[0]
    return frame.iloc[seen[0] : seen[-1] + 1]
