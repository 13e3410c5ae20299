"""The CUDA kernels are called as their C++ sources demand: doubles check that, and compute with the reference."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from tjepa_estimators.nn.scan import (
    causal_conv1d,
    choose_backend,
    cuda_backend,
    functional,
    ops,
    scan_backend,
    selective_scan,
)
from tjepa_estimators.nn.scan.cuda_backend import CHUNK, MOST_STATES
from tjepa_estimators.nn.scan.reference import causal_conv1d_reference, selective_scan_reference

FLOATS = {torch.float32, torch.float16, torch.bfloat16}


def check(x, shape, dtype, *, unit_stride=True):
    assert x.shape == shape
    assert x.dtype == dtype
    assert not unit_stride or x.stride(-1) == 1 or x.shape[-1] == 1


def check_scan(u, delta, A, B, C, D, z, delta_bias):  # noqa: N803
    """The checks that ``selective_scan_fwd`` and ``selective_scan_bwd`` of mamba-ssm have in common."""
    (batch, dim, length), size = u.shape, A.shape[1]
    assert u.dtype in FLOATS
    assert size <= MOST_STATES
    for x in (u, delta):
        check(x, (batch, dim, length), u.dtype)
    check(A, (dim, size), torch.float32, unit_stride=False)
    for x in (B, C):
        check(x, (batch, 1, size, length), u.dtype)
    for x in (D, delta_bias):
        check(x, (dim,), torch.float32)
    assert z is None


def reference_scan(u, delta, A, B, C, D, bias, softplus):  # noqa: N803
    rows = (x.float().mT for x in (u, delta))
    y, last = selective_scan_reference(
        *rows, A, *(x.float().squeeze(1).mT for x in (B, C)), D, bias, softplus, reverse=False
    )
    return y.mT, last


def gradients_of(function, tensors, dy):
    """By autograd, in float32; in a thread of its own, because inside an operator autograd is off."""

    def compute():
        leaves = [x.float().clone().requires_grad_() for x in tensors]
        return torch.autograd.grad(function(*leaves), leaves, dy.float())

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(compute).result()


def scan_states(u, delta, A, B, C, D, bias, softplus):  # noqa: N803
    """The state after each chunk stands at odd places."""
    (batch, dim, length), size = u.shape, A.shape[1]
    ends = [*range(CHUNK, length, CHUNK), length]
    states = torch.full((batch, dim, len(ends), 2 * size), torch.nan)
    for chunk, end in enumerate(ends):
        parts = (x[..., :end] for x in (u, delta))
        states[:, :, chunk, 1::2] = reference_scan(*parts, A, B[..., :end], C[..., :end], D, bias, softplus)[1]
    return states


def scan_fwd(u, delta, A, B, C, D, z, delta_bias, delta_softplus, /):  # noqa: N803
    check_scan(u, delta, A, B, C, D, z, delta_bias)
    tensors = (u, delta, A, B, C, D, delta_bias, delta_softplus)
    return [torch.empty_like(delta).copy_(reference_scan(*tensors)[0]), scan_states(*tensors)]


def scan_bwd(
    u, delta, A, B, C, D, z, delta_bias, dout, x, out, dz, delta_softplus, recompute_out_z, /  # noqa: N803
):  # fmt: skip
    check_scan(u, delta, A, B, C, D, z, delta_bias)
    check(dout, u.shape, u.dtype)
    assert x.dtype == torch.float32
    assert x.is_contiguous()
    tensors = (u, delta, A, B, C, D, delta_bias)
    torch.testing.assert_close(x, scan_states(*tensors, delta_softplus), equal_nan=True)
    assert (out, dz, recompute_out_z) == (None, None, False)
    gradients = gradients_of(lambda *leaves: reference_scan(*leaves, delta_softplus)[0], tensors, dout)
    return [torch.empty_like(t).copy_(g) for t, g in zip(tensors, gradients, strict=True)]


def check_conv(x, weight, bias):
    (batch, dim, length), width = x.shape, weight.shape[1]
    assert x.dtype in FLOATS
    check(x, (batch, dim, length), x.dtype, unit_stride=False)
    # with neighbouring channels another kernel would run, which takes only multiples of eight channels
    assert x.stride(2) == 1
    assert not (x.stride(1) == 1 and x.stride(2) > 1)
    assert weight.dtype in FLOATS
    assert 2 <= width <= 4
    check(bias, (dim,), weight.dtype)
    assert bias.stride(-1) == 1


def conv_fwd(x, weight, bias, seq_idx, initial_states, out, final_states_out, silu_activation, /):
    check_conv(x, weight, bias)
    check(out, x.shape, x.dtype)
    assert (seq_idx, initial_states, final_states_out) == (None, None, None)
    out.copy_(causal_conv1d_reference(x.float().mT, weight.float(), bias.float(), silu_activation, reverse=False).mT)


def conv_bwd(
    x, weight, bias, dout, seq_idx, initial_states, dfinal_states, dx, dweight, dbias, dinitial_states, silu_activation,
    /,
):  # fmt: skip
    check_conv(x, weight, bias)
    check(dout, x.shape, x.dtype)
    check(dx, x.shape, x.dtype)
    assert dx.stride(2) == 1
    check(dweight, weight.shape, torch.float32, unit_stride=False)
    check(dbias, bias.shape, torch.float32)
    assert (seq_idx, initial_states, dfinal_states, dinitial_states) == (None, None, None, None)

    def convolve(x, weight, bias):
        return causal_conv1d_reference(x.mT, weight, bias, silu_activation, reverse=False).mT

    gradients = gradients_of(convolve, (x, weight, bias), dout)
    dx.copy_(gradients[0])
    dweight += gradients[1]  # as the kernel does, so it must begin with zeros
    dbias += gradients[2]


@pytest.fixture(autouse=True)
def kernels(monkeypatch):
    """Doubles of the compiled modules."""
    members = {
        "selective_scan_cuda": {"fwd": scan_fwd, "bwd": scan_bwd},
        "causal_conv1d_cuda": {"causal_conv1d_fwd": conv_fwd, "causal_conv1d_bwd": conv_bwd},
    }
    for name, functions in members.items():
        module = ModuleType(name)
        vars(module).update(functions)
        monkeypatch.setitem(sys.modules, name, module)
    cuda_backend.load_module.cache_clear()
    yield
    cuda_backend.load_module.cache_clear()


@contextmanager
def on_gpu():
    """Let the public functions take the CPU for a GPU."""

    def scan(*tensors, keep, **options):
        return cuda_backend.scan(*tensors, **options)

    names = ("scan_gradients", "convolve", "convolve_backward")
    library = SimpleNamespace(scan=scan, **{name: getattr(cuda_backend, name) for name in names})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(functional, "choose_backend", lambda *_: "cuda")
        patch.setattr(ops, "_library", lambda _: library)
        yield


def scan_tensors(length=7, dim=5, size=3, batch=2):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    rows, mixing = (batch, length, dim), (batch, length, size)
    A = -draw(dim, size).exp()  # noqa: N806
    return [draw(*rows), draw(*rows), A, draw(*mixing), draw(*mixing), draw(dim), draw(dim)]


both_ways = pytest.mark.parametrize("reverse", [False, True])


@both_ways
@pytest.mark.parametrize("softplus", [False, True])
@pytest.mark.parametrize("length", [1, 7])
def test_scan_and_its_gradients_are_those_of_the_reference(length, softplus, reverse):
    tensors = scan_tensors(length)
    y, final, states = cuda_backend.scan(*tensors, softplus=softplus, reverse=reverse)
    leaves = [x.requires_grad_() for x in tensors]
    expected, last = selective_scan_reference(*leaves, softplus, reverse)
    torch.testing.assert_close([y, final], [expected.detach(), last.detach()])
    dy = expected.detach().cos()
    found = cuda_backend.scan_gradients(dy, *(x.detach() for x in tensors), states, softplus=softplus, reverse=reverse)
    torch.testing.assert_close(list(found), list(torch.autograd.grad(expected, leaves, dy)))


def test_kept_states_are_those_after_each_chunk_and_the_last_is_returned():
    tensors = scan_tensors(length=CHUNK + 1, dim=2, size=2, batch=1)
    _, final, states = cuda_backend.scan(*tensors, softplus=True, reverse=False)
    assert states.shape == (1, 2, 2, 4)
    torch.testing.assert_close(final, states[:, :, -1, 1::2], rtol=0, atol=0)
    assert final.untyped_storage().data_ptr() != states.untyped_storage().data_ptr()  # an operator returns no views
    torch.testing.assert_close(final, selective_scan_reference(*tensors, delta_softplus=True, reverse=False)[1])


def values_and_gradients(function, tensors, **options):
    leaves = [x.detach().requires_grad_() for x in tensors]
    y = function(*leaves, **options)
    weights = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
    return [y.detach(), *torch.autograd.grad((y * weights).sum(), leaves)]


def assert_same_on_gpu(function, tensors, **options):
    """In the types of ``tensors``, and close to the reference in float32."""
    with scan_backend("torch"):
        expected = values_and_gradients(function, [x.float() for x in tensors], **options)
    with on_gpu():
        found = values_and_gradients(function, tensors, **options)
    assert [x.dtype for x in found] == [tensors[0].dtype, *(x.dtype for x in tensors)]
    rounding = 1e-5 if tensors[0].dtype == torch.float32 else 3e-2
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one.float(), other, rtol=0, atol=rounding * float(other.abs().max()))


def every_other(x):
    """The same vector as part of a larger one."""
    return torch.stack([x, x], dim=-1)[:, 0]


any_size = pytest.mark.parametrize(("length", "dim"), [(1, 5), (7, 1), (7, 5), (1, 1)])
whole_and_half = pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)


@both_ways
@any_size
@whole_and_half
def test_scan_takes_any_layout_and_halves(dtype, length, dim, reverse):
    *rows, A, B, C, D, bias = scan_tensors(length, dim)  # noqa: N806
    u, delta = (x.to(dtype).mT for x in rows)  # neighbouring channels, as a layer has them
    B, C = (x.to(dtype).mT.contiguous()[:1].expand(len(u), -1, -1) for x in (B, C))  # noqa: N806
    tensors = [u, delta, A.T.contiguous().T, B, C, every_other(D), delta.cos(), every_other(bias)]
    assert_same_on_gpu(selective_scan, tensors, delta_softplus=True, reverse=reverse)


@both_ways
@any_size
@whole_and_half
@pytest.mark.parametrize("width", [2, 4])
def test_convolution_takes_any_layout_and_halves(dtype, length, dim, width, reverse):
    x, bias = scan_tensors(length, dim)[0].to(dtype).mT, torch.linspace(-1, 1, dim)
    weight = torch.linspace(-1, 2, dim * width).reshape(width, dim).T
    assert_same_on_gpu(causal_conv1d, [x, weight, every_other(bias)], activation="silu", reverse=reverse)


def test_what_the_kernels_cannot_do_is_done_by_torch():
    u, delta, A, B, C, *_ = scan_tensors(size=MOST_STATES + 1)  # noqa: N806
    assert_same_on_gpu(selective_scan, [u.mT, delta.mT, A, B.mT, C.mT], delta_softplus=True)
    for width in (1, 5):
        assert_same_on_gpu(causal_conv1d, [u.mT, torch.ones(u.shape[2], width)])


def test_the_kernels_are_chosen_where_they_can_be_imported(monkeypatch):
    device = torch.device("cuda")
    for operation in ("scan", "conv"):
        assert choose_backend(operation, device, torch.float32) == "cuda"
        assert choose_backend(operation, device, torch.bfloat16) == "cuda"


@pytest.mark.filterwarnings("ignore:The selective scan runs in plain torch:UserWarning")
def test_the_reference_computes_on_a_gpu_without_them_and_in_float64(monkeypatch):
    device = torch.device("cuda")
    assert choose_backend("scan", device, torch.float64) == "torch"
    monkeypatch.setitem(sys.modules, "selective_scan_cuda", None)  # importing it fails
    cuda_backend.load_module.cache_clear()
    assert choose_backend("scan", device, torch.float32) == "torch"
    assert choose_backend("conv", device, torch.float32) == "cuda"


def test_compiled_graphs_expect_the_layouts_that_the_kernels_give():
    tensors = scan_tensors()
    tensors[2] = tensors[2].T.contiguous().T  # gradients of parameters keep their layout
    y, final, states = cuda_backend.scan(*tensors, softplus=True, reverse=False)
    gradients = cuda_backend.scan_gradients(y, *tensors, states, softplus=True, reverse=False)
    weight, bias = torch.ones(4, 5).T, torch.ones(5)
    conv = cuda_backend.convolve(tensors[0], weight, bias, silu=True, reverse=False)
    conv_gradients = cuda_backend.convolve_backward(conv, tensors[0], weight, bias, silu=True, reverse=False)
    with FakeTensorMode():  # tensors without values, so no GPU is needed
        fakes, fake_weight, fake_bias, fake_y, fake_states = torch.utils._pytree.tree_map(
            lambda x: torch.empty_strided(x.shape, x.stride(), device="cuda"), (tensors, weight, bias, y, states)
        )
        operators = torch.ops.tjepa
        expected = [
            operators.selective_scan(*fakes, softplus=True, reverse=False, keep=True),
            operators.selective_scan_backward(fake_y, *fakes, fake_states, softplus=True, reverse=False),
            [operators.causal_conv1d(fakes[0], fake_weight, fake_bias, silu=True, reverse=False)],
            operators.causal_conv1d_backward(fake_y, fakes[0], fake_weight, fake_bias, silu=True, reverse=False),
        ]
    found = [(y, final, states), gradients, [conv], conv_gradients]
    for real, fake in zip(found, expected, strict=True):
        assert [(x.shape, x.stride(), x.dtype) for x in real] == [(x.shape, x.stride(), x.dtype) for x in fake]
