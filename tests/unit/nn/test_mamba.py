"""Laws of the Mamba encoder and of its hybrid with the transformer."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.contracts import Encoder
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.mamba import MambaConfig, MambaEncoder, MambaMixer
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.transformer import TransformerConfig
from tjepa_estimators.nn.transmamba import TransMambaConfig, TransMambaEncoder


def mamba(**settings):
    with scoped_seed(0):
        return MambaEncoder(8, MambaConfig(**{"state": 4} | settings)).double().eval()


def transmamba(**settings):
    attention = TransformerConfig(heads=2)
    with scoped_seed(0):
        return TransMambaEncoder(8, TransMambaConfig(**{"depth": 3, "attention": attention} | settings)).double().eval()


def tokens(count=6, batch=2):
    return torch.randn(batch, count, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def padded(count, where):
    padding = torch.zeros(2, count, dtype=torch.bool)
    padding[:, where] = True
    return padding


both = pytest.mark.parametrize("build", [mamba, transmamba])


@both
def test_it_is_an_encoder(build):
    assert isinstance(build(), Encoder)


@both
@pytest.mark.parametrize("where", [slice(0, 2), slice(4, 6)], ids=["before", "after"])
def test_padding_at_an_end_is_as_if_it_were_not_there(build, where):
    mix, x = build(), tokens()
    padding = padded(6, where)
    kept = ~padding[0]
    x[:, ~kept] = torch.nan
    torch.testing.assert_close(mix(x, padding)[:, kept], mix(x[:, kept]), rtol=1e-9, atol=1e-9)


def test_values_of_padding_between_tokens_have_no_influence():
    mix, x, padding = mamba(), tokens(), padded(6, slice(2, 4))
    changed = torch.where(padding.unsqueeze(-1), 100.0, x)
    assert torch.equal(mix(x, padding)[~padding], mix(changed, padding)[~padding])


def seen_by(mix, asked):
    x = tokens(batch=1).requires_grad_()
    (slope,) = torch.autograd.grad(mix(x)[0, asked].pow(2).sum(), x)
    return (slope[0].abs().sum(dim=1) > 0).tolist()


def test_every_token_sees_every_other_one():
    assert all(all(seen_by(mamba(depth=1), asked)) for asked in range(6))


def test_a_causal_token_sees_the_past_only():
    mix = mamba(causal=True)
    assert [sum(seen_by(mix, asked)) for asked in range(6)] == [1, 2, 3, 4, 5, 6]


def test_both_directions_are_mirror_images_once_their_weights_are_swapped():
    mix = MambaMixer(8, MambaConfig(state=4)).double()
    mirrored = MambaMixer(8, MambaConfig(state=4)).double()
    swapped = {}
    for name, value in mix.state_dict().items():
        shared = name.startswith(("in_proj", "out_proj"))
        twin = name.replace("A_b_log", "A_log") if "A_b_log" in name else name.replace("_b", "", 1)
        if not shared and twin == name:
            twin = {"A_log": "A_b_log", "D": "D_b"}.get(name) or name.replace(".", "_b.", 1)
        swapped[name if shared else twin] = value
    mirrored.load_state_dict(swapped)
    x = tokens()
    torch.testing.assert_close(mirrored(x.flip(1)).flip(1), mix(x))


def test_both_ways_the_forward_scan_keeps_the_names_of_a_causal_layer():
    causal, both_ways = (set(MambaMixer(16, MambaConfig(causal=causal)).state_dict()) for causal in (True, False))
    backward = both_ways - causal
    assert causal < both_ways
    assert len(backward) == len(causal - {"in_proj.weight", "out_proj.weight"})
    assert all("_b" in name for name in backward)


def test_first_step_sizes_lie_between_a_thousandth_and_a_tenth():
    steps = torch.nn.functional.softplus(mamba().blocks[0].mixer.dt_proj.bias)
    assert steps.min() >= 1e-3 * (1 - 1e-5)
    assert steps.max() <= 0.1 * (1 + 1e-5)


def test_the_pattern_orders_the_blocks():
    kinds = [type(block).__name__ for block in transmamba(depth=5, pattern=("mamba", "mamba", "attention")).blocks]
    assert [kind == "MambaBlock" for kind in kinds] == [True, True, False, True, True]


@pytest.mark.parametrize("settings", [{"depth": 0}, {"state": 0}, {"conv": 0}, {"dt_rank": 0}, {"dropout": 1.0}])
def test_impossible_sizes_are_refused(settings):
    with pytest.raises(ConfigError, match="must be at least 1"):
        MambaConfig(**settings)


@pytest.mark.parametrize("settings", [{"depth": 0}, {"pattern": ()}, {"pattern": ("mamba", "atention")}])
def test_impossible_patterns_are_refused(settings):
    with pytest.raises(ConfigError, match="pattern"):
        TransMambaConfig(**settings)
