"""The chunked matrix form agrees with the recurrence, step by step, and keeps its laws."""

# ruff: noqa: N803, N806 (A, B, C and D are what the literature calls them)

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.nn.ssd import segment_sums, state_space_dual


def scan_step_by_step(x, dt, A, B, C):
    """The specification: one head at a time, one step at a time."""
    per_group = x.shape[2] // B.shape[2]
    y = []
    for head in range(x.shape[2]):
        group = head // per_group
        state, outputs = x.new_zeros(x.shape[0], x.shape[3], B.shape[3]), []
        for t in range(x.shape[1]):
            step = dt[:, t, head, None, None]
            state = torch.exp(step * A[head]) * state + step * x[:, t, head, :, None] * B[:, t, group, None, :]
            outputs.append((state * C[:, t, group, None, :]).sum(-1))
        y.append(torch.stack(outputs, dim=1))
    return torch.stack(y, dim=2)


def inputs(length=11, batch=2, heads=4, width=3, groups=2, state=5, dtype=torch.float64):
    normal = torch.Generator().manual_seed(length)

    def draw(*sizes):
        return torch.randn(*sizes, dtype=dtype, generator=normal)

    B, C = draw(batch, length, groups, state), draw(batch, length, groups, state)
    return draw(batch, length, heads, width), draw(batch, length, heads).exp(), -draw(heads).exp(), B, C


@settings(deadline=None, max_examples=60)
@given(
    length=st.integers(1, 20),
    batch=st.integers(1, 3),
    groups=st.integers(1, 3),
    per_group=st.integers(1, 3),
    width=st.integers(1, 4),
    state=st.integers(1, 4),
    chunk=st.integers(1, 9),
)
def test_chunks_give_what_the_recurrence_gives(length, batch, groups, per_group, width, state, chunk):
    given_ = inputs(length, batch, groups * per_group, width, groups, state)
    found = state_space_dual(*given_, chunk=chunk)
    torch.testing.assert_close(found, scan_step_by_step(*given_), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 17])
def test_slopes_are_those_of_the_recurrence_at_the_edges_of_chunks(length):
    leaves = [tensor.requires_grad_() for tensor in inputs(length)]
    weight = torch.arange(1.0, 4.0, dtype=torch.float64)
    found = torch.autograd.grad((state_space_dual(*leaves, chunk=8) * weight).sum(), leaves)
    wanted = torch.autograd.grad((scan_step_by_step(*leaves) * weight).sum(), leaves)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_float32_is_close_to_float64():
    exact = inputs(40)
    single = [tensor.float() for tensor in exact]
    error = state_space_dual(*single, chunk=8).double() - state_space_dual(*exact, chunk=8)
    assert error.abs().max() < 1e-5 * state_space_dual(*exact, chunk=8).abs().max()


@pytest.mark.parametrize("reverse", [False, True])
def test_slopes_agree_with_finite_differences(reverse):
    leaves = [tensor.requires_grad_() for tensor in inputs(length=5, heads=2, width=2, state=2)]
    assert torch.autograd.gradcheck(lambda *args: state_space_dual(*args, chunk=2, reverse=reverse), leaves)


def test_the_reverse_is_a_scan_of_the_flipped_sequence():
    x, dt, A, B, C = inputs()
    flipped = state_space_dual(x.flip(1), dt.flip(1), A, B.flip(1), C.flip(1), chunk=4).flip(1)
    assert torch.equal(state_space_dual(x, dt, A, B, C, chunk=4, reverse=True), flipped)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_step_of_zero_is_as_if_it_were_not_there(reverse):
    x, dt, A, B, C = inputs(length=12)
    kept = torch.tensor([2, 3, 4, 6, 7, 9, 10])
    frozen = torch.zeros_like(dt)
    frozen[:, kept] = dt[:, kept]
    whole = state_space_dual(x, frozen, A, B, C, chunk=5, reverse=reverse)
    short = state_space_dual(x[:, kept], dt[:, kept], A, B[:, kept], C[:, kept], chunk=5, reverse=reverse)
    torch.testing.assert_close(whole[:, kept], short, rtol=1e-10, atol=1e-10)


def test_small_steps_after_a_huge_one_are_not_lost():
    x, dt, A, B, C = inputs(length=16, dtype=torch.float32)
    dt = 1e-3 * dt
    dt[:, 1] = 1e6
    found = state_space_dual(x, dt, A, B, C, chunk=16)
    wanted = scan_step_by_step(*(tensor.double() for tensor in (x, dt, A, B, C)))
    torch.testing.assert_close(
        found[:, 2:].double(), wanted[:, 2:], rtol=1e-4, atol=1e-4 * float(wanted[:, 2:].abs().max())
    )


@pytest.mark.parametrize("size", [0.0, 50.0, 1e4])
def test_outputs_and_slopes_stay_finite_at_any_step_size(size):
    x, dt, A, B, C = inputs(length=9, dtype=torch.float32)
    leaves = [tensor.requires_grad_() for tensor in (x, torch.full_like(dt, size), A, B, C)]
    y = state_space_dual(*leaves, chunk=4)
    assert y.isfinite().all()
    assert all(slope.isfinite().all() for slope in torch.autograd.grad(y.sum(), leaves))


def test_sums_stay_in_float32_under_autocast():
    exact = inputs(40, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = state_space_dual(*exact, chunk=8)
    assert torch.equal(found, state_space_dual(*exact, chunk=8))


def test_half_types_come_back_as_they_went_in():
    x, dt, A, B, C = inputs(dtype=torch.bfloat16)
    assert state_space_dual(x, dt, A, B, C, chunk=4).dtype == torch.bfloat16


def test_segment_sums_add_up_what_lies_between():
    found = segment_sums(torch.tensor([1.0, 10.0, 100.0]))
    no = -torch.inf
    assert found.tolist() == [[0.0, no, no], [10.0, 0.0, no], [110.0, 100.0, 0.0]]
