"""What every term of the training loss must keep: a scalar that pulls on the student only, by what was observed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from tjepa_estimators.contracts import JEPAOutput, Term
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.testing.report import Check, Report, expect, run_checks

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TERM_CHECKS", "check_term"]

MakeTerm: TypeAlias = Callable[[], Term]

_TENSORS = ("prediction", "target", "observed", "nearest", "latents", "visible")


def _output(batch: int = 6) -> JEPAOutput:
    """A forward pass of eight-dimensional latents; a few queries and visible tokens are padding."""
    generator = torch.Generator().manual_seed(0)

    def latents(count: int) -> Tensor:
        return torch.randn(batch, count, 8, generator=generator)

    observed, visible = torch.ones(batch, 4, dtype=torch.bool), torch.ones(batch, 5, dtype=torch.bool)
    observed[0, 1:] = visible[0, :2] = False
    prediction, seen = latents(4).requires_grad_(), latents(5).requires_grad_()
    return JEPAOutput(prediction, latents(4), observed, latents(4), seen, visible)


def _value(make: MakeTerm, output: JEPAOutput) -> Any:  # noqa: ANN401 - whatever the term gives
    with scoped_seed(0):  # as in training, where each step is seeded
        return make()(output)


def _gradients(value: Tensor, output: JEPAOutput) -> tuple[Tensor, ...]:
    """By the prediction and by the student's latents."""
    if not value.requires_grad:
        return ()
    students = (output.prediction, output.latents)
    found: tuple[Tensor | None, ...] = torch.autograd.grad(value, students, allow_unused=True)
    return tuple(gradient for gradient in found if gradient is not None)


def check_scalar(make: MakeTerm) -> None:
    """The value is a finite scalar tensor of the type of the latents, in a batch of one too.

    Average over queries and dimensions; divide by counts clamped to at least 1, as one row has no spread.
    """
    for batch in (6, 1):
        value = _value(make, _output(batch))
        expect(isinstance(value, torch.Tensor) and value.shape == (), f"The value is {value!r}.")
        expect(value.dtype == torch.float32, f"The value of float32 latents is {value.dtype}.")
        expect(bool(value.isfinite()), f"The value for a batch of {batch} is {value.item()}.")


def check_gradient_reaches_the_student(make: MakeTerm) -> None:
    """The prediction or the student's latents get a finite gradient that is not all zero.

    Compute with torch on the tensors as they are given: no ``.detach()``, ``.item()``, numpy or comparison between the
    latents and the value.
    """
    output = _output()
    gradients = _gradients(_value(make, output), output)
    expect(any(bool(gradient.any()) for gradient in gradients), "No gradient reaches prediction or latents.")
    expect(all(bool(gradient.isfinite().all()) for gradient in gradients), "A gradient is not finite.")


def check_teacher_gets_no_gradient(make: MakeTerm) -> None:
    """The targets carry no gradient before and after, and nothing that is given is changed.

    Do not call ``requires_grad_()`` on the targets or build a trained layer on them, or the teacher is drawn to the
    student and both collapse. Write no result into the given tensors.
    """
    output = _output()
    before = {name: getattr(output, name).detach().clone() for name in _TENSORS}
    value = _value(make, output)
    if value.requires_grad:
        value.backward()
    for name in ("target", "nearest"):
        given = getattr(output, name)
        expect(not given.requires_grad and given.grad is None, f"The term made {name} carry a gradient.")
    changed = [name for name, was in before.items() if not torch.equal(getattr(output, name), was)]
    expect(not changed, f"The term changed {changed}.")


def check_padding_has_no_effect(make: MakeTerm) -> None:
    """Queries not observed and latents not visible do not change the value, and as NaN they spoil no gradient.

    Select with ``torch.where(observed.unsqueeze(-1), values, 0.0)`` before any arithmetic: zero times NaN is NaN.
    """
    output = _output()
    wanted = _value(make, output)
    for fill in (100.0, float("nan")):
        spoilt = _fill_padding(output, fill)
        value = _value(make, spoilt)
        same = torch.allclose(value, wanted, rtol=1e-4, atol=1e-5)
        expect(same, f"Padding filled with {fill} changes the value from {wanted.item()} to {value.item()}.")
        for given in _gradients(value, spoilt):
            expect(bool(given.isfinite().all()), f"Padding filled with {fill} makes a gradient that is not finite.")


def _fill_padding(output: JEPAOutput, fill: float) -> JEPAOutput:
    unobserved, invisible = ~output.observed.unsqueeze(-1), ~output.visible.unsqueeze(-1)
    return replace(
        output,
        prediction=output.prediction.detach().masked_fill(unobserved, fill).requires_grad_(),
        target=output.target.masked_fill(unobserved, fill),
        nearest=output.nearest.masked_fill(unobserved, fill),
        latents=output.latents.detach().masked_fill(invisible, fill).requires_grad_(),
    )


def check_nothing_observed_is_finite(make: MakeTerm) -> None:
    """A batch of nothing but padding has a finite value and finite gradients.

    Clamp counts to at least 1 before dividing by them.
    """
    output = _output()
    nothing = replace(output, observed=torch.zeros_like(output.observed), visible=torch.zeros_like(output.visible))
    value = _value(make, nothing)
    expect(bool(value.isfinite()), f"Where nothing is observed, the value is {value.item()}.")
    finite = all(bool(gradient.isfinite().all()) for gradient in _gradients(value, nothing))
    expect(finite, "Where nothing is observed, a gradient is not finite.")


def check_order_of_the_batch_is_free(make: MakeTerm) -> None:
    """Permuting the rows of the batch does not change the value.

    Compare no row with its neighbour and weigh no row by its place.
    """
    output, order = _output(), torch.tensor([3, 0, 5, 1, 4, 2])
    permuted = JEPAOutput(*(getattr(output, name)[order] for name in _TENSORS))
    value, other = _value(make, output), _value(make, permuted)
    same = torch.allclose(other, value, rtol=1e-4, atol=1e-5)
    expect(same, f"Permuting the rows changes the value from {value.item()} to {other.item()}.")


TERM_CHECKS: tuple[Check, ...] = (
    check_scalar,
    check_gradient_reaches_the_student,
    check_teacher_gets_no_gradient,
    check_padding_has_no_effect,
    check_nothing_observed_is_finite,
    check_order_of_the_batch_is_free,
)
"""All checks of a loss term; each is called as ``check(make)``."""


def check_term(make: MakeTerm, expected_failures: Mapping[str, str] | None = None) -> Report:
    """Run all checks on a term of the training loss.

    Parameters
    ----------
    make
        A function without arguments, or a class, that returns the term.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.

    Returns
    -------
    What each check found.

    Raises
    ------
    ConformanceError
        If a check failed; the message says for each how to keep its law.

    Examples
    --------
    >>> from tjepa_estimators.jepa.losses import CovarianceTerm
    >>> check_term(CovarianceTerm).summary
    '6 passed'
    """
    report = run_checks(TERM_CHECKS, make, expected_failures)
    report.raise_for_failures()
    return report
