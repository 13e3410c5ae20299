# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Quick start
#
# Pretrain one encoder on unlabelled series of several domains. Then use the same encoder to forecast in sktime,
# to backtest in Darts, to detect anomalies with scikit-learn and to embed windows.
# No GPU and no download is needed; everything runs in a minute or two.

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tjepa_estimators import load_domain, pretrain

warnings.filterwarnings("ignore", category=FutureWarning, module="sktime")  # about its own next release
STEPS = 120  # of pretraining; the default is 300

# %% [markdown]
# ## Series of several domains
#
# Eight small real data sets are bundled. Each knows its licence, its frequency and its season, and is split by time:
# nothing in `"train"` is later than anything in `"test"`.

# %%
names = ["webtraffic", "crypto", "weather_hourly", "ecommerce", "ecg"]
domains = [load_domain(name) for name in names]
pd.DataFrame(
    {
        "title": domain.info.title,
        "licence": domain.info.licence,
        "frequency": domain.info.frequency,
        "steps": len(domain.series()[0]),
        "channels": domain.series()[0].num_channels,
    }
    for domain in domains
)

# %%
figure, axes = plt.subplots(len(domains), figsize=(8, 7), layout="constrained")
for axis, domain in zip(axes, domains, strict=True):
    axis.plot(domain.series("train")[0].tail(500).values[:, 0], linewidth=0.8)
    axis.set_title(domain.info.title, fontsize=9)

# %% [markdown]
# ## Pretrain
#
# The encoder sees a part of a window and predicts the latents of the rest. Labels are not needed, and each series is
# seen on its own scale. A domain gives its training part only.

# %%
health = {}
encoder = pretrain(domains, train={"steps": STEPS}, on_diagnostics=health.__setitem__)
encoder

# %% [markdown]
# ## Is it healthy?
#
# A falling loss alone says little: latents that shrink to a point are easy to predict. So four numbers are watched.
# The spread and the rank must not fall towards zero and one, and the prediction must beat two trivial ones
# (lift above zero): repeating the last latent, and always saying the mean. A run that collapses warns.

# %%
watched = pd.DataFrame({step: numbers.as_dict() for step, numbers in health.items()}).T
watched[["std", "rank", "lift_over_copy", "lift_over_mean"]].plot(subplots=True, figsize=(8, 5), xlabel="step")
watched.tail(1)

# %% [markdown]
# ## Forecast in sktime
#
# The encoder is a parameter of the forecaster, so it survives cloning, grid search and pipelines. `fit` leaves it
# as it is and solves a linear head in closed form.

# %%
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.transformations.series.boxcox import LogTransformer

from tjepa_estimators import JEPAForecaster

views = load_domain("webtraffic").series()[0]
y = pd.Series(views.values[:, 0], index=views.index, name="views")
y_train, y_test = y[:-56], y[-56:]

pipeline = TransformedTargetForecaster(
    [("log", LogTransformer()), ("jepa", JEPAForecaster(pretrained=encoder, random_state=0))]
)
pipeline.fit(y_train, fh=np.arange(1, 57))
forecast = pipeline.predict()
interval = pipeline.predict_interval(coverage=0.9)

figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot(y[-200:], color="black", linewidth=0.8, label="views per day")
axis.plot(forecast, label="forecast")
axis.fill_between(interval.index, *interval.to_numpy().T, alpha=0.25, label="90 % interval")
axis.set_yscale("log")
axis.legend()
plt.show()
# %% [markdown]
# The fitted task says on what evidence it was built: errors on a held-out tail, in units of the variance of the
# series. `lookback` is the linear baseline; the latents are used only where they lower that error.

# %%
report = pipeline.forecaster_.task_.report_
print("repeat the last value:", round(report.repeat_last, 3))
print({blocks: round(error, 3) for blocks, error in report.errors.items()}, "used:", list(report.strengths))

# %% [markdown]
# ## Backtest in Darts
#
# The same encoder in a Darts model. `historical_forecasts` and `backtest` need no refit: the head was solved once on
# the first 80 % of the time.

# %%
from darts import TimeSeries
from darts.metrics import mae

from tjepa_estimators import JEPAModel

weather = load_domain("weather_hourly").series()[0]
temperature = TimeSeries.from_times_and_values(weather.index, weather.values[:, :1], columns=["temperature"])
past, future = temperature.split_before(0.8)

model = JEPAModel(input_chunk_length=168, output_chunk_length=24, pretrained=encoder, random_state=0)
model.fit(past)
days = model.historical_forecasts(
    temperature, start=future.start_time(), forecast_horizon=24, stride=24, retrain=False, last_points_only=False
)
yesterday = temperature.shift(24)
print("days:", len(days))
print("mean absolute error of JEPAModel:", np.mean([mae(temperature, day) for day in days]).round(2))
same_hour = [mae(temperature, yesterday.slice_intersect(day)) for day in days]
print("mean absolute error of the same hour a day before:", np.mean(same_hour).round(2))

# %% [markdown]
# ## Detect anomalies with scikit-learn
#
# Rows are time steps, in order. The detector learns from the first 80 % of an electrocardiogram, which are normal, and
# scores the rest, in which one stretch is labelled abnormal. Lower `score_samples` is more abnormal, as everywhere in
# scikit-learn.
#
# A heartbeat takes about 300 steps here and the rhythm counts, so a window should hold more than one beat. That is a
# finer grain than the encoder above was made for, so none is given: the detector pretrains one on what `fit` gets.

# %%
from tjepa_estimators import JEPAOutlierDetector

ecg = load_domain("ecg")
normal, later, label = ecg.series("train")[0].values, ecg.series("test")[0].values, ecg.labels("test")[0]
detector = JEPAOutlierDetector(window=512, contamination=0.02, train={"steps": STEPS}, random_state=0).fit(normal)
score = -detector.score_samples(later)

figure, axes = plt.subplots(2, sharex=True, figsize=(8, 4), layout="constrained")
axes[0].plot(later, color="black", linewidth=0.6)
axes[1].plot(score, label="how abnormal")
axes[1].axhline(-detector.offset_, color="gray", linestyle=":", label="threshold")
for axis in axes:
    axis.axvspan(*np.flatnonzero(label)[[0, -1]], color="tab:red", alpha=0.15, label="labelled")
axes[1].legend(loc="upper left")
plt.show()

# %% [markdown]
# The scores rise around the labelled stretch, where a beat comes early, but stay below the threshold: the strangest 2 %
# of the training part are stranger still. A hundred steps of training on twenty beats make no cardiologist.
# [From a csv to alarms](anomaly_alarms.ipynb) takes the time to do it well, on other data.

# %% [markdown]
# ## Embed
#
# A window becomes a short vector, in any scikit-learn pipeline. Every window is normalised before it is embedded, so
# what the vector tells is shape and not level. Here are windows of the temperature that start at a random hour,
# drawn in two dimensions. The encoder was told no time; the colour is the hour that a window starts at.

# %%
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tjepa_estimators import JEPAFeatures

starts = np.random.default_rng(0).integers(len(weather) - 168, size=500)
windows = np.array([weather.values[start : start + 168, 0] for start in starts])
draw = make_pipeline(JEPAFeatures(pretrained=encoder), StandardScaler(), PCA(2))

figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
dots = axis.scatter(*draw.fit_transform(windows).T, s=12, c=weather.index[starts].hour, cmap="twilight")
figure.colorbar(dots, label="first hour of the window (UTC)")
plt.show()

# %% [markdown]
# A classifier in place of the `PCA` makes this a probe. Give it a control before you believe it:
# `tjepa_estimators.training.run.untrained` makes the same network with random weights, and its features may do as well.
#
# Without scikit-learn, the encoder embeds plain arrays:

# %%
encoder.embed(windows).shape

# %% [markdown]
# ## Save and load
#
# A folder with the weights (safetensors), the settings, and a model card that names the training data and their
# licences. Every estimator takes the folder in place of the object: `JEPAForecaster(pretrained="encoder")`.

# %%
import tempfile

from tjepa_estimators import PretrainedEncoder

with tempfile.TemporaryDirectory() as folder:
    loaded = PretrainedEncoder.load(encoder.save(f"{folder}/encoder"))
print("the same weights:", loaded == encoder)
