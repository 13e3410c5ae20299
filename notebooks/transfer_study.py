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
# # Does it transfer?
#
# Pretrain on a domain with much data, forecast another one with little: share prices help with the traffic of bitcoin,
# the weather with page views. That is the promise. This notebook puts it to the test on the bundled data, beside the
# controls that such a claim needs: the last value, a linear map fitted on the same few windows, the linear map of the
# *source* applied as it is, and the same network with random weights, tuned in the same way.
#
# It is the study of [the benchmark](../reference/benchmarks/transfer.md) in small: one seed, two pairs, two minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from tjepa_estimators import ForecastTask, load_domain, pretrain, untrained

STEPS = 150  # of pretraining
CONTEXT, HORIZON = 128, 24

# %% [markdown]
# ## Four domains, two pairs
#
# Prices and counts grow by factors, so they are taken as logarithms; the weather is taken as it is. Each domain
# is cut in time: the last fifth is the test part, and nothing is learned from it.


# %%
def daily(name, channels=None, *, logarithm):
    """The series of a domain, a column each, in a training and a test part."""
    parts = []
    for split in ("train", "test"):
        columns = [
            one.values[:, [channel]]
            for one in load_domain(name).series(split)
            for channel in range(one.num_channels)
            if channels is None or one.channels[channel] in channels
        ]
        parts.append([np.log1p(column) if logarithm else column for column in columns])
    train, test = parts
    return [column for column in train if len(column) > CONTEXT + HORIZON], test


stocks, _ = daily("stocks", logarithm=True)
weather, _ = daily("weather", ["temp_max", "temp_min", "wind"], logarithm=False)
pairs = {
    "stocks → crypto": (stocks, *daily("crypto", logarithm=True)),
    "weather → webtraffic": (weather, *daily("webtraffic", logarithm=True)),
}

figure, axes = plt.subplots(2, 2, figsize=(9, 4), layout="constrained")
for row, (pair, (source, target, _)) in zip(axes, pairs.items(), strict=True):
    for axis, name, series in zip(row, pair.split(" → "), (source[0], target[0]), strict=True):
        axis.plot(series[-1000:], color="black", linewidth=0.7)
        axis.set_title(name, fontsize=9)
plt.show()

# %% [markdown]
# ## Pretrain on the source
#
# The encoder predicts the latents of the next 24 steps, and `quantiles` decodes values from what is predicted. So it
# can forecast at once, with no training on the target (`strategy="zero_shot"`).

# %%
future = HORIZON / (CONTEXT + HORIZON)
config = {
    "context_length": CONTEXT,
    "future_length": HORIZON,
    "patch_length": 8,
    "masking": [{"kind": "future", "options": {"low": future, "high": future}}],
    "quantiles": {},
}
train = {"steps": STEPS, "batch_size": 64}
pretrained = {pair: pretrain(source, config=config, train=train) for pair, (source, _, _) in pairs.items()}
random = {pair: untrained(source, config=config) for pair, (source, _, _) in pairs.items()}

# %% [markdown]
# ## Forecast the target, from few windows and from more
#
# Someone whose records began late has the last days of the training part. From these, windows of 128 + 24 days: 10 of
# them (161 days), 50, or 250. Fine-tuning trains all of the network; the last fifth of the history says when to stop.
# After it, the product solves a linear head on top. The head falls back on the linear map where that did better on the
# last fifth, which hides what the network itself has learned. So both are shown: the network alone, and with the head.

# %%
from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.tasks.network import decoding_network

SIZES = (10, 50, 250)


def test_windows(target, test):
    """Contexts, and what came after them, every fifth day of the test part."""
    known, ahead = target[-1][:, 0], test[-1][:, 0]
    values = np.concatenate([known, ahead])
    origins = np.arange(len(known), len(values) - HORIZON, 5)
    windows = np.stack([values[at - CONTEXT : at + HORIZON] for at in origins])
    windows = windows[np.isfinite(windows[:, CONTEXT - 1])]
    return windows[:, :CONTEXT], windows[:, CONTEXT:]


def alone(task, contexts):
    """What the tuned network decodes by itself."""
    import torch

    with torch.inference_mode():
        forecast, stats = decoding_network(task.network_.decoder, CONTEXT, HORIZON)(torch.from_numpy(contexts))
        return denormalize(forecast.double(), stats).numpy()


def tuned(start, history, rate):
    train = {"steps": min(60, STEPS), "batch_size": 64, "learning_rate": rate}
    settings = {"horizon": HORIZON, "strategy": "finetune", "encoder_rate": 1.0}
    return ForecastTask(settings, pretrained=start, train=train).fit(history)


def forecasts(pair, contexts, size):
    """All rows for one pair and one size of the target's history."""
    source, target, _ = pairs[pair]
    history = target[-1][-(CONTEXT + HORIZON + size - 1) :]
    linear = {"horizon": HORIZON, "blocks": "lookback", "context_length": CONTEXT}
    scratch, transfer = tuned(random[pair], history, 4e-3), tuned(pretrained[pair], history, 1e-3)
    zero_shot = ForecastTask({"horizon": HORIZON, "strategy": "zero_shot"}, pretrained=pretrained[pair]).fit(history)
    tasks = {
        "ridge": ForecastTask(linear).fit(history),
        "ridge of the source": ForecastTask(linear).fit(source),
        "JEPA, zero-shot": zero_shot,
        "scratch + head": scratch,
        "JEPA, finetune + head": transfer,
    }
    found = {name: task.predict(contexts[:, :, None])[:, :, 0] for name, task in tasks.items()}
    found |= {"scratch": alone(scratch, contexts), "JEPA, finetune": alone(transfer, contexts)}
    return found | {"repeat-last": np.repeat(contexts[:, -1:], HORIZON, axis=1)}


ROWS = [
    "repeat-last", "ridge", "ridge of the source", "JEPA, zero-shot",
    "scratch", "JEPA, finetune", "scratch + head", "JEPA, finetune + head",
]  # fmt: skip
errors, shown = {}, {}
for pair, (_, target, test) in pairs.items():
    contexts, truth = test_windows(target, test)
    for size in SIZES:
        found = forecasts(pair, contexts, size)
        shown[pair, size] = (contexts, truth, found)
        squares = {name: np.nanmean((found[name] - truth) ** 2) for name in ROWS}
        errors[pair, size] = {name: square / squares["repeat-last"] for name, square in squares.items()}
table = pd.DataFrame(errors).rename_axis(columns=["pair", "windows"])
table.round(3)

# %%
colours = {"repeat-last": "gray", "ridge": "tab:orange", "scratch": "black", "JEPA, finetune": "tab:blue"}
figure, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
for axis, pair in zip(axes, pairs, strict=True):
    for name, colour in colours.items():
        axis.plot(SIZES, table[pair].loc[name], color=colour, marker="o", markersize=3, label=name)
    for name in ("ridge of the source", "JEPA, zero-shot", "JEPA, finetune + head"):
        style = {"ridge of the source": ":", "JEPA, zero-shot": "-.", "JEPA, finetune + head": "--"}[name]
        colour = "tab:orange" if "ridge" in name else "tab:blue"
        axis.plot(SIZES, table[pair].loc[name], style, color=colour, label=name)
    axis.set(xscale="log", xlabel="windows of the target", title=pair)
    axis.set_xticks(SIZES, [str(size) for size in SIZES])
    axis.minorticks_off()
axes[0].set_ylabel("test MSE, that of repeat-last = 1")
axes[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
plt.show()

# %% [markdown]
# ## One forecast of each

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
for axis, pair in zip(axes, pairs, strict=True):
    contexts, truth, found = shown[pair, SIZES[0]]
    at = len(truth) // 2
    ahead = np.arange(HORIZON)
    axis.plot(np.arange(-60, HORIZON), np.r_[contexts[at, -60:], truth[at]], color="gray", linewidth=0.9)
    for name in ("ridge", "scratch", "JEPA, finetune"):
        axis.plot(ahead, found[name][at], color=colours[name], label=name)
    axis.set(xlabel="days ahead", title=f"{pair}, {SIZES[0]} windows")
axes[1].legend(fontsize=8)
plt.show()

# %% [markdown]
# ## By how much?
#
# The transfer score is the improvement over the same network from scratch, in per cent of its error. It looks grand
# wherever the network from scratch is poor, so it says little without the next two lines.

# %%
transfer = table.loc["JEPA, finetune"]
names = ["scratch", "scratch + head", "ridge", "ridge of the source", "repeat-last"]
scores = pd.DataFrame({f"against {name}, %": 100 * (1 - transfer / table.loc[name]) for name in names}).T
scores.round(1)

# %% [markdown]
# ## What it says
#
# Read the table before the scores. On the first pair and ten windows the encoder of the stocks beats the same network
# from scratch by a third, and the linear map fitted on those windows by a tenth. With more windows the gain over
# scratch goes, and the linear map is better by half: Bitcoin's transactions have a week and share prices have none, so
# the source has nothing to teach about it. On the second pair the order of the rows changes with every column: neither
# the weather's weights nor more windows make a difference that one series could show.
#
# So a gain over *scratch* does not say that transfer pays, and its absence does not say that the network is poor. What
# decides is how alike source and target are. One seed and one series are also far too few to tell a few per cent from
# chance. [The benchmark](../reference/benchmarks/transfer.md) has five domains, twenty pairs and several seeds.
