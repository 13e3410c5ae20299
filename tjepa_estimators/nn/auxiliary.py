"""What parts of a network say besides their output: losses of their own, and numbers on how they fare.

A mixture of experts, say, has a load-balance loss and the use of each expert. Any submodule may offer them, by the
methods of :class:`~tjepa_estimators.contracts.HasAuxiliaryLosses` and
:class:`~tjepa_estimators.contracts.HasDiagnostics`; nothing between it and the training loop has to pass them on.

A loss is a tensor with a graph behind it, and a module that keeps one can be neither deep-copied nor pickled, and
may hand it over twice. :class:`Latest` is a place for it that has none of these faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor, nn

__all__ = ["Latest", "auxiliary_losses", "encoder_diagnostics"]

T = TypeVar("T")


class Latest(Generic[T]):
    """What a module remembers of its latest forward pass; copies and pickles of it are empty.

    Examples
    --------
    >>> latest = Latest()
    >>> latest.put("a loss")
    >>> latest.take(), latest.take()
    ('a loss', None)
    """

    def __init__(self) -> None:
        self.value: T | None = None
        """What was put last and not taken; None if there is nothing."""

    def put(self, value: T) -> None:
        """Remember ``value`` in place of what was there, unless a checkpoint recomputes for the backward pass."""
        if torch._C._current_graph_task_id() == -1:  # noqa: SLF001 - torch has no public way to ask
            self.value = value

    def take(self) -> T | None:
        """Hand over ``value`` and forget it."""
        value, self.value = self.value, None
        return value

    def __reduce__(self) -> tuple[type[Latest[T]], tuple[()]]:
        return type(self), ()


def auxiliary_losses(module: nn.Module) -> dict[str, Float[Tensor, ""]]:
    """Collect the losses that parts of ``module`` have of their own, from its latest forward pass.

    Losses of the same name, as those of several equal blocks, are averaged: their weight means the same at any
    depth. Parts in evaluation mode, such as a teacher, are not asked, and without gradients nobody is.

    Parameters
    ----------
    module
        Its parts, itself included, may be :class:`~tjepa_estimators.contracts.HasAuxiliaryLosses`.
    """
    found: dict[str, list[Tensor]] = {}
    if torch.is_grad_enabled():
        for part in module.modules():
            offer = _method(part, "auxiliary_losses") if part.training else None
            for name, loss in offer(part).items() if offer else ():
                found.setdefault(name, []).append(loss)
    return {name: torch.stack(losses).mean() for name, losses in found.items()}


def encoder_diagnostics(module: nn.Module) -> dict[str, float]:
    """Collect the numbers that parts of ``module`` report on their latest forward pass.

    Each name is preceded by the path of its part, as in a state dict: an average over blocks would call experts
    balanced of which each block uses another one.

    Parameters
    ----------
    module
        Its parts, itself included, may be :class:`~tjepa_estimators.contracts.HasDiagnostics`.
    """
    return {
        f"{path}.{name}".lstrip("."): float(number)
        for path, part in module.named_modules()
        if (offer := _method(part, "diagnostics")) is not None
        for name, number in offer(part).items()
    }


def _method(part: nn.Module, name: str) -> Callable[[nn.Module], Mapping[str, Any]] | None:
    """A method of the class of ``part``; asking the instance costs ten times as much, on each step of a training.

    And an instance may pass on the method of what it wraps, as a compiled module does, to be asked twice.
    """
    return getattr(type(part), name, None)
