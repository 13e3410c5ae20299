"""What does not fit is refused with a message that names it; what can be understood is computed."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan

HALVES = [torch.bfloat16, torch.float16]


def tensors_of(arguments):
    return {name: x for name, x in arguments.items() if isinstance(x, torch.Tensor)}


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("u", (5, 21)),
        ("u", (1, 2, 5, 21)),
        ("u", ()),
        ("delta", (2, 5, 20)),
        ("delta", (2, 1, 21)),
        ("A", (5,)),
        ("A", (4, 3)),
        ("A", ()),
        ("A", (5, 3, 1)),
        ("B", (2, 3, 20)),
        ("B", (2, 21)),
        ("B", (2, 5, 3, 21, 1)),
        ("C", (2, 4, 21)),
        ("C", (1, 3, 21)),
        ("C", (2, 5, 3, 21)),
        ("D", (4,)),
        ("D", (5, 1)),
        ("D", ()),
        ("z", (2, 5)),
        ("delta_bias", (6,)),
    ],
)
def test_a_shape_that_does_not_fit_is_named(scan_arguments, name, shape):
    with pytest.raises(DataError, match=rf"^{name} has shape"):
        selective_scan(**scan_arguments() | {name: torch.ones(shape, dtype=torch.float64)})


def test_groups_must_divide_the_channels(scan_arguments):
    mixing = {name: torch.ones(2, 3, 3, 21) for name in ("B", "C")}
    with pytest.raises(DataError, match="B has 3 groups, which do not divide the 5 channels"):
        selective_scan(**scan_arguments() | mixing)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("x", (5, 21)),
        ("x", ()),
        ("weight", (4, 4)),
        ("weight", (5,)),
        ("weight", ()),
        ("weight", (5, 1, 4)),
        ("bias", (4,)),
        ("bias", ()),
    ],
)
def test_a_shape_that_does_not_fit_a_convolution_is_named(conv_arguments, name, shape):
    with pytest.raises(DataError, match=rf"^{name} has shape"):
        causal_conv1d(**conv_arguments() | {name: torch.ones(shape, dtype=torch.float64)})


@pytest.mark.parametrize("axis", ["batch", "dim", "length", "size"])
def test_an_empty_axis_is_refused_by_the_scan(scan_arguments, axis):
    with pytest.raises(DataError, match="no axis may be empty"):
        selective_scan(**scan_arguments(**{axis: 0}))


@pytest.mark.parametrize("axis", ["batch", "dim", "length", "width"])
def test_an_empty_axis_is_refused_by_the_convolution(conv_arguments, axis):
    with pytest.raises(DataError, match="no axis may be empty"):
        causal_conv1d(**conv_arguments(**{axis: 0}))


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64], ids=str)
@pytest.mark.parametrize("name", ["u", "delta", "A", "B", "C", "D", "z", "delta_bias"])
def test_numbers_of_the_scan_are_real_and_floating(scan_arguments, name, dtype):
    arguments = scan_arguments()
    with pytest.raises(DataError, match=f"^{name} is of type {dtype}"):
        selective_scan(**arguments | {name: arguments[name].to(dtype)})


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64], ids=str)
@pytest.mark.parametrize("name", ["x", "weight", "bias"])
def test_numbers_of_the_convolution_are_real_and_floating(conv_arguments, name, dtype):
    arguments = conv_arguments()
    with pytest.raises(DataError, match=f"^{name} is of type {dtype}"):
        causal_conv1d(**arguments | {name: arguments[name].to(dtype)})


@pytest.mark.parametrize("name", ["delta", "A", "B", "C", "D", "z", "delta_bias"])
def test_all_arguments_of_the_scan_are_on_one_device(scan_arguments, name):
    arguments = scan_arguments()
    with pytest.raises(DataError, match=f"^{name} is on meta, other arguments are on cpu"):
        selective_scan(**arguments | {name: arguments[name].to("meta")})


@pytest.mark.parametrize("name", ["weight", "bias"])
def test_all_arguments_of_the_convolution_are_on_one_device(conv_arguments, name):
    arguments = conv_arguments()
    with pytest.raises(DataError, match=f"^{name} is on meta, other arguments are on cpu"):
        causal_conv1d(**arguments | {name: arguments[name].to("meta")})


def test_an_unknown_activation_is_refused(conv_arguments):
    with pytest.raises(ConfigError, match="activation is 'relu'; use 'silu', 'swish' or None"):
        causal_conv1d(**conv_arguments() | {"activation": "relu"})


def test_a_device_without_kernels_is_served_by_torch(scan_arguments, conv_arguments):
    scan, conv = scan_arguments(), conv_arguments()
    y, last = selective_scan(**{name: x.to("meta") for name, x in tensors_of(scan).items()}, return_last_state=True)
    assert (y.shape, last.shape, y.device.type) == ((2, 5, 21), (2, 5, 3), "meta")
    assert causal_conv1d(**{name: x.to("meta") for name, x in tensors_of(conv).items()}).shape == (2, 5, 21)


@pytest.mark.parametrize("name", ["u", "delta", "A", "B", "C", "D", "z", "delta_bias"])
def test_types_may_be_mixed_and_the_answer_has_that_of_the_input(scan_arguments, backend, name):
    arguments = scan_arguments(dtype=torch.float32)
    arguments[name] = arguments[name].double()
    leaves = [x.requires_grad_() for x in tensors_of(arguments).values()]
    with scan_backend(backend):
        y, last = selective_scan(**arguments, return_last_state=True)
        gradients = torch.autograd.grad(y.sum(), leaves)
    assert y.dtype == arguments["u"].dtype
    assert [x.dtype for x in gradients] == [x.dtype for x in leaves]
    exact, exact_last = selective_scan(
        **{key: x.double() for key, x in tensors_of(arguments).items()}, delta_softplus=True, return_last_state=True
    )
    torch.testing.assert_close(y.double(), exact, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(last.double(), exact_last, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_halves_are_computed_in_float32(scan_arguments, conv_arguments, backend, dtype):
    rounding = torch.finfo(dtype).eps  # of the answer alone: states that were halves would be much further off
    for function, arguments in ((selective_scan, scan_arguments() | {"z": None}), (causal_conv1d, conv_arguments())):
        halves = {name: x.to(dtype) for name, x in tensors_of(arguments).items()}
        options = {name: x for name, x in arguments.items() if not isinstance(x, torch.Tensor)}
        exact = function(**{name: x.double() for name, x in halves.items()}, **options)
        leaves = [x.requires_grad_() for x in halves.values()]
        with scan_backend(backend):
            y = function(**halves, **options)
            gradients = torch.autograd.grad(y.sum(), leaves)
        assert {y.dtype, *(x.dtype for x in gradients)} == {dtype}
        torch.testing.assert_close(y.double(), exact, rtol=rounding, atol=1e-5)


def test_under_autocast_the_answer_is_as_exact_as_without(scan_arguments, conv_arguments, backend):
    scan, conv = scan_arguments(dtype=torch.float32), conv_arguments(dtype=torch.float32)
    with scan_backend(backend):
        expected = selective_scan(**scan), causal_conv1d(**conv)
        with torch.autocast("cpu", torch.bfloat16):
            found = selective_scan(**scan), causal_conv1d(**conv)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_mirrored_and_negated_views_are_read_as_they_are(scan_arguments, backend):
    arguments = scan_arguments()
    lazily_negated = torch.complex(arguments["delta"], arguments["u"]).conj().imag
    assert lazily_negated.is_neg()
    with scan_backend(backend):
        found, expected = (selective_scan(**arguments | {"u": u}) for u in (lazily_negated, -arguments["u"]))
    assert torch.equal(found, expected)
