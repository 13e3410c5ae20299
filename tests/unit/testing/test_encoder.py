"""Every installed encoder passes, and each check fails on an encoder that breaks its law."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from tjepa_estimators import list_plugins
from tjepa_estimators.errors import ConfigError, PluginError
from tjepa_estimators.nn.stack import run_blocks
from tjepa_estimators.testing import ENCODER_CHECKS, ConformanceError, SkipCheck, check_encoder, run_checks
from tjepa_estimators.testing.encoder import RegisteredEncoder, copies, gradients, outputs, padding
from tjepa_estimators.testing.encoder.wrappers import WRAPPER_CHECKS

LARGE = {"hugging-face"}  # tested beside the library that it needs
INSTALLED = [
    row.name for row in list_plugins() if (row.kind, row.status) == ("encoder", "ok") and row.name not in LARGE
]
LAWS = [check for check in ENCODER_CHECKS if check not in WRAPPER_CHECKS]  # those run in tests/contract
made = itertools.count()


@pytest.mark.parametrize("check", LAWS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", INSTALLED)
def test_an_installed_encoder_passes(name, check):
    check(RegisteredEncoder(name))


OTHER_SETTINGS = [
    ("transformer", {"dropout": 0.2}),
    ("mamba", {"causal": True, "state": 5, "conv": 2}),
    ("mamba2", {"causal": True, "state": 7, "chunk": 4}),
    ("transmamba", {"pattern": ["attention", "mamba"], "depth": 3}),
]


@pytest.mark.parametrize(("name", "settings"), OTHER_SETTINGS)
def test_an_encoder_passes_with_other_settings_than_its_defaults(name, settings):
    report = run_checks(LAWS, RegisteredEncoder(name, settings))
    assert report.summary == f"{len(LAWS)} passed", str(report)


@dataclass(frozen=True)
class Config:
    depth: int = 2
    gradient_checkpointing: bool = False


class Block(nn.Module):
    """Adds a map of the mean of the observed tokens, then a map of each."""

    def __init__(self, dim):
        super().__init__()
        self.mix = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim))
        self.feed = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))

    def forward(self, x, observed):
        mean = (self.mix(x) * observed).sum(1, keepdim=True) / observed.sum(1, keepdim=True).clamp(min=1)
        x = x + mean
        return x + self.feed(x)


class Good(nn.Module):
    """Keeps every law."""

    def __init__(self, dim, config=None):
        super().__init__()
        self.config = config or Config()
        self.blocks = nn.ModuleList(Block(dim) for _ in range(self.config.depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x, padding=None):
        observed = torch.ones_like(x[..., :1])
        if padding is not None:
            x, observed = x.masked_fill(padding.unsqueeze(-1), 0.0), observed.masked_fill(padding.unsqueeze(-1), 0.0)
        return self.norm(run_blocks(self.blocks, x, observed, checkpoint=self.config.gradient_checkpointing))


class DropsAToken(Good):
    def forward(self, x, padding=None):
        return super().forward(x, padding)[:, 1:]


class Doubles(Good):
    def forward(self, x, padding=None):
        return super().forward(x, padding).double()


class Squeezes(Good):
    def forward(self, x, padding=None):
        return super().forward(x, padding).squeeze()


class CentersTheBatch(Good):
    def forward(self, x, padding=None):
        return super().forward(x - x.mean(dim=0, keepdim=True), padding)


class NormalizesTheBatchInTraining(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.batch_norm = nn.BatchNorm1d(dim)

    def forward(self, x, padding=None):
        return self.batch_norm(super().forward(x, padding).mT).mT


class TreatsEachTokenByItself(Good):
    def forward(self, x, padding=None):
        return self.norm(self.blocks[0].feed(x))


class Identity(Good):
    def forward(self, x, padding=None):
        return x


class AlwaysDrops(Good):
    def forward(self, x, padding=None):
        return nn.functional.dropout(super().forward(x, padding), 0.1, training=True)


class CountsItsInstances(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        nn.init.constant_(self.norm.weight, 1 + next(made))


class WritesIntoItsInput(Good):
    def forward(self, x, padding=None):
        return super().forward(x if padding is None else x.masked_fill_(padding.unsqueeze(-1), 0.0), padding)


class ReadsMemory(Good):
    def forward(self, x, padding=None):
        _, tokens, dim = x.shape
        return super().forward(x.as_strided(x.shape, (tokens * dim, dim, 1)), padding)


class IgnoresPadding(Good):
    def forward(self, x, padding=None):
        return super().forward(x)


class MultipliesByTheMask(Good):
    def forward(self, x, padding=None):
        return super().forward(x if padding is None else x * ~padding.unsqueeze(-1))


class CountsPaddingInItsMeans(Good):
    def forward(self, x, padding=None):
        return super().forward(x if padding is None else x.masked_fill(padding.unsqueeze(-1), 0.0))


class HasPositionsOfItsOwn(Good):
    def forward(self, x, padding=None):
        places = torch.arange(x.shape[1]).reshape(1, -1, 1).expand_as(x[..., :1])
        return super().forward(torch.cat([x[..., :1] + places, x[..., 1:]], dim=-1), padding)


class DividesByNothing(Good):
    def forward(self, x, padding=None):
        share = 1.0 if padding is None else 1.0 / (~padding).float().mean(1).reshape(-1, 1, 1)
        return super().forward(x, padding) * share / share


class MasksLate(Good):
    """Right in value; zero times NaN in the backward pass."""

    def forward(self, x, padding=None):
        x = self.blocks[0].feed[1](x)
        return super().forward(x, padding)


class HasAnUnusedLayer(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.unused = nn.Linear(dim, dim)


class WrongBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class HasAWrongBackward(Good):
    def forward(self, x, padding=None):
        return super().forward(WrongBackward.apply(x), padding)


class KnowsFloat32Only(Good):
    def forward(self, x, padding=None):
        return super().forward(x @ torch.eye(x.shape[-1]), padding)


class RoundsInBfloat16(Good):
    """Adds what bfloat16 cannot hold."""

    def forward(self, x, padding=None):
        return super().forward((self.blocks[0].mix[1](x) + 1000.0) - 1000.0, padding)


class OverflowsInBfloat16(Good):
    def forward(self, x, padding=None):
        hidden = self.blocks[0].mix[1](x)
        return super().forward(x, padding) + (hidden * 1e38 * 1e2 if hidden.dtype == torch.bfloat16 else hidden)


class SpoilsGradientsInBfloat16(Good):
    def forward(self, x, padding=None):
        hidden = self.blocks[0].mix[1](x)
        root = (hidden * 0).abs().sqrt() if hidden.dtype == torch.bfloat16 else hidden * 0
        return super().forward(x, padding) + root


class KeepsAnIntermediateTensor(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.scale = self.norm.weight * 2


class IsFrozen(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.requires_grad_(requires_grad=False)


class GivesNaN(Good):
    def forward(self, x, padding=None):
        return super().forward(x, padding) * float("nan")


class KeepsFeaturesAside(Good):
    """Draws random features that are no buffer, so they are not saved."""

    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.features = [torch.randn(dim) + next(made)]

    def forward(self, x, padding=None):
        return super().forward(x * self.features[0], padding)


class TiesWeights(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.last = nn.Linear(dim, dim)
        self.last.weight = self.blocks[0].feed[1].weight

    def forward(self, x, padding=None):
        return self.last(super().forward(x, padding))


class HoldsALambda(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, config)
        self.scale = lambda x: x


class KeepsTheSameForTheBackwardPass(Good):
    def __init__(self, dim, config=None):
        super().__init__(dim, Config())


class ChangesWhenRecomputed(Good):
    def forward(self, x, padding=None):
        return super().forward(x, padding) * (2.0 if self.config.gradient_checkpointing else 1.0)


class Raises(Good):
    def forward(self, x, padding=None):
        message = "not for these windows"
        raise RuntimeError(message)


@dataclass
class Melted:
    depth: int = 2


@dataclass(frozen=True)
class NotPlain:
    depth: int = 2
    kind: type = float


@dataclass(frozen=True)
class Bare:
    depth: int = 2


BROKEN = [
    (outputs.check_shape, DropsAToken, "has shape"),
    (outputs.check_shape, Doubles, "float64"),
    (outputs.check_any_token_count, Squeezes, "1 tokens in"),
    (outputs.check_any_token_count, GivesNaN, "not finite"),
    (outputs.check_rows_are_independent, CentersTheBatch, "one by one"),
    (outputs.check_rows_are_independent, NormalizesTheBatchInTraining, "In training"),
    (outputs.check_tokens_inform_each_other, TreatsEachTokenByItself, "changes no other"),
    (outputs.check_order_matters, Identity, "Permuting"),
    (outputs.check_eval_is_deterministic, AlwaysDrops, "differ"),
    (outputs.check_seed_decides_the_weights, CountsItsInstances, "norm.weight"),
    (outputs.check_input_is_left_alone, WritesIntoItsInput, "changed its input"),
    (outputs.check_memory_layout_is_free, ReadsMemory, "transposed"),
    (padding.check_padded_values_have_no_effect, IgnoresPadding, "hold 10000.0 change other"),
    (padding.check_padded_values_have_no_effect, MultipliesByTheMask, "hold inf change other"),
    (padding.check_padding_equals_a_shorter_sequence, CountsPaddingInItsMeans, "at the end"),
    (padding.check_padding_equals_a_shorter_sequence, HasPositionsOfItsOwn, "at the start"),
    (padding.check_rows_of_padding_stay_finite, DividesByNothing, "NaN or infinity"),
    (padding.check_rows_of_padding_stay_finite, CentersTheBatch, "changes other rows"),
    (padding.check_padding_spoils_no_gradient, MasksLate, "not finite in .*feed.1.weight"),
    (padding.check_padding_spoils_no_gradient, IgnoresPadding, "padded token gets a gradient"),
    (gradients.check_every_parameter_gets_a_gradient, HasAnUnusedLayer, "unused.bias.*unused.weight"),
    (gradients.check_gradients_agree_with_finite_differences, HasAWrongBackward, "the input has the slope"),
    (gradients.check_gradients_agree_with_finite_differences, KnowsFloat32Only, "dtype"),
    (gradients.check_bfloat16_is_finite, RoundsInBfloat16, "is off by"),
    (gradients.check_bfloat16_is_finite, OverflowsInBfloat16, "output under bfloat16"),
    (gradients.check_bfloat16_is_finite, SpoilsGradientsInBfloat16, "gradient is not finite"),
    (gradients.check_trains_in_a_jepa, KeepsAnIntermediateTensor, "deepcopy"),
    (gradients.check_trains_in_a_jepa, IsFrozen, "did not move"),
    (gradients.check_trains_in_a_jepa, GivesNaN, "losses are"),
    (copies.check_weights_round_trip, KeepsFeaturesAside, "output differs"),
    (copies.check_weights_round_trip, TiesWeights, "share memory"),
    (copies.check_pickle_and_deepcopy, HoldsALambda, "(?i)pickle"),
]
BROKEN_WITH_SETTINGS = [
    (gradients.check_gradient_checkpointing, KeepsTheSameForTheBackwardPass, Config, "keeps [0-9]+ bytes"),
    (gradients.check_gradient_checkpointing, ChangesWhenRecomputed, Config, "checkpointing changes"),
    (copies.check_config_round_trip, Good, Melted, "not frozen"),
    (copies.check_config_round_trip, Good, NotPlain, "Unsupported type"),
    (copies.check_artifact_round_trip, KeepsFeaturesAside, Config, "embeds differently"),
    (copies.check_artifact_round_trip, IsFrozen, Config, "as they were"),
    *((check, Raises, Config, "not for these windows") for check in WRAPPER_CHECKS),
]


@pytest.mark.parametrize(("check", "make", "told"), BROKEN)
def test_a_check_fails_on_an_encoder_that_breaks_its_law(check, make, told):
    with pytest.raises(Exception, match=told):
        check(make)


@pytest.mark.parametrize(("check", "make", "config", "told"), BROKEN_WITH_SETTINGS)
def test_a_check_of_settings_and_wrappers_fails_where_they_break(check, make, config, told, register):
    with pytest.raises(Exception, match=told):
        check(RegisteredEncoder(register(make, config)))


def test_every_check_can_fail():
    tested = {case[0] for case in (*BROKEN, *BROKEN_WITH_SETTINGS)}
    assert tested == set(ENCODER_CHECKS) - {copies.check_hooks_import_no_torch}  # the next test


def test_hooks_that_import_torch_are_found(install):
    spec = "EncoderSpec(name='heavy', target='heavy_encoder:Encoder', config='heavy_encoder:Config')"
    install(
        "heavy_encoder",
        "import torch\nfrom tjepa_estimators.plugins import EncoderSpec, hookimpl\n"
        f"@hookimpl\ndef tjepa_encoders(): return [{spec}]\n",
    )
    with pytest.raises(AssertionError, match="plugins of heavy_encoder imports torch"):
        copies.check_hooks_import_no_torch(RegisteredEncoder("heavy"))
    copies.check_hooks_import_no_torch(RegisteredEncoder("transformer"))  # a heavy neighbour is not its fault


def test_an_encoder_that_keeps_every_law_passes_by_name(register):
    name = register(Good, Config)
    report = run_checks(LAWS, RegisteredEncoder(name))
    assert report.summary == f"{len(LAWS)} passed", str(report)


def test_an_encoder_that_is_not_registered_is_checked_as_far_as_possible():
    report = check_encoder(Good)
    skipped = [one.reason for one in report.outcomes if one.status == "skipped"]
    assert len(skipped) == 4 + len(WRAPPER_CHECKS)
    assert set(skipped) == {"needs a registered encoder: give its name instead of a function"}


def test_checks_without_their_subject_are_skipped(register):
    with pytest.raises(SkipCheck, match="no gradient_checkpointing"):
        gradients.check_gradient_checkpointing(RegisteredEncoder(register(Good, Bare)))
    with pytest.raises(SkipCheck, match="no parameters"):
        gradients.check_every_parameter_gets_a_gradient(lambda dim: nn.Identity())


def test_a_library_that_is_not_installed_skips_its_wrapper(monkeypatch):
    def missing(name):
        message = f"{name} needs darts, which is not installed"
        raise ImportError(message)

    monkeypatch.delitem(vars(__import__("tjepa_estimators")), "JEPAModel", raising=False)
    monkeypatch.setattr("tjepa_estimators.__getattr__", missing)
    with pytest.raises(SkipCheck, match="JEPAModel needs darts"):
        WRAPPER_CHECKS[1](RegisteredEncoder("transformer"))


FAILED_BY_IGNORING_PADDING = {check.__name__ for check in padding.PADDING_CHECKS} - {
    "check_rows_of_padding_stay_finite"
}


def test_all_failures_are_told_together_with_advice():
    with pytest.raises(ConformanceError) as caught:
        check_encoder(IgnoresPadding)
    assert {one.check for one in caught.value.report.failed} == FAILED_BY_IGNORING_PADDING
    assert "Fill padded tokens with zeros first" in str(caught.value)


def test_an_announced_failure_passes_and_a_misspelt_one_is_an_error():
    announced = dict.fromkeys(FAILED_BY_IGNORING_PADDING, "padding is not known here")
    assert check_encoder(IgnoresPadding, announced).failed == ()
    with pytest.raises(ConfigError, match="no such check"):
        check_encoder(IgnoresPadding, {"check_paddings": "misspelt"})


def test_an_unknown_name_is_an_error_with_a_suggestion():
    with pytest.raises(PluginError, match="Did you mean 'transformer'"):
        check_encoder("tranformer")
