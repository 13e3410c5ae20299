"""Frames of air temperature from a reanalysis."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.contracts import DomainInfo
from tjepa_vision.domains.splits import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AirTemperature"]

_PIECE = 5
"""Frames of an item; items share none, so that none is both in train and in test."""
_TRAIN = 3


class AirTemperature:
    """Air temperature in kelvin, 15 to 75 degrees north and 200 to 330 east, on a grid of 2.5 degrees.

    The twenty frames come in four pieces of five in order of time; the last one is for testing.

    Examples
    --------
    >>> air = AirTemperature()
    >>> [piece.shape for piece in air.items("test")]
    [(5, 25, 53)]
    """

    info = DomainInfo(
        name="air_temperature",
        title="Air temperature, NCEP/NCAR reanalysis 1, six-hourly",
        licence="public domain",
        source="NOAA PSL, https://psl.noaa.gov/data/gridded/data.ncep.reanalysis.html, as xarray's tutorial ships it",
        frequency="6h",
        season=4,
        sha256="fcc1970d5476552e3dbbf081073107d71a2cbfd6433a4fed295dcab3d6928ee2",
    )
    preset = "video-tiny"

    def items(self, split: str = "all") -> list[NDArray[np.float32]]:
        """Pieces of five frames."""
        with np.load(str(files("tjepa_vision") / "domains" / "air_temperature.npz"), allow_pickle=False) as file:
            frames = file["air"].astype(np.float32)
        return part_of([frames[start : start + _PIECE] for start in range(0, len(frames), _PIECE)], split, _TRAIN)

    def sample(self) -> list[NDArray[np.float32]]:
        """All of them: they are few."""
        return self.items()
