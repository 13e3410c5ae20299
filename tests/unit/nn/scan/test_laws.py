"""What holds for a scan and a convolution whoever computes them."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan
from tjepa_estimators.nn.scan.reference import selective_scan_reference

pytestmark = pytest.mark.usefixtures("computed")
IN_TIME = ("u", "delta", "B", "C", "z")


@pytest.fixture
def computed(backend):
    with scan_backend(backend):
        yield


def in_time(arguments, change):
    """The arguments with ``change`` made to those that have a time axis."""
    return {name: change(x) if name in IN_TIME else x for name, x in arguments.items()}


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def test_in_reverse_is_the_mirrored_scan_of_the_mirror_image(scan_arguments):
    arguments = scan_arguments()
    mirrored, last = selective_scan(**in_time(arguments, lambda x: x.flip(2)), return_last_state=True)
    found = selective_scan(**arguments, return_last_state=True, reverse=True)
    assert_close(found, (mirrored.flip(2), last))


def test_in_reverse_is_the_mirrored_convolution_of_the_mirror_image(conv_arguments):
    arguments = conv_arguments()
    mirrored = causal_conv1d(**arguments | {"x": arguments["x"].flip(2)}).flip(2)
    assert_close(causal_conv1d(**arguments, reverse=True), mirrored)


@pytest.mark.parametrize("cut", [1, 32, 33])
def test_the_end_is_a_scan_of_its_own_plus_what_is_left_of_the_state_before(scan_arguments, cut):
    arguments = scan_arguments(length=50)
    whole, last = selective_scan(**arguments, return_last_state=True)
    _, before = selective_scan(**in_time(arguments, lambda x: x[..., :cut]), return_last_state=True)
    end = in_time(arguments, lambda x: x[..., cut:])
    own, own_last = selective_scan(**end, return_last_state=True)
    bias = end["delta_bias"][:, None]
    times = torch.nn.functional.softplus(end["delta"] + bias).cumsum(2)  # since the cut
    left = torch.exp(times.unsqueeze(2) * end["A"].unsqueeze(2)) * before.unsqueeze(3)  # (batch, dim, state, length)
    gate = torch.nn.functional.silu(end["z"])
    assert_close(whole[..., cut:], own + gate * torch.einsum("bdnl,bnl->bdl", left, end["C"]))
    assert_close(last, own_last + left[..., -1])


def test_last_state_is_that_of_the_reference_and_carries_no_gradient(scan_arguments):
    arguments = scan_arguments(requires_grad=True)
    _, last = selective_scan(**arguments, return_last_state=True)
    rows = (arguments[name].mT for name in ("u", "delta"))
    mixing = (arguments[name].mT for name in ("B", "C"))
    vectors = (arguments["D"], arguments["delta_bias"])
    _, expected = selective_scan_reference(*rows, arguments["A"], *mixing, *vectors, delta_softplus=True, reverse=False)
    assert not last.requires_grad
    assert_close(last, expected.detach())


def test_groups_are_scans_of_their_own_channels(scan_arguments):
    arguments = scan_arguments(dim=6)
    other = scan_arguments(dim=6, seed=1)
    shared = {name: torch.stack([arguments[name], other[name]], dim=1) for name in ("B", "C")}
    y, last = selective_scan(**arguments | shared, return_last_state=True)
    for group, mixing in enumerate((arguments, other)):
        own = slice(3 * group, 3 * group + 3)
        parts = {name: x[:, own] for name, x in arguments.items() if name in {"u", "delta", "z"}}
        parts |= {name: arguments[name][own] for name in ("A", "D", "delta_bias")}
        parts |= {name: mixing[name] for name in ("B", "C")}
        expected = selective_scan(**parts, delta_softplus=True, return_last_state=True)
        assert_close((y[:, own], last[:, own]), expected)


@pytest.mark.parametrize("name", ["B", "C", "u", "D"])
def test_output_is_linear_in_what_drives_and_reads_the_state(scan_arguments, name):
    one, other = scan_arguments() | {"D": None}, scan_arguments(seed=1) | {"D": None}
    if name == "D":  # with D, the output has a part that B and C do not scale
        one["B"], one["D"], other["D"] = torch.zeros_like(one["B"]), torch.ones(5).double(), torch.arange(5.0).double()
    total = selective_scan(**one | {name: 2 * one[name] - 3 * other[name]})
    parts = [selective_scan(**one | {name: x[name]}) for x in (one, other)]
    assert_close(total, 2 * parts[0] - 3 * parts[1])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", IN_TIME)
def test_nothing_that_comes_later_changes_an_output_of_the_scan(scan_arguments, name, reverse):
    arguments = scan_arguments(length=40)
    unchanged = slice(18, None) if reverse else slice(17)
    changed = arguments[name].clone()
    changed[..., 17] = 100.0  # step 17 is later than 18 in reverse
    found = selective_scan(**arguments | {name: changed}, reverse=reverse)
    expected = selective_scan(**arguments, reverse=reverse)
    assert torch.equal(found[..., unchanged], expected[..., unchanged])
    assert not torch.equal(found[..., 17], expected[..., 17])


@pytest.mark.parametrize("reverse", [False, True])
def test_a_convolution_reaches_as_far_as_it_is_wide_and_no_further(conv_arguments, reverse):
    arguments = conv_arguments(width=3)
    changed = arguments["x"].clone()
    changed[..., 10] += 1.0
    found = causal_conv1d(**arguments | {"x": changed}, reverse=reverse)
    differs = (found != causal_conv1d(**arguments, reverse=reverse)).any(dim=(0, 1)).nonzero().flatten()
    assert differs.tolist() == ([8, 9, 10] if reverse else [10, 11, 12])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_very_negative_step_size_freezes_the_state(scan_arguments, dtype):
    arguments = scan_arguments(dtype=dtype)
    _, before = selective_scan(**in_time(arguments, lambda x: x[..., :15]), return_last_state=True)
    arguments["delta"][..., 15:] = -1e4
    y, after = selective_scan(**arguments | {"z": None}, return_last_state=True)
    rounding = 8 * torch.finfo(dtype).eps  # of sequences of another length, on some processors
    torch.testing.assert_close(after, before, rtol=rounding, atol=rounding)
    held = torch.einsum("bdn,bnl->bdl", before, arguments["C"][..., 15:])
    torch.testing.assert_close(y[..., 15:], held + arguments["D"][:, None] * arguments["u"][..., 15:])


@pytest.mark.parametrize("name", ["u", "delta", "B", "C", "z"])
def test_not_a_number_in_one_row_stays_there(scan_arguments, name):
    arguments = scan_arguments(batch=3, dim=20)
    spoilt = arguments[name].clone()
    spoilt[1, :, 4] = torch.nan
    found, expected = selective_scan(**arguments | {name: spoilt}), selective_scan(**arguments)
    assert torch.equal(found[::2], expected[::2])
    assert torch.equal(found[1, :, :4], expected[1, :, :4])
    assert found[1, :, 4].isnan().all()


def test_not_a_number_in_one_channel_stays_there(scan_arguments, conv_arguments):
    arguments, conv = scan_arguments(dim=20), conv_arguments(dim=20)
    others = [channel for channel in range(20) if channel != 7]
    for function, given, name in ((selective_scan, arguments, "u"), (causal_conv1d, conv, "x")):
        spoilt = given[name].clone()
        spoilt[:, 7] = torch.nan
        found, expected = function(**given | {name: spoilt}), function(**given)
        assert torch.equal(found[:, others], expected[:, others])
        assert found[:, 7].isnan().all()


@pytest.mark.parametrize("softplus", [False, True])
def test_huge_steps_forget_all_and_stay_finite(scan_arguments, softplus):
    arguments = scan_arguments(dtype=torch.float32) | {"delta_softplus": softplus, "z": None}
    arguments["delta"] = torch.full_like(arguments["delta"], 1e6)
    leaves = {name: x.requires_grad_() for name, x in arguments.items() if isinstance(x, torch.Tensor)}
    y = selective_scan(**arguments)
    y.sum().backward()
    assert all(x.grad.isfinite().all() for x in leaves.values())
    step = 1e6 + arguments["delta_bias"][:, None]
    u, mixed = arguments["u"], (arguments["B"] * arguments["C"]).sum(1, keepdim=True)
    torch.testing.assert_close(y, u * (step * mixed + arguments["D"][:, None]), rtol=2e-6, atol=1e-5)


def test_a_growing_state_is_right_while_it_is_finite(scan_arguments):
    one = torch.ones(1, 1, 80)
    y = selective_scan(one, one, torch.tensor([[1.0]]), one, one)
    powers = torch.arange(80, dtype=torch.float64).exp()
    torch.testing.assert_close(y[0, 0].double(), powers.cumsum(0), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["u", "delta", "A", "B", "C", "D", "z", "delta_bias"])
def test_one_gradient_does_not_depend_on_which_others_are_wanted(scan_arguments, name):
    wanted = scan_arguments(requires_grad=True)
    alone = scan_arguments()
    alone[name].requires_grad_()
    found, expected = (torch.autograd.grad(selective_scan(**x).sum(), x[name])[0] for x in (alone, wanted))
    assert torch.equal(found, expected)
