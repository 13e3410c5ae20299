"""What features are worth: a linear probe and nearest neighbours, with few labels and with all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from benchmarks.vision.digits import Digits

__all__ = ["SHARES", "Embed", "score"]

Embed = Callable[[np.ndarray], np.ndarray]
"""Images in, a row of features for each."""

SHARES = {"1 %": 5, "10 %": 3, "100 %": 1}
"""Shares of labels, and how many draws of them are averaged."""
_PROBES = {
    "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300)),
    "k-NN": lambda: make_pipeline(
        StandardScaler(with_std=False), KNeighborsClassifier(5, weights="distance", metric="cosine")
    ),
}


def score(embed: Embed, digits: Digits, seed: int) -> dict[str, float]:
    """Accuracy on the new images, by probe and share of labels; the same draws for all features of a seed."""
    known, new = embed(digits.images).astype(float), embed(digits.new_images).astype(float)
    found = {}
    for share, draws in SHARES.items():
        count = round(len(known) * float(share.split()[0]) / 100)
        random = np.random.default_rng(seed)
        chosen = [random.permutation(len(known))[:count] for _ in range(draws)]
        for name, probe in _PROBES.items():
            hits = [probe().fit(known[some], digits.labels[some]).score(new, digits.new_labels) for some in chosen]
            found[f"{name} {share}"] = float(np.mean(hits))
    return found
