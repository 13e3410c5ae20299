"""Detectors of others on raw windows: fitted on the training part, then given any number of series to score."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from benchmarks.anomaly.windows import WINDOW, over_steps, some, windows

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CLASSICAL", "EPOCHS", "PROFILE_STEPS", "Score", "autoencoder", "fit_windows", "matrix_profile"]

_COMPONENTS, _CENTRES, _NEIGHBOURS, _NEIGHBOUR_COMPONENTS = 8, 20, 5, 32
PROFILE_STEPS = 5000
"""Last steps of the training part that the matrix profile compares with: its time is a product of lengths."""
EPOCHS = 20

Score = Callable[["Float[np.ndarray, 'time channels']"], "Float[np.ndarray, 'time']"]
ScoreWindows = Callable[["Float[np.ndarray, 'windows values']"], "Float[np.ndarray, 'windows']"]


def sub_pca(train: Float[np.ndarray, "windows values"], seed: int) -> ScoreWindows:
    """Squared error of what the first components rebuild."""
    pca = _pca(train, _COMPONENTS, seed)
    return lambda test: ((test - pca.inverse_transform(pca.transform(test))) ** 2).mean(axis=1)


def k_means(train: Float[np.ndarray, "windows values"], seed: int) -> ScoreWindows:
    """Distance to the nearest centre."""
    centres = KMeans(min(_CENTRES, len(train)), n_init=1, random_state=seed).fit(train)
    return lambda test: centres.transform(test).min(axis=1)


def forest(train: Float[np.ndarray, "windows values"], seed: int) -> ScoreWindows:
    """How few random cuts set a window apart."""
    trees = IsolationForest(random_state=seed).fit(train)
    return lambda test: -trees.score_samples(test)


def neighbours(train: Float[np.ndarray, "windows values"], seed: int) -> ScoreWindows:
    """Mean distance to the nearest training windows, after a projection."""
    pca = _pca(train, _NEIGHBOUR_COMPONENTS, seed)
    search = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(train))).fit(pca.transform(train))
    return lambda test: search.kneighbors(pca.transform(test))[0].mean(axis=1)


def autoencoder(train: Float[np.ndarray, "windows values"], seed: int) -> ScoreWindows:
    """Error of what PyOD's autoencoder rebuilds."""
    from pyod.models.auto_encoder import AutoEncoder

    logging.getLogger("pyod").setLevel(logging.ERROR)
    # a last batch of one window would stop its batch normalisation
    batch = next(size for size in range(128, 256) if len(train) % size != 1)
    detector = AutoEncoder(epoch_num=EPOCHS, batch_size=batch, random_state=seed, device="cpu", verbose=0)
    return detector.fit(train).decision_function


CLASSICAL: Mapping[str, Callable[[np.ndarray, int], ScoreWindows]] = {
    "Sub-PCA": sub_pca,
    "KMeansAD": k_means,
    "IForest on windows": forest,
    "k-NN on windows": neighbours,
}


def fit_windows(
    learn: Callable[[np.ndarray, int], ScoreWindows], train: Float[np.ndarray, "time channels"], seed: int
) -> Score:
    """Let a detector learn from windows; what it gives back scores the steps of a series."""
    score = learn(some(windows(train), seed), seed)
    return lambda values: over_steps(score(windows(values)))


def matrix_profile(train: Float[np.ndarray, "time channels"]) -> Score:
    """Distance of each window, in its own units, to the nearest training window; mean over the channels.

    stumpy's own profile of many channels joins a series with itself only, so each channel is joined by itself.
    """
    known = np.ascontiguousarray(train[-PROFILE_STEPS:].T, dtype=np.float64)
    return lambda values: over_steps(
        np.mean([_join(one, other) for one, other in zip(values.T, known, strict=True)], axis=0)
    )


def _join(values: Float[np.ndarray, "time"], train: Float[np.ndarray, "known"]) -> Float[np.ndarray, "windows"]:
    import stumpy

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A large number of values in")  # dead channels, say
        return stumpy.stump(np.ascontiguousarray(values), WINDOW, train, ignore_trivial=False)[:, 0].astype(np.float64)


def _pca(train: Float[np.ndarray, "windows values"], components: int, seed: int) -> PCA:
    return PCA(min(components, *train.shape), random_state=seed).fit(train)
