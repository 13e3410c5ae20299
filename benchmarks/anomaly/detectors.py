"""All rows of the table: a name, and what scores the test part after learning from the training part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.anomaly.classical import CLASSICAL, autoencoder, fit_windows, matrix_profile
from benchmarks.anomaly.ours import OursRow

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly.classical import Score
    from benchmarks.anomaly.encoders import Encoders

__all__ = ["CHANCE", "CLASSICAL_ROWS", "DETECTORS", "OURS", "Row", "installed", "on_windows"]

CHANCE = "random scores"
OURS = "JEPA, all resolutions"


@dataclass(frozen=True)
class Row:
    """A detector of others.

    Parameters
    ----------
    fit
        Learns from a training part ``[time channels]``, with a seed and the encoders of the set; gives back what
        scores each step of a series.
    is_drawn
        Whether another seed gives other scores.
    package
        What has to be installed beside the package's own requirements.
    """

    fit: Callable[[np.ndarray, int, Encoders], Score]
    is_drawn: bool = True
    package: str = "numpy"


def _chance(_: Float[np.ndarray, "time channels"], seed: int, __: Encoders) -> Score:
    """Score at random: what a measure gives for nothing."""
    return lambda values: np.random.default_rng(seed).random(len(values))


def on_windows(learn: Callable[..., Any]) -> Callable[[np.ndarray, int, Encoders], Score]:
    return lambda train, seed, _: fit_windows(learn, train, seed)


def _profile(train: Float[np.ndarray, "time channels"], _: int, __: Encoders) -> Score:
    return matrix_profile(train)


CLASSICAL_ROWS: Mapping[str, Row] = {
    **{name: Row(on_windows(learn), is_drawn=False) for name, learn in CLASSICAL.items()},
    "matrix profile": Row(_profile, is_drawn=False, package="stumpy"),
}
DETECTORS: Mapping[str, Row | OursRow] = {
    CHANCE: Row(_chance),
    **CLASSICAL_ROWS,
    "autoencoder on windows": Row(on_windows(autoencoder), package="pyod"),
    "level alone": OursRow({"scores": ("level",)}, is_drawn=False),
    "random encoder": OursRow(is_trained=False),
    "JEPA, every step": OursRow(alone=1),
    "JEPA, means of 4": OursRow(alone=4),
    "JEPA, means of 16": OursRow(alone=16),
    OURS: OursRow(),
}


def installed(names: Iterable[str]) -> dict[str, Row | OursRow]:
    """The rows with these names whose packages are there."""
    rows = {name: DETECTORS[name] for name in names}
    return {name: row for name, row in rows.items() if isinstance(row, OursRow) or find_spec(row.package)}
