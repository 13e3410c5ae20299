"""The kernels as operators of torch: gradients that finite differences confirm, fakes that tell the truth."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from tjepa_estimators.nn.scan import causal_conv1d, ops, scan_backend, selective_scan

pytest.importorskip("numba")

both_ways = pytest.mark.parametrize("reverse", [False, True])
TENSORS = ("u", "delta", "A", "B", "C", "D", "delta_bias")


def laid_out(arguments):
    """Arguments of the operators: ``(batch, length, dim)``, in the order of their signature."""
    return [x.mT.contiguous() if x.dim() == 3 else x for x in arguments]


@both_ways
@pytest.mark.parametrize("softplus", [False, True])
def test_gradients_of_the_scan_are_finite_differences(scan_arguments, softplus, reverse):
    arguments = scan_arguments(dim=2, length=4, size=3, requires_grad=True)
    names = (*TENSORS, "z")

    def scan(*tensors):
        given = dict(zip(names, tensors, strict=True))
        return selective_scan(**given, delta_softplus=softplus, reverse=reverse)

    with scan_backend("numba"):
        assert torch.autograd.gradcheck(scan, [arguments[name] for name in names])


@both_ways
@pytest.mark.parametrize("activation", [None, "silu"])
def test_gradients_of_the_convolution_are_finite_differences(conv_arguments, activation, reverse):
    arguments = conv_arguments(dim=2, length=4, width=3, requires_grad=True)
    del arguments["activation"]

    def convolve(*tensors):
        return causal_conv1d(*tensors, activation=activation, reverse=reverse)

    with scan_backend("numba"):
        assert torch.autograd.gradcheck(convolve, list(arguments.values()))


@pytest.fixture
def samples(scan_arguments, conv_arguments):
    """Operators with tensors and options that they take, of a size that no vector fits."""
    scan, conv = scan_arguments(), conv_arguments()
    tensors = laid_out(scan[name] for name in TENSORS)
    y, _, states = ops.scan_op(*tensors, softplus=True, reverse=False, keep=True)
    conv_tensors = laid_out(conv[name] for name in ("x", "weight", "bias"))
    options = {"softplus": True, "reverse": False}
    return {
        "selective_scan": (ops.scan_op, tensors, options | {"keep": True}),
        "selective_scan without gradients": (ops.scan_op, tensors, options | {"keep": False}),
        "selective_scan_backward": (ops._scan_backward_op, [y, *tensors, states], options),
        "causal_conv1d": (ops.conv_op, conv_tensors, {"silu": True, "reverse": False}),
        "causal_conv1d_backward": (ops._conv_backward_op, [y, *conv_tensors], {"silu": True, "reverse": False}),
    }


@pytest.mark.parametrize("name", ["selective_scan", "causal_conv1d"])
def test_torch_accepts_the_operators(samples, name):
    operator, tensors, options = samples[name]
    torch.library.opcheck(operator, [x.requires_grad_() for x in tensors], options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "selective_scan",
        "selective_scan without gradients",
        "selective_scan_backward",
        "causal_conv1d",
        "causal_conv1d_backward",
    ],
)
def test_compiled_graphs_expect_the_layouts_that_the_kernels_give(samples, name, dtype, transposed):
    operator, tensors, options = samples[name]
    states = tensors.pop().to(dtype) if name == "selective_scan_backward" else None
    tensors = [x.to(dtype) for x in tensors]
    if states is not None:  # as the forward pass gives them in this type
        states = ops.scan_op(*tensors[1:], **options, keep=True)[2]
    if transposed:
        tensors = [x.mT.contiguous().mT if x.dim() > 1 else x for x in tensors]
    tensors = tensors if states is None else [*tensors, states]
    with FakeTensorMode() as mode:
        fakes = operator(*(mode.from_tensor(x) for x in tensors), **options)
    real = operator(*tensors, **options)
    one, other = ([(x.shape, x.stride(), x.dtype) for x in torch.utils._pytree.tree_leaves(y)] for y in (real, fakes))
    assert one == other


def test_no_state_is_kept_where_no_gradient_is_wanted(scan_arguments, monkeypatch):
    kept = []

    def scan(*tensors_and_options):
        kept.append(tensors_and_options[-1])
        return ops.scan_op(*tensors_and_options)

    monkeypatch.setattr("tjepa_estimators.nn.scan.functional.scan_op", scan)
    selective_scan(**scan_arguments())
    selective_scan(**scan_arguments(requires_grad=True))
    with torch.no_grad():
        selective_scan(**scan_arguments(requires_grad=True))
    assert kept == [False, True, False]


def test_a_second_derivative_is_refused_not_wrong(scan_arguments):
    arguments = scan_arguments(requires_grad=True)
    (slope,) = torch.autograd.grad(selective_scan(**arguments).sum(), arguments["u"], create_graph=True)
    with pytest.raises(RuntimeError, match="selective_scan_backward"):
        slope.sum().backward()


def test_gradients_flow_where_a_block_is_computed_again(scan_arguments, conv_arguments):
    scan, conv = scan_arguments(requires_grad=True), conv_arguments(requires_grad=True)

    def block(x):
        return selective_scan(**scan | {"u": causal_conv1d(**conv | {"x": x})})

    (expected,) = torch.autograd.grad(block(conv["x"]).sum(), conv["x"])
    again = torch.utils.checkpoint.checkpoint(block, conv["x"], use_reentrant=False)
    (found,) = torch.autograd.grad(again.sum(), conv["x"])
    assert torch.equal(found, expected)


def test_an_answer_may_be_changed_in_place(scan_arguments, conv_arguments):
    scan, conv = scan_arguments(requires_grad=True), conv_arguments(requires_grad=True)
    for y in (selective_scan(**scan | {"z": None}), causal_conv1d(**conv)):
        expected = 2 * y.detach() + 1
        y.mul_(2).add_(1)
        assert torch.equal(y, expected)
        y.sum().backward()
    found = conv["x"].grad
    expected = torch.autograd.grad(2 * causal_conv1d(**conv).sum(), conv["x"])[0]
    torch.testing.assert_close(found, expected)
