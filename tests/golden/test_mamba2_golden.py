"""A causal layer is mamba-ssm's Mamba2: the same state dict, outputs and slopes (see ``make_scan_golden.py``)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tjepa_estimators.nn.mamba2 import Mamba2Config, Mamba2Mixer

OURS = {"d_state": "state", "headdim": "head_width", "ngroups": "groups"}

with safe_open(Path(__file__).parent / "mamba_block.safetensors", framework="pt") as stored:
    GOLDEN = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 (not a dict)
    LAYOUTS, SETTINGS = (json.loads(stored.metadata()[key]) for key in ("layouts", "settings"))

every_case = pytest.mark.parametrize("case", ["mamba2", "mamba2_groups"])


def layer(case, **more):
    settings = {ours: SETTINGS[case][theirs] for theirs, ours in OURS.items()}
    return Mamba2Mixer(SETTINGS[case]["d_model"], Mamba2Config(**{"causal": True} | settings | more))


def state(case):
    start = f"{case}.state."
    return {name.removeprefix(start): value for name, value in GOLDEN.items() if name.startswith(start)}


@every_case
def test_a_state_dict_has_the_names_shapes_and_types_of_mamba_ssm(case):
    ours = {
        name: [list(value.shape), str(value.dtype).removeprefix("torch.")]
        for name, value in layer(case).state_dict().items()
    }
    assert list(ours.items()) == list(LAYOUTS[case].items())


@every_case
@pytest.mark.parametrize("chunk", [1, 4, 32])
def test_outputs_and_slopes_are_those_of_mamba_ssm(case, chunk):
    mixer = layer(case, chunk=chunk).double()
    mixer.load_state_dict(state(case))
    x = GOLDEN[f"{case}.input.x"].clone().requires_grad_()
    y = mixer(x)
    torch.testing.assert_close(y, GOLDEN[f"{case}.output.y"], rtol=1e-10, atol=1e-10)
    (slope,) = torch.autograd.grad((y * GOLDEN[f"{case}.output.loss_weight"]).sum(), x)
    torch.testing.assert_close(slope, GOLDEN[f"{case}.slope.x"], rtol=1e-10, atol=1e-10)


@every_case
def test_a_state_dict_comes_back_as_it_went_in(case):
    mixer = layer(case).double()
    mixer.load_state_dict(state(case))
    assert all(torch.equal(value, state(case)[name]) for name, value in mixer.state_dict().items())


@every_case
def test_reading_both_ways_adds_parameters_and_changes_none(case):
    both = {name: list(value.shape) for name, value in layer(case, causal=False).state_dict().items()}
    theirs = {name: shape for name, (shape, _) in LAYOUTS[case].items()}
    assert {name: both[name] for name in theirs} == theirs
    assert sorted(both.keys() - theirs.keys()) == ["A_b_log", "D_b", "conv1d_b.bias", "conv1d_b.weight", "dt_b_bias"]
