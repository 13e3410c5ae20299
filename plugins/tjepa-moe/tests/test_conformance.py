"""The mixture passes the conformance kit for encoders, whatever its experts are."""

from __future__ import annotations

from tjepa_moe.config import MoEConfig
from tjepa_moe.encoder import MoEEncoder

from tjepa_estimators.testing import EncoderTests


class TestMoE(EncoderTests):
    """As registered, with transformers as experts."""

    encoder = "moe"


class TestMoEOfMamba(EncoderTests):
    """With Mamba as experts, one for each sequence."""

    def make(self, dim):
        return MoEEncoder(dim, MoEConfig(expert="mamba", top_k=1))
