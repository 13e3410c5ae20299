"""Detectors that need no network: scores of windows, averaged over the windows that cover a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly.datasets import Labelled

__all__ = ["CLASSICAL", "WINDOW", "chance", "classical"]

WINDOW = 32
_MOST_WINDOWS = 5000
"""Training windows; a random subset where there are more."""
_COMPONENTS, _CENTRES, _NEIGHBOURS, _NEIGHBOUR_COMPONENTS = 8, 20, 5, 32


def sub_pca(
    train: Float[np.ndarray, "known values"], test: Float[np.ndarray, "windows values"], seed: int
) -> Float[np.ndarray, "windows"]:
    """Squared error of what the first components rebuild."""
    pca = _pca(train, _COMPONENTS, seed)
    return ((test - pca.inverse_transform(pca.transform(test))) ** 2).mean(axis=1)


def k_means(
    train: Float[np.ndarray, "known values"], test: Float[np.ndarray, "windows values"], seed: int
) -> Float[np.ndarray, "windows"]:
    """Distance to the nearest centre."""
    return KMeans(min(_CENTRES, len(train)), n_init=1, random_state=seed).fit(train).transform(test).min(axis=1)


def forest(
    train: Float[np.ndarray, "known values"], test: Float[np.ndarray, "windows values"], seed: int
) -> Float[np.ndarray, "windows"]:
    """How few random cuts set a window apart."""
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def neighbours(
    train: Float[np.ndarray, "known values"], test: Float[np.ndarray, "windows values"], seed: int
) -> Float[np.ndarray, "windows"]:
    """Mean distance to the nearest training windows, after a projection."""
    pca = _pca(train, _NEIGHBOUR_COMPONENTS, seed)
    search = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(train))).fit(pca.transform(train))
    return search.kneighbors(pca.transform(test))[0].mean(axis=1)


CLASSICAL: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "Sub-PCA": sub_pca,
    "KMeansAD": k_means,
    "IForest on windows": forest,
    "k-NN on windows": neighbours,
}


def classical(name: str, series: Labelled, seed: int) -> Float[np.ndarray, "test"]:
    """Score each step of the test part."""
    train, test = _windows(series.train), _windows(series.test)
    if len(train) > _MOST_WINDOWS:
        train = train[np.random.default_rng(seed).choice(len(train), _MOST_WINDOWS, replace=False)]
    scores, ones = CLASSICAL[name](train, test, seed), np.ones(WINDOW)
    return np.convolve(scores, ones) / np.convolve(np.ones(len(scores)), ones)


def chance(series: Labelled, seed: int) -> Float[np.ndarray, "test"]:
    """Random scores: what a measure gives for nothing."""
    return np.random.default_rng(seed).random(len(series.test))


def _windows(values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "windows values"]:
    """All windows, with their channels side by side; in single precision, since there are many."""
    windows = np.lib.stride_tricks.sliding_window_view(values.astype(np.float32), WINDOW, axis=0)
    return windows.reshape(len(windows), -1)


def _pca(train: Float[np.ndarray, "known values"], components: int, seed: int) -> PCA:
    return PCA(min(components, *train.shape), random_state=seed).fit(train)
