"""Vectors, such as the state of a machine, as a kind of data: settings, samples, tokens and a recipe."""

from __future__ import annotations

from tjepa_world.vectors.config import VectorsConfig
from tjepa_world.vectors.tokenizer import VectorTokenizer

__all__ = ["VectorTokenizer", "VectorsConfig"]
