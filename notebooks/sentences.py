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
# # Sentences
#
# The plugin `tjepa-text` hides spans of words and predicts the latents of the hidden ones from the others. Here a
# small network learns from *Hamlet* alone: which speeches it puts next to each other, and what that is worth. One
# play is far too little to learn meanings from; the controls say so.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from tjepa_text import JEPATextFeatures

from tjepa_estimators import load_domain, pretrain, untrained
from tjepa_estimators.jepa.config import MaskConfig

STEPS = 150  # of pretraining; the preset has 600

# %% [markdown]
# ## What is hidden
#
# A speech becomes word pieces of a vocabulary that is learned from the play. Half of them are hidden in spans of
# three to eight, in turn with three quarters at random. Here spans, over words:

# %%
hamlet = load_domain("hamlet")
speeches = hamlet.items("train")
encoder = pretrain("hamlet", config="text-tiny", train={"steps": STEPS})
control = untrained("hamlet", config="text-tiny")
speech = max(speeches, key=len)[:240]
words = speech.split()
masks = MaskConfig(kind="span", options={"share": 0.5}).build()(len(words), 1, torch.Generator().manual_seed(0))
hidden = set(masks.targets.flatten().tolist())
print(" ".join("▒" * len(word) if number in hidden else word for number, word in enumerate(words)))

# %% [markdown]
# ## Nearest neighbours
#
# Speeches of the later scenes, which were not trained on, and their nearest neighbours among all of these.
# Embeddings are whitened, as otherwise all of them point one way.

# %%
later = [speech for speech in hamlet.items("test") if 40 <= len(speech) <= 200]
features = JEPATextFeatures(pretrained=encoder, whiten=True).fit(speeches)


def unit(rows):
    """Rows of length one."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)


likeness = unit(features.transform(later)) @ unit(features.transform(later)).T
np.fill_diagonal(likeness, -1)
asked = [0, len(later) // 3, len(later) // 2, len(later) - 1]
pd.set_option("display.max_colwidth", 90)
pd.DataFrame(
    {
        "speech": [later[number] for number in asked],
        "nearest": [later[likeness[number].argmax()] for number in asked],
        "cosine": [round(float(likeness[number].max()), 2) for number in asked],
    }
)

# %% [markdown]
# ## Who speaks?
#
# Speeches that follow each other are of one scene, and share what it is about. Is a speech nearer to the next one
# than to any other? The share of the later speeches for which it is, by each kind of feature; by chance it is one
# half.

# %%
words = TfidfVectorizer(sublinear_tf=True).fit(speeches)
kinds = {
    "words in common (TF-IDF)": unit(np.asarray(words.transform(later).todense())),
    "random weights": unit(JEPATextFeatures(pretrained=control, whiten=True).fit(speeches).transform(later)),
    "JEPA": unit(features.transform(later)),
}
shares = {}
for name, rows in kinds.items():
    cosines = rows @ rows.T
    following = np.diag(cosines, 1)
    shares[name] = float((cosines[:-1] < following[:, None]).mean())
pd.Series(shares).to_frame("share").style.format("{:.3f}")

# %% [markdown]
# ## A map of the play
#
# The two strongest directions of the embeddings, without whitening: mostly how long a speech is, which all
# encoders see.

# %%
flat = PCA(2, random_state=0).fit_transform(encoder.embed(later))
lengths = [len(speech.split()) for speech in later]
figure, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
points = axis.scatter(*flat.T, c=lengths, s=12, cmap="viridis")
figure.colorbar(points, label="words")
axis.set(xlabel="first direction", ylabel="second direction", title="Later speeches of Hamlet")

# %% [markdown]
# To start from a model that knows meanings, take over a DistilBERT, BERT or MiniLM with
# `tjepa_text.from_hugging_face`, and go on training it on your own texts. `tjepa probe-text` and the benchmark of
# text compare all of these.
