"""Checks that an encoder can be trained: gradients reach everything, are right, and stay finite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.model import JEPA
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.jepa.predictor import TokenPredictor
from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.tokens import PatchTokenizer
from tjepa_estimators.testing.encoder.making import DIM, MakeEncoder, assert_close, build, noise, registered
from tjepa_estimators.testing.report import Check, SkipCheck, expect

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["GRADIENT_CHECKS"]


def check_every_parameter_gets_a_gradient(make: MakeEncoder) -> None:
    """Each parameter gets a gradient within three steps of training.

    A parameter without one is not used: remove it, or find where its effect is lost (a detached tensor, an output
    that is overwritten). What is not to be trained belongs in a buffer, or has ``requires_grad=False``.
    """
    encoder = build(make).train()
    weights = {name: weight for name, weight in encoder.named_parameters() if weight.requires_grad}
    if not weights:
        raise SkipCheck("the encoder has no parameters")
    optimizer = torch.optim.Adam(weights.values(), lr=1e-2)
    unreached = set(weights)  # three steps, as a branch that begins at zero passes nothing on in the first
    for step in range(3):
        optimizer.zero_grad()
        with scoped_seed(step):
            (encoder(noise(16, 24, DIM, seed=step)) * noise(16, 24, DIM, seed=step + 9)).sum().backward()
        unreached -= {name for name, weight in weights.items() if weight.grad is not None and weight.grad.any()}
        optimizer.step()
    expect(not unreached, f"No gradient reaches {sorted(unreached)}.")


def check_gradients_agree_with_finite_differences(make: MakeEncoder) -> None:
    """In float64, gradients agree with finite differences, with padding and without.

    A backward pass written by hand is wrong, or a tensor is made in a fixed type: take type and device from the
    input (``x.new_zeros(...)``, ``torch.arange(..., dtype=x.dtype)``) so that ``encoder.double()`` works.
    """
    encoder, x = build(make).double(), noise(2, 4, DIM).double().requires_grad_()
    padding = torch.tensor([[False] * 4, [True, False, False, True]])
    tensors = {"the input": x} | {name: weight for name, weight in encoder.named_parameters() if weight.requires_grad}
    for mask in (torch.zeros_like(padding), padding):
        value = partial(_value, encoder, x, mask)
        sources = tuple(tensors.values())
        found: tuple[Tensor | None, ...] = torch.autograd.grad(value(), sources, allow_unused=True)
        for (name, tensor), gradient in zip(tensors.items(), found, strict=True):
            direction = noise(*tensor.shape, seed=2).double()
            given = 0.0 if gradient is None else (gradient * direction).sum().item()
            wanted = _slope(value, tensor, direction)
            message = (
                f"Along a random direction, {name} has the slope {wanted:.6g}, but its gradient gives {given:.6g}."
            )
            expect(abs(given - wanted) <= 1e-6 + 1e-4 * abs(wanted), message)


def _value(encoder: nn.Module, x: Tensor, padding: Tensor) -> Tensor:
    """A random combination of the outputs at tokens that are no padding."""
    output = encoder(x, padding if padding.any() else None)
    return (output * noise(*x.shape, seed=1).to(output.dtype))[~padding].sum()


@torch.no_grad()
def _slope(value: Callable[[], Tensor], tensor: Tensor, direction: Tensor, step: float = 1e-6) -> float:
    """How ``value`` changes as ``tensor`` moves along a direction: as gradcheck's fast mode, at a tenth of the time."""
    ends = []
    for shift in (step, -2 * step):
        tensor += shift * direction
        ends.append(value().item())
    tensor += step * direction
    return (ends[0] - ends[1]) / (2 * step)


def check_gradient_checkpointing(make: MakeEncoder) -> None:
    """With ``gradient_checkpointing`` outputs and gradients are the same, and less is kept for the backward pass.

    Hand the setting to ``tjepa_estimators.nn.stack.run_blocks``, which recomputes each block in the backward pass.
    Blocks must compute the same both times: let them keep no state between calls.
    """
    made_by = registered(make)
    if "gradient_checkpointing" not in {field.name for field in fields(made_by.config())}:
        raise SkipCheck("its settings have no gradient_checkpointing")
    (plain, kept), (recomputed, kept_less) = (_train_once(make, value) for value in (False, True))
    for name, wanted in plain.items():
        assert_close(recomputed[name], wanted, f"Gradient checkpointing changes {name}.")
    expect(kept_less < kept, f"Gradient checkpointing keeps {kept_less} bytes for the backward pass instead of {kept}.")


def _train_once(make: MakeEncoder, gradient_checkpointing: bool) -> tuple[dict[str, Tensor], int]:
    """Output and gradients by name, and the bytes kept for the backward pass."""
    encoder = build(make, gradient_checkpointing=gradient_checkpointing).train()
    x, padding = noise(2, 16, DIM).requires_grad_(), torch.zeros(2, 16, dtype=torch.bool)
    padding[0, :3] = True
    sizes: list[int] = []

    def keep(tensor: Tensor) -> Tensor:
        sizes.append(tensor.nbytes)
        return tensor

    with scoped_seed(0), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = encoder(x, padding)[~padding]
    kept = sum(sizes)
    (output * noise(*output.shape, seed=1)).sum().backward()
    found = {"the output": output.detach(), "the gradient of the input": x.grad}
    found |= {f"the gradient of {name}": weight.grad for name, weight in encoder.named_parameters()}
    return {name: value for name, value in found.items() if value is not None}, kept


def check_bfloat16_is_finite(make: MakeEncoder) -> None:
    """Under bfloat16 autocast, output and gradients are finite and the output is close to that in float32.

    Compute sums over many tokens, exponentials and recurrences in float32 (``x.float()``), and compare with limits of
    the type at hand (``torch.finfo(x.dtype)``).
    """
    encoder, x = build(make), noise(4, 33, DIM)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = encoder(x).float()
    (output * noise(4, 33, DIM, seed=1)).mean().backward()
    expect(bool(output.isfinite().all()), "The output under bfloat16 autocast is not finite.")
    spoilt = [name for name, weight in encoder.named_parameters() if not _is_finite(weight.grad)]
    expect(not spoilt, f"Under bfloat16 autocast the gradient is not finite in {spoilt}.")
    with torch.no_grad():
        wanted = encoder(x)
    error = ((output - wanted).norm() / wanted.norm()).item()
    expect(error < 0.2, f"The output under bfloat16 autocast is off by {error:.0%}.")


def _is_finite(gradient: Tensor | None) -> bool:
    return gradient is None or bool(gradient.isfinite().all())


def check_trains_in_a_jepa(make: MakeEncoder) -> None:
    """Two steps of JEPA pretraining have a finite loss and move the encoder and its teacher, some steps missing.

    The teacher is a deep copy that follows the student's parameters. Register layers in ``__init__``, where
    ``parameters()`` finds them, and keep no tensors that carry a gradient as attributes: they cannot be copied.
    """
    config = JEPAConfig(context_length=24, future_length=8, patch_length=4, dim=DIM)
    with scoped_seed(0):
        backbone = Backbone(PatchTokenizer(DIM, config.patch_length), make(DIM))
        jepa = JEPA(backbone, TokenPredictor(DIM, DIM, depth=1, heads=4)).train()
        before = _copy(backbone.encoder)
        losses = _take_steps(jepa, config)
    expect(all(loss == loss and abs(loss) < float("inf") for loss in losses), f"The losses are {losses}.")  # noqa: PLR0124
    for who, encoder in (("student", backbone.encoder), ("teacher", jepa.teacher.module.encoder)):
        after = _copy(encoder)
        moved = any(not torch.equal(after[name], before[name]) for name in before)
        expect(moved or not before, f"The encoder of the {who} did not move.")


def _take_steps(jepa: JEPA, config: JEPAConfig) -> list[float]:
    objective, masker, generator = build_objective(config), config.masker(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam([weight for weight in jepa.parameters() if weight.requires_grad], lr=1e-2)
    windows, losses = noise(8, config.window_length), []
    windows[0, :10] = float("nan")
    for _ in range(2):
        optimizer.zero_grad()
        loss = objective(jepa(windows, masker(config.num_tokens, len(windows), generator))).total
        loss.backward()
        optimizer.step()
        jepa.update_teacher(0.9)
        losses.append(loss.item())
    return losses


def _copy(module: nn.Module | Any) -> dict[str, Tensor]:  # noqa: ANN401 - AveragedModel does not say what it holds
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


GRADIENT_CHECKS: tuple[Check, ...] = (
    check_every_parameter_gets_a_gradient,
    check_gradients_agree_with_finite_differences,
    check_gradient_checkpointing,
    check_bfloat16_is_finite,
    check_trains_in_a_jepa,
)
