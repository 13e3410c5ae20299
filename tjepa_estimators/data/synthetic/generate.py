"""From settings to series, block by block, so that any number of them needs the memory of one block only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.config import FAMILIES, SyntheticConfig
from tjepa_estimators.data.synthetic.counts import counts
from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.events import add_events
from tjepa_estimators.data.synthetic.gaps import leave_gaps
from tjepa_estimators.data.synthetic.gaussian_process import gaussian_process
from tjepa_estimators.data.synthetic.kinds import Draw, change_some, log_uniform
from tjepa_estimators.data.synthetic.mixture import seasonal_mixture
from tjepa_estimators.data.synthetic.stochastic import stochastic
from tjepa_estimators.data.synthetic.systems import systems

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["BLOCK", "GENERATORS", "families", "synthetic_blocks", "synthetic_series", "write_synthetic"]

BLOCK = 512
"""Series that are drawn together: enough that a step of an integrator costs little for each of them."""

GENERATORS: Mapping[str, Draw] = MappingProxyType(
    {
        "seasonal": seasonal_mixture,
        "gaussian_process": gaussian_process,
        "stochastic": stochastic,
        "counts": counts,
        "systems": systems,
    }
)
"""What draws each family."""

_GOLDEN = (np.sqrt(5) - 1) / 2


def synthetic_series(config: SyntheticConfig) -> Float[np.ndarray, "count length"]:
    """Generate all series at once, in single precision; NaN is missing.

    Examples
    --------
    >>> synthetic_series(SyntheticConfig(count=3, length=64)).shape
    (3, 64)
    """
    return np.concatenate(list(synthetic_blocks(config)))


def synthetic_blocks(config: SyntheticConfig) -> Iterator[Float[np.ndarray, "block length"]]:
    """Generate the series in blocks of up to ``BLOCK``; a block depends on its number, not on those before it."""
    for start in range(0, config.count, BLOCK):
        yield _block(config, start // BLOCK)[: config.count - start]


def write_synthetic(path: Path | str, config: SyntheticConfig) -> Path:
    """Write the series to a ``.npy`` file of shape (count, length), to be opened with ``np.load(path, mmap_mode="r")``.

    Memory stays flat whatever ``count`` is; the file appears when it is complete.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    header = {"descr": "<f4", "fortran_order": False, "shape": (int(config.count), int(config.length))}
    try:
        with unfinished.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for block in synthetic_blocks(config):
                file.write(np.ascontiguousarray(block, dtype="<f4").data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def families(config: SyntheticConfig, start: int = 0) -> Int[np.ndarray, " block"]:
    """Tell the family of ``BLOCK`` series from number ``start`` on, as its place in ``FAMILIES``.

    Multiples of the golden ratio fill the unit interval evenly, so every stretch of series has the shares asked for.
    """
    weights = np.cumsum([config.shares.get(name, 0.0) for name in FAMILIES])
    offset = np.random.default_rng(config.seed).random()
    place = (offset + (start + np.arange(BLOCK)) * _GOLDEN) % 1.0
    return np.searchsorted(weights / weights[-1], place, side="right")


def _block(config: SyntheticConfig, number: int) -> Float[np.ndarray, "block length"]:
    chosen = families(config, number * BLOCK)
    values = np.empty((BLOCK, config.length))
    for place, (name, draw) in enumerate(GENERATORS.items()):
        rows = np.flatnonzero(chosen == place)
        if len(rows):
            rng = np.random.default_rng([config.seed, number, place])
            drawn = _varying(rng, draw(rng, len(rows), config.length))
            values[rows] = drawn if name == "counts" else _place(rng, add_events(rng, drawn, config.events))
    rng = np.random.default_rng([config.seed, number, len(GENERATORS)])
    return change_some(rng, values, leave_gaps, config.gaps).astype(np.float32)


def _varying(rng: np.random.Generator, values: Float[np.ndarray, "count length"]) -> Float[np.ndarray, "count length"]:
    """Put counts of rare arrivals where a draw came out constant, or where an integrator went astray."""
    varies = np.isfinite(values).all(axis=1) & (np.ptp(values, axis=1) > 1e-6 * np.abs(values).max(axis=1))
    if varies.all():
        return values
    steps = rng.poisson(0.3, values.shape)
    steps[:, ::7] += 1
    return np.where(varies[:, np.newaxis], values, steps)


def _place(rng: np.random.Generator, values: Float[np.ndarray, "count length"]) -> Float[np.ndarray, "count length"]:
    """Give each series a scale and a level; nearly half of them have their least value at or near zero."""
    values = standardise(values)
    count = len(values)
    anywhere = rng.standard_normal((count, 1)) * log_uniform(rng, 0.1, 20.0, count)
    above = -values.min(axis=1, keepdims=True) * rng.choice([1.0, 1.1, 1.5], (count, 1))
    return (values + np.where(rng.random((count, 1)) < 0.45, above, anywhere)) * log_uniform(rng, 0.01, 1e4, count)
