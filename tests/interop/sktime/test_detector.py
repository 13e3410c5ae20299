"""The detector finds what was planted, whatever the index, and keeps sktime's promises that its base class breaks."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sktime import JEPADetector
from tjepa_estimators.tasks.anomaly import AnomalyTask

PLANTED = range(150, 158)
INDEXES = {
    "range": pd.RangeIndex(100, 300),
    "days": pd.date_range("2024-01-01", periods=200, freq="D"),
    "months": pd.period_range("2000-01", periods=200, freq="M"),
    "irregular": pd.DatetimeIndex(pd.Timestamp("2024") + pd.to_timedelta(np.arange(200) ** 2, unit="min")),
}


@pytest.fixture
def normal(waves):
    return pd.Series(waves[0][:, 0], name="load")


@pytest.fixture
def broken(normal):
    values = normal.copy()
    values.iloc[PLANTED] = 3.0
    return values


@pytest.fixture
def detector(tiny_pretrained, normal):
    return JEPADetector(pretrained=tiny_pretrained, contamination=0.02).fit(normal)


@pytest.mark.parametrize("kind", INDEXES)
def test_events_are_positions_whatever_the_index(detector, broken, kind):
    broken.index = INDEXES[kind]
    found = detector.predict(broken)["ilocs"]
    assert set(found) & set(PLANTED)
    assert found.between(120, 190).all()
    assert detector.predict_points(broken)["ilocs"].tolist() == found.tolist()
    assert detector.transform(broken).index.equals(broken.index)
    assert np.flatnonzero(detector.transform(broken)["labels"]).tolist() == found.tolist()
    scores = detector.transform_scores(broken)
    assert scores.index.equals(broken.index)
    assert detector.predict_scores(broken)["scores"].tolist() == scores["scores"].iloc[found].tolist()


@pytest.mark.parametrize("kind", INDEXES)
def test_segments_are_the_runs_of_abnormal_points(detector, broken, kind):
    broken.iloc[[20, 21]] = 3.0
    broken.index = INDEXES[kind]
    segments, points = detector.predict_segments(broken), detector.predict(broken)["ilocs"]
    assert isinstance(segments["ilocs"].dtype, pd.IntervalDtype)
    assert segments["ilocs"].dtype.closed == "left"
    spread = [step for one in segments["ilocs"] for step in range(one.left, one.right)]
    assert spread == points.tolist()
    assert len(segments) == 1 + (np.diff(points) > 1).sum() > 1
    numbered = JEPADetector.sparse_to_dense(segments, broken.index)["labels"]
    assert np.flatnonzero(numbered >= 0).tolist() == points.tolist()


def test_a_run_may_touch_both_ends_or_be_missing(detector, normal):
    detector.threshold_ = -np.inf
    everything = detector.predict_segments(normal)
    detector.threshold_ = np.inf
    nothing = detector.predict_segments(normal)
    assert [(one.left, one.right) for one in everything["ilocs"]] == [(0, 200)]
    assert len(nothing) == 0
    assert nothing["ilocs"].dtype == everything["ilocs"].dtype == "interval[int64, left]"


@pytest.mark.parametrize("kind", INDEXES)
def test_fitting_and_transforming_at_once_keeps_the_index(tiny_pretrained, normal, kind):
    normal.index = INDEXES[kind]
    labels = JEPADetector(pretrained=tiny_pretrained, contamination=0.1).fit_transform(normal)
    assert labels.index.equals(normal.index)
    assert labels["labels"].mean() == pytest.approx(0.1, abs=0.03)  # steps of one stride are tied


@pytest.mark.parametrize("container", [pd.Series.to_frame, pd.Series.to_numpy])
def test_frames_and_arrays_are_as_good_as_series(detector, broken, container):
    assert detector.predict(container(broken)).equals(detector.predict(broken))
    assert detector.predict_segments(container(broken)).equals(detector.predict_segments(broken))


def test_missing_values_are_no_obstacle(tiny_pretrained, broken):
    broken.iloc[[0, 40, 41]] = np.nan
    detector = JEPADetector(pretrained=tiny_pretrained).fit(broken)
    assert np.isfinite(detector.transform_scores(broken)).all(axis=None)
    assert len(detector.predict_segments(broken)) > 0


def test_updating_learns_from_all_steps_and_keeps_the_encoder(tiny_pretrained, normal):
    updated = JEPADetector(pretrained=tiny_pretrained).fit(normal[:150]).update(normal[150:])
    at_once = JEPADetector(pretrained=tiny_pretrained).fit(normal)
    assert updated.pretrained_ is tiny_pretrained
    assert updated.threshold_ == at_once.threshold_


def test_it_scores_as_the_task_does(tiny_pretrained, normal, broken):
    detector = JEPADetector(pretrained=tiny_pretrained, window=16, neighbours=2).fit(normal)
    task = AnomalyTask({"window": 16, "neighbours": 2}, pretrained=tiny_pretrained).fit(normal)
    assert detector.transform_scores(broken)["scores"].tolist() == task.score(broken.to_numpy()).tolist()


def test_the_same_seed_gives_the_same_scores(tiny, normal, broken):
    def scores(seed):
        return JEPADetector(**tiny, random_state=seed).fit(normal).transform_scores(broken)

    assert scores(3).equals(scores(3))
    assert not scores(3).equals(scores(4))


def test_a_round_trip_changes_no_score(detector, broken):
    restored = pickle.loads(pickle.dumps(detector))  # noqa: S301 - our own bytes
    assert restored.transform_scores(broken).equals(detector.transform_scores(broken))


def test_a_panel_is_an_error_that_says_what_to_do(detector, panel):
    for method in (detector.fit, detector.predict, detector.predict_segments, detector.transform_scores):
        with pytest.raises(DataError, match="looks at one series; call it for each"):
            method(panel)


def test_other_columns_are_an_error(detector, broken):
    with pytest.raises(DataError, match="Got 2 channels, but the task was fitted on 1"):
        detector.predict(broken.to_frame("one").assign(two=broken))


def test_columns_are_matched_by_name(tiny_pretrained, normal):
    frame = pd.DataFrame({"up": normal, "down": np.roll(normal, 3)})
    fitted = JEPADetector(pretrained=tiny_pretrained).fit(frame[:150])
    turned = fitted.transform_scores(frame[["down", "up"]])
    assert turned.equals(fitted.transform_scores(frame))
    assert fitted.transform_scores(frame.to_numpy())["scores"].tolist() == turned["scores"].tolist()
    with pytest.raises(DataError, match=r"fitted on \['up', 'down'\]"):
        fitted.predict(frame.set_axis(["up", "low"], axis=1))


@pytest.mark.parametrize("kind", INDEXES)
def test_an_explanation_has_the_index_and_the_columns_of_the_series(tiny_pretrained, normal, kind):
    frame = pd.DataFrame({"up": normal, "down": np.roll(normal, 3)}).set_axis(INDEXES[kind])
    fitted = JEPADetector(pretrained=tiny_pretrained, resolutions=(1, 2), window=16).fit(frame[:100])
    frame.iloc[PLANTED, 1] = 3.0
    parts, channels = fitted.explain(frame[["down", "up"]])
    assert parts.index.equals(frame.index)
    assert parts.columns.names == ["resolution", "scorer"]
    assert parts.columns.tolist() == [(step, name) for step in (1, 2) for name in fitted.task_.config.scores]
    assert channels.index.equals(frame.index)
    assert channels.iloc[PLANTED].idxmax(axis=1).eq("down").all()


def test_the_threshold_may_be_a_rate_of_alarms(tiny_pretrained, normal):
    detector = JEPADetector(pretrained=tiny_pretrained, threshold={"alarms": 2, "steps": 200}).fit(normal)
    assert len(detector.predict_segments(normal)) <= 2
    assert detector.threshold_ == detector.task_.threshold_


def test_the_rows_of_an_array_follow_those_that_are_known(tiny_pretrained, normal):
    values = normal.to_numpy()
    first, whole = (JEPADetector(pretrained=tiny_pretrained).fit(part) for part in (values[:120], values))
    updated = first.update(values[120:])
    np.testing.assert_allclose(updated.transform_scores(values), whole.transform_scores(values))
    dated = JEPADetector(pretrained=tiny_pretrained).fit(normal.set_axis(INDEXES["days"]))
    with pytest.raises(DataError, match="give a frame with an index"):
        dated.update(values)
