"""Settings of masking: which tokens are hidden, and how often so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.masking import BlockMasker, FutureMasker, RandomMasker

if TYPE_CHECKING:
    from tjepa_estimators.contracts import Masker

__all__ = ["MaskConfig"]

_MASKERS: Mapping[str, type[Any]] = {"random": RandomMasker, "block": BlockMasker, "future": FutureMasker}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskConfig:
    """One way to hide tokens and how often it is drawn."""

    kind: str
    """``"random"``, ``"block"`` or ``"future"``."""
    weight: float = 1.0
    """How often it is drawn, relative to the others."""
    options: dict[str, float] = field(default_factory=dict)
    """Arguments of the masker, such as ``{"ratio": 0.7}``."""

    def __post_init__(self) -> None:
        self.build()

    def build(self) -> Masker:
        """The masker that this stands for."""
        if self.kind not in _MASKERS:
            msg = f"mask kind {self.kind!r} is unknown; choose one of {sorted(_MASKERS)}."
            raise ConfigError(msg)
        try:
            masker: Masker = _MASKERS[self.kind](**self.options)
        except TypeError as error:
            msg = f"options {self.options} do not fit mask kind {self.kind!r}: {error}."
            raise ConfigError(msg) from error
        return masker
