"""What this distribution registers can be loaded and holds to the contract."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.contracts import DataDomain
from tjepa_estimators.plugins import builtin


@pytest.mark.parametrize("spec", builtin.tjepa_encoders(), ids=lambda spec: spec.name)
def test_an_encoder_keeps_the_shape_of_its_tokens(spec):
    model = spec.load()(8, spec.load_config()())
    tokens = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0))
    assert model(tokens).shape == tokens.shape
    assert model(tokens, torch.zeros(2, 5, dtype=torch.bool)).shape == tokens.shape


@pytest.mark.parametrize("spec", builtin.tjepa_domains(), ids=lambda spec: spec.name)
def test_a_domain_carries_the_name_that_it_is_found_under(spec):
    domain = spec.load()()
    assert isinstance(domain, DataDomain)
    assert domain.info.name == spec.name
    assert spec.summary
