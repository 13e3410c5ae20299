"""The Performer, an encoder on linear attention; this module describes it and imports no torch."""

from __future__ import annotations

from tjepa_estimators.plugins import EncoderSpec, hookimpl

__all__ = ["tjepa_encoders"]


@hookimpl
def tjepa_encoders() -> list[EncoderSpec]:
    """Return the Performer."""
    return [
        EncoderSpec(
            name="performer",
            target="tjepa_performer.encoder:PerformerEncoder",
            config="tjepa_performer.encoder:PerformerConfig",
            summary="Bidirectional transformer on FAVOR+ attention, linear in the tokens",
        )
    ]
