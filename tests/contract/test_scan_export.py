"""Compiled and exported programs hold one node for each scan and convolution, or plain operators if asked to."""

from __future__ import annotations

import io
from collections import Counter

import pytest
import torch
from torch import nn
from torch._dynamo.backends.common import aot_autograd
from torch._functorch.aot_autograd import make_boxed_func

from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan

pytest.importorskip("numba")


class Mixer(nn.Module):
    """A convolution and a scan with parameters, as a layer has them."""

    def __init__(self, dim=5, size=3):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        shapes = {"weight": (dim, 4), "bias": (dim,), "A_log": (dim, size), "D": (dim,)}
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.randn(shape, generator=generator)))

    def forward(self, u, delta, mixing):
        u = causal_conv1d(u.mT, self.weight, self.bias, "silu")
        B, C = mixing.mT.chunk(2, dim=1)  # noqa: N806
        return selective_scan(u, delta.mT, -self.A_log.exp(), B, C, self.D, delta_softplus=True).mT


def inputs(batch, length=19):
    generator = torch.Generator().manual_seed(batch)
    return tuple(torch.randn(batch, length, size, generator=generator) for size in (5, 5, 6))


def operators(graph):
    """How often each operator of torch stands in a graph, by its name."""
    called = (node.target for node in graph.nodes if node.op == "call_function")
    return Counter(str(target) for target in called if isinstance(target, torch._ops.OpOverload))


def ours(graph):
    return {name: number for name, number in operators(graph).items() if name.startswith("tjepa.")}


@pytest.fixture
def compile_whole():
    """Compile without a break in the graph; the second result fills with what is in the graphs, forwards first."""
    torch.compiler.reset()
    found = []

    def note(module, _):
        found.append(ours(module.graph))
        return make_boxed_func(module)

    yield lambda function: torch.compile(function, fullgraph=True, backend=aot_autograd(fw_compiler=note)), found
    torch.compiler.reset()


def values_and_gradients(function, mixer, given):
    y = function(*given)
    return [y.detach(), *torch.autograd.grad(y.sin().sum(), list(mixer.parameters()))]


def test_a_compiled_layer_agrees_and_holds_one_node_for_each_operation(compile_whole):
    compiled, graphs = compile_whole
    mixer = Mixer()
    function = compiled(mixer)
    for batch in (2, 3):  # the second batch size compiles for all
        expected = values_and_gradients(mixer, mixer, inputs(batch))
        torch.testing.assert_close(values_and_gradients(function, mixer, inputs(batch)), expected)
    forward = {"tjepa.causal_conv1d.default": 1, "tjepa.selective_scan.default": 1}
    backward = {"tjepa.causal_conv1d_backward.default": 1, "tjepa.selective_scan_backward.default": 1}
    assert graphs == [forward, backward] * 2
    values_and_gradients(function, mixer, inputs(7))
    assert len(graphs) == 4


def test_a_backend_asked_for_while_compiling_is_compiled_in(compile_whole):
    compiled, graphs = compile_whole
    mixer = Mixer()
    function = compiled(mixer)
    with torch.no_grad(), scan_backend("torch"):
        found = function(*inputs(2))
    assert graphs == [{}]
    torch.testing.assert_close(found, mixer(*inputs(2)).detach())


def export(mixer):
    batch = torch.export.Dim("batch")
    return torch.export.export(mixer, inputs(2), dynamic_shapes=[{0: batch}] * 3)


def saved_and_loaded(program):
    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return torch.export.load(file)


def test_an_exported_layer_holds_one_node_for_each_operation_and_takes_any_batch():
    mixer = Mixer().eval()
    program = export(mixer)
    assert ours(program.graph) == {"tjepa.causal_conv1d.default": 1, "tjepa.selective_scan.default": 1}
    again = saved_and_loaded(program).module()
    for batch in (1, 2, 7):
        assert torch.equal(again(*inputs(batch)), mixer(*inputs(batch)))


def test_exported_with_the_reference_a_layer_holds_only_operators_of_torch():
    mixer = Mixer().eval()
    with scan_backend("torch"):
        program = export(mixer)
    assert {name.split(".")[0] for name in operators(program.graph)} == {"aten"}
    again = saved_and_loaded(program).module()
    for batch in (1, 7):
        torch.testing.assert_close(again(*inputs(batch)), mixer(*inputs(batch)))
