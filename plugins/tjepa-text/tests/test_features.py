"""The transformer is one of scikit-learn's, as far as strings let it be."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from tjepa_text import JEPATextFeatures

from tjepa_estimators import pretrain
from tjepa_estimators.errors import ConfigError, DataError

TEXTS = [
    "To be, or not to be: that is the question.",
    "The king is dead, long live the king, and the queen!",
    "Words, words, words, and nothing but words.",
    "Something is rotten in the state of Denmark.",
    "The king drinks to Hamlet, and the queen drinks.",
    "What is a man, if his chief good be but to sleep?",
]

WITHOUT_DATA = [
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_estimators_unfitted,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_mixin_order,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_param_validation,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_set_params,
    estimator_checks.check_valid_tag_types,
]
"""All that scikit-learn checks without fitting. Its other checks fit arrays of numbers with two axes, which are no
texts; so it leaves out whatever says that it takes no such arrays. What they would test is tested below, on texts."""


@pytest.mark.parametrize("check", WITHOUT_DATA, ids=lambda check: check.__name__)
def test_it_keeps_what_scikit_learn_asks_of_parameters(check):
    check("JEPATextFeatures", JEPATextFeatures())


def test_scikit_learn_leaves_the_rest_out_as_it_says_that_it_takes_strings():
    with pytest.warns(SkipTestWarning, match="string=True"):
        left = list(estimator_checks.estimator_checks_generator(JEPATextFeatures()))
    assert [check.func for _, check in left] == [estimator_checks.check_estimator_cloneable]


@pytest.fixture
def features(tiny_text):
    return JEPATextFeatures(pretrained=tiny_text)


@pytest.mark.parametrize(
    "make",
    [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), pd.Series],
    ids=["list", "tuple", "array", "array of objects", "series"],
)
def test_any_column_of_strings_gives_the_embeddings_of_the_encoder(features, tiny_text, make):
    rows = features.fit_transform(make(TEXTS))
    np.testing.assert_array_equal(rows, tiny_text.embed(TEXTS).astype(float))
    assert features.get_feature_names_out()[0] == "jepatextfeatures0"


def test_fitting_again_gives_the_same_and_the_encoder_is_never_changed(features, tiny_text):
    before = tiny_text.fingerprint
    rows = clone(features).fit(TEXTS).transform(TEXTS)
    np.testing.assert_array_equal(clone(features).fit(TEXTS[:2]).transform(TEXTS), rows)
    assert tiny_text.fingerprint == before


def test_fitting_changes_no_parameter_and_comes_first(features):
    before = features.get_params()
    with pytest.raises(NotFittedError):
        features.transform(TEXTS)
    assert features.fit(TEXTS) is features
    assert features.get_params() == before


def test_it_gives_data_frames_if_asked_to(features):
    frame = features.set_output(transform="pandas").fit_transform(pd.Series(TEXTS, index=list("abcdef")))
    assert list(frame.columns) == list(features.get_feature_names_out())
    assert list(frame.index) == list("abcdef")


def test_it_survives_pickling(features):
    fitted = features.fit(TEXTS)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(TEXTS), fitted.transform(TEXTS))  # noqa: S301


def test_rows_depend_neither_on_order_nor_on_each_other(features):
    rows = features.fit(TEXTS).transform(TEXTS)
    np.testing.assert_allclose(features.transform(TEXTS[::-1]), rows[::-1], atol=1e-5)
    np.testing.assert_allclose(features.set_params(batch_size=1).transform(TEXTS), rows, atol=1e-5)


def test_without_an_encoder_it_pretrains_one_by_its_seed(tiny_text):
    rows = [
        JEPATextFeatures(train={"steps": 1, "batch_size": 4}, random_state=seed).fit_transform(TEXTS)
        for seed in (1, 1, np.random.RandomState(1), 2)
    ]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[3])
    assert rows[2].shape == (6, 64)


def test_whitened_embeddings_are_uncorrelated_and_learned_in_fit(features):
    texts = [f"{a} {b}" for a in TEXTS for b in TEXTS]
    features.set_params(whiten=True).fit(texts)
    rows = features.transform(texts)
    spread = np.cov(rows[:, rows.std(axis=0) > 0.5].T)
    np.testing.assert_allclose(spread, np.eye(len(spread)), atol=1e-6)
    np.testing.assert_allclose(features.transform(texts[:1]), rows[:1], atol=1e-3)


def test_whitening_one_text_gives_zeros(features):
    assert not features.set_params(whiten=True).fit_transform(TEXTS[:1]).any()


@pytest.mark.parametrize("pooling", ["mean", "max", "first"])
def test_latents_are_pooled_as_asked(features, tiny_text, pooling):
    rows = features.set_params(pooling=pooling).fit_transform(TEXTS)
    np.testing.assert_allclose(rows, tiny_text.embed(TEXTS, pool=pooling), atol=1e-6)


def test_it_stands_in_a_pipeline(features):
    about_kings = [0, 1, 0, 0, 1, 0]
    pipeline = make_pipeline(features, LogisticRegression()).fit(TEXTS, about_kings)
    assert pipeline.predict(TEXTS).shape == (6,)


def test_what_it_cannot_use_is_refused(features, tmp_path, tiny_text):
    with pytest.raises(DataError, match="Item 0 is no string"):
        features.fit([1.0, 2.0])
    with pytest.raises(DataError, match="as a list of strings"):
        features.fit(TEXTS[0])
    with pytest.raises(ValueError, match="'pooling' parameter"):
        features.set_params(pooling="last").fit(TEXTS)
    waves = pretrain(np.sin(np.arange(100.0)), train={"steps": 1})
    with pytest.raises(ConfigError, match="reads series, not text"):
        JEPATextFeatures(pretrained=waves).fit(TEXTS)
    folder = tiny_text.save(tmp_path / "encoder")
    assert JEPATextFeatures(pretrained=folder).fit(TEXTS).pretrained_ == tiny_text
