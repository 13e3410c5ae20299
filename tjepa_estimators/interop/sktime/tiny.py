"""The smallest encoder that trains at all, for sktime's own test suite."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["TINY"]

TINY: Final[dict[str, Any]] = {
    "config": {
        "context_length": 8,
        "future_length": 4,
        "patch_length": 4,
        "dim": 4,
        "predictor_dim": 4,
        "predictor_heads": 1,
    },
    "encoder_config": {"depth": 1, "heads": 1},
    "train": {"steps": 1, "batch_size": 8},
}
"""Parameters that every estimator here takes."""
