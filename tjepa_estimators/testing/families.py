"""Kinds of estimators: how each is copied, what it is fitted on, what comes out, which suite its library has.

A kind is told by the names of an estimator's base classes, so that no library is imported before one is used.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.base import clone

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.testing.subjects import optional, wave

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FAMILIES", "Family", "family_of", "quiet"]


def _with_params(estimator: Any, **params: Any) -> Any:  # noqa: ANN401 - of any library
    return clone(estimator).set_params(**params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of estimator."""

    library: str
    base: str
    """Name of the base class in ``library``."""
    fit: Callable[[Any], Any]
    """Fit an estimator on small data and return it."""
    outputs: Callable[[Any], NDArray[np.floating[Any]]]
    """What a fitted estimator gives for that data."""
    fresh: Callable[..., Any] = _with_params
    """``fresh(estimator, **params)``: an unfitted copy with other parameters."""
    suite: Callable[[Any], Mapping[str, str]] | None = None
    """The checks of the library itself: the error of each, empty where it passed."""


def family_of(estimator: object) -> Family:
    """The kind of an estimator.

    Raises
    ------
    ConfigError
        If it is none that is known.
    """
    bases = {(base.__module__.partition(".")[0], base.__name__) for base in type(estimator).__mro__}
    for family in FAMILIES:
        if (family.library, family.base) in bases:
            return family
    known = ", ".join(f"{family.library}'s {family.base}" for family in FAMILIES)
    raise ConfigError(f"{type(estimator).__name__} is no estimator that can be checked; it must derive from {known}.")


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what the wrapped libraries warn of, and the collapse that one step of training looks like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"y": wave()})


def _rows() -> NDArray[np.float64]:
    """Twenty rows of eight columns: steps of eight channels, or windows of eight steps."""
    return wave().reshape(20, 8)


def _series() -> Any:  # noqa: ANN401 - Darts ships no types
    return optional("darts").TimeSeries.from_values(wave())


def _like_darts(estimator: Any, **params: Any) -> Any:  # noqa: ANN401 - of any library
    return type(estimator)(**{**estimator.model_params, **params})


def _suite_of_sklearn(estimator: object) -> dict[str, str]:
    check = optional("sklearn.utils.estimator_checks").check_estimator
    errors: dict[str, str] = {}
    for result in check(estimator, on_skip=None, on_fail=None):
        error = repr(result["exception"]) if result["status"] == "failed" else ""
        errors[result["check_name"]] = errors.get(result["check_name"]) or error
    return errors


def _suite_of_sktime(estimator: object) -> dict[str, str]:
    check = optional("sktime.utils.estimator_checks").check_estimator
    errors: dict[str, str] = {}
    for name, result in check(estimator, verbose=False).items():
        test = name.partition("[")[0]
        errors[test] = errors.get(test) or ("" if isinstance(result, str) else repr(result))
    return errors


FAMILIES: tuple[Family, ...] = (
    Family(
        library="sktime",
        base="BaseForecaster",
        fit=lambda one: one.fit(_frame(), fh=[1, 2, 3]),
        outputs=lambda one: one.predict().to_numpy(),
        suite=_suite_of_sktime,
    ),
    Family(
        library="sktime",
        base="BaseDetector",
        fit=lambda one: one.fit(_frame()),
        outputs=lambda one: one.transform_scores(_frame()).to_numpy(dtype=float),
        suite=_suite_of_sktime,
    ),
    Family(
        library="sktime",
        base="BaseTransformer",
        fit=lambda one: one.fit(_frame()),
        outputs=lambda one: one.transform(_frame()).to_numpy(dtype=float),
        suite=_suite_of_sktime,
    ),
    Family(
        library="darts",
        base="ForecastingModel",
        fit=lambda one: one.fit(_series(), verbose=False),
        outputs=lambda one: one.predict(3, series=_series(), verbose=False).values(),
        fresh=_like_darts,
    ),
    Family(
        library="pyod",
        base="BaseDetector",
        fit=lambda one: one.fit(_rows()),
        outputs=lambda one: one.decision_function(_rows()),
    ),
    Family(
        library="sklearn",
        base="OutlierMixin",
        fit=lambda one: one.fit(_rows()),
        outputs=lambda one: one.score_samples(_rows()),
        suite=_suite_of_sklearn,
    ),
    Family(
        library="sklearn",
        base="TransformerMixin",
        fit=lambda one: one.fit(_rows()),
        outputs=lambda one: one.transform(_rows()),
        suite=_suite_of_sklearn,
    ),
    Family(
        library="sklearn",
        base="ClassifierMixin",
        fit=lambda one: one.fit(_rows(), [0, 1] * 10),
        outputs=lambda one: one.predict_proba(_rows()),
        suite=_suite_of_sklearn,
    ),
)
"""All kinds that can be checked."""
