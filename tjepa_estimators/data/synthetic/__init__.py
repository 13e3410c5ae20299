"""Synthetic series of many kinds: computed, seeded, in any number."""

from tjepa_estimators.data.synthetic.config import FAMILIES, SyntheticConfig
from tjepa_estimators.data.synthetic.domain import SyntheticDomain, synthetic
from tjepa_estimators.data.synthetic.generate import synthetic_blocks, synthetic_series, write_synthetic

__all__ = [
    "FAMILIES",
    "SyntheticConfig",
    "SyntheticDomain",
    "synthetic",
    "synthetic_blocks",
    "synthetic_series",
    "write_synthetic",
]
