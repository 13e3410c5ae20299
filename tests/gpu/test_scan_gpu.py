"""On a GPU: every backend computes what the reference computes on a CPU in float64."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.nn.scan import causal_conv1d, choose_backend, scan_backend, selective_scan
from tjepa_estimators.nn.scan.backend import why_not

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.filterwarnings("ignore:The selective scan runs in plain torch:UserWarning"),
]

GPU = torch.device("cuda")
# relative to the largest entry; the CUDA kernels use the fast exponential of the device
ROUNDING = {torch.float64: 1e-10, torch.float32: 1e-4, torch.bfloat16: 4e-2, torch.float16: 1e-2}

every_backend = pytest.mark.parametrize("backend", ["torch", "cuda"])
both_ways = pytest.mark.parametrize("reverse", [False, True])
# one step, channels that no vector fits, and more steps than the CUDA kernel takes in one chunk
sizes = pytest.mark.parametrize(("length", "dim", "state"), [(1, 5, 16), (37, 5, 3), (64, 16, 64), (2050, 8, 4)])
dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)


def require(backend, operation, dtype=torch.float32):
    if reason := why_not(backend, operation, GPU, dtype):
        pytest.skip(reason)


def normal(*shape, dtype, seed):
    """Numbers that ``dtype`` holds exactly, in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype).double()


def scan_tensors(length, dim, state, dtype):
    shapes = [(2, dim, length), (2, dim, length), (dim, state), (2, state, length), (2, state, length)]
    tensors = [normal(*shape, dtype=dtype, seed=seed) for seed, shape in enumerate(shapes)]
    tensors[2] = -tensors[2].exp().float().double()
    vectors = [normal(dim, dtype=torch.float32, seed=seed) for seed in (5, 7)]
    return [*tensors, vectors[0], normal(2, dim, length, dtype=dtype, seed=6), vectors[1]]


def values_and_gradients(function, tensors, device, dtypes, backend):
    leaves = [x.to(device, dtype).requires_grad_() for x, dtype in zip(tensors, dtypes, strict=True)]
    with scan_backend(backend):
        y = function(*leaves)
    weights = torch.linspace(-1, 1, y.numel(), device=device).reshape(y.shape)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), leaves)]


def assert_as_on_cpu(function, tensors, dtypes, backend):
    found = values_and_gradients(function, tensors, GPU, dtypes, backend)
    expected = values_and_gradients(function, tensors, "cpu", [torch.float64] * len(tensors), "torch")
    assert [x.dtype for x in found] == [dtypes[0], *dtypes]
    for one, other in zip(found, expected, strict=True):
        assert one.device.type == "cuda"
        scale = max(1.0, float(other.abs().max()))
        torch.testing.assert_close(one.cpu().double(), other, rtol=0, atol=ROUNDING[dtypes[0]] * scale)


@sizes
@dtypes
@both_ways
@every_backend
def test_scan_and_its_gradients_are_those_of_the_reference(backend, reverse, dtype, length, dim, state):
    require(backend, "scan")
    whole = torch.float32  # parameters stay in float32, as mamba-ssm wants them
    kinds = [dtype, dtype, whole, dtype, dtype, whole, dtype, whole]

    def scan(*tensors):
        return selective_scan(*tensors, delta_softplus=True, reverse=reverse)

    assert_as_on_cpu(scan, scan_tensors(length, dim, state, dtype), kinds, backend)


@sizes
@dtypes
@both_ways
@every_backend
@pytest.mark.parametrize("width", [1, 2, 4, 5])
def test_convolution_and_its_gradients_are_those_of_the_reference(backend, reverse, dtype, length, dim, state, width):
    require(backend, "conv")
    tensors = [
        normal(2, dim, length, dtype=dtype, seed=0),
        normal(dim, width, dtype=torch.float32, seed=1),
        normal(dim, dtype=torch.float32, seed=2),
    ]

    def convolve(*tensors):
        return causal_conv1d(*tensors, activation="silu", reverse=reverse)

    assert_as_on_cpu(convolve, tensors, [dtype, torch.float32, torch.float32], backend)


def test_float64_is_computed_by_the_reference():
    tensors = scan_tensors(37, 5, 3, torch.float64)
    assert choose_backend("scan", GPU, torch.float64) == "torch"
    assert_as_on_cpu(selective_scan, tensors, [torch.float64] * len(tensors), "torch")


@pytest.mark.parametrize("operation", ["scan", "conv"])
def test_the_kernels_are_chosen_where_they_are_installed(operation):
    installed = why_not("cuda", operation, GPU, torch.float32) is None
    assert choose_backend(operation, GPU, torch.float32) == ("cuda" if installed else "torch")


@every_backend
def test_last_state_is_that_of_the_reference(backend):
    require(backend, "scan")
    tensors = scan_tensors(2050, 8, 4, torch.float32)
    with scan_backend(backend):
        _, last = selective_scan(*(x.float().to(GPU) for x in tensors), return_last_state=True, delta_softplus=True)
    with scan_backend("torch"):
        _, expected = selective_scan(*tensors, return_last_state=True, delta_softplus=True)
    torch.testing.assert_close(last.cpu().double(), expected, rtol=1e-4, atol=1e-4)


@every_backend
def test_under_autocast_the_answer_is_as_exact_as_without(backend):
    require(backend, "scan")
    tensors = [x.float().to(GPU) for x in scan_tensors(37, 5, 3, torch.float32)]
    with scan_backend(backend):
        expected = selective_scan(*tensors, delta_softplus=True)
        with torch.autocast("cuda", torch.bfloat16):
            found = selective_scan(*tensors, delta_softplus=True)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def test_a_compiled_scan_agrees():
    require("cuda", "scan")
    require("cuda", "conv")
    u, delta, A, B, C, *_ = (x.float().to(GPU) for x in scan_tensors(37, 16, 4, torch.float32))  # noqa: N806
    weight = torch.ones(16, 4, device=GPU, requires_grad=True)

    def layer(u, weight):
        return selective_scan(causal_conv1d(u, weight, activation="silu"), delta, A, B, C, delta_softplus=True)

    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    found, expected = (torch.autograd.grad(function(u, weight).sum(), weight) for function in (compiled, layer))
    torch.testing.assert_close(found, expected)
    torch.compiler.reset()
