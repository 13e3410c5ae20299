from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.anomaly.datasets import Labelled
from benchmarks.anomaly.encoders import Encoders
from benchmarks.anomaly.ours import OursRow, SharedFits

ROWS = {
    "default": OursRow(),
    "one resolution": OursRow({"resolutions": (4,)}),
    "one of the default": OursRow(alone=1),
    "without level": OursRow({"scores": ("prediction", "subspace")}),
    "one kind of score, highest": OursRow({"scores": ("level",), "fusion": "max"}),
    "fusion that learns": OursRow({"fusion": "rank"}),
    "other stride": OursRow({"stride": 16}),
    "random encoder": OursRow(is_trained=False),
}


@pytest.fixture(scope="module")
def series():
    generator = np.random.default_rng(0)

    def waves(steps):
        return np.sin(np.arange(steps)[:, None] / [3.0, 7.0]) + 0.1 * generator.standard_normal((steps, 2))

    return Labelled("waves", waves(600), waves(200), np.zeros(200, dtype=int))


@pytest.fixture(scope="module")
def encoders(series):
    return Encoders([series.train], steps=3)


@pytest.mark.parametrize("name", ROWS)
def test_parts_of_a_shared_fit_give_the_scores_of_a_fit_of_its_own(series, encoders, name):
    shared = SharedFits(ROWS.values(), series, 0, encoders)
    alone = ROWS[name].fit(series.train, 0, encoders)(series.test)
    np.testing.assert_allclose(shared(ROWS[name]), alone, rtol=1e-9, atol=1e-9)


def test_an_encoder_is_pretrained_once(encoders):
    assert encoders.pretrained(0) is encoders.pretrained(0)
    assert encoders.pretrained(0).fingerprint != encoders.untrained(0).fingerprint


def test_a_resolution_without_room_gives_way_to_the_coarsest_with_room():
    steps = [(4, 400), (4, 600), (16, 600), (16, 10_000)]
    assert [OursRow(alone=factor).resolutions(count) for factor, count in steps] == [(1,), (4,), (4,), (16,)]
