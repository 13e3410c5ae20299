"""sktime's own suite accepts the estimators."""

from __future__ import annotations

import pytest
from sktime.utils.estimator_checks import check_estimator, parametrize_with_checks

from tjepa_estimators.interop.sktime import JEPADetector, JEPAEmbedder, JEPAForecaster

pytestmark = [
    pytest.mark.slow,
    # the suite and the pandas code behind its fixtures warn of their own future; ours is held to errors elsewhere
    pytest.mark.filterwarnings("ignore"),
]


@parametrize_with_checks([JEPAForecaster, JEPADetector, JEPAEmbedder], obj_varname="estimator")
def test_the_suite_of_sktime_passes(estimator, test_name):
    check_estimator(estimator, tests_to_run=test_name, raise_exceptions=True, verbose=False)
