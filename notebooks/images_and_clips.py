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
# # Images and clips
#
# The JEPA that reads series also reads images and clips, with the plugin `tjepa-vision`: a tokenizer cuts them
# into patches with positions on two or three axes, masks hide rectangles or frames, and everything else is the
# same. Here: what is hidden, what an encoder of digits is worth with few labels, and what one expects of the
# weather six hours on.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tjepa_estimators import load_domain, pretrain, untrained
from tjepa_estimators.contracts import Masks
from tjepa_estimators.jepa.config import MaskConfig

STEPS = 600  # of pretraining on digits, and half of them on clips

# %% [markdown]
# ## Masks
#
# The student sees what is not hidden; the predictor is asked, by position, for the latents of each hidden rectangle
# (red: each in a shade of its own). Drawn here with patches of one pixel; those of the encoder below are 2 x 2.

# %%
digits = load_domain("digits")
images = np.stack(digits.items("train"))
kinds = {
    "blocks (I-JEPA)": MaskConfig(kind="image-block"),
    "random, 75 %": MaskConfig(kind="random", options={"ratio": 0.75}),
}
figure, axes = plt.subplots(len(kinds), 5, figsize=(8, 3.6), layout="constrained")
for row, (name, mask) in zip(axes, kinds.items(), strict=True):
    masker = mask.build()
    masker = masker.on((8, 8)) if hasattr(masker, "on") else masker
    masks = masker(64, len(row), torch.Generator().manual_seed(3))
    for axis, image, seen, hidden in zip(row, images, masks.context, masks.targets, strict=False):
        shown = np.full(64, np.nan)
        shown[seen] = image.ravel()[seen]
        axis.imshow(shown.reshape(8, 8), cmap="gray", vmin=0, vmax=image.max())
        red = np.full(64, np.nan)
        for shade, block in enumerate(hidden):
            red[block] = 0.4 + 0.15 * (shade % 4)
        axis.imshow(red.reshape(8, 8), cmap="Reds", vmin=0, vmax=1.2)
        axis.set_axis_off()
    row[0].set_title(name, loc="left", fontsize=9)

# %% [markdown]
# ## Few labels
#
# The encoder is pretrained on all training digits without their labels. Then a handful of labelled ones teach a
# nearest neighbour and a logistic regression, and the test digits judge. Raw pixels and random weights are the
# controls.

# %%
labels = np.asarray(digits.labels("train"))
test_images, test_labels = np.stack(digits.items("test")), np.asarray(digits.labels("test"))
encoder = pretrain(images, config="image-tiny", train={"steps": STEPS})
control = untrained(images, config="image-tiny")
features = {
    "raw pixels": (images.reshape(len(images), -1), test_images.reshape(len(test_images), -1)),
    "random weights": (control.embed(images), control.embed(test_images)),
    "JEPA": (encoder.embed(images), encoder.embed(test_images)),
}
scores = {}
for few in (20, 100, len(images)):
    chosen = np.random.default_rng(0).permutation(len(images))[:few]
    for name, (train, test) in features.items():
        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(train[chosen], labels[chosen])
        neighbour = KNeighborsClassifier(1).fit(train[chosen], labels[chosen])
        scores[few, "logistic regression", name] = probe.score(test, test_labels)
        scores[few, "nearest neighbour", name] = neighbour.score(test, test_labels)
table = pd.Series(scores).unstack(2)[list(features)]  # noqa: PD010 - of a series
table.rename_axis(index=["labels", "classifier"]).style.format("{:.3f}")

# %% [markdown]
# One seed and one draw of labels. Training is worth much over random weights, and most with few labels. Raw pixels
# are a strong control on images so small: nearly level for the regression, ahead for nearest neighbours.
#
# ## What comes next
#
# Clips of four frames of air temperature over North America, six hours apart, are cut into 7 x 14 patches of each
# frame. The student sees two frames; the predictor is asked for the latents of the next two. To look at them, a
# ridge regression learns what pixels belong to a latent. It is for showing only: nothing is trained on pixels.

# %%
air = load_domain("air_temperature")
forecaster = pretrain(air.items("train"), config="video-tiny", train={"steps": STEPS // 2})
settings = forecaster.info.jepa.tokenizer.settings()
model = forecaster.module
past, future = settings.samples(air.items("train")), settings.samples(air.items("test"))
tokenizer = model.student.tokenizer


def latents_and_pixels(clips):
    """The teacher's latents of each patch, as they are predicted, and its pixels."""
    with torch.no_grad():
        return model.encode(clips).values.flatten(0, 1).numpy(), tokenizer.patches(clips).flatten(0, 1).numpy()


show = Ridge(1.0).fit(*latents_and_pixels(past.gather(torch.arange(len(past)))))
clip = future.gather(torch.tensor([len(future) - 1]))
frames, rows, columns = tokenizer.grid(clip)
number = torch.arange(frames * rows * columns)[None]
half = rows * columns * frames // 2
with torch.no_grad():
    output = model(clip, Masks(context=number[:, :half], targets=number[:, None, half:]))
predicted = show.predict(output.prediction[0].numpy())


def frame(pixels, which):
    """One frame of a clip from its patches, which cover one frame each."""
    side = tokenizer.patch
    patches = np.asarray(pixels).reshape(-1, rows, columns, side, side)[which]
    whole = patches.transpose(0, 2, 1, 3).reshape(rows * side, columns * side)
    return whole[: clip.shape[2], : clip.shape[3]]


truth = tokenizer.patches(clip)[0].numpy()
figure, axes = plt.subplots(2, 3, figsize=(9, 3.6), layout="constrained")
for ahead, row in enumerate(axes):
    shown = {"truth": frame(truth, frames // 2 + ahead), "predicted latents": frame(predicted, ahead)}
    shown["difference"] = shown["predicted latents"] - shown["truth"]
    for axis, (name, values) in zip(row, shown.items(), strict=True):
        axis.imshow(values, cmap="coolwarm", vmin=-2.5, vmax=2.5)
        axis.set_title(f"{name}, {6 * (ahead + 1)} hours on", fontsize=9)
        axis.set_axis_off()

# %% [markdown]
# Is the prediction better than to say that nothing changes, each patch as in the last frame? In latents, and in
# pixels by the same regression:

# %%
with torch.no_grad():
    last = model.encode(clip).values[0, half - rows * columns : half].repeat(frames - frames // 2, 1)
error = {
    "predicted": (output.prediction[0], predicted),
    "the last frame, unchanged": (last, np.tile(truth[half - rows * columns : half], (frames - frames // 2, 1))),
}
pd.DataFrame(
    {
        name: {
            "error of latents": float((latents - output.target[0]).square().mean()),
            "error of pixels": float(np.square(pixels - truth[half:]).mean()),
        }
        for name, (latents, pixels) in error.items()
    }
).T.style.format("{:.4f}")

# %% [markdown]
# In latents the prediction is better than the last frame, in pixels worse: what is predicted is not what the
# regression needs to paint. Twenty frames are too few to learn weather from; more of them, and controls over more
# than one clip, are what a claim would need.
