"""The plugin is found by its names, lightly."""

from __future__ import annotations

import pytest

from tjepa_estimators import load_domain
from tjepa_estimators.plugins.catalog import get_domain
from tjepa_estimators.testing.domain import (
    RegisteredDomain,
    check_hooks_import_no_torch,
    check_info_is_complete,
    check_sample_needs_no_network,
)


@pytest.mark.parametrize("name", ["stations", "places"])
@pytest.mark.parametrize("check", [check_hooks_import_no_torch, check_info_is_complete, check_sample_needs_no_network])
def test_a_registered_domain_keeps_what_can_be_checked_offline(check, name):
    check(RegisteredDomain(name))


@pytest.mark.parametrize("name", ["stations", "places"])
def test_it_comes_with_its_licence_and_a_summary(name):
    assert load_domain(name).info.licence.startswith("CC BY 4.0")
    assert get_domain(name).summary
