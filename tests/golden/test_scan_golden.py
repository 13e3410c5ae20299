"""Scans and convolutions agree with what mamba-ssm's own reference functions gave (see ``make_scan_golden.py``)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan

ROUNDING = {torch.float64: 1e-10, torch.float32: 1e-5}

with safe_open(Path(__file__).parent / "scan.safetensors", framework="pt") as stored:
    GOLDEN = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a dict)
    OPTIONS = json.loads(stored.metadata()["options"])

every_case = pytest.mark.parametrize("case", sorted(OPTIONS))
every_backend = pytest.mark.parametrize("backend", ["torch", "numba"])
both_types = pytest.mark.parametrize("dtype", ROUNDING, ids=str)


def part(case, kind, dtype):
    """The tensors ``case.kind.*`` by their last name."""
    start = f"{case}.{kind}."
    return {name.removeprefix(start): value.to(dtype) for name, value in GOLDEN.items() if name.startswith(start)}


def run(case, inputs):
    """Outputs by name."""
    if case.startswith("conv."):
        return {"y": causal_conv1d(**inputs, **OPTIONS[case])}
    y, last_state = selective_scan(**inputs, **OPTIONS[case])
    return {"y": y, "last_state": last_state}


def assert_agree(found, golden):
    """Same names, types and shapes, and the same numbers up to rounding at the scale of the tensor."""
    assert found.keys() == golden.keys()
    for name, value in found.items():
        rounding = ROUNDING[value.dtype]
        scale = max(1.0, float(golden[name].abs().max()))
        message = f"{name}: {{}}".format
        torch.testing.assert_close(value, golden[name], rtol=rounding, atol=rounding * scale, msg=message)


@every_case
@every_backend
@both_types
def test_outputs_are_those_of_mamba_ssm(case, backend, dtype):
    golden = part(case, "output", dtype)
    golden.pop("loss_weight")
    with scan_backend(backend):
        assert_agree(run(case, part(case, "input", dtype)), golden)


@every_case
@every_backend
@both_types
def test_slopes_are_those_of_mamba_ssm(case, backend, dtype):
    inputs = {name: value.requires_grad_() for name, value in part(case, "input", dtype).items()}
    with scan_backend(backend):
        loss = (run(case, inputs)["y"] * part(case, "output", dtype)["loss_weight"]).sum()
        slopes = torch.autograd.grad(loss, list(inputs.values()))
    assert_agree(dict(zip(inputs, slopes, strict=True)), part(case, "slope", dtype))
