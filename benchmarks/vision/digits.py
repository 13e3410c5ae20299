"""The images: 8,000 to train on, of which a share is labelled, and 2,000 to test on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Digits", "read_digits"]

_TRAIN = 8000


@dataclass(frozen=True)
class Digits:
    """The 10,000 test images of MNIST, 28 x 28."""

    images: np.ndarray
    labels: np.ndarray
    new_images: np.ndarray
    new_labels: np.ndarray


def read_digits(folder: Path, *, is_development: bool = False) -> Digits:
    """Read the folder ``vision``; in development the images to test on are the last 1,600 of those to train on."""
    with np.load(folder / "vision" / "mnist_t10k.npz") as file:
        images, labels = file["images"], file["labels"]
    end = _TRAIN if is_development else len(images)
    cut = end - (1600 if is_development else 2000)
    return Digits(images[:cut], labels[:cut], images[cut:end], labels[cut:end])
