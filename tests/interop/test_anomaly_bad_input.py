"""What is wrong with the data of a user meets each detector in the same way, or in the way of its library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sktime")
pytest.importorskip("darts")
pytest.importorskip("pyod")

from darts import TimeSeries

from tjepa_estimators import JEPAOD, JEPADetector, JEPAOutlierDetector, JEPAScorer
from tjepa_estimators.errors import ConstantDataWarning, DataError

TRAIN, STEPS, WINDOW = 200, 300, 32


@dataclass(frozen=True)
class Library:
    """One detector, with its container and with scores that are higher where it is more abnormal."""

    detector: type[Any]
    container: Callable[[pd.DataFrame], Any]
    scores: Callable[[Any, Any], Any]
    threshold: Callable[[Any], float]


LIBRARIES = {
    "sklearn": Library(
        JEPAOutlierDetector, lambda frame: frame, lambda fitted, X: -fitted.score_samples(X), lambda one: -one.offset_
    ),
    "sktime": Library(
        JEPADetector,
        lambda frame: frame,
        lambda fitted, X: fitted.transform_scores(X)["scores"].to_numpy(),
        lambda one: one.threshold_,
    ),
    "darts": Library(
        JEPAScorer,
        lambda frame: TimeSeries.from_dataframe(frame.reset_index(drop=True)),
        lambda fitted, series: fitted.score(series).values()[:, 0],
        lambda one: one.tasks_[0].threshold_,
    ),
    "pyod": Library(
        JEPAOD, lambda frame: frame, lambda fitted, X: fitted.decision_function(X), lambda one: one.threshold_
    ),
}
EVERY = sorted(LIBRARIES)
WITH_ROWS = sorted({*LIBRARIES} - {"darts"})


@pytest.fixture
def frame():
    steps = np.arange(STEPS)
    noise = 0.05 * np.random.default_rng(0).standard_normal((STEPS, 3))
    return pd.DataFrame(
        np.stack([np.sin(steps / 2), np.sin(steps / 3), np.cos(steps / 5)], 1) + noise, columns=[*"abc"]
    )


@pytest.fixture
def fitted(tiny_pretrained):
    """Fit the detector of a library."""

    def fit(library, frame, *labels, **changes):
        detector = LIBRARIES[library].detector(pretrained=tiny_pretrained, **changes)
        return detector.fit(LIBRARIES[library].container(frame), *labels)

    return fit


def scores_of(library, fitted, frame):
    scores = LIBRARIES[library].scores(fitted, LIBRARIES[library].container(frame))
    assert scores.shape == (len(frame),)
    assert np.isfinite(scores).all()
    return scores


# Channels without life


@pytest.mark.parametrize("library", EVERY)
def test_a_constant_channel_does_not_hide_what_others_show(library, fitted, frame):
    frame["b"] = 3.0
    frame.loc[250:258, ["a", "c"]] = 2.0
    detector = fitted(library, frame[:TRAIN])
    scores = scores_of(library, detector, frame)
    assert 250 - WINDOW <= scores.argmax() <= 258 + WINDOW


@pytest.mark.parametrize("library", EVERY)
def test_a_constant_series_is_warned_of_and_raises_no_alarm_until_it_moves(library, fitted, frame):
    flat = frame * 0.0 + 7.0
    with pytest.warns(ConstantDataWarning, match="normal operation"):
        detector = fitted(library, flat[:TRAIN])
    threshold = LIBRARIES[library].threshold(detector)
    assert (scores_of(library, detector, flat) <= threshold).all()
    assert (scores_of(library, detector, frame) > threshold).all()


@pytest.mark.parametrize("library", EVERY)
def test_a_constant_channel_that_comes_to_life_is_abnormal(library, fitted, frame):
    alive = frame.copy()
    alive.loc[: TRAIN - 1, "b"] = 3.0
    scores = scores_of(library, fitted(library, alive[:TRAIN]), alive)
    assert scores[TRAIN + WINDOW :].min() > scores[: TRAIN - WINDOW].max()


@pytest.mark.parametrize("library", EVERY)
def test_a_channel_that_dies_after_training_is_more_abnormal_than_before(library, fitted, frame):
    dead = frame.copy()
    dead.loc[TRAIN:, "c"] = 0.0
    scores = scores_of(library, fitted(library, frame[:TRAIN]), dead)
    alive = scores_of(library, fitted(library, frame[:TRAIN]), frame)
    assert scores[TRAIN + WINDOW :].mean() > max(scores[: TRAIN - WINDOW].mean(), alive[TRAIN + WINDOW :].mean())


# Missing values


@pytest.mark.parametrize("library", EVERY)
def test_gaps_get_finite_scores(library, fitted, frame):
    frame.loc[50:60] = np.nan
    frame.loc[100:150, "a"] = np.nan
    frame.loc[TRAIN:, "b"] = np.nan
    scores = scores_of(library, fitted(library, frame[:TRAIN]), frame)
    assert len(np.unique(scores)) > STEPS / 10


@pytest.mark.parametrize("library", EVERY)
def test_a_series_that_nothing_was_observed_of_raises_no_alarm(library, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    scores = scores_of(library, detector, frame[:50] * np.nan)
    assert (scores <= LIBRARIES[library].threshold(detector)).all()


@pytest.mark.parametrize("library", EVERY)
def test_nothing_is_learned_from_a_series_that_nothing_was_observed_of(library, fitted, frame):
    with pytest.raises(DataError, match="NaN only"):
        fitted(library, frame * np.nan)


@pytest.mark.parametrize("library", EVERY)
def test_infinity_is_refused(library, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    frame.loc[10, "a"] = np.inf
    for use in (lambda: fitted(library, frame), lambda: scores_of(library, detector, frame)):
        with pytest.raises(ValueError, match="infini"):
            use()


# Few rows


@pytest.mark.parametrize("steps", [1, 2, 20])
@pytest.mark.parametrize("library", EVERY)
def test_rows_that_fill_no_window_are_refused(library, steps, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    with pytest.raises(DataError, match=f"{steps} steps, but at least {WINDOW} are needed"):
        scores_of(library, detector, frame[TRAIN : TRAIN + steps])


@pytest.mark.parametrize("steps", [1, 2, 20])
@pytest.mark.parametrize("library", EVERY)
@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.ConstantDataWarning")
def test_a_few_rows_to_learn_from_give_finite_scores(library, steps, fitted, frame):
    scores_of(library, fitted(library, frame[:steps]), frame)


@pytest.mark.parametrize("library", EVERY)
def test_no_rows_are_refused(library, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    for use in (lambda: fitted(library, frame[:0]), lambda: scores_of(library, detector, frame[:0])):
        with pytest.raises(ValueError):  # noqa: PT011 - each library words it in its own way
            use()


# Channels


@pytest.mark.parametrize("library", EVERY)
def test_named_channels_in_another_order_are_matched_or_refused(library, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    straight = scores_of(library, detector, frame)
    try:
        turned = scores_of(library, detector, frame[["b", "a", "c"]])
    except ValueError as error:
        assert "order" in str(error)  # noqa: PT017 - one of two good ends
    else:
        np.testing.assert_array_equal(turned, straight)


@pytest.mark.parametrize("library", EVERY)
def test_channels_of_other_names_are_refused(library, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    with pytest.raises(ValueError, match=r"fitted on|feature names"):
        scores_of(library, detector, frame.rename(columns={"c": "d"}))


@pytest.mark.parametrize("library", EVERY)
@pytest.mark.parametrize("columns", [["a", "b"], ["a", "b", "c", "a"]], ids=["few", "many"])
def test_another_number_of_channels_is_refused(library, columns, fitted, frame):
    detector = fitted(library, frame[:TRAIN])
    other = frame[columns].set_axis([*"abcd"][: len(columns)], axis=1)
    with pytest.raises(ValueError, match=r"features|feature names|channels|components"):
        scores_of(library, detector, other)


# Settings and labels


@pytest.mark.parametrize("contamination", [0.0, -0.1, 0.51, 1.0, np.nan])
@pytest.mark.parametrize("library", WITH_ROWS)
def test_a_contamination_beyond_a_half_is_refused(library, contamination, fitted, frame):
    with pytest.raises(ValueError, match=r"contamination.*\(0(\.0)?, 0\.5\]"):
        fitted(library, frame[:TRAIN], contamination=contamination)


@pytest.mark.parametrize("library", WITH_ROWS)
@pytest.mark.filterwarnings("ignore:y should not be presented in unsupervised learning")  # PyOD says so
def test_labels_make_no_difference(library, fitted, frame):
    labels = pd.DataFrame({"ilocs": [3, 50]}) if library == "sktime" else np.arange(TRAIN) % 2
    labelled, plain = fitted(library, frame[:TRAIN], labels), fitted(library, frame[:TRAIN])
    np.testing.assert_array_equal(scores_of(library, labelled, frame), scores_of(library, plain, frame))
    assert LIBRARIES[library].threshold(labelled) == LIBRARIES[library].threshold(plain)


@pytest.mark.parametrize("library", EVERY)
def test_the_data_stay_as_they_are(library, fitted, frame):
    frame.loc[20:30, "a"] = np.nan
    before = frame.copy()
    scores_of(library, fitted(library, frame[:TRAIN]), frame)
    pd.testing.assert_frame_equal(frame, before)
