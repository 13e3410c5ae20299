"""A causal layer is mamba-ssm's Mamba: the same state dict, outputs and slopes (see ``make_scan_golden.py``)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tjepa_estimators.nn.mamba import MambaConfig, MambaMixer
from tjepa_estimators.nn.scan import scan_backend

with safe_open(Path(__file__).parent / "mamba_block.safetensors", framework="pt") as stored:
    GOLDEN = {name: stored.get_tensor(name) for name in stored.keys() if name.startswith("mamba.")}  # noqa: SIM118
    LAYOUT, SETTINGS = (json.loads(stored.metadata()[key])["mamba"] for key in ("layouts", "settings"))
STATE = {name.removeprefix("mamba.state."): value for name, value in GOLDEN.items() if name.startswith("mamba.state.")}


def layer():
    config = MambaConfig(causal=True, state=SETTINGS["d_state"], conv=SETTINGS["d_conv"], expansion=SETTINGS["expand"])
    return MambaMixer(SETTINGS["d_model"], config)


def test_a_state_dict_has_the_names_shapes_and_types_of_mamba_ssm():
    ours = {
        name: [list(value.shape), str(value.dtype).removeprefix("torch.")]
        for name, value in layer().state_dict().items()
    }
    assert list(ours.items()) == list(LAYOUT.items())


def test_a_state_dict_of_mamba_ssm_loads_and_comes_back_exactly():
    mixer = layer().double()
    mixer.load_state_dict(STATE)
    torch.testing.assert_close(dict(mixer.state_dict()), STATE, rtol=0, atol=0)


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_outputs_and_slopes_are_those_of_mamba_ssm(backend):
    mixer, x = layer().double(), GOLDEN["mamba.input.x"].requires_grad_()
    mixer.load_state_dict(STATE)
    with scan_backend(backend):
        y = mixer(x)
        (slope,) = torch.autograd.grad((y * GOLDEN["mamba.output.loss_weight"]).sum(), x)
    torch.testing.assert_close(y, GOLDEN["mamba.output.y"], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(slope, GOLDEN["mamba.slope.x"], rtol=1e-10, atol=1e-10)
