"""Pretraining on data that are no series: what a plugin's tokenizer reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests import grids
from tjepa_estimators import JEPAForecaster, PretrainedEncoder, load_domain, pretrain
from tjepa_estimators.artifact import resolve_pretrained
from tjepa_estimators.errors import ConfigError, DataError, PluginError
from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, TokenizerConfig, as_preset
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import untrained

PICTURES = np.random.default_rng(1).standard_normal((20, 4, 3))


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    grids.install(monkeypatch)


def test_items_are_pretrained_on_saved_read_and_embedded(tmp_path):
    encoder = pretrain(PICTURES, config="grid-tiny")
    twin = PretrainedEncoder.load(encoder.save(tmp_path / "encoder"))
    assert twin == encoder
    assert twin.info.jepa.tokenizer.options == {"width": 3}, "what was learned of the items is kept"
    np.testing.assert_array_equal(twin.embed(PICTURES), encoder.embed(PICTURES))


def test_rows_of_features_are_in_the_order_of_the_items():
    encoder = pretrain(PICTURES, config="grid-tiny")
    alone = np.concatenate([encoder.embed(picture[None]) for picture in PICTURES])
    np.testing.assert_allclose(encoder.embed(PICTURES, batch_size=3), alone, atol=1e-5)


@pytest.mark.parametrize(("pool", "width"), [("mean", 8), ("max", 8), ("first", 8), (None, 12 * 8)])
def test_tokens_are_pooled_as_asked(pool, width):
    assert untrained(PICTURES, config="grid-tiny").embed(PICTURES, pool=pool).shape == (20, width)


def test_training_changes_the_weights_and_a_seed_gives_them_again():
    first, again = (pretrain(PICTURES, config="grid-tiny") for _ in range(2))
    assert first.fingerprint == again.fingerprint != untrained(PICTURES, config="grid-tiny").fingerprint


def test_training_goes_on_from_an_artifact():
    begun = untrained(PICTURES, config="grid-tiny")
    assert pretrain(PICTURES, initial=begun, train={"steps": 3, "batch_size": 8}) == pretrain(
        PICTURES, config="grid-tiny"
    )


def test_a_domain_is_pretrained_on_by_name_and_its_licence_is_noted():
    (source,) = pretrain("squares", config="grid-tiny").info.provenance.data
    assert source == {"name": "squares", "licence": "CC0 1.0", "source": "computed"}


def test_a_run_that_was_stopped_goes_on_and_other_items_are_refused(tmp_path):
    settings = {"checkpoint_dir": str(tmp_path), "checkpoint_every": 1}
    whole = pretrain(PICTURES, config="grid-tiny", train=settings)
    assert pretrain(PICTURES, config="grid-tiny", train=settings) == whole
    with pytest.raises(ConfigError, match="other settings or data"):
        pretrain(PICTURES + 1.0, config="grid-tiny", train=settings)


def test_series_are_refused_where_a_tokenizer_reads_and_the_other_way_round():
    with pytest.raises(DataError, match="'weather' holds series, which the tokenizer 'grid' does not read"):
        pretrain("weather", config="grid-tiny")
    with pytest.raises(DataError, match="'squares' holds no series; pretrain on it with config='grid-tiny'"):
        pretrain("squares")
    with pytest.raises(DataError, match="Domains and other data"):
        pretrain([load_domain("squares"), PICTURES], config="grid-tiny")


def test_a_string_that_names_no_domain_but_a_path_goes_to_the_tokenizer(tmp_path, monkeypatch):
    read = grids.GridConfig.rows
    monkeypatch.setattr(
        grids.GridConfig, "rows", lambda self, items: read(self, np.load(items) if isinstance(items, Path) else items)
    )
    monkeypatch.setattr(grids.GridConfig, "fit_to", lambda self, _: self)
    monkeypatch.chdir(tmp_path)
    for name in ("cells.npy", "squares"):
        with Path(name).open("wb") as file:
            np.save(file, PICTURES)
    by_path = pretrain(str(tmp_path / "cells.npy"), config="grid-tiny")
    assert by_path.info.provenance.windows == len(PICTURES)
    assert by_path.info.provenance.data == ()
    assert pretrain("squares", config="grid-tiny").info.provenance.windows == 40, "the name of a domain comes first"
    for wrong in ("cells", "a long sentence, " * 300):
        with pytest.raises(PluginError, match=r"No domain is named.* Nor is there such a file or folder"):
            pretrain(wrong, config="grid-tiny")


@pytest.mark.parametrize("strings", ["Who's there?", ["Who's there?", "Nay, answer me."]])
def test_strings_without_a_tokenizer_are_told_to_need_one(strings):
    with pytest.raises(PluginError, match=r"No domain .*Who's there.* other kinds of data need config= with"):
        pretrain(strings)


def test_an_estimator_of_series_refuses_an_encoder_of_something_else(waves):
    encoder = untrained(PICTURES, config="grid-tiny")
    with pytest.raises(ConfigError, match="reads what the tokenizer 'grid' reads, but here it must read series"):
        JEPAForecaster(pretrained=encoder).fit(waves[0], fh=[1])
    with pytest.raises(ConfigError, match="reads what the tokenizer 'grid' reads, but here it must"):
        resolve_pretrained(encoder, "other")
    assert resolve_pretrained(encoder, "grid") is encoder


def test_what_only_series_have_is_refused_with_a_tokenizer():
    tokenizer = TokenizerConfig(kind="grid")
    for setting in ({"quantiles": {}}, {"coarse": 0.5}, {"reconstruction": (0.5, 0.1)}, {"resolutions": (1, 4)}):
        with pytest.raises(ConfigError, match=f"there can be no such thing.*{next(iter(setting))}"):
            pretrain(PICTURES, config={"tokenizer": {"kind": "grid"}, **setting})
    with pytest.raises(ConfigError, match="leave it out with a tokenizer"):
        pretrain(PICTURES, config=JEPAConfig(tokenizer=tokenizer), mixture={})


def test_a_mask_on_a_grid_needs_the_grid_and_a_mixture_may_hold_one():
    jepa = JEPAConfig(masking=(MaskConfig(kind="column"), MaskConfig(kind="random", weight=0.0)))
    assert jepa.masker((4, 3))(12, 2, torch.Generator()).targets.shape == (2, 1, 4)
    with pytest.raises(ConfigError, match="needs to know how tokens lie"):
        jepa.masker()


def test_the_error_for_an_unknown_preset_names_those_of_plugins():
    with pytest.raises(ConfigError, match="Did you mean 'grid-tiny'"):
        as_preset("grid-tyni")


def test_parts_of_a_batch_add_up_to_the_batch():
    whole = pretrain(PICTURES, config="grid-tiny", train={"steps": 4})
    parts = pretrain(PICTURES, config="grid-tiny", train={"steps": 4, "accumulate": 2})
    a, b = whole.embed(PICTURES), parts.embed(PICTURES)
    assert not np.array_equal(a, b), "parts draw masks of their own"
    np.testing.assert_allclose(a, b, atol=0.2)


def test_a_run_in_parts_goes_on_from_whole_steps(tmp_path):
    settings = {"accumulate": 4, "steps": 3, "checkpoint_dir": str(tmp_path), "checkpoint_every": 1}
    whole = pretrain(PICTURES, config="grid-tiny", train=settings)
    assert torch.load(tmp_path / "pretrain.ckpt", weights_only=True)["global_step"] == 3
    assert pretrain(PICTURES, config="grid-tiny", train=settings | {"checkpoint_dir": None}) == whole


def test_a_change_anywhere_in_a_series_is_another_run(tmp_path):
    x = np.sin(np.arange(4000.0) / 5)
    settings = {"train": {"steps": 1, "checkpoint_dir": str(tmp_path)}}
    pretrain(x, **settings)
    x[2000] += 1.0
    with pytest.raises(ConfigError, match="other settings or data"):
        pretrain(x, **settings)


def test_an_artifact_does_not_change_with_the_settings_that_it_was_made_from():
    settings, options = {"depth": 1, "heads": np.int64(2)}, {"ratio": 0.5}
    mask = MaskConfig(kind="random", options=options)
    encoder = pretrain(np.sin(np.arange(300.0)), encoder_config=settings, train={"steps": 1})
    settings["heads"], options["ratio"] = 4, 0.9
    assert encoder.info.encoder_config["heads"] == 2
    assert mask.options == {"ratio": 0.5}


def test_settings_of_numpy_are_saved_and_options_come_back(tmp_path):
    jepa = JEPAConfig(dim=np.int64(16), masking=(MaskConfig(kind="random", options={"ratio": np.float64(0.5)}),))
    encoder = pretrain(np.sin(np.arange(300.0)), config=jepa, train=TrainConfig(steps=np.int64(1)))
    assert PretrainedEncoder.load(encoder.save(tmp_path / "encoder")).info.jepa == encoder.info.jepa


def test_weights_of_a_folder_are_gone_on_from(tmp_path):
    x = np.sin(np.arange(300.0))
    first = pretrain(x, train={"steps": 1})
    folder = first.save(tmp_path / "encoder")
    again, same = (pretrain(x, initial=one, train={"steps": 1}) for one in (first, str(folder)))
    assert again == same


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_impossible_weights_are_refused(weight):
    with pytest.raises(ConfigError, match="must not be negative, and finite"):
        MaskConfig(kind="random", weight=weight)
    for name in ("variance", "covariance", "sigreg", "consistency"):
        with pytest.raises(ConfigError, match="must not be negative, and finite"):
            JEPAConfig(**{name: weight})
