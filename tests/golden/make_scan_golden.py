"""Make ``scan.safetensors`` and ``mamba_block.safetensors`` with mamba-ssm's own reference functions.

Usage, with the unpacked source distributions of mamba-ssm and causal-conv1d::

    python tests/golden/make_scan_golden.py MAMBA_SSM CAUSAL_CONV1D

Neither has to be built: their CUDA and Triton modules are replaced by stubs, which the reference functions never
call. Those functions cast to float32; here every such cast goes to float64, so that the numbers are exact to 1e-13.
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import MagicMock, patch

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

HERE = Path(__file__).parent
STUBS = ("causal_conv1d_cuda", "selective_scan_cuda", "triton", "triton.language")

Tensors = dict[str, Tensor]
Maker = Callable[..., Tensor]  # a tensor of standard normals of the given sizes


@dataclass(frozen=True)
class ScanCase:
    """Sizes and options of one selective scan."""

    batch: int = 2
    dim: int = 6
    state: int = 4
    length: int = 11
    groups: int | None = None
    extras: bool = False  # D, z, delta_bias and the softplus

    def tensors(self, normal: Maker) -> Tensors:
        """The arguments of the scan; without a softplus, delta is positive by itself."""
        b_shape = (self.batch, self.state, self.length)
        if self.groups:
            b_shape = (self.batch, self.groups, self.state, self.length)
        made = {
            "u": normal(self.batch, self.dim, self.length),
            "delta": normal(self.batch, self.dim, self.length),
            "A": -normal(self.dim, self.state).exp(),
            "B": normal(*b_shape),
            "C": normal(*b_shape),
        }
        if not self.extras:
            return made | {"delta": 0.3 * made["delta"].exp()}
        more = {"D": normal(self.dim), "z": normal(self.batch, self.dim, self.length), "delta_bias": normal(self.dim)}
        return made | more

    def options(self) -> dict[str, bool]:
        """The options of the scan."""
        return {"delta_softplus": self.extras, "return_last_state": True}


@dataclass(frozen=True)
class ConvCase:
    """Sizes and options of one causal convolution."""

    width: int
    bias: bool
    activation: str | None
    batch: int = 2
    dim: int = 3
    length: int = 7

    def tensors(self, normal: Maker) -> Tensors:
        """The arguments of the convolution."""
        made = {"x": normal(self.batch, self.dim, self.length), "weight": normal(self.dim, self.width)}
        return made | ({"bias": normal(self.dim)} if self.bias else {})

    def options(self) -> dict[str, str | None]:
        """The options of the convolution."""
        return {"activation": self.activation}


@dataclass(frozen=True)
class BlockCase:
    """One whole layer."""

    module: str
    layer: str
    settings: dict[str, int]
    length: int = 9


SCANS = {
    "plain": ScanCase(),
    "extras": ScanCase(extras=True),
    "groups": ScanCase(groups=2, extras=True),
    "odd": ScanCase(dim=5, state=3, length=9, extras=True),
    "one_step": ScanCase(dim=5, state=3, length=1, extras=True),
    "one_state": ScanCase(batch=1, dim=17, state=1, length=5),
    "wide": ScanCase(batch=1, dim=20, state=16, length=33, extras=True),
}
CONVS = {
    f"width_{width}{'_bias' * bias}{'_silu' if activation else ''}": ConvCase(width, bias, activation)
    for width in (2, 3, 4)
    for bias in (False, True)
    for activation in (None, "silu")
} | {"shorter_than_the_kernel": ConvCase(4, bias=True, activation="silu", length=2)}
BLOCKS = {
    "mamba": BlockCase("mamba_simple", "Mamba", {"d_model": 16, "d_state": 8, "d_conv": 4, "expand": 2}),
    "mamba2": BlockCase("mamba2", "Mamba2", {"d_model": 32, "d_state": 8, "headdim": 8, "ngroups": 1}),
    "mamba2_groups": BlockCase("mamba2", "Mamba2", {"d_model": 16, "d_state": 4, "headdim": 8, "ngroups": 2}),
}


def open_packages(*sources: Path) -> None:
    """Make the packages importable module by module: stubs for what is compiled, and no package ``__init__``."""
    config = MagicMock(num_warps=1, kwargs={"BLOCK_SIZE_N": 64})  # a few sizes are compared while modules load
    kernel = MagicMock(configs=[config])
    for name in STUBS:
        sys.modules[name] = MagicMock(
            __version__="3.0.0",
            Config=MagicMock(return_value=config),
            autotune=MagicMock(return_value=MagicMock(return_value=kernel)),
        )
    for source, name in zip(sources, ("mamba_ssm", "causal_conv1d"), strict=True):
        package = types.ModuleType(name)
        package.__path__ = [str(source / name)]
        sys.modules[name] = package


def version(source: Path) -> str:
    """The version that a source distribution states."""
    lines = (source / "PKG-INFO").read_text().splitlines()
    return next(line.removeprefix("Version: ") for line in lines if line.startswith("Version: "))


@contextmanager
def casts_to_float64() -> Iterator[None]:
    """Let every cast to float32 go to float64."""
    with patch.object(Tensor, "float", Tensor.double), patch.object(torch, "float32", torch.float64):
        yield


def differentiate(run: Callable[..., object], inputs: Tensors, normal: Maker) -> Tensors:
    """Outputs of ``run`` on the inputs and the slopes of ``sum(y * weight)``."""
    leaves = {name: value.requires_grad_() for name, value in inputs.items()}
    with casts_to_float64():
        results = run(*leaves.values())
        y, last_state = results if isinstance(results, tuple) else (results, None)
        weight = normal(*y.shape)
        slopes = torch.autograd.grad((y * weight).sum(), list(leaves.values()))
    outputs = {"output.y": y, "output.loss_weight": weight}
    if last_state is not None:
        outputs["output.last_state"] = last_state
    named = {f"input.{name}": value for name, value in leaves.items()}
    return named | outputs | {f"slope.{name}": slope for name, slope in zip(leaves, slopes, strict=True)}


def run_block(case: BlockCase, normal: Maker) -> tuple[Tensors, dict[str, list[object]]]:
    """Run a layer of mamba-ssm; also the names, shapes and types of a fresh one's state dict."""
    layer: nn.Module = getattr(importlib.import_module(f"mamba_ssm.modules.{case.module}"), case.layer)(
        **case.settings, **({"use_mem_eff_path": False} if case.layer == "Mamba2" else {"use_fast_path": False})
    )
    layout = {
        name: [list(value.shape), str(value.dtype).removeprefix("torch.")] for name, value in layer.state_dict().items()
    }
    layer.double()
    with torch.no_grad():
        for parameter in layer.parameters():  # away from the ones and zeros of a fresh layer
            parameter.add_(0.1 * normal(*parameter.shape))
    state = {f"state.{name}": value for name, value in layer.state_dict().items()}
    inputs = {"x": normal(2, case.length, case.settings["d_model"])}
    return state | differentiate(layer, inputs, normal), layout


def use_reference_functions() -> tuple[Callable[..., object], Callable[..., object]]:
    """Put the packages' reference functions in the place of their kernels; the scan and the convolution."""
    scan = importlib.import_module("mamba_ssm.ops.selective_scan_interface")
    scan.selective_scan_fn = scan.selective_scan_ref
    norm = importlib.import_module("mamba_ssm.ops.triton.layernorm_gated")
    norm.rmsnorm_fn = norm.rms_norm_ref
    dual = importlib.import_module("mamba_ssm.ops.triton.ssd_combined")
    importlib.import_module("mamba_ssm.modules.mamba2").mamba_chunk_scan_combined = (
        lambda x, dt, A, B, C, D, z, dt_bias, dt_softplus, **_: dual.ssd_selective_scan(  # noqa: N803
            x, dt, A, B, C, D, z, dt_bias, dt_softplus
        )
    )
    conv = importlib.import_module("causal_conv1d.causal_conv1d_interface")
    return scan.selective_scan_ref, conv.causal_conv1d_ref


def save(name: str, cases: dict[str, Tensors], about: dict[str, str]) -> None:
    """Write the cases into one file, each tensor as ``case.kind.name``."""
    tensors = {
        f"{case}.{key}": value.detach().contiguous() for case, made in cases.items() for key, value in made.items()
    }
    save_file(tensors, HERE / name, metadata=about)


def main(mamba_ssm: Path, causal_conv1d: Path) -> None:
    """Write both files."""
    open_packages(mamba_ssm, causal_conv1d)
    scan, conv = use_reference_functions()
    generator = torch.manual_seed(20261122)  # the global one: the layers draw their parameters from it

    def normal(*sizes: int) -> Tensor:
        return torch.randn(*sizes, dtype=torch.float64, generator=generator)

    about = {"mamba_ssm": version(mamba_ssm), "causal_conv1d": version(causal_conv1d), "torch": torch.__version__}
    made, options = {}, {}
    for kind, run, cases in (("scan", scan, SCANS), ("conv", conv, CONVS)):
        for name, case in cases.items():
            key, options[key] = f"{kind}.{name}", case.options()
            made[key] = differentiate(
                lambda *x, run=run, case=case: run(*x, **case.options()), case.tensors(normal), normal
            )
    save("scan.safetensors", made, about | {"options": json.dumps(options)})

    blocks, layouts = {}, {}
    for name, block in BLOCKS.items():
        blocks[name], layouts[name] = run_block(block, normal)
    settings = {name: block.settings for name, block in BLOCKS.items()}
    save("mamba_block.safetensors", blocks, about | {"layouts": json.dumps(layouts), "settings": json.dumps(settings)})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
