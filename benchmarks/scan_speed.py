"""The selective scan and whole layers on a CPU, beside other implementations, a transformer and the machine's limit."""

from __future__ import annotations

import functools
import math
import multiprocessing
import statistics
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from numba import types
from torch import nn

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.timing import measure
from benchmarks.torch_scan import torch_scan
from tjepa_estimators.nn.mamba import MambaBlock, MambaConfig
from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan
from tjepa_estimators.nn.scan.vectors import load, store
from tjepa_estimators.nn.transformer import Block

SHAPES = ((64, 16, 128, 16), (64, 128, 128, 16), (32, 512, 128, 16), (8, 2048, 128, 16))
COMPARED = """Forward and backward pass in float32 of one operator or one layer, rivals in turn in one process; wall \
time, medians. `numba` is what this package does on a CPU. `torch, by hand` is the fastest scan in plain torch that we \
could write (`benchmarks/torch_scan.py`), `torch, loop` the reference that the kernels are tested against. mambapy and \
transformers are the published scans for CPUs. Layers have a width of 128; the transformer layer of the library has \
as many parameters as the Mamba layer (feed-forward twice as wide as a token, at width 128 against both ways, at width \
120 against causal). Ratios above 1 mean that `numba` or Mamba is faster."""

Work = Callable[[], object]
_QUICK = 0.5
"""Seconds; what takes longer runs twice at most, and its first run counts."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--quick", action="store_true", help="the two smallest shapes and one round")
    options = parser.parse_args(argv)
    shapes, rounds = (SHAPES[:2], 1) if options.quick else (SHAPES, options.rounds)
    tables = [table for threads in options.threads for table in _timed_tables(threads, shapes, rounds)]
    torch.set_num_threads(1)
    tables += [_growth(rounds, 1024 if options.quick else 8192), _memory(shapes[1]), _limit(shapes, rounds)]
    report = Report(
        title="Speed of the Mamba kernels",
        compared=COMPARED,
        tables=tables,
        notes=[
            f"Medians of {rounds} turns of three runs after one that does not count; what takes half a second ran twice"
        ],
        packages=("torch", "numba", "mambapy", "transformers"),
    )
    publish(report, options, "python -m benchmarks.scan_speed")


def _timed_tables(threads: int, shapes: Sequence[tuple[int, ...]], rounds: int) -> list[Table]:
    torch.set_num_threads(threads)
    scans, convolutions, layers = [], [], []
    for shape in shapes:
        name = ", ".join(map(str, shape))
        scans.append([name, *_row(_scans(shape, slow=threads == 1 and shape == SHAPES[1]), rounds)])
        convolutions.append([name, *_row(_convolutions(shape), rounds)])
        layers.append([name, *_layer_row(shape, rounds, slow=threads == 1 and shape == SHAPES[1])])
    many = f"{threads} thread{'s' if threads > 1 else ''}"
    rivals = ["numba ms", "torch, by hand", "torch, loop", "mambapy", "transformers"]
    return [
        Table(["B, L, D, N", *rivals], scans, f"**Scan, {many}**: milliseconds, and how many times faster numba is"),
        Table(
            ["B, L, D, N", "numba ms", "torch"],
            convolutions,
            f"**Causal convolution of width 4 with SiLU, 2 D channels, {many}**",
        ),
        Table(
            [
                "B, L, D, N", "causal ms", "transformer / causal", "both ways ms", "transformer / both ways",
                "transformers / causal",
            ],
            layers,
            f"**Layers, {many}**",
        ),
    ]  # fmt: skip


def medians(rivals: dict[str, Work], rounds: int) -> dict[str, float]:
    """Wall milliseconds of each, in turn.

    A turn of what is quick has a first run that does not count: it would pay for the memory that the rival before it
    gave back to the system.
    """
    found: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds):
        for name, work in rivals.items():
            first = measure(work).wall
            if first < _QUICK:
                found[name] += [measure(work).wall for _ in range(3)]
            elif len(found[name]) < 2:
                found[name].append(first)
    return {name: 1e3 * statistics.median(times) for name, times in found.items()}


def _row(rivals: dict[str, Work | None], rounds: int) -> list[str]:
    found = medians({name: work for name, work in rivals.items() if work}, rounds)
    ours, *others = rivals
    return [f"{found[ours]:.2f}", *(f"{found[name] / found[ours]:.1f}" if name in found else "–" for name in others)]


def inputs(shape: tuple[int, ...]) -> list[torch.Tensor]:
    """``u, delta, A, B, C, D, bias`` that want gradients."""
    batch, length, dim, state = shape
    draw = functools.partial(torch.randn, generator=torch.Generator().manual_seed(0))
    rates = -torch.arange(1.0, state + 1).repeat(dim, 1)
    tensors = [
        draw(batch, length, dim), draw(batch, length, dim) - 3, rates, draw(batch, length, state),
        draw(batch, length, state), draw(dim), draw(dim),
    ]  # fmt: skip
    return [tensor.requires_grad_() for tensor in tensors]


def _with_gradients(compute: Callable[..., torch.Tensor], tensors: Sequence[torch.Tensor]) -> Work:
    weight = torch.randn(compute(*tensors).shape, generator=torch.Generator().manual_seed(1))
    return lambda: torch.autograd.grad(compute(*tensors), tensors, weight)


def _ours(u, delta, A, B, C, D, bias):  # noqa: ANN001, ANN202, N803
    return selective_scan(u.mT, delta.mT, A, B.mT, C.mT, D, None, bias, delta_softplus=True).mT


def _loop(*tensors: torch.Tensor) -> torch.Tensor:
    with scan_backend("torch"):
        return _ours(*tensors)


def _scans(shape: tuple[int, ...], *, slow: bool) -> dict[str, Work | None]:
    tensors = inputs(shape)
    return {
        "numba": _with_gradients(_ours, tensors),
        "torch, by hand": _with_gradients(torch_scan, tensors),
        "torch, loop": _with_gradients(_loop, tensors) if shape[1] <= 512 else None,
        "mambapy": _with_gradients(_mambapy, tensors) if find_spec("mambapy") else None,
        "transformers": _with_gradients(_transformers, tensors) if slow else None,
    }


def _mambapy(u, delta, A, B, C, D, bias):  # noqa: ANN001, ANN202, N803
    from mambapy.pscan import pscan

    step = nn.functional.softplus(delta + bias).unsqueeze(-1)
    states = pscan(torch.exp(step * A), step * B.unsqueeze(2) * u.unsqueeze(-1))
    return (states @ C.unsqueeze(-1)).squeeze(3) + D * u


def _transformers(u, delta, A, B, C, D, bias):  # noqa: ANN001, ANN202, N803
    """The recurrence as transformers writes it without CUDA: it indexes the time axis, step by step."""
    step = nn.functional.softplus(delta + bias).unsqueeze(-1)
    decay, given = torch.exp(step * A), step * B.unsqueeze(2) * u.unsqueeze(-1)
    state, y = u.new_zeros(u.shape[0], *A.shape), []
    for t in range(u.shape[1]):
        state = decay[:, t] * state + given[:, t]
        y.append((state @ C[:, t].unsqueeze(-1)).squeeze(-1))
    return torch.stack(y, 1) + D * u


def _convolutions(shape: tuple[int, ...]) -> dict[str, Work | None]:
    batch, length, dim, _ = shape
    x, weight, bias = (
        torch.randn(size).requires_grad_() for size in ((batch, length, 2 * dim), (2 * dim, 4), (2 * dim,))
    )

    def ours(x, weight, bias):  # noqa: ANN001, ANN202
        return causal_conv1d(x.mT, weight, bias, "silu").mT

    def plain(x, weight, bias):  # noqa: ANN001, ANN202
        with scan_backend("torch"):
            return ours(x, weight, bias)

    tensors = [x, weight, bias]
    return {"numba": _with_gradients(ours, tensors), "torch": _with_gradients(plain, tensors)}


def _layer(layer: nn.Module, batch: int, length: int, dim: int) -> Work:
    x = torch.randn(batch, length, dim, generator=torch.Generator().manual_seed(0)).requires_grad_()
    return _with_gradients(lambda *_: layer(x), [x, *layer.parameters()])


def _layer_row(shape: tuple[int, ...], rounds: int, *, slow: bool) -> list[str]:
    batch, length, dim, _ = shape
    layers: dict[str, tuple[nn.Module, int]] = {
        "causal": (MambaBlock(dim, MambaConfig(causal=True)), dim),
        "both ways": (MambaBlock(dim, MambaConfig()), dim),
        "transformer": (Block(dim, 8, 2), dim),
        "smaller transformer": (Block(120, 8, 2), 120),
    }
    rivals = {name: _layer(layer, batch, length, width) for name, (layer, width) in layers.items()}
    if slow and find_spec("transformers"):
        rivals["transformers"] = _layer(_transformers_layer(dim), batch, length, dim)
    found = medians(rivals, rounds)
    return [
        f"{found['causal']:.1f}", f"{found['smaller transformer'] / found['causal']:.2f}",
        f"{found['both ways']:.1f}", f"{found['transformer'] / found['both ways']:.2f}",
        f"{found['transformers'] / found['causal']:.0f}" if "transformers" in found else "–",
    ]  # fmt: skip


def _transformers_layer(dim: int) -> nn.Module:
    from transformers import MambaConfig as TheirConfig
    from transformers.models.mamba.modeling_mamba import MambaMixer

    return MambaMixer(TheirConfig(hidden_size=dim, state_size=16, expand=2, conv_kernel=4), layer_idx=0)


def _growth(rounds: int, longest: int) -> Table:
    """Exponent of time over length for one layer, the number of tokens in a batch being the same."""
    lengths = [128 * 4**k for k in range(int(math.log(longest / 128, 4)) + 1)]
    rows = []
    for name, layer in (
        ("mamba, causal", MambaBlock(128, MambaConfig(causal=True))),
        ("mamba, both ways", MambaBlock(128, MambaConfig())),
        ("transformer", Block(128, 8, 2)),
    ):
        found = [medians({"": _layer(layer, 1, length, 128)}, rounds)[""] for length in lengths]
        slope = np.polyfit(np.log(lengths), np.log(found), 1)[0]
        rows.append([name, *(f"{value:.1f}" for value in found), f"{slope:.2f}"])
    header = ["batch of 1, ms at L =", *map(str, lengths), "exponent"]
    return Table(header, rows, "**Growth with the length, 1 thread**: time goes with L to the power of the exponent")


def _memory(shape: tuple[int, ...]) -> Table:
    names = ["numba", "torch, by hand", "torch, loop", *(["mambapy"] if find_spec("mambapy") else [])]
    found = {name: _peak(name, shape) for name in names}
    rows = [[name, f"{value:.0f}", f"{value / found['numba']:.0f}"] for name, value in found.items()]
    return Table(["", "MB", "times numba"], rows, f"**Peak memory beyond the inputs, forward and backward, {shape}**")


def _peak(name: str, shape: tuple[int, ...]) -> float:
    """Growth of the resident memory of a fresh process that computes once, after a small warm-up."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure_peak, (name, shape))


def _measure_peak(name: str, shape: tuple[int, ...]) -> float:
    torch.set_num_threads(1)
    _scans((1, 4, 16, shape[3]), slow=False)[name]()
    compute = {"numba": _ours, "torch, by hand": torch_scan, "torch, loop": _loop, "mambapy": _mambapy}[name]
    tensors = inputs(shape)
    weight = torch.randn(shape[:3])
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far, of compiling, is forgotten
    before = _status("VmRSS")
    torch.autograd.grad(compute(*tensors), tensors, weight)
    return (_status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    """A figure of this process in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _limit(shapes: Sequence[tuple[int, ...]], rounds: int) -> Table:
    """Share of the time that the multiply-add units alone would need, at the rate that this machine reaches."""
    rate = _multiply_adds_per_second()
    rows = []
    for shape in shapes:
        batch, length, dim, state = shape
        cells = batch * length * dim * state
        tensors = inputs(shape)
        detached = [tensor.detach() for tensor in tensors]
        found = medians({"forward": lambda d=detached: _ours(*d), "both": _with_gradients(_ours, tensors)}, rounds)
        # multiply-adds per state and step: exp2 takes 5 and a product; see scan_kernel.py for the others
        limits = {"forward": 9 * cells / rate * 1e3, "both": (9 + 8 + 8) * cells / rate * 1e3}
        moved = 4 * batch * length * (7 * dim + 6 * state) / 1e6
        rows.append([
            ", ".join(map(str, shape)), f"{limits['forward']:.2f}", f"{limits['forward'] / found['forward']:.0%}",
            f"{limits['both']:.2f}", f"{limits['both'] / found['both']:.0%}", f"{moved:.0f}",
        ])  # fmt: skip
    caption = (
        f"**The machine's limit, 1 thread**: {rate / 1e9:.0f} G multiply-adds per second measured; counted are the "
        "instructions of these units for each state and step (9 forward, 16 more backward), not loads, stores, "
        "rounding, comparisons nor what is done once per step. Memory traffic would take less time than these."
    )
    header = ["B, L, D, N", "forward: limit ms", "reached", "both: limit ms", "reached", "traffic MB"]
    return Table(header, rows, caption)


def _chains(x: Any, factor: Any, rounds: int) -> None:  # noqa: ANN401 - arrays, compiled by numba
    """Twelve independent chains of multiply-adds."""
    f = load(factor, (0,))
    a, b, c, d, e, g = f, f, f, f, f, f
    h, i, j, k, m, n = f, f, f, f, f, f
    for _ in range(rounds):
        a, b, c, d, e, g = a * f + f, b * f + f, c * f + f, d * f + f, e * f + f, g * f + f
        h, i, j, k, m, n = h * f + f, i * f + f, j * f + f, k * f + f, m * f + f, n * f + f
    store(x, (0,), a + b + c + d + e + g + h + i + j + k + m + n)


def _multiply_adds_per_second() -> float:
    array = types.Array(types.float32, 1, "A")
    kernel = numba.njit(types.void(array, array, types.int64))(_chains)
    x, factor, rounds = np.zeros(16, np.float32), np.full(16, 0.5, np.float32), 2_000_000
    best = min(measure(lambda: kernel(x, factor, rounds)).wall for _ in range(5))
    return 12 * 16 * rounds / best


if __name__ == "__main__":
    main()
