"""What benchmarks that train networks of a plugin have in common: seeds, precision and device of their trainings."""

from __future__ import annotations

import argparse
from typing import Any

from tjepa_estimators.jepa.config import as_preset
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig

__all__ = ["FULL", "PRECISIONS", "add_training_options", "train_config"]

FULL = "32-true"
PRECISIONS = (FULL, "bf16-mixed")


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--seeds``, ``--precision`` and ``--accelerator``."""
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--precision", default=FULL, choices=PRECISIONS, help="of the training")
    parser.add_argument("--accelerator", default="cpu", choices=["cpu", "gpu"], help="of the training")


def train_config(preset: str, options: argparse.Namespace, *, steps: int, seed: int) -> TrainConfig:
    """How a preset trains, with these options."""
    given: dict[str, Any] = {"steps": steps, "seed": seed, "progress": False}
    given |= {"precision": options.precision, "accelerator": options.accelerator}
    return as_settings(TrainConfig, as_preset(preset).train | given)
