"""A pretrained encoder: what it computes, what it survives, and what is refused."""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import huggingface_hub
import huggingface_hub.constants
import joblib
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tjepa_estimators import PretrainedEncoder, artifact
from tjepa_estimators.artifact import FORMAT, resolve_pretrained
from tjepa_estimators.errors import ArtifactError, ConfigError, DataError

FILES = ["README.md", "config.json", "model.safetensors"]


def windows(batch=5, length=24, seed=0):
    return np.random.default_rng(seed).standard_normal((batch, length)).cumsum(axis=1)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def saved(tiny_pretrained, tmp_path):
    return tiny_pretrained.save(tmp_path / "encoder")


def edit_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# --- embedding


def test_an_embedding_does_not_depend_on_the_rest_of_the_batch(tiny_pretrained):
    given = windows()
    given[3, 5:9] = np.nan
    given[4, :12] = np.nan
    whole = tiny_pretrained.embed(given)
    alone = np.concatenate([tiny_pretrained.embed(one[None]) for one in given])
    np.testing.assert_allclose(whole, alone, atol=1e-5)
    np.testing.assert_allclose(whole[::-1], tiny_pretrained.embed(given[::-1]), atol=1e-5)
    np.testing.assert_allclose(whole, tiny_pretrained.embed(given, batch_size=2), atol=1e-5)


@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0.0), (30.0, 1e4), (1e9, -1e12)])
def test_an_embedding_does_not_change_with_level_and_scale(tiny_pretrained, scale, shift):
    np.testing.assert_allclose(
        tiny_pretrained.embed(windows()), tiny_pretrained.embed(scale * windows() + shift), atol=1e-3
    )


def test_an_embedding_tells_windows_apart(tiny_pretrained):
    embedded = tiny_pretrained.embed(windows())
    assert np.abs(embedded[0] - embedded[1:]).max(axis=1).min() > 0.05


def test_the_pooled_embedding_is_the_mean_of_the_observed_tokens(tiny_pretrained):
    given = windows()
    given[1, :8] = np.nan
    tokens = tiny_pretrained.embed(given, pool=None).reshape(5, 6, 8)
    assert not tokens[1, :2].any()
    expected = tokens.mean(axis=1)
    expected[1] = tokens[1, 2:].mean(axis=0)
    np.testing.assert_allclose(tiny_pretrained.embed(given), expected, atol=1e-6)


def test_channels_are_embedded_one_by_one_and_joined(tiny_pretrained):
    both = np.stack([windows(), windows(seed=1)], axis=2)
    joined = np.concatenate([tiny_pretrained.embed(windows()), tiny_pretrained.embed(windows(seed=1))], axis=1)
    np.testing.assert_allclose(tiny_pretrained.embed(both), joined, atol=1e-6)
    assert tiny_pretrained.embed(both, pool=None).shape == (5, 2 * 6 * 8)


@pytest.mark.parametrize("length", [1, 3, 24, 25, 100])
def test_windows_of_any_length_are_embedded(tiny_pretrained, length):
    embedded = tiny_pretrained.embed(windows(length=length))
    assert embedded.shape == (5, tiny_pretrained.dim)
    assert embedded.dtype == np.float32
    assert np.isfinite(embedded).all()


@pytest.mark.parametrize("value", [np.nan, 0.0, 1e12])
def test_windows_without_variation_are_embedded(tiny_pretrained, value):
    assert np.isfinite(tiny_pretrained.embed(np.full((2, 24), value))).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.arange(24.0), r"pass series\[None\]"),
        (np.zeros((2, 3, 4, 5)), "needs a numeric array"),
        (np.zeros((0, 24)), "needs a numeric array"),
        (np.zeros((2, 0)), "needs a numeric array"),
        (np.array([["a"]]), "needs a numeric array"),
        (np.array([[1.0, np.inf]]), "infinite"),
    ],
)
def test_what_cannot_be_embedded_is_refused(tiny_pretrained, values, message):
    with pytest.raises(DataError, match=message):
        tiny_pretrained.embed(values)


def test_an_unknown_pooling_is_refused(tiny_pretrained):
    with pytest.raises(ConfigError, match="pool must be one of 'mean', 'max', 'first' or None, but got 'median'"):
        tiny_pretrained.embed(windows(), pool="median")


def test_threads_embed_alike_and_leave_the_number_of_threads(tiny_pretrained):
    before, expected = torch.get_num_threads(), tiny_pretrained.embed(windows())
    fresh = pickle.loads(pickle.dumps(tiny_pretrained))  # noqa: S301 - our own; its network is built by the threads
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: fresh.embed(windows()), range(8)))
    for result in results:
        np.testing.assert_array_equal(result, expected)
    assert torch.get_num_threads() == before


# --- one object, never changed


def test_what_is_built_can_be_trained_without_changing_the_artifact(tiny_pretrained):
    before = {name: value.clone() for name, value in tiny_pretrained.build().state_dict().items()}
    model = tiny_pretrained.build()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)
    for name, value in tiny_pretrained.build().state_dict().items():
        assert torch.equal(value, before[name])


def test_building_leaves_the_global_generator_alone(tiny_pretrained):
    before = torch.get_rng_state()
    tiny_pretrained.build()
    tiny_pretrained.embed(windows())
    assert torch.equal(torch.get_rng_state(), before)


def test_copies_are_the_same_object(tiny_pretrained):
    assert copy.copy(tiny_pretrained) is tiny_pretrained
    assert copy.deepcopy({"pretrained": tiny_pretrained})["pretrained"] is tiny_pretrained


def through_pickle(encoder, _):
    return pickle.loads(pickle.dumps(encoder))  # noqa: S301 - our own


def through_joblib(encoder, folder):
    joblib.dump(encoder, folder / "encoder.joblib")
    return joblib.load(folder / "encoder.joblib")


def through_a_folder(encoder, folder):
    return PretrainedEncoder.load(encoder.save(folder / "encoder"))


@pytest.mark.parametrize("through", [through_pickle, through_joblib, through_a_folder])
def test_an_encoder_comes_back_whole(tiny_pretrained, through, tmp_path):
    tiny_pretrained.embed(windows())  # now it holds a network, which must not travel
    back = through(tiny_pretrained, tmp_path)
    assert back == tiny_pretrained
    assert hash(back) == hash(tiny_pretrained)
    assert back.fingerprint == tiny_pretrained.fingerprint
    np.testing.assert_array_equal(back.embed(windows()), tiny_pretrained.embed(windows()))


def test_other_weights_make_another_encoder(tiny_pretrained):
    state = tiny_pretrained.build().state_dict()
    state["student.encoder.norm.bias"] += 1.0
    other = PretrainedEncoder(tiny_pretrained.info, state)
    assert other != tiny_pretrained
    assert other.fingerprint != tiny_pretrained.fingerprint


# --- saving and loading


def test_a_folder_holds_weights_settings_and_a_card(saved, tiny_pretrained):
    assert names(saved) == FILES
    weights = load_file(saved / "model.safetensors")
    assert weights.keys() == tiny_pretrained.build().state_dict().keys()
    assert json.loads((saved / "config.json").read_text())["format"] == FORMAT
    assert tiny_pretrained.fingerprint in (saved / "README.md").read_text()


def test_saving_replaces_an_older_artifact(saved, pretrain_tiny):
    other = pretrain_tiny(steps=1, seed=5)
    other.save(saved)
    assert names(saved) == FILES
    assert PretrainedEncoder.load(saved) == other


def test_a_folder_of_something_else_is_not_written_to(tiny_pretrained, tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(ArtifactError, match="is no artifact folder; choose an empty or a new folder"):
        tiny_pretrained.save(tmp_path)
    assert names(tmp_path) == ["thesis.tex"]


def test_a_model_of_another_library_is_not_overwritten(tiny_pretrained, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"precious")
    with pytest.raises(ArtifactError, match="is no artifact folder"):
        tiny_pretrained.save(tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == b"precious"


def test_a_saving_that_was_killed_does_not_stand_in_the_way(tiny_pretrained, tmp_path):
    (tmp_path / ".saving-x" / "sub").mkdir(parents=True)
    tiny_pretrained.save(tmp_path)
    assert PretrainedEncoder.load(tmp_path) == tiny_pretrained


def test_a_file_and_a_folder_below_a_file_cannot_be_written_to(tiny_pretrained, tmp_path):
    file = tmp_path / "file"
    file.write_text("precious")
    with pytest.raises(ArtifactError, match="is no artifact folder"):
        tiny_pretrained.save(file)
    with pytest.raises(ArtifactError, match="Cannot write the artifact to"):
        tiny_pretrained.save(file / "encoder")
    assert file.read_text() == "precious"


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_full_disk_leaves_the_older_artifact_whole(saved, tiny_pretrained, pretrain_tiny, monkeypatch, written):
    count, sync = [], os.fsync

    def fail_at_last(descriptor):
        if len(count) == written:
            raise OSError(errno.ENOSPC, "No space left on device")
        count.append(1)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_at_last)
    with pytest.raises(ArtifactError, match=r"No space left on device\. Nothing that was there before is changed"):
        pretrain_tiny(steps=1, seed=5).save(saved)
    assert names(saved) == FILES
    assert PretrainedEncoder.load(saved) == tiny_pretrained


def test_a_full_disk_leaves_no_half_written_new_artifact(tiny_pretrained, tmp_path, monkeypatch):
    def fail(path, content):
        path.write_bytes(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(artifact, "write_file", fail)
    with pytest.raises(ArtifactError, match="No space left"):
        tiny_pretrained.save(tmp_path / "encoder")
    assert names(tmp_path / "encoder") == []


def truncate(folder):
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


def flip_a_bit(folder):
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)


def truncate_and_forge_the_hash(folder):
    truncate(folder)
    edit_config(folder, weights_sha256=hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, "is damaged or was changed"),
        (flip_a_bit, "is damaged or was changed"),
        (truncate_and_forge_the_hash, "Cannot rebuild the encoder"),
        (lambda folder: edit_config(folder, weights_sha256="0" * 64), "is damaged or was changed"),
        (lambda folder: edit_config(folder, format=FORMAT + 1), "upgrade with: pip install -U tjepa-estimators"),
        (lambda folder: edit_config(folder, format="1"), "has no format number"),
        (lambda folder: edit_config(folder, encoder="retentive"), "No encoder is named 'retentive'.*It was made with"),
        (lambda folder: edit_config(folder, surprise=1), r"cannot be understood.*extra fields found \(surprise\)"),
        (lambda folder: edit_config(folder, jepa={"dim": -1}), "cannot be understood"),
        (lambda folder: (folder / "config.json").write_text('{"format": 1, "enc'), "its config.json is damaged"),
        (lambda folder: (folder / "config.json").write_bytes(b"\xff\xfe\x00"), "its config.json is damaged"),
        (lambda folder: (folder / "config.json").write_text("[]"), "is not the configuration of an artifact"),
        (lambda folder: (folder / "config.json").unlink(), "is no artifact folder"),
        (lambda folder: (folder / "model.safetensors").unlink(), "holds no readable model.safetensors"),
        (shutil.rmtree, "neither a folder nor a repository"),
    ],
    ids=[
        "truncated", "bit flipped", "truncated and hash forged", "wrong hash", "newer format", "format no number",
        "missing plugin", "unknown key", "impossible value", "half a config", "binary config", "other json",
        "no config", "no weights", "no folder",
    ],
)  # fmt: skip
def test_a_damaged_artifact_is_refused_with_what_to_do(saved, damage, message, offline):
    damage(saved)
    with pytest.raises(ArtifactError, match=message):
        PretrainedEncoder.load(saved)


def test_weights_that_do_not_fit_the_encoder_are_refused(saved):
    edit_config(saved, encoder_config={"depth": 2, "heads": 2})
    with pytest.raises(ArtifactError, match="do not fit encoder 'transformer' as it is installed here"):
        PretrainedEncoder.load(saved).build()


# --- the hub


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """An empty cache, and no network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_repository_in_the_cache_is_loaded_without_network(offline, tiny_pretrained):
    repository, commit = offline / "models--someone--encoder", "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    tiny_pretrained.save(repository / "snapshots" / commit)
    assert PretrainedEncoder.load("someone/encoder") == tiny_pretrained
    assert resolve_pretrained("someone/encoder") == tiny_pretrained


@pytest.mark.parametrize("name", ["someone/absent", "no/such/folder", "mistyped folder"])
def test_what_is_neither_a_folder_nor_in_the_cache_is_refused(offline, name):
    with pytest.raises(ArtifactError, match=f"'{name}' is neither a folder nor a repository"):
        PretrainedEncoder.load(name)


def test_what_is_pushed_to_the_hub_can_be_loaded_from_it(tiny_pretrained, tmp_path, monkeypatch):
    class FakeApi:
        def create_repo(self, repo_id, *, exist_ok):
            assert exist_ok
            (tmp_path / repo_id).mkdir(parents=True)

        def upload_folder(self, *, repo_id, folder_path, commit_message):
            shutil.copytree(folder_path, tmp_path / repo_id, dirs_exist_ok=True)
            return f"commit of {repo_id}: {commit_message}"

    def fake_download(repo_id, *, revision, allow_patterns):
        assert revision == "v1"
        assert sorted(allow_patterns) == FILES
        return str(tmp_path / repo_id)

    monkeypatch.setattr(huggingface_hub, "HfApi", FakeApi)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", fake_download)
    assert tiny_pretrained.push_to_hub("me/encoder", commit_message="first") == "commit of me/encoder: first"
    assert names(tmp_path / "me" / "encoder") == FILES
    assert PretrainedEncoder.load("me/encoder", revision="v1") == tiny_pretrained


# --- what estimators are given


def test_an_encoder_is_given_as_itself_or_by_its_folder(tiny_pretrained, saved):
    assert resolve_pretrained(tiny_pretrained) is tiny_pretrained
    assert resolve_pretrained(saved) == resolve_pretrained(str(saved)) == tiny_pretrained


@pytest.mark.parametrize("given", [3, None, {"encoder": "transformer"}])
def test_anything_else_is_refused(given):
    with pytest.raises(ConfigError, match="pretrained must be a PretrainedEncoder, a folder or a hub id"):
        resolve_pretrained(given)


def test_only_the_first_process_writes(tiny_pretrained, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    assert tiny_pretrained.save(tmp_path / "encoder") == tmp_path / "encoder"
    assert not (tmp_path / "encoder").exists()


def test_a_path_in_the_home_folder_is_found(tiny_pretrained, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    tiny_pretrained.save("~/encoder")
    assert names(tmp_path) == ["encoder"]
    assert PretrainedEncoder.load(Path("~/encoder")) == tiny_pretrained


def test_an_artifact_of_before_there_were_quantiles_and_domains_is_loaded(saved, tiny_pretrained):
    path = saved / "config.json"
    plain = json.loads(path.read_text())
    for name in ("latent", "quantiles"):
        del plain["jepa"][name]
    for name in ("shares", "domains"):
        del plain["provenance"][name]
    path.write_text(json.dumps(plain))
    assert PretrainedEncoder.load(saved).info == tiny_pretrained.info


def test_an_encoder_that_decodes_comes_back_whole(tiny_decoding, tmp_path):
    loaded = PretrainedEncoder.load(tiny_decoding.save(tmp_path / "encoder"))
    assert loaded == tiny_decoding
    raw = torch.from_numpy(windows())
    assert torch.equal(loaded.forecaster()(raw, 12), tiny_decoding.forecaster()(raw, 12))


def test_what_forecasts_is_frozen_and_cannot_change_the_artifact(tiny_decoding):
    forecaster = tiny_decoding.forecaster()
    assert not forecaster.training
    assert not any(weight.requires_grad for weight in forecaster.parameters())
    before = tiny_decoding.forecaster()(torch.from_numpy(windows()), 4)
    with torch.no_grad():
        for weight in forecaster.parameters():
            weight.zero_()
    assert torch.equal(tiny_decoding.forecaster()(torch.from_numpy(windows()), 4), before)
