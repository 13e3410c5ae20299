"""Vectors as a kind of data: levels are kept, missing values do no harm, shapes are held to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tjepa_world.vectors import VectorsConfig, VectorTokenizer

from tjepa_estimators import JEPAFeatures, PretrainedEncoder, pretrain
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.training.run import untrained

STATES = np.random.default_rng(0).normal((5.0, -100.0, 0.0), (1.0, 20.0, 1e-3), (60, 3))
HISTORIES = np.random.default_rng(1).standard_normal((60, 4, 3))
SMALL = {"steps": 3, "batch_size": 16}


def tokenize(config, values):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VectorTokenizer(8, config)(torch.from_numpy(config.rows(values).values))


def test_vectors_are_pretrained_on_saved_read_and_embedded(tmp_path):
    encoder = pretrain(STATES, config="vectors-tiny", train=SMALL)
    twin = PretrainedEncoder.load(encoder.save(tmp_path / "encoder"))
    np.testing.assert_array_equal(twin.embed(STATES), encoder.embed(STATES))
    assert twin.embed(STATES, pool=None).shape == (60, 3 * 32)
    assert twin.info.provenance.provided_by["tjepa-world"]


def test_training_changes_the_weights():
    assert pretrain(STATES, config="vectors-tiny", train=SMALL) != untrained(STATES, config="vectors-tiny")


def test_the_level_of_a_state_is_seen():
    encoder = untrained(STATES, config="vectors-tiny")
    assert np.abs(encoder.embed(STATES[:1]) - encoder.embed(STATES[:1] + np.array([0.0, 20.0, 0.0]))).max() > 0.1


def test_distances_of_latents_follow_those_of_states_also_far_away():
    """A layer norm that saturates would make all that is far look equally far."""
    line = np.linspace(-2.0, 2.0, 9)[:, None] * np.ones((1, 3))
    encoder = untrained(np.random.default_rng(0).standard_normal((500, 3)), config="vectors-tiny")
    latents = encoder.embed(line, pool=None)
    distances = np.linalg.norm(latents - latents[0], axis=1)
    assert (np.diff(distances) > 0.05 * distances[-1]).all()


def test_tokens_do_not_depend_on_the_units_of_features():
    scaled = STATES * [1000.0, 0.1, 1e6] + [5.0, 0.0, -3.0]
    a, b = (tokenize(VectorsConfig().fit_to(values), values).values for values in (STATES, scaled))
    torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("tokens", "grid"), [("feature", (3,)), ("step", (4,)), ("cell", (4, 3))])
def test_a_token_is_a_feature_a_step_or_a_number(tokens, grid):
    config = VectorsConfig(tokens=tokens).fit_to(HISTORIES)
    made = tokenize(config, HISTORIES)
    assert VectorTokenizer(8, config).grid(torch.from_numpy(config.rows(HISTORIES).values)) == grid
    assert made.values.shape == (60, int(np.prod(grid)), 8)
    assert made.positions.shape == (60, int(np.prod(grid)), len(grid))


@pytest.mark.parametrize(("tokens", "changed"), [("feature", [1]), ("step", [2]), ("cell", [7])])
def test_a_number_changes_its_own_token_only(tokens, changed):
    config = VectorsConfig(tokens=tokens).fit_to(HISTORIES)
    other = HISTORIES.copy()
    other[:, 2, 1] += 1.0
    before, after = tokenize(config, HISTORIES).values, tokenize(config, other).values
    assert (before != after).any(dim=2).any(dim=0).nonzero().flatten().tolist() == changed


@pytest.mark.parametrize("tokens", ["feature", "step", "cell"])
def test_histories_can_be_pretrained_on(tokens):
    jepa = {"tokenizer": {"kind": "vectors", "options": {"tokens": tokens}}, "dim": 8, "predictor_dim": 8}
    encoder = pretrain(HISTORIES, config=jepa | {"masking": [{"kind": "random"}]}, train=SMALL)
    assert np.isfinite(encoder.embed(HISTORIES)).all()


def test_a_missing_value_is_the_mean_and_a_token_without_values_is_padding():
    holes = STATES.copy()
    holes[0, 1] = np.nan
    config = VectorsConfig().fit_to(STATES)
    made = tokenize(config, holes)
    assert made.padding[0].tolist() == [False, True, False]
    assert made.values.isfinite().all()
    assert np.isfinite(untrained(STATES, config="vectors-tiny").embed(holes)).all()


def test_a_constant_feature_and_an_extreme_value_stay_finite():
    values = np.concatenate([STATES, np.full((60, 1), 7.0)], axis=1)
    config = VectorsConfig().fit_to(values)
    assert config.deviation[3] == 1.0
    far = values[:1] + 1e30
    assert tokenize(config, far).values.abs().max() < 100.0


def test_what_is_given_is_kept():
    config = VectorsConfig(mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0)).fit_to(STATES)
    assert config.mean == (0.0, 0.0, 0.0)
    assert config.steps == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros(3), "for one vector pass"),
        (np.zeros((0, 3)), "got shape"),
        ([["a", "b"]], "vectors are numbers"),
        (np.array([[1.0, np.inf]]), "infinite"),
        (np.array([[1.0, np.nan], [2.0, np.nan]]), r"features \[1\] hold no value"),
    ],
)
def test_what_are_no_vectors_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        VectorsConfig().fit_to(given)


def test_vectors_of_another_shape_than_trained_on_are_refused():
    encoder = untrained(STATES, config="vectors-tiny")
    with pytest.raises(DataError, match="1 steps of 2 features, but the settings are for 1 steps of 3"):
        encoder.embed(STATES[:, :2])


@pytest.mark.parametrize(
    "given", [{"tokens": "row"}, {"steps": 0}, {"clip": 0.0}, {"mean": (0.0,)}, {"mean": (0.0,), "deviation": (0.0,)}]
)
def test_impossible_settings_are_refused(given):
    with pytest.raises(ConfigError, match="VectorsConfig"):
        VectorsConfig(**given)


def test_a_tokenizer_needs_settings_that_know_the_data():
    with pytest.raises(ConfigError, match="fit_to"):
        VectorTokenizer(8, VectorsConfig())


def test_equal_values_have_equal_digests_and_others_do_not():
    config = VectorsConfig()
    assert config.rows(STATES).digest() == config.samples(STATES.copy()).digest() != config.rows(STATES + 1).digest()


def test_features_of_small_units_are_standardised_too():
    config = VectorsConfig().fit_to(1e-9 * STATES)
    np.testing.assert_allclose(config.deviation, 1e-9 * STATES.std(axis=0), rtol=1e-4)


def test_masked_values_are_missing_values():
    hidden = STATES[:, :] > np.quantile(STATES, 0.9, axis=0)
    masked = np.ma.masked_array(np.where(hidden, 1e6, STATES), hidden)
    plain = np.where(hidden, np.nan, STATES)
    config = VectorsConfig().fit_to(plain)
    np.testing.assert_array_equal(config.rows(masked).values, config.rows(plain).values)
    encoder = untrained(plain, config="vectors-tiny")
    features = JEPAFeatures(pretrained=encoder).fit(plain)
    np.testing.assert_array_equal(features.transform(masked), features.transform(plain))
