"""Mixture of experts over any registered encoder; this module describes it and imports no torch."""

from __future__ import annotations

from tjepa_estimators.plugins import EncoderSpec, hookimpl

__all__ = ["tjepa_encoders"]


@hookimpl
def tjepa_encoders() -> list[EncoderSpec]:
    """Return the mixture of experts."""
    return [
        EncoderSpec(
            name="moe",
            target="tjepa_moe.encoder:MoEEncoder",
            config="tjepa_moe.config:MoEConfig",
            summary="Mixture of experts: each sequence is sent to a few of several encoders of any kind",
        )
    ]
