"""How the checks make encoders and what they feed them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.plugins.catalog import get_encoder
from tjepa_estimators.settings import as_settings
from tjepa_estimators.testing.report import SkipCheck

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor, nn

    from tjepa_estimators.plugins.specs import EncoderSpec

__all__ = ["DIM", "MakeEncoder", "RegisteredEncoder", "assert_close", "build", "noise", "registered"]

DIM = 32
"""Token width that encoders are checked at: the default of :class:`~tjepa_estimators.JEPAConfig`."""

MakeEncoder: TypeAlias = "Callable[..., nn.Module]"
"""``make(dim) -> encoder``; a :class:`RegisteredEncoder` takes settings beside."""


@dataclass(frozen=True, slots=True)
class RegisteredEncoder:
    """Makes the encoder that is registered under a name.

    Parameters
    ----------
    name
        What users write.
    settings
        Settings to check it with; the rest are its defaults.

    Raises
    ------
    PluginError
        If no installed distribution brings it.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        get_encoder(self.name)

    @property
    def spec(self) -> EncoderSpec:
        """What its plugin says about it."""
        return get_encoder(self.name)

    def config(self, **settings: Any) -> Any:  # noqa: ANN401 - the encoder's own dataclass
        """Its config, with ``settings`` before its own."""
        return as_settings(self.spec.load_config(), {**self.settings, **settings})

    def __call__(self, dim: int, **settings: Any) -> nn.Module:  # noqa: ANN401 - depends on the encoder
        """A fresh encoder."""
        return self.spec.load()(dim, self.config(**settings))


def registered(make: MakeEncoder) -> RegisteredEncoder:
    """``make`` itself if it stands for a registered encoder; else the check is skipped."""
    if not isinstance(make, RegisteredEncoder):
        raise SkipCheck("needs a registered encoder: give its name instead of a function")
    return make


def build(make: MakeEncoder, seed: int = 0, **settings: Any) -> nn.Module:  # noqa: ANN401 - depends on the encoder
    """A fresh encoder in evaluation mode, initialised from ``seed``."""
    with scoped_seed(seed):
        return make(DIM, **settings).eval()


def noise(*shape: int, seed: int = 0) -> Float[Tensor, "..."]:
    """Normal noise; the same for the same seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def assert_close(given: Tensor, wanted: Tensor, message: str) -> None:
    """Fail the running check unless two results agree but for rounding in float32."""
    torch.testing.assert_close(given, wanted, rtol=1e-3, atol=1e-4, msg=lambda detail: f"{message} {detail}")
