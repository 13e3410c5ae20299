"""The public sets of labelled anomalies: a part to learn from, a part to score, and its labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["DATASETS", "SPLITS", "Labelled", "load", "split_series"]

SPLITS = ("evaluation", "development")
_DEVELOPMENT = 1 / 3
"""Share of the series of a set on which defaults may be chosen."""

_LIMIT = 10.0
"""Deviations that a value may lie from the mean: a channel that wakes up in the test part would drown all others."""
_NAB_TRAIN = 0.15
"""Share of a NAB series that its rules give detectors to learn from."""
_SKAB_TRAIN = 400
"""Steps of a SKAB series that its authors train on."""
_TWICE = "P-2"
"""A SMAP channel that is labelled twice, with different anomalies; the literature leaves it out."""


@dataclass(frozen=True)
class Labelled:
    """One series, in two parts."""

    name: str
    train: Float[np.ndarray, "train channels"]
    test: Float[np.ndarray, "test channels"]
    labels: Int[np.ndarray, "test"]
    """1 where a step of the test part is abnormal."""

    def standardised(self) -> Labelled:
        """Centre and scale each channel by its training part, and clip it."""
        centre, spread = self.train.mean(axis=0), self.train.std(axis=0)
        spread = np.where(spread > 1e-8, spread, 1.0)
        train, test = (np.clip((part - centre) / spread, -_LIMIT, _LIMIT) for part in (self.train, self.test))
        return Labelled(self.name, train, test, self.labels)


def load(folder: Path, dataset: str, split: str) -> list[Labelled]:
    """Read the series of a set that are for development, or those for evaluation.

    Series without an anomaly, or with nothing else, in the test part are left out: no measure is defined on them.
    """
    usable = [one for one in DATASETS[dataset](folder / "anomaly") if 0 < one.labels.sum() < len(one.labels)]
    return [usable[place].standardised() for place in split_series(len(usable))[split]]


def split_series(count: int) -> dict[str, list[int]]:
    """Places of the series of each split: whole series, as TSB-AD holds them apart, drawn by chance."""
    order = np.random.default_rng(0).permutation(count).tolist()
    first = max(1, round(_DEVELOPMENT * count))
    return {"development": order[:first], "evaluation": order[first:]}


def _nab(folder: Path) -> Iterator[Labelled]:
    for name, table in pd.read_csv(folder / "nab" / "nab.csv.gz").groupby("series"):
        values = table[["value"]].to_numpy(dtype=np.float64)
        yield _split(str(name), values, table["label"].to_numpy(), int(_NAB_TRAIN * len(values)))


def _skab(folder: Path) -> Iterator[Labelled]:
    table = pd.read_csv(folder / "skab" / "skab.csv.gz")
    for name, part in table[table["anomaly"].notna()].groupby("file"):
        values = part.drop(columns=["datetime", "file", "anomaly", "changepoint"]).to_numpy(dtype=np.float64)
        yield _split(str(name), values, part["anomaly"].to_numpy(), _SKAB_TRAIN)


def _machines(name: str) -> Callable[[Path], Iterator[Labelled]]:
    """Read sets with a file for each machine."""

    def read(folder: Path) -> Iterator[Labelled]:
        for path in sorted((folder / name).glob("*.npz")):
            with np.load(path, allow_pickle=False) as parts:
                train, test = (parts[part].astype(np.float64) for part in ("train", "test"))
                yield Labelled(path.stem, train, test, parts["test_label"].astype(int))

    return read


def _spacecraft(name: str) -> Callable[[Path], Iterator[Labelled]]:
    """Read sets with all series in one file."""

    def read(folder: Path) -> Iterator[Labelled]:
        with np.load(folder / "smap_msl" / f"{name}.npz", allow_pickle=False) as parts:
            for one in sorted({key.split("__")[0] for key in parts} - {_TWICE}):
                train, test = (parts[f"{one}__{part}"].astype(np.float64) for part in ("train", "test"))
                yield Labelled(one, train, test, parts[f"{one}__label"].astype(int))

    return read


def _split(name: str, values: Float[np.ndarray, "time channels"], labels: np.ndarray, steps: int) -> Labelled:
    return Labelled(name, values[:steps], values[steps:], labels[steps:].astype(int))


DATASETS: dict[str, Callable[[Path], Iterator[Labelled]]] = {
    "NAB": _nab,
    "SKAB": _skab,
    "ASD": _machines("asd"),
    "SMD": _machines("smd"),
    "SMAP": _spacecraft("smap"),
    "MSL": _spacecraft("msl"),
}
