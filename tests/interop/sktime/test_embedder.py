"""The embedder hands on what the pretrained encoder says of the latest window of each series."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sktime import JEPAEmbedder


def test_each_series_is_one_row_in_its_place(panel, tiny_pretrained):
    embedding = JEPAEmbedder(pretrained=tiny_pretrained).fit_transform(panel)
    assert list(embedding.index) == list("cab")
    for name in "cab":
        latest = panel.loc[name].to_numpy()[None, -tiny_pretrained.context_length :]
        np.testing.assert_allclose(embedding.loc[name], tiny_pretrained.embed(latest)[0], rtol=1e-4, atol=1e-6)


def test_only_the_latest_window_counts(panel, tiny_pretrained):
    embedder = JEPAEmbedder(pretrained=tiny_pretrained, context_length=12).fit(panel)
    latest = pd.concat({name: panel.loc[name].iloc[-12:] for name in "cab"}, names=panel.index.names)
    assert embedder.transform(latest).equals(embedder.transform(panel))


def test_series_shorter_than_the_window_and_gaps_are_embedded(panel, tiny_pretrained):
    short = pd.concat({name: panel.loc[name].iloc[:7] for name in "cab"}, names=panel.index.names)
    short.iloc[2] = np.nan
    embedding = JEPAEmbedder(pretrained=tiny_pretrained, pool=None).fit_transform(short)
    assert embedding.shape[0] == 3
    assert np.isfinite(embedding).all(axis=None)


def test_a_hierarchy_keeps_its_levels(panel, tiny_pretrained):
    hierarchy = pd.concat({"north": panel, "south": -panel}, names=["region"])
    embedding = JEPAEmbedder(pretrained=tiny_pretrained).fit_transform(hierarchy)
    assert embedding.index.names[:2] == ["region", "series"]
    assert [key[:2] for key in embedding.index] == [(region, name) for region in ("north", "south") for name in "cab"]


def test_without_an_encoder_it_pretrains(panel, tiny):
    embedder = JEPAEmbedder(**tiny, random_state=0).fit(panel)
    again = JEPAEmbedder(**tiny, random_state=0).fit(panel)
    assert embedder.pretrained_.fingerprint == again.pretrained_.fingerprint
    assert embedder.pretrained_.fingerprint != JEPAEmbedder(**tiny, random_state=1).fit(panel).pretrained_.fingerprint


def test_a_round_trip_changes_nothing(panel, tiny_pretrained):
    embedder = JEPAEmbedder(pretrained=tiny_pretrained).fit(panel)
    restored = pickle.loads(pickle.dumps(embedder))  # noqa: S301 - our own bytes
    assert restored.transform(panel).equals(embedder.transform(panel))


def test_it_makes_a_classifier_with_scikit_learn(tiny_pretrained):
    rng = np.random.default_rng(0)
    steps = np.arange(48)
    periods = np.array([4.0, 16.0] * 10)
    waves = np.sin(2 * np.pi * steps / periods[:, None] + rng.uniform(0, 6, (20, 1))) + 0.1 * rng.standard_normal(48)
    classifier = JEPAEmbedder(pretrained=tiny_pretrained) * KNeighborsClassifier(1)
    classifier.fit(waves[:12, None], periods[:12].astype(str))
    assert (classifier.predict(waves[12:, None]) == periods[12:].astype(str)).mean() >= 0.75


def test_other_columns_are_an_error(panel, tiny_pretrained):
    embedder = JEPAEmbedder(pretrained=tiny_pretrained).fit(panel)
    with pytest.raises(DataError, match="X has 1 columns, but the embedder was fitted on 2"):
        embedder.transform(panel[["up"]])


def test_columns_are_matched_by_name(panel, tiny_pretrained):
    embedder = JEPAEmbedder(pretrained=tiny_pretrained).fit(panel)
    assert embedder.transform(panel[["down", "up"]]).equals(embedder.transform(panel))
    with pytest.raises(DataError, match=r"fitted on \['up', 'down'\]"):
        embedder.transform(panel.rename(columns={"down": "low"}))
