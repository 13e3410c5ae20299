"""What a Darts training dataset holds, as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.darts._compat import SequentialTorchTrainingDataset, n_steps_between
from tjepa_estimators.tasks.covariates import Covariates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float

__all__ = ["arrays_of", "covariates_of"]


def arrays_of(dataset: Any) -> list[Float[np.ndarray, "time channels"]]:
    """The target series of a dataset, cut to the steps that it draws samples from.

    Raises
    ------
    DataError
        The dataset is not one that Darts itself makes from series.
    """
    if not isinstance(dataset, SequentialTorchTrainingDataset):
        msg = (
            f"fit_from_dataset was given a {type(dataset).__name__}, but the head is solved on whole series; pass a "
            "SequentialTorchTrainingDataset, or call fit() with the series."
        )
        raise DataError(msg)
    return [one.random_component_values(copy=False)[-_steps_in_use(dataset) :] for one in dataset.series]


def covariates_of(dataset: Any) -> Covariates:
    """The covariates of a dataset, row by row beside the target; NaN where there is none."""
    static = None
    if dataset.uses_static_covariates_covariates:
        static = [one.static_covariates_values(copy=False).ravel() for one in dataset.series]
    return Covariates(
        known=_beside_target(dataset, dataset.future_covariates),
        past=_beside_target(dataset, dataset.past_covariates),
        static=static,
    )


def _steps_in_use(dataset: Any) -> int:
    """Steps at the end of each series that the latest ``max_samples_per_ts`` samples reach back to."""
    return int(dataset.size_of_both_chunks + (dataset.max_samples_per_ts - 1) * dataset.stride)


def _beside_target(dataset: Any, covariates: Sequence[Any] | None) -> list[Float[np.ndarray, "time features"]] | None:
    if covariates is None:
        return None
    steps = _steps_in_use(dataset)
    return [_aligned(beside, one)[-steps:] for beside, one in zip(covariates, dataset.series, strict=True)]


def _aligned(covariate: Any, target: Any) -> Float[np.ndarray, "time features"]:
    values = covariate.random_component_values(copy=False)
    lead = n_steps_between(end=target.start_time(), start=covariate.start_time(), freq=target.freq)
    rows = np.arange(len(target)) + lead
    inside = (rows >= 0) & (rows < len(values))
    aligned = np.full((len(target), values.shape[1]), np.nan, dtype=values.dtype)
    aligned[inside] = values[rows[inside]]
    return aligned
