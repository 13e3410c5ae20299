"""What every estimator around a pretrained encoder must keep: the weights, through everything that users do."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from tjepa_estimators.artifact import PretrainedEncoder
from tjepa_estimators.testing.families import family_of, quiet
from tjepa_estimators.testing.report import Check, Report, SkipCheck, expect, run_checks
from tjepa_estimators.testing.subjects import TINY_JEPA, TINY_TRAIN, tiny_artifact

__all__ = ["ESTIMATOR_CHECKS", "EstimatorMaker", "check_estimator"]

MakeEstimator: TypeAlias = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class EstimatorMaker:
    """Makes unfitted copies of an estimator."""

    estimator: Any
    library_failures: Mapping[str, str] = field(default_factory=dict)
    """Checks of the library's own suite that are known to fail, each with the reason."""

    def __call__(self) -> Any:  # noqa: ANN401 - an estimator of any library
        """An unfitted copy."""
        return family_of(self.estimator).fresh(self.estimator)


def _fitted(make: MakeEstimator, **params: Any) -> Any:  # noqa: ANN401 - an estimator of any library
    made = make()
    family = family_of(made)
    with quiet():
        return family.fit(family.fresh(made, **params))


def _outputs(fitted: object) -> Any:  # noqa: ANN401 - an array
    with quiet():
        return family_of(fitted).outputs(fitted)


def check_fit_never_changes_the_weights(make: MakeEstimator) -> None:
    """``fit`` uses what ``pretrained=`` holds and leaves every bit of it as it is.

    Take the frozen ``encoder.module`` for inference and train on ``encoder.build()``, which is a copy; expose the
    encoder in use as ``pretrained_``.
    """
    encoder = tiny_artifact()
    before = encoder.fingerprint
    fitted = _fitted(make, pretrained=encoder)
    expect(fitted.pretrained_.fingerprint == before, "pretrained_ is not the encoder that was given.")
    after = PretrainedEncoder(encoder.info, encoder.module.state_dict()).fingerprint
    expect(after == before, "Fitting changed the weights of the given encoder.")


def check_clones_keep_the_weights(make: MakeEstimator) -> None:
    """A clone, also of a fitted estimator, is fitted with the same encoder.

    Store ``pretrained`` in ``__init__`` exactly as it is given and change it nowhere; put what ``fit`` learns into
    attributes that end in an underscore.
    """
    encoder = tiny_artifact()
    fitted = _fitted(make, pretrained=encoder)
    family = family_of(fitted)
    with quiet():
        again = family.fit(family.fresh(fitted))
    expect(again.pretrained_.fingerprint == encoder.fingerprint, "The clone lost the pretrained encoder.")


def check_fitting_again_gives_the_same(make: MakeEstimator) -> None:
    """Fitted twice on the same data, an estimator gives the same and finite numbers.

    Forget in ``fit`` what an earlier ``fit`` learned, and draw every random number from ``random_state`` or a fixed
    seed.
    """
    fitted = _fitted(make, pretrained=tiny_artifact())
    first = _outputs(fitted)
    with quiet():
        second = _outputs(family_of(fitted).fit(fitted))
    expect(bool(np.isfinite(first).all()), "The output is not finite.")
    np.testing.assert_allclose(second, first, rtol=1e-6, err_msg="A second fit on the same data gives other numbers.")


def check_pickles_give_the_same(make: MakeEstimator) -> None:
    """A fitted estimator that went through pickle gives the same numbers and has the same encoder.

    Keep no trainers, locks, open files or lambdas as attributes.
    """
    fitted = _fitted(make, pretrained=tiny_artifact())
    wanted = _outputs(fitted)
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - made on the same line
    expect(again.pretrained_.fingerprint == fitted.pretrained_.fingerprint, "The pickled copy has other weights.")
    np.testing.assert_allclose(_outputs(again), wanted, rtol=1e-6, err_msg="The pickled copy gives other numbers.")


def check_pretrains_where_no_weights_are_given(make: MakeEstimator) -> None:
    """With ``pretrained=None``, ``fit`` pretrains on its data and exposes the encoder as ``pretrained_``.

    Call ``tjepa_estimators.pretrain`` with the parameters ``encoder``, ``encoder_config``, ``config`` and ``train``.
    """
    fitted = _fitted(make, pretrained=None, config=TINY_JEPA, train=TINY_TRAIN)
    expect(isinstance(fitted.pretrained_, PretrainedEncoder), f"pretrained_ is {type(fitted.pretrained_).__name__}.")
    expect(bool(np.isfinite(_outputs(fitted)).all()), "The output is not finite.")


def check_library_suite(make: MakeEstimator) -> None:
    """The library's own suite accepts the estimator (scikit-learn's and sktime's ``check_estimator``).

    Run that function on the estimator to see each error. A check of it that cannot hold is announced, with the reason,
    in ``library_failures``.
    """
    made = make()
    suite = family_of(made).suite
    if suite is None:
        raise SkipCheck(f"{family_of(made).library} has no suite for estimators")
    with quiet():
        errors = suite(made)
    announced = getattr(make, "library_failures", {})
    failed = [f"{name}: {error}" for name, error in errors.items() if error and name not in announced]
    expect(not failed, f"{len(failed)} checks of {family_of(made).library} fail. {' '.join(failed)}")
    passed = [name for name in announced if not errors.get(name)]
    expect(not passed, f"These were announced to fail, but passed or do not exist: {passed}.")


ESTIMATOR_CHECKS: tuple[Check, ...] = (
    check_fit_never_changes_the_weights,
    check_clones_keep_the_weights,
    check_fitting_again_gives_the_same,
    check_pickles_give_the_same,
    check_pretrains_where_no_weights_are_given,
    check_library_suite,
)
"""All checks of an estimator; each is called as ``check(make)``."""


def check_estimator(
    estimator: object,
    expected_failures: Mapping[str, str] | None = None,
    library_failures: Mapping[str, str] | None = None,
) -> Report:
    """Run all checks on an estimator: of its library, and of what pretrained weights need beside.

    Parameters
    ----------
    estimator
        An estimator of sktime, Darts, scikit-learn or PyOD with the parameters ``pretrained``, ``config`` and
        ``train``; it is copied, never fitted.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.
    library_failures
        The same, for checks of the library's own suite.

    Returns
    -------
    What each check found.

    Raises
    ------
    ConformanceError
        If a check failed; the message says for each how to keep its law.
    ConfigError
        If it is no estimator of these libraries.
    """
    family_of(estimator)
    report = run_checks(ESTIMATOR_CHECKS, EstimatorMaker(estimator, library_failures or {}), expected_failures)
    report.raise_for_failures()
    return report
