"""Settings of masking: which tokens are hidden, and how often so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import ConfigError, PluginError
from tjepa_estimators.plugins.builtin import tjepa_maskers
from tjepa_estimators.plugins.catalog import get_masker

if TYPE_CHECKING:
    from tjepa_estimators.contracts import GridMasker, Masker

__all__ = ["MaskConfig"]

# found without a look at other plugins: a plugin that imports us must not be loaded while we are
_BUILT_IN = {spec.name: spec for spec in tjepa_maskers()}


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskConfig:
    """One way to hide tokens and how often it is drawn."""

    kind: str
    """``"random"``, ``"block"``, ``"future"``, or what :func:`~tjepa_estimators.list_plugins` shows beside them."""
    weight: float = 1.0
    """How often it is drawn, relative to the others."""
    options: dict[str, Any] = field(default_factory=dict)
    """Arguments of the masker, such as ``{"ratio": 0.7}``."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", dict(self.options))  # the caller may change theirs
        if not 0.0 <= self.weight < math.inf:
            msg = f"weight of mask {self.kind!r} must not be negative, and finite; got {self.weight!r}."
            raise ConfigError(msg)
        self.build()

    def build(self) -> Masker | GridMasker:
        """The masker that this stands for."""
        try:
            spec = _BUILT_IN.get(self.kind) or get_masker(self.kind)
        except PluginError as error:
            msg = f"mask kind {self.kind!r} is unknown; choose one of {sorted(_BUILT_IN)}. {error}"
            raise ConfigError(msg) from error
        try:
            return spec.load()(**self.options)
        except TypeError as error:
            msg = f"options {self.options} do not fit mask kind {self.kind!r}: {error}."
            raise ConfigError(msg) from error
