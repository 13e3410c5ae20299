"""Gridded frames of xarray: axes by their names, and variables as channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tjepa_estimators.errors import DataError

__all__ = ["axes_of", "is_grid", "read_grid"]

_NAMES = {
    "time": ("time",),
    "height": ("lat", "latitude", "y"),
    "width": ("lon", "longitude", "x"),
    "channel": ("channel", "band", "variable"),
}
_AXES = {name: axis for axis, names in _NAMES.items() for name in names}
_PLACES = {axis: place for place, axis in enumerate(_NAMES)}


def is_grid(items: object) -> bool:
    """Whether it is an object of xarray, which is not imported for this."""
    return type(items).__module__.startswith("xarray")


def axes_of(items: object) -> set[str | None]:
    """Which of time, height, width and channel are named, None for axes of other names; empty for other than xarray."""
    return {_axis(dim) for dim in _dims(items)} if is_grid(items) else set()


def read_grid(grid: Any) -> np.ndarray:  # noqa: ANN401 - of xarray, which is optional
    """The values, axes whose names are known in the order time, height, width, channel; others keep their places.

    Known are time; lat, latitude and y; lon, longitude and x; channel, band and variable. Variables of a Dataset become
    channels, in the order of their names.

    Raises
    ------
    DataError
        The variables of a Dataset have different dimensions, or there are none.
    """
    dims = _dims(grid)
    if hasattr(grid, "data_vars"):
        grid = grid[sorted(grid.data_vars, key=str)].to_array("variable")
    known = iter(sorted(filter(_axis, dims), key=lambda dim: _PLACES[str(_axis(dim))]))
    return np.asarray(grid.transpose(*(next(known) if _axis(dim) else dim for dim in dims)).to_numpy())


def _axis(dim: object) -> str | None:
    return _AXES.get(str(dim).lower())


def _dims(grid: Any) -> tuple[Any, ...]:  # noqa: ANN401 - of xarray, which is optional
    if not hasattr(grid, "data_vars"):
        return tuple(grid.dims)
    found = {name: variable.dims for name, variable in grid.data_vars.items()}
    if not found:
        raise DataError("The Dataset holds no variables; give one whose variables are frames.")
    most = max(found, key=lambda name: len(found[name]))
    if any(set(dims) != set(found[most]) for dims in found.values()):
        msg = f"Variables of a Dataset become channels, but their dimensions differ: {found}. Select those that are"
        raise DataError(f"{msg} frames, such as dataset[[{most!r}]].")
    return (*found[most], "variable")
