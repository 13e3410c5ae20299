"""What every metric asks of its scores and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Real

__all__ = ["alarms_above", "check_scored"]


def check_scored(
    scores: Real[np.ndarray, "time"], labels: Real[np.ndarray, "time"]
) -> tuple[Float[np.ndarray, "time"], Bool[np.ndarray, "time"]]:
    """The scores as float64 and the labels as booleans.

    Raises
    ------
    DataError
        Where they are not one finite score and one label of 0 or 1 for each step, or where no step is labelled 1.
    """
    values, truth = _line("scores", scores), _line("labels", labels)
    if len(values) != len(truth):
        msg = f"There are {len(values)} scores and {len(truth)} labels, but each step needs one of each."
        raise DataError(msg)
    if not np.isfinite(values).all():
        step = int(np.flatnonzero(~np.isfinite(values))[0])
        msg = (
            f"Scores have to be finite, but that of step {step} is {values[step]}. "
            "Leave out the steps that could not be scored, or give them the lowest score."
        )
        raise DataError(msg)
    if not np.isin(truth, (0.0, 1.0)).all():
        found = np.unique(truth)[:5].tolist()
        msg = f"Labels have to be 0 (normal) or 1 (abnormal) or booleans, but {found} are among them."
        raise DataError(msg)
    if not truth.any():
        msg = "No step is labelled 1, so there is nothing to detect. Leave this series out of the comparison."
        raise DataError(msg)
    return values, truth.astype(bool)


def alarms_above(scores: Float[np.ndarray, "time"], threshold: float) -> Bool[np.ndarray, "time"]:
    """Steps whose score lies above the threshold."""
    if np.isnan(threshold):
        msg = "The threshold is NaN, but a number is needed: an alarm is a score above it."
        raise DataError(msg)
    return scores > threshold


def _line(name: str, values: Real[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
    try:
        line = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"The {name} have to be numbers: {error}."
        raise DataError(msg) from error
    if line.ndim != 1 or not line.size:
        msg = f"The {name} have to be a one-dimensional array with one value for each step, not of shape {line.shape}."
        raise DataError(msg)
    return line
