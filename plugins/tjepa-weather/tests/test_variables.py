"""The table of variables agrees with the providers."""

from __future__ import annotations

import pandas as pd
import pytest
from meteostat.core.parameters import parameter_service
from meteostat.enumerations import Granularity
from tjepa_weather.variables import DAILY, HOURLY, choose_variables

from tjepa_estimators.errors import ConfigError

ALL = [(Granularity.HOURLY, *one) for one in HOURLY.items()] + [(Granularity.DAILY, *one) for one in DAILY.items()]


@pytest.mark.parametrize(("granularity", "name", "variable"), ALL)
def test_a_variable_has_meteostats_unit_and_no_wider_bounds(granularity, name, variable):
    known = parameter_service.get_parameter(variable.meteostat, granularity)
    assert variable.unit.split()[0] == known.unit
    bounds = pd.Series([float(variable.low), float(variable.high)])
    assert all(one.test(bounds, None, name).all() for one in known.validators)


def test_without_names_all_variables_are_taken_and_names_keep_their_order():
    assert choose_variables("h", None) == HOURLY
    assert [*choose_variables("D", ["wind", "temperature"])] == ["wind", "temperature"]


@pytest.mark.parametrize(
    ("frequency", "names"), [("W", None), ("h", ["temperature_min"]), ("D", ["snow"]), ("h", []), ("h", "wind")]
)
def test_what_is_unknown_is_refused(frequency, names):
    with pytest.raises(ConfigError, match=r"choose|give a list"):
        choose_variables(frequency, names)
