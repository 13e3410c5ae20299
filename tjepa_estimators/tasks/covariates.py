"""Covariates as features of a window: standardised, flattened, missing values counted as the mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float, Int

__all__ = ["CovariateScale", "Covariates"]


@dataclass(frozen=True, slots=True)
class Covariates:
    """What is known beside the target; each list has one array per series.

    ``known`` rows start with the target's first step and go on into the future; ``past`` rows stop where
    the target does; ``static`` are plain vectors.
    """

    known: Sequence[Float[np.ndarray, "time features"]] | None = None
    past: Sequence[Float[np.ndarray, "time features"]] | None = None
    static: Sequence[Float[np.ndarray, features]] | None = None

    @property
    def is_empty(self) -> bool:
        """No covariate of any kind."""
        return self.known is None and self.past is None and self.static is None

    def checked(self, lengths: Sequence[int], steps: int = 0) -> Covariates:
        """The same as arrays of two axes (of one for ``static``), each long enough for its series.

        Parameters
        ----------
        lengths
            Steps of each series.
        steps
            Steps after them that ``known`` must reach.

        Raises
        ------
        DataError
            Not one array per series, too few rows, or infinite values.
        """
        return Covariates(
            known=_checked("known", self.known, [length + steps for length in lengths]),
            past=_checked("past", self.past, list(lengths)),
            static=_checked("static", self.static, [0] * len(lengths)),
        )


def _checked(name: str, arrays: Sequence[np.ndarray] | None, needed: Sequence[int]) -> list[np.ndarray] | None:
    if arrays is None:
        return None
    if len(arrays) != len(needed):
        msg = f"{len(arrays)} arrays of {name} covariates were given for {len(needed)} series; give one for each."
        raise DataError(msg)
    checked = [np.asarray(array, dtype=np.float64) for array in arrays]
    for one, (array, rows) in enumerate(zip(checked, needed, strict=True)):
        if len(array) < rows:
            msg = (
                f"The {name} covariates of series {one} have {len(array)} rows, but {rows} are needed: they must start "
                "with the series, and those that are known ahead must reach the last step to forecast."
            )
            raise DataError(msg)
        if np.isinf(array).any():
            msg = f"The {name} covariates of series {one} hold infinite values; replace them by NaN (missing)."
            raise DataError(msg)
    return [array.ravel() if name == "static" else array.reshape(len(array), -1) for array in checked]


@dataclass(frozen=True, slots=True)
class _Standard:
    mean: Float[np.ndarray, features]
    std: Float[np.ndarray, features]

    @classmethod
    def of(cls, rows: Float[np.ndarray, "rows features"]) -> _Standard:
        seen = np.isfinite(rows)
        count = np.maximum(seen.sum(axis=0), 1)
        mean = np.where(seen, rows, 0.0).sum(axis=0) / count
        std = np.sqrt(np.where(seen, rows - mean, 0.0).__pow__(2).sum(axis=0) / count)
        return cls(mean, np.where(std > 0, std, 1.0))

    def __call__(self, rows: Float[np.ndarray, "... features"]) -> Float[np.ndarray, "... features"]:
        return np.nan_to_num((rows - self.mean) / self.std, nan=0.0)


@dataclass(frozen=True, slots=True)
class CovariateScale:
    """Turns covariates into features; the scale was learned in ``fit``."""

    lookback: int
    """Past steps of a covariate that become features."""
    horizon: int
    known: _Standard | None
    past: _Standard | None
    static: _Standard | None

    @classmethod
    def fit(cls, covariates: Covariates, lookback: int, horizon: int) -> CovariateScale:
        """Learn the scale of each covariate from the training series."""

        def standard(arrays: Sequence[np.ndarray] | None) -> _Standard | None:
            return None if arrays is None else _Standard.of(np.concatenate([np.atleast_2d(array) for array in arrays]))

        return cls(lookback, horizon, *map(standard, (covariates.known, covariates.past, covariates.static)))

    @property
    def num_features(self) -> int:
        """Features of one window."""
        spans = ((self.known, self.lookback + self.horizon), (self.past, self.lookback), (self.static, 1))
        return sum(span * len(scale.mean) for scale, span in spans if scale is not None)

    def features(
        self,
        covariates: Covariates,
        series: Int[np.ndarray, rows],
        origin: Int[np.ndarray, rows],
    ) -> Float[np.ndarray, "rows features"]:
        """Features of windows whose last observed step is ``origin - 1``.

        Raises
        ------
        DataError
            A covariate that was there in ``fit`` is missing, or has another number of columns.
        """
        parts: list[np.ndarray] = []
        for name, span in (("known", (-self.lookback, self.horizon)), ("past", (-self.lookback, 0)), ("static", None)):
            scale, arrays = getattr(self, name), getattr(covariates, name)
            if scale is None:
                continue
            if arrays is None or any(np.atleast_2d(array).shape[1] != len(scale.mean) for array in arrays):
                msg = f"The model was fitted with {len(scale.mean)} {name} covariates; give the same ones to predict."
                raise DataError(msg)
            if span is None:
                parts.append(scale(np.stack([np.ravel(arrays[one]) for one in series])))
            else:
                width = (span[1] - span[0]) * len(scale.mean)  # reshape cannot infer it for no rows at all
                parts.append(scale(_gather(arrays, series, origin, span)).reshape(len(series), width))
        return np.concatenate(parts, axis=1).astype(np.float32) if parts else np.empty((len(series), 0), np.float32)


def _gather(
    arrays: Sequence[np.ndarray], series: np.ndarray, origin: np.ndarray, span: tuple[int, int]
) -> Float[np.ndarray, "rows steps features"]:
    """Rows ``origin + span`` of each window's covariates; NaN where there are none."""
    lengths = np.array([len(array) for array in arrays])
    flat = np.concatenate([np.asarray(array, dtype=np.float64) for array in arrays])
    start = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    steps = origin[:, None] + np.arange(*span)
    inside = (steps >= 0) & (steps < lengths[series][:, None])
    rows = flat[np.where(inside, start[series][:, None] + steps, 0)]
    return np.where(inside[..., None], rows, np.nan)
