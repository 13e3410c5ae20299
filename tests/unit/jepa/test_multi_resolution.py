"""JEPAs of several resolutions: what they share, what is their own, and that the finest is a plain one."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.settings import as_settings


@pytest.fixture
def make(tiny_jepa, tiny_encoder):
    def build(**settings):
        chosen = {"resolutions": (1, 4, 16)} | settings
        return build_jepa(as_settings(JEPAConfig, tiny_jepa | chosen), "transformer", tiny_encoder)

    return build


def masks(batch=3):
    return Masks(torch.tensor([[0, 1, 3, 6, 7]] * batch), torch.tensor([[[2, 4, 5]]] * batch))


def windows(batch=3, length=32, seed=0):
    return torch.randn(batch, length, generator=torch.Generator().manual_seed(seed))


def same(one, other):
    return one.keys() == other.keys() and all(map(torch.equal, one.values(), other.values()))


@pytest.mark.parametrize("share", [True, False])
def test_the_finest_resolution_is_a_plain_jepa_of_the_same_seed(make, share):
    plain, several = make(resolutions=(1,)), make(share_encoder=share)
    weights = several.state_dict()
    assert same(plain.state_dict(), {name: weights[name] for name in plain.state_dict()})
    for one in (several, several.at(1)):
        assert torch.equal(one(windows(), masks()).prediction, plain(windows(), masks()).prediction)
        assert torch.equal(one.encode(windows()).values, plain.encode(windows()).values)


@pytest.mark.parametrize("share", [True, False])
def test_all_parts_of_all_resolutions_are_trained_and_saved(make, share):
    model = make(share_encoder=share, invariance={}, residual=True)
    known = set(map(id, model.parameters()))
    assert all(id(one) in known for factor in (1, 4, 16) for one in model.at(factor).parameters())
    assert torch.equal(model.foresee(windows(), 1).values, model.at(1).foresee(windows(), 1).values)


def test_a_plain_jepa_is_its_own_view_at_any_factor(make):
    plain = make(resolutions=(1,))
    assert plain.at(1) is plain.at(7) is plain


def test_a_shared_encoder_stands_once_in_the_state_dict(make):
    shared, own = (list(make(share_encoder=share).state_dict()) for share in (True, False))
    assert sum("student.tokenizer.embed.project.weight" in name for name in shared) == 1
    assert sum("student.tokenizer.embed.project.weight" in name for name in own) == 3
    assert sum("predictor.query" in name for name in shared) == sum("predictor.query" in name for name in own) == 3
    assert all(".predictor." in name for name in shared if name.startswith("coarser."))


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (2, 1), (3, 4), (4, 4), (7, 4), (9, 16), (1000, 16)])
def test_a_factor_that_was_not_trained_gets_the_nearest_by_ratio(make, asked, given):
    model = make()
    assert model.at(asked) is model.at(given)


def test_each_resolution_predicts_by_itself_from_the_shared_latents(make):
    model = make()
    fine, coarse = (model.at(factor)(windows(), masks()) for factor in (1, 16))
    assert torch.equal(fine.latents, coarse.latents)
    assert torch.equal(fine.target, coarse.target)
    assert not torch.allclose(fine.prediction, coarse.prediction)


@pytest.mark.parametrize("share", [True, False])
def test_gradients_reach_every_student_and_predictor_and_no_teacher(make, share):
    model = make(share_encoder=share)
    sum(model.at(factor)(windows(), masks()).prediction.square().sum() for factor in (1, 4, 16)).backward()
    teachers = {id(value) for factor in (1, 4, 16) for value in model.at(factor).teacher.parameters()}
    for name, value in model.named_parameters():
        assert (value.grad is None) == (id(value) in teachers), name


@pytest.mark.parametrize("share", [True, False])
def test_every_teacher_moves_once_by_the_momentum(make, share):
    model = make(share_encoder=share)
    expected = []
    for factor in (1, 4, 16):
        jepa = model.at(factor)
        with torch.no_grad():
            for value in jepa.student.parameters():
                value.add_(1.0)
    for factor in (1, 4, 16):
        jepa = model.at(factor)
        pairs = zip(jepa.teacher.module.parameters(), jepa.student.parameters(), strict=True)
        expected += [0.75 * old + 0.25 * new for old, new in pairs]
    model.update_teacher(0.75)
    moved = [value for factor in (1, 4, 16) for value in model.at(factor).teacher.module.parameters()]
    assert all(map(torch.allclose, moved, expected))


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])  # noqa: S301
def test_copies_keep_what_is_shared_and_share_nothing_with_the_original(make, share, copied):
    model = make(share_encoder=share)
    twin = copied(model)
    assert same(twin.state_dict(), model.state_dict())
    assert (twin.at(4).student is twin.student) == share
    assert twin.at(4).predictor is twin.coarser["4"]["predictor"]
    with torch.no_grad():
        twin.at(4).predictor.query.add_(1.0)
    assert not torch.equal(twin.at(4).predictor.query, model.at(4).predictor.query)


@pytest.mark.parametrize("share", [True, False])
def test_modes_and_types_reach_every_resolution(make, share):
    model = make(share_encoder=share).double().train()
    for factor in (1, 4, 16):
        jepa = model.at(factor)
        assert (jepa.student.training, jepa.predictor.training, jepa.teacher.training) == (True, True, False)
        assert jepa(windows().double(), masks()).prediction.dtype == torch.float64
    model.eval()
    assert not any(part.training for factor in (1, 4, 16) for part in model.at(factor).modules())
