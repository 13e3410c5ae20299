"""One time series, checked once: the only container that the core knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Series"]

_CHUNK = 1 << 20
"""Elements looked at together, so that checking a memory-mapped file needs a few megabytes only."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A time series of one or more channels; NaN means missing.

    Arrays of 32 or 64-bit floats are kept as they are, memory-mapped files included: nothing is copied and
    nothing is written to. Integers and booleans become 64-bit floats. Masked elements become NaN.

    Parameters
    ----------
    values
        Shape (time, channels); an array of one dimension is one channel.
    index
        The time of each step, strictly increasing.
    name
        What tells this series from the others of a panel.
    channels
        Names of the channels; empty where they have none.
    static
        Facts about the series that do not change with time.

    Raises
    ------
    DataError
        If the values are empty, not numeric, infinite, or all missing; if there are more than two
        dimensions; if the index or the channel names do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> series = Series(np.arange(10.0), name="ramp")
    >>> series.num_steps, series.num_channels
    (10, 1)
    >>> [len(part) for part in series.split(0.8)]
    [8, 2]
    """

    values: NDArray[np.floating[Any]]
    index: pd.Index[Any] | NDArray[Any] | None = None
    name: Hashable | None = None
    channels: tuple[str, ...] = ()
    static: Mapping[str, float | str] | None = None

    def __post_init__(self) -> None:
        label = "the series" if self.name is None else f"series {self.name!r}"
        values = _as_columns(_as_floats(self.values, label), label)
        _check_observed(values, label)
        if self.channels and len(self.channels) != values.shape[1]:
            raise DataError(
                f"{label} has {values.shape[1]} channels but {len(self.channels)} channel names; "
                "expected one name for each channel: pass as many names as values has columns"
            )
        if self.index is not None:
            _check_index(self.index, len(values), label)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "channels", tuple(self.channels))

    def __len__(self) -> int:
        return self.num_steps

    @property
    def num_steps(self) -> int:
        """Time steps."""
        return int(self.values.shape[0])

    @property
    def num_channels(self) -> int:
        """Channels observed at each step."""
        return int(self.values.shape[1])

    def tail(self, n: int) -> Series:
        """Keep the last ``n`` steps, or the whole series where it is shorter; a view, not a copy."""
        if n < 1:
            raise DataError(f"tail of {n} steps; expected at least 1: pass a positive number of steps")
        return self._part(slice(max(self.num_steps - n, 0), None))

    def split(self, fraction: float) -> tuple[Series, Series]:
        """Cut into the first ``fraction`` of the steps and the rest, neither of them empty; views, not copies."""
        if not 0 < fraction < 1:
            raise DataError(f"split at fraction {fraction}; expected 0 < fraction < 1: pass for example 0.8")
        if self.num_steps < 2:
            raise DataError("cannot split a series of 1 step; expected at least 2: pass a longer series")
        cut = min(max(round(self.num_steps * fraction), 1), self.num_steps - 1)
        return self._part(slice(None, cut)), self._part(slice(cut, None))

    def _part(self, steps: slice) -> Series:
        index = None if self.index is None else self.index[steps]
        return Series(self.values[steps], index, self.name, self.channels, self.static)


def _as_floats(values: object, label: str) -> NDArray[Any]:
    """``values`` as 32 or 64-bit floats, untouched where they already are."""
    values = unmasked(values)
    array: NDArray[Any] = values if isinstance(values, np.memmap) else np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"{label} has values of dtype {array.dtype}; expected numbers: "
            "drop or encode the columns that are no numbers, and convert the rest with astype(float)"
        )
    if array.dtype in (np.float32, np.float64):
        return array
    return array.astype(np.float32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else np.float64)


def _as_columns(values: NDArray[Any], label: str) -> NDArray[Any]:
    """``values`` with the axes (time, channels), neither of them empty."""
    if values.ndim not in (1, 2):
        raise DataError(
            f"{label} has values of {values.ndim} dimensions, shape {values.shape}; expected (time,) or "
            "(time, channels): make one Series of each series, or pass the whole array to as_series"
        )
    if values.size == 0:
        raise DataError(
            f"{label} is empty, shape {values.shape}; expected at least one step and one channel: "
            "leave empty series out"
        )
    return values if values.ndim == 2 else values[:, np.newaxis]


def _chunks(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    rows = max(_CHUNK // values.shape[1], 1)
    return (values[start : start + rows] for start in range(0, len(values), rows))


def _check_observed(values: NDArray[Any], label: str) -> None:
    any_observed = False
    for chunk in _chunks(values):
        finite = np.isfinite(chunk)
        any_observed = any_observed or bool(finite.any())
        if not finite.all() and np.isinf(chunk).any():
            raise DataError(
                f"{label} holds infinite values; expected finite numbers, or NaN where a value is missing: "
                "replace them, for example with np.where(np.isfinite(x), x, np.nan)"
            )
    if not any_observed:
        raise DataError(f"{label} holds NaN only; expected at least one observed value: leave this series out")


def _check_index(index: pd.Index[Any] | NDArray[Any], num_steps: int, label: str) -> None:
    if len(index) != num_steps:
        raise DataError(
            f"{label} has {num_steps} steps but an index of {len(index)}; expected the same number: "
            "pass one time for each step"
        )
    if isinstance(index, np.ndarray):
        is_increasing = bool(np.all(index[1:] > index[:-1]))
    else:
        is_increasing = bool(index.is_monotonic_increasing and index.is_unique)
    if not is_increasing:
        raise DataError(
            f"{label} has an index with duplicates or out of order; expected strictly increasing times: "
            "sort by time and drop or aggregate duplicates"
        )
