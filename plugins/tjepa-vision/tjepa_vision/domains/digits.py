"""Written digits that come with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits

from tjepa_estimators.contracts import DomainInfo
from tjepa_vision.domains.splits import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Digits"]

_TRAIN = 1297
_SAMPLE = 60


class Digits:
    """1,797 grey images of 8 x 8; the last 500 are for testing.

    Examples
    --------
    >>> digits = Digits()
    >>> len(digits.items("test")), digits.items()[0].shape, digits.labels("test")[:4].tolist()
    (500, (8, 8), [0, 1, 2, 3])
    """

    info = DomainInfo(
        name="digits",
        title="Optical recognition of handwritten digits",
        licence="CC BY 4.0",
        source="https://archive.ics.uci.edu/dataset/80, as scikit-learn ships it",
        frequency="",
        season=1,
        sha256="",
    )
    preset = "image-tiny"

    def items(self, split: str = "all") -> list[NDArray[np.uint8]]:
        """Images of a split."""
        levels = load_digits().images  # 0 to 16
        return part_of(list((levels * (255.0 / 16.0)).round().astype(np.uint8)), split, _TRAIN)

    def labels(self, split: str = "all") -> NDArray[np.int64]:
        """The digit that each image shows."""
        return np.array(part_of(list(load_digits().target), split, _TRAIN))

    def sample(self) -> list[NDArray[np.uint8]]:
        """The first images."""
        return self.items("train")[:_SAMPLE]
