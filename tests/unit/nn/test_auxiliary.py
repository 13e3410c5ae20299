"""Losses and numbers that parts of a network have of their own reach the training loop, once each."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import nn

from tjepa_estimators.contracts import HasAuxiliaryLosses, HasDiagnostics, Masks
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.model import JEPA
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.jepa.predictor import TokenPredictor
from tjepa_estimators.nn.auxiliary import Latest, auxiliary_losses, encoder_diagnostics
from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.nn.stack import run_blocks
from tjepa_estimators.nn.tokens import PatchTokenizer

DIM = 8


class Shrinking(nn.Module):
    """A block that is punished for its scale, and reports it."""

    def __init__(self, scale, weight):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.weight = weight
        self.losses = Latest()

    def forward(self, x):
        if self.training and torch.is_grad_enabled():
            self.losses.put({"shrink": self.weight * self.scale.square()})
        return x * self.scale

    def auxiliary_losses(self):
        return self.losses.take() or {}

    def diagnostics(self):
        return {"scale": self.scale.item()}


class Stack(nn.Module):
    """Two such blocks; the encoder of the tests."""

    def __init__(self, *, weight=1.0, checkpoint=False):
        super().__init__()
        self.blocks = nn.ModuleList([Shrinking(2.0, weight), Shrinking(4.0, weight)])
        self.checkpoint = checkpoint

    def forward(self, x, padding=None):
        return run_blocks(self.blocks, x, checkpoint=self.checkpoint)


def jepa(encoder):
    torch.manual_seed(0)
    return JEPA(Backbone(PatchTokenizer(DIM, 4, None, "linear"), encoder), TokenPredictor(DIM, DIM, 1, 2))


def batch():
    raw = torch.randn(3, 32, generator=torch.Generator().manual_seed(0))
    return raw, Masks(torch.tensor([[0, 1, 3, 6, 7]] * 3), torch.tensor([[[2, 4, 5]]] * 3))


def test_the_protocols_describe_what_is_collected():
    assert isinstance(Shrinking(1.0, 1.0), HasAuxiliaryLosses)
    assert isinstance(Shrinking(1.0, 1.0), HasDiagnostics)
    assert not isinstance(nn.Linear(1, 1), HasAuxiliaryLosses)


def test_losses_of_one_name_are_averaged_and_numbers_keep_their_path():
    stack = Stack()
    stack(torch.ones(1, 1, DIM))
    assert {name: loss.item() for name, loss in auxiliary_losses(stack).items()} == {"shrink": (4 + 16) / 2}
    assert encoder_diagnostics(stack) == {"blocks.0.scale": 2.0, "blocks.1.scale": 4.0}
    assert encoder_diagnostics(stack.blocks[0]) == {"scale": 2.0}


def test_a_loss_is_handed_over_once():
    stack = Stack()
    stack(torch.ones(1, 1, DIM))
    assert auxiliary_losses(stack)
    assert auxiliary_losses(stack) == {}


def test_what_is_recomputed_in_the_backward_pass_is_not_handed_over_again():
    stack = Stack(checkpoint=True)
    output = stack(torch.ones(1, 1, DIM))
    (auxiliary_losses(stack)["shrink"] + output.sum()).backward()
    assert auxiliary_losses(stack) == {}


def test_a_wrapper_that_passes_methods_on_is_not_asked_beside_what_it_wraps():
    compiled = torch.compile(Stack().blocks[0], backend="eager")
    compiled._orig_mod(torch.ones(1, 1, DIM))
    assert auxiliary_losses(compiled)["shrink"].item() == 4.0
    assert encoder_diagnostics(compiled) == {"_orig_mod.scale": 2.0}


def test_evaluation_and_passes_without_gradients_add_no_loss():
    stack = Stack()
    stack(torch.ones(1, 1, DIM))
    assert auxiliary_losses(stack.eval()) == {}
    with torch.no_grad():
        stack.train()(torch.ones(1, 1, DIM))
        assert auxiliary_losses(stack) == {}


def test_a_module_can_be_copied_and_pickled_after_a_step_and_the_copy_remembers_nothing():
    stack = Stack()
    stack(torch.ones(1, 1, DIM))
    for twin in (copy.deepcopy(stack), pickle.loads(pickle.dumps(stack))):  # noqa: S301 - our own bytes
        assert auxiliary_losses(twin) == {}
        twin(torch.ones(1, 1, DIM))
        assert auxiliary_losses(twin)["shrink"].item() == 10.0
    assert auxiliary_losses(stack)["shrink"].item() == 10.0


def test_the_jepa_adds_the_losses_of_its_student_to_the_objective():
    objective, model = build_objective(JEPAConfig()), jepa(Stack(weight=0.5)).train()
    loss = objective(model(*batch()))
    assert list(loss.parts) == ["prediction", "encoder.shrink"]
    assert torch.allclose(loss.total, loss.parts["prediction"] + 5.0)
    assert list(objective(model.eval()(*batch())).parts) == ["prediction"]


@pytest.mark.parametrize("checkpoint", [False, True])
def test_each_step_adds_the_loss_of_its_own_pass_and_its_slope(checkpoint):
    objective = build_objective(JEPAConfig())
    model, plain = (jepa(Stack(weight=weight, checkpoint=checkpoint)).train() for weight in (0.5, 0.0))
    for _ in range(3):
        for one in (model, plain):
            one.zero_grad()
            objective(one(*batch())).total.backward()
        for block, without in zip(model.student.encoder.blocks, plain.student.encoder.blocks, strict=True):
            own = 0.5 * block.scale.detach()  # slope of the mean over two blocks of half the square
            torch.testing.assert_close(block.scale.grad - without.scale.grad, own, rtol=1e-4, atol=1e-5)
        copy.deepcopy(model)


def test_the_teacher_adds_nothing():
    model = jepa(Stack()).train()
    model(*batch())
    with torch.no_grad():
        model.encode(batch()[0])
    assert auxiliary_losses(model) == {}
    assert model.teacher.module.encoder.blocks[0].losses.take() is None
