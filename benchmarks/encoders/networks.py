"""The encoders that are compared, and how deep and wide they are."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import get_encoder
from tjepa_estimators.settings import as_settings

__all__ = ["BARE", "DEPTH", "ENCODERS", "NOTHING", "STATED", "WIDTH", "Network", "Networks", "compared", "stated"]

ENCODERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "transformer": ("transformer", {}),
    "mamba": ("mamba", {}),
    "mamba causal": ("mamba", {"causal": True}),
    "mamba2": ("mamba2", {}),
    "transmamba": ("transmamba", {}),
    "performer": ("performer", {}),
    "moe": ("moe", {}),
}
"""Names of the rows: the encoder and what is not its default."""
NOTHING, BARE = "none", "no encoder"
"""The control that has no encoder and costs what tokenizer, predictor and teacher cost; and its row."""
DEPTH, WIDTH = 4, 64
"""Of the seeds."""
STATED: Mapping[str, tuple[int, int]] = {
    "mamba": (2_100_000, 120),
    "mamba causal": (2_100_000, 120),
    "transformer": (3_800_000, 85),
    "performer": (2_900_000, 95),
}
"""Parameters and samples per second that the seeds state; they do not say which way their Mamba reads."""
_WIDTHS, _WIDE = range(16, 129, 8), range(160, 401, 8)
_TOLERANCE = 0.05


@dataclass(frozen=True)
class Network:
    """An encoder of a certain size. ``settings`` holds what differs from its defaults, but for the depth."""

    encoder: str
    depth: int
    width: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> str:
        """Depth and width."""
        return f"{self.depth} × {self.width}"

    @property
    def config(self) -> dict[str, Any]:
        """The ``encoder_config``."""
        return {"depth": self.depth, **self.settings}

    @functools.cached_property
    def parameters(self) -> int:
        """Parameters of the encoder alone."""
        if self.encoder == NOTHING:
            return 0
        spec = get_encoder(self.encoder)
        encoder = spec.load()(self.width, as_settings(spec.load_config(), self.config))
        return sum(parameter.numel() for parameter in encoder.parameters())


def alike(
    encoder: str, settings: Mapping[str, Any], parameters: int, depth: int, widths: Sequence[int] = _WIDTHS
) -> Network | None:
    """The encoder with about so many parameters, of the depth nearest to the one given at which 5 % can be met.

    Widths are multiples of 8, so that no encoder is slowed down by odd ones. None if nothing comes close enough.
    """

    def off(network: Network) -> float:
        return abs(network.parameters / parameters - 1)

    for tried in sorted(range(1, 2 * depth + 1), key=lambda tried: (abs(tried - depth), -tried)):
        best = min((Network(encoder, tried, width, settings) for width in widths), key=off)
        if off(best) < _TOLERANCE:
            return best
    return None


Networks = dict[str, Network]
"""By the names of their rows."""


def compared() -> dict[str, Networks]:
    """What is compared at equal width and depth, and at equal parameters; what is not installed is left out."""
    same = {BARE: Network(NOTHING, DEPTH, WIDTH)}
    for name, (encoder, settings) in ENCODERS.items():
        try:
            get_encoder(encoder)
        except PluginError:
            continue
        same[name] = Network(encoder, DEPTH, WIDTH, settings)
    size = same["transformer"].parameters
    matched = {name: alike(one.encoder, one.settings, size, DEPTH) for name, one in same.items() if name != BARE}
    return {"equal width and depth": same, "equal parameters": {name: one for name, one in matched.items() if one}}


def stated(same: Networks) -> Iterator[tuple[str, Network]]:
    """Encoders in the size that the seeds ask for, and as wide as the parameters that they state."""
    for name, (parameters, _) in STATED.items():
        if name in same:
            yield name, same[name]
            if wide := alike(same[name].encoder, same[name].settings, parameters, DEPTH, _WIDE):
                yield name, wide
