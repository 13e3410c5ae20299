"""Pretraining over several domains: what it is the same as, and what the artifact tells of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators import PretrainedEncoder
from tjepa_estimators.errors import ConfigError


@pytest.fixture
def domains(waves):
    return {"short": waves[0], "long": waves[1:]}


def test_the_same_seed_gives_the_same_weights_and_other_shares_others(pretrain_tiny, domains):
    first = pretrain_tiny(domains, steps=3)
    assert pretrain_tiny(domains, steps=3).fingerprint == first.fingerprint
    for mixture in ({"temperature": 1.0}, {"weights": {"short": 0.9, "long": 0.1}}, {"validation": 0.3}):
        assert pretrain_tiny(domains, mixture=mixture, steps=3).fingerprint != first.fingerprint


def test_the_mixture_changes_nothing_where_there_is_one_domain(pretrain_tiny, waves):
    plain = pretrain_tiny(waves, steps=3)
    named = pretrain_tiny({"waves": waves}, mixture={"validation": 0.5, "temperature": 1.0}, steps=3)
    assert named.fingerprint == plain.fingerprint
    assert named.info.provenance == plain.info.provenance
    assert (plain.info.provenance.shares, plain.info.provenance.domains) == ({}, {})


def test_the_artifact_tells_shares_and_health_of_each_domain_and_keeps_them(pretrain_tiny, domains, tmp_path):
    encoder = pretrain_tiny(domains, config={"quantiles": {}}, mixture={"weights": {"short": 1, "long": 3}}, steps=3)
    provenance = encoder.info.provenance
    assert provenance.shares == {"short": 0.25, "long": 0.75}
    assert list(provenance.domains) == ["short", "long"]
    for health in provenance.domains.values():
        assert {"loss", "lift_over_copy", "quantiles.loss"} <= set(health)
        assert np.isfinite(list(health.values())).all()
    assert PretrainedEncoder.load(encoder.save(tmp_path / "encoder")).info == encoder.info


def test_a_domain_of_weight_zero_is_watched_and_not_learned_from(pretrain_tiny, domains):
    mixture = {"weights": {"short": 0.0, "long": 1.0}}
    one, other = (
        pretrain_tiny(domains | {"short": values}, mixture=mixture, steps=3)
        for values in (domains["short"], 5.0 * domains["short"] ** 3)
    )
    assert one.fingerprint == other.fingerprint
    assert set(one.info.provenance.domains) == {"short", "long"}
    assert one.info.provenance.domains["short"] != other.info.provenance.domains["short"]


def test_a_domain_with_a_single_held_out_window_is_told_without_what_it_cannot_show(pretrain_tiny, domains):
    encoder = pretrain_tiny(domains, mixture={"validation": 0.02}, steps=2)
    assert np.isfinite(list(encoder.info.provenance.domains["short"].values())).all()


def test_domains_of_other_frequencies_and_channels_and_with_gaps_go_together(pretrain_tiny, waves):
    gappy = waves[0].copy()
    gappy[40:90] = np.nan
    data = {"gappy": gappy, "channels": np.column_stack([waves[1], waves[1] ** 2]), "brief": np.arange(5.0)}
    encoder = pretrain_tiny(data, config={"quantiles": {}}, steps=3)
    assert all(value.isfinite().all() for value in encoder.build().state_dict().values())
    assert list(encoder.info.provenance.shares) == ["gappy", "channels", "brief"]


@pytest.mark.parametrize(
    ("mixture", "message"),
    [
        ({"temp": 2.0}, "MixtureConfig knows"),
        ({"weights": {"short": 1.0}}, r"but the domains are \['long', 'short'\]"),
    ],
)
def test_a_mixture_that_does_not_fit_is_refused(pretrain_tiny, domains, mixture, message):
    with pytest.raises(ConfigError, match=message):
        pretrain_tiny(domains, mixture=mixture, steps=1)


@pytest.mark.parametrize(
    "values",
    [np.array([7.0]), np.arange(3.0), np.zeros(100), np.where(np.arange(200) % 40 < 33, np.nan, np.arange(200.0))],
    ids=["one step", "shorter than a patch", "zero", "gaps"],
)
def test_odd_data_trains_to_finite_weights_with_quantiles_too(pretrain_tiny, values):
    encoder = pretrain_tiny(values, config={"quantiles": {}}, steps=3)
    assert all(value.isfinite().all() for value in encoder.build().state_dict().values())
    assert np.isfinite(encoder.forecaster()(torch.zeros(1, 5), 7).numpy()).all()
