"""The Darts scorer scores as the task does, and goes wherever Darts takes a scorer."""

from __future__ import annotations

import copy
import pickle

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

pytest.importorskip("darts")

from darts import TimeSeries, concatenate, metrics
from darts.ad import FilteringAnomalyModel, ForecastingAnomalyModel, KMeansScorer, OrAggregator
from darts.ad.aggregators import EnsembleSklearnAggregator
from darts.ad.detectors import IQRDetector, QuantileDetector, ThresholdDetector
from darts.models import KalmanFilter, LinearRegressionModel, MovingAverageFilter
from sklearn.ensemble import RandomForestClassifier

from tjepa_estimators import AnomalyTask, JEPAScorer, PretrainedEncoder
from tjepa_estimators.errors import ConfigError, DataError

WINDOW, STEPS, TRAIN, ODD = 24, 260, 180, slice(220, 232)
TIMES = pd.date_range("2020-01-01", periods=STEPS, freq="h")


def noisy_waves(channels=1, seed=0):
    noise = 0.05 * np.random.default_rng(seed).standard_normal((STEPS, channels))
    return np.sin(np.arange(STEPS)[:, None] / (2.0 + np.arange(channels))) + noise


def series_of(values, names="abc"):
    return TimeSeries.from_times_and_values(TIMES[: len(values)], values, columns=list(names[: values.shape[1]]))


ONE, TWO = noisy_waves(), noisy_waves(2, seed=1)
for broken in (ONE, TWO):
    broken[ODD] = np.random.default_rng(9).standard_normal((ODD.stop - ODD.start, broken.shape[1]))
SERIES, WIDE = series_of(ONE), series_of(TWO)
LABELS = TimeSeries.from_times_and_values(TIMES, np.isin(np.arange(STEPS), np.arange(STEPS)[ODD]).astype(float))
BOTH_LABELS = concatenate([LABELS, LABELS], axis=1)


@pytest.fixture(scope="module")
def make(tiny_pretrained):
    def build(**changes):
        return JEPAScorer(**{"window": WINDOW, "scores": ("neighbours",), "pretrained": tiny_pretrained, **changes})

    return build


@pytest.fixture(scope="module")
def scorer(make):
    return make().fit(SERIES[:TRAIN])


@pytest.fixture(scope="module")
def wide_scorer(make):
    return make().fit(WIDE[:TRAIN])


@pytest.fixture(scope="module")
def wise_scorer(make):
    return make(component_wise=True).fit(WIDE[:TRAIN])


# Scores


@pytest.mark.parametrize("settings", [{}, {"scores": ("prediction", "neighbours"), "neighbours": 3, "fusion": "max"}])
@pytest.mark.parametrize("values", [ONE, TWO], ids=["one", "two"])
def test_scores_are_exactly_those_of_the_task(make, tiny_pretrained, values, settings):
    task = AnomalyTask({"window": WINDOW, "scores": ("neighbours",), **settings}, pretrained=tiny_pretrained)
    task.fit(values[:TRAIN])
    fitted = make(**settings).fit(series_of(values)[:TRAIN])
    np.testing.assert_array_equal(fitted.score(series_of(values)).values()[:, 0], task.score(values))
    np.testing.assert_array_equal(fitted.score(series_of(values)[:TRAIN]).values()[:, 0], task.training_scores_[0])


def test_without_looking_ahead_later_steps_change_no_score(make):
    fitted = make(lookahead=False, resolutions=(1,)).fit(SERIES[:TRAIN])
    known = ODD.start - fitted.tasks_[0].stride_
    calm = series_of(noisy_waves())
    np.testing.assert_array_equal(fitted.score(SERIES).values()[:known], fitted.score(calm).values()[:known])


def test_resolutions_are_handed_on(make, tiny_pretrained):
    settings = {"window": 16, "resolutions": (1, 2)}
    task = AnomalyTask({**settings, "scores": ("neighbours",)}, pretrained=tiny_pretrained).fit(ONE[:TRAIN])
    scores = make(**settings).fit(SERIES[:TRAIN]).score(SERIES)
    np.testing.assert_array_equal(scores.values()[:, 0], task.score(ONE))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_step_gets_one_score_in_double_precision(scorer, wide_scorer, dtype):
    for fitted, series in ((scorer, SERIES), (wide_scorer, WIDE)):
        scores = fitted.score(series.astype(dtype))
        assert scores.shape == (STEPS, 1, 1)
        assert scores.dtype == np.float64
        pd.testing.assert_index_equal(scores.time_index, series.time_index)


def test_the_time_index_may_be_a_range(scorer):
    scores = scorer.score(TimeSeries.from_times_and_values(pd.RangeIndex(7, 7 + 2 * STEPS, 2), ONE))
    pd.testing.assert_index_equal(scores.time_index, pd.RangeIndex(7, 7 + 2 * STEPS, 2), check_names=False)
    np.testing.assert_array_equal(scores.values(), scorer.score(SERIES).values())


def test_the_odd_steps_get_the_highest_scores(scorer, wide_scorer):
    for scores in (scorer.score(SERIES), wide_scorer.score(WIDE)):
        assert ODD.start - WINDOW <= scores.values().argmax() < ODD.stop + WINDOW
        assert scores.values()[ODD].mean() > np.median(scores.values()) + 0.6


def test_a_list_is_scored_one_by_one_and_keeps_its_order(make):
    both = [SERIES[:TRAIN], series_of(noisy_waves(seed=3))[:100]]
    fitted = make().fit(both)
    assert isinstance(fitted.score(SERIES), TimeSeries)
    together = fitted.score([SERIES, *both])
    for joint, one in zip(together, [SERIES, *both], strict=True):
        np.testing.assert_array_equal(joint.values(), fitted.score(one).values())
    for joint, known in zip(together[1:], fitted.tasks_[0].training_scores_, strict=True):
        np.testing.assert_array_equal(joint.values()[:, 0], known)


def test_component_wise_scores_are_those_of_each_component_alone(make, wise_scorer):
    scores = wise_scorer.score(WIDE)
    assert list(scores.components) == ["a", "b"]
    for name in "ab":
        alone = make().fit(WIDE[name][:TRAIN]).score(WIDE[name])
        np.testing.assert_array_equal(scores[name].values(), alone.values())


def test_scores_of_components_carry_what_is_known_about_them(wise_scorer, scorer):
    facts = WIDE.with_static_covariates(pd.DataFrame({"size": [1.0, 2.0]})).with_metadata({"site": "north"})
    scores = wise_scorer.score(facts)
    pd.testing.assert_frame_equal(scores.static_covariates, facts.static_covariates)
    assert scores.metadata == {"site": "north"}
    assert list(scorer.score(WIDE["b"]).components) == ["b"]


@pytest.mark.parametrize("kind", ["wide_scorer", "wise_scorer"])
def test_components_are_matched_by_name(kind, request):
    fitted = request.getfixturevalue(kind)
    scores, turned = fitted.score(WIDE), fitted.score(WIDE[["b", "a"]])
    if fitted.is_univariate:
        np.testing.assert_array_equal(turned.values(), scores.values())
    else:
        assert list(turned.components) == ["b", "a"]
        np.testing.assert_array_equal(turned[["a", "b"]].values(), scores.values())


def test_components_of_training_series_are_matched_by_name(make):
    straight = make().fit([WIDE[:TRAIN], WIDE[:100]])
    turned = make().fit([WIDE[:TRAIN], WIDE[["b", "a"]][:100]])
    np.testing.assert_array_equal(turned.score(WIDE).values(), straight.score(WIDE).values())


def test_missing_values_get_finite_scores(make):
    holes = TWO.copy()
    holes[50:90] = np.nan
    holes[100:, 0] = np.nan
    for component_wise in (False, True):
        fitted = make(component_wise=component_wise).fit([series_of(holes)[:TRAIN], WIDE[:TRAIN]])
        assert np.isfinite(fitted.score(series_of(holes)).values()).all()


def test_a_component_missing_in_one_training_series_is_learned_from_the_others(make):
    dead = TWO[:TRAIN].copy()
    dead[:, 1] = np.nan
    fitted = make(component_wise=True).fit([series_of(dead), WIDE[:TRAIN]])
    alone = make().fit(WIDE["b"][:TRAIN])
    np.testing.assert_array_equal(fitted.score(WIDE)["b"].values(), alone.score(WIDE["b"]).values())
    with pytest.raises(DataError, match=r"'b' holds NaN only"):
        make(component_wise=True).fit(series_of(dead))


def test_of_a_stochastic_series_the_median_is_scored(make, scorer):
    spread = np.stack([ONE - 1.0, ONE, ONE + 5.0], axis=2)
    samples = TimeSeries.from_times_and_values(TIMES, spread, columns=["a"])
    for fitted in (scorer, make().fit(samples[:TRAIN])):
        np.testing.assert_array_equal(fitted.score(samples).values(), scorer.score(SERIES).values())


# Predictions


@pytest.mark.parametrize(("difference", "by_hand"), [(metrics.err, lambda x: x), (metrics.se, np.square)])
def test_from_prediction_scores_the_difference(make, difference, by_hand):
    predicted = series_of(noisy_waves(2, seed=5))[10:]
    residual = TimeSeries.from_times_and_values(TIMES[10:], by_hand(TWO[10:] - predicted.values()), columns=["a", "b"])
    fitted = make(diff_fn=difference).fit_from_prediction(WIDE[:TRAIN], predicted)
    scores = fitted.score_from_prediction(WIDE, predicted)
    pd.testing.assert_index_equal(scores.time_index, predicted.time_index)
    wanted = make().fit(residual[: TRAIN - 10]).score(residual)
    np.testing.assert_allclose(scores.values(), wanted.values(), rtol=1e-9)
    (again,) = fitted.score_from_prediction([WIDE], [predicted])
    np.testing.assert_array_equal(again.values(), scores.values())


def test_forecasting_models_score_and_evaluate_with_it(make):
    forecaster = LinearRegressionModel(lags=8).fit(SERIES[:TRAIN])
    model = ForecastingAnomalyModel(forecaster, [make(), KMeansScorer(window=8, k=2)])
    model.fit(SERIES[:TRAIN], start=0.1)
    ours, darts = model.score(SERIES, start=0.1)
    assert len(ours) == len(darts) + 7
    rates = model.eval_metric(LABELS, SERIES, start=0.1)
    np.testing.assert_allclose(rates["JEPAScorer_w=1"], metric_of(ours))
    assert rates["JEPAScorer_w=1"] > 0.8


def metric_of(scores):
    from sklearn.metrics import roc_auc_score

    return roc_auc_score(LABELS.slice_intersect(scores).values()[:, 0], scores.values()[:, 0])


@pytest.mark.parametrize("smooth", [MovingAverageFilter(window=4), KalmanFilter(dim_x=2)], ids=["average", "kalman"])
def test_filtering_models_score_and_evaluate_with_it(make, smooth):
    model = FilteringAnomalyModel(smooth, make(component_wise=True))
    model.fit(WIDE[:TRAIN], allow_model_training=True)
    assert model.score(WIDE[:100]).shape == (100, 2, 1)
    assert len(model.eval_metric(BOTH_LABELS, WIDE)["JEPAScorer_w=1"]) == 2


# Detectors, aggregators, metrics, plots


def test_detectors_find_the_odd_steps(scorer):
    normal, scores = scorer.score(SERIES[:TRAIN]), scorer.score(SERIES)[ODD.start :]
    detectors = [
        ThresholdDetector(high_threshold=scorer.tasks_[0].threshold_),
        QuantileDetector(high_quantile=0.98).fit(normal),
        IQRDetector(scale=1.5).fit(normal),
    ]
    for detector in detectors:
        assert detector.detect(scores).values()[: ODD.stop - ODD.start].mean() > 0.8
        assert detector.detect(normal).values().mean() < 0.1


def test_aggregators_join_the_flags_of_components(wise_scorer):
    scores = wise_scorer.score(WIDE)
    flags = QuantileDetector(high_quantile=0.98).fit(scores[:TRAIN]).detect(scores)
    both = OrAggregator().predict(flags)
    np.testing.assert_array_equal(both.values()[:, 0], flags.values().max(axis=1))
    learned = EnsembleSklearnAggregator(RandomForestClassifier(n_estimators=5, random_state=0)).fit(LABELS, flags)
    assert learned.eval_metric(LABELS, flags, metric="accuracy") > 0.9


def test_metrics_compare_each_step_with_its_own_label(scorer, wise_scorer):
    wanted = metric_of(scorer.score(SERIES))
    assert wanted > 0.8
    assert scorer.eval_metric(LABELS, SERIES) == pytest.approx(wanted)
    assert scorer.eval_metric([LABELS, LABELS], [SERIES, SERIES]) == pytest.approx([wanted, wanted])
    assert len(wise_scorer.eval_metric(BOTH_LABELS, WIDE, metric="AUC_PR")) == 2


def test_one_score_for_all_components_needs_one_column_of_labels(wide_scorer):
    with pytest.raises(ValueError, match="univariate anomaly score"):
        wide_scorer.eval_metric(BOTH_LABELS, WIDE)


def test_anomalies_are_shown(scorer, wise_scorer):
    with mpl.rc_context({"backend": "Agg"}):
        from matplotlib import pyplot as plt

        try:
            scorer.show_anomalies(SERIES, LABELS, metric="AUC_ROC")
            assert "JEPAScorer" in plt.gcf().get_suptitle()
            wise_scorer.show_anomalies(WIDE, BOTH_LABELS, component_wise=True)
            assert len(plt.gcf().axes) == 6
            scorer.show_anomalies_from_prediction(SERIES, SERIES.shift(0) * 0.5)
        finally:
            plt.close("all")


# State


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])  # noqa: S301
@pytest.mark.parametrize("kind", ["scorer", "wise_scorer"])
def test_copies_keep_what_was_fitted(kind, duplicate, request, tiny_pretrained):
    fitted, series = request.getfixturevalue(kind), SERIES if kind == "scorer" else WIDE
    twin = duplicate(fitted)
    np.testing.assert_array_equal(twin.score(series).values(), fitted.score(series).values())
    assert twin.pretrained_.fingerprint == tiny_pretrained.fingerprint


def test_the_weights_of_the_given_artifact_stay_as_they_are(make, tiny_pretrained):
    before = {name: weight.clone() for name, weight in tiny_pretrained.module.state_dict().items()}
    for component_wise in (False, True):
        fitted = make(component_wise=component_wise, scores=("prediction", "neighbours")).fit(WIDE[:TRAIN])
        fitted.score(WIDE)
        assert fitted.pretrained_ is tiny_pretrained
    assert all(bool((weight == before[name]).all()) for name, weight in tiny_pretrained.module.state_dict().items())


def test_the_encoder_may_be_a_folder(make, scorer, tiny_pretrained, tmp_path):
    folder = tiny_pretrained.save(tmp_path / "encoder")
    scores = make(pretrained=folder).fit(SERIES[:TRAIN]).score(SERIES)
    np.testing.assert_array_equal(scores.values(), scorer.score(SERIES).values())


def test_without_an_encoder_one_is_pretrained_for_all_components(make, tiny_jepa):
    def fitted(**changes):
        return make(pretrained=None, config=tiny_jepa, train={"steps": 2}, **changes).fit(WIDE[:TRAIN])

    joint, wise, other = fitted(), fitted(component_wise=True), fitted(random_state=7)
    assert isinstance(joint.pretrained_, PretrainedEncoder)
    assert {task.pretrained_.fingerprint for task in wise.tasks_} == {joint.pretrained_.fingerprint}
    assert other.pretrained_.fingerprint != joint.pretrained_.fingerprint


def test_a_second_fit_forgets_the_first(make, scorer):
    again = make(window=None).fit(WIDE)
    again.fit(SERIES[:TRAIN][:40])
    assert len(again.score(SERIES[:40])) == 40
    fresh = make(window=None).fit(SERIES[:40])
    np.testing.assert_array_equal(again.score(SERIES).values(), fresh.score(SERIES).values())


# What cannot be used


def test_scores_before_fit_are_refused(make):
    with pytest.raises(ValueError, match="not been fitted yet"):
        make().score(SERIES)


@pytest.mark.parametrize(
    "other", [SERIES, series_of(noisy_waves(3)), series_of(TWO, "ax")], ids=["few", "many", "name"]
)
def test_other_components_are_refused(wide_scorer, other):
    with pytest.raises(DataError, match=r"fitted on \['a', 'b'\]"):
        wide_scorer.score(other)


def test_series_of_other_components_cannot_be_fitted_together(make):
    with pytest.raises(ValueError, match="width=2"):
        make().fit([WIDE, SERIES])
    with pytest.raises(DataError, match=r"components \['x', 'y'\]"):
        make().fit([WIDE, series_of(TWO, "xy")])


def test_a_single_component_may_have_any_name(scorer):
    np.testing.assert_array_equal(scorer.score(series_of(ONE, "z")).values(), scorer.score(SERIES).values())


def test_series_shorter_than_the_window_are_refused(make, scorer):
    assert len(scorer.score(SERIES[:WINDOW])) == WINDOW
    with pytest.raises(DataError, match=f"23 steps, but at least {WINDOW}"):
        scorer.score(SERIES[: WINDOW - 1])
    with pytest.raises(DataError, match=f"23 steps, but at least {WINDOW}"):
        make().fit([SERIES, SERIES[: WINDOW - 1]])


def test_without_a_window_series_as_short_as_in_training_are_scored(make):
    fitted = make(window=None).fit([SERIES[:TRAIN], SERIES[100:110]])
    assert len(fitted.score(SERIES[200:210])) == 10
    with pytest.raises(DataError, match="9 steps, but at least 10"):
        fitted.score(SERIES[200:209])


def test_impossible_settings_are_refused_at_once():
    with pytest.raises(ConfigError, match="window must be at least 1"):
        JEPAScorer(window=0)
    with pytest.raises(ConfigError, match="scores must be some of"):
        JEPAScorer(scores=("energy",))
    with pytest.raises(ValueError, match="diff_fn"):
        JEPAScorer(diff_fn=metrics.mae)


def test_infinite_values_are_refused(make, scorer):
    endless = SERIES.map(lambda values: np.where(values > 0.9, np.inf, values))
    for use in (make().fit, scorer.score):
        with pytest.raises(DataError, match="infini"):
            use(endless)
