"""A world model: it learns what actions do, is saved whole, and refuses what does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tjepa_world import LatentWorldModel, Trajectories, WorldConfig
from tjepa_world.network import principal_head

from tjepa_estimators import pretrain
from tjepa_estimators.errors import ArtifactError, ConfigError, DataError, NotFittedError

FEW = {"steps": 3, "batch_size": 32}


def errors(model, trajectories, horizon):
    predicted, copied = [], []
    for seen, done in zip(trajectories.observations, trajectories.actions, strict=True):
        latents = model.encode(seen)
        after = latents[1 : horizon + 1]
        predicted.append(np.square(model.rollout(seen[0], done[:horizon]) - after).mean())
        copied.append(np.square(latents[0] - after).mean())
    return np.mean(predicted), np.mean(copied)


def test_rollouts_are_far_better_than_a_copy_of_the_start(world, push):
    predicted, copied = errors(world, push(10, seed=5), 8)
    assert predicted < 0.2 * copied


def test_a_model_that_was_not_trained_copies_its_start(points, encoder):
    model = LatentWorldModel(encoder, {"rollout": 2}, {"steps": 1, "batch_size": 8, "learning_rate": 1e-12}).fit(points)
    latents = model.rollout(points.observations[0][0], points.actions[0])
    np.testing.assert_allclose(latents, np.repeat(model.encode(points.observations[0][:1]), 12, axis=0), atol=1e-4)


def test_candidates_are_predicted_as_each_would_be_alone(world, points):
    place, actions = points.observations[0][0], np.stack(points.actions[:5])
    together = world.rollout(place, actions)
    np.testing.assert_allclose(together, np.stack([world.rollout(place, one) for one in actions]), atol=1e-5)


def test_later_actions_do_not_change_earlier_latents(world, points):
    place, actions = points.observations[0][0], points.actions[0].copy()
    before = world.rollout(place, actions)
    actions[5] += 1.0
    after = world.rollout(place, actions)
    np.testing.assert_array_equal(before[:5], after[:5])
    assert np.abs(before[5:] - after[5:]).min(axis=1).max() > 0.0


def test_a_saved_model_comes_back_whole(world, points, tmp_path):
    twin = LatentWorldModel.load(world.save(tmp_path / "world"))
    place, actions = points.observations[0][0], points.actions[0]
    np.testing.assert_array_equal(twin.rollout(place, actions), world.rollout(place, actions))
    assert twin.typical_distance_ == world.typical_distance_
    assert twin.encoder_ == world.encoder_
    assert {one.name for one in (tmp_path / "world").iterdir()} == {"encoder", "world.json", "world.safetensors"}


def test_damage_is_told(world, tmp_path):
    folder = world.save(tmp_path / "world")
    (folder / "world.safetensors").write_bytes(b"no")
    with pytest.raises(ArtifactError, match="not those"):
        LatentWorldModel.load(folder)
    facts = json.loads((folder / "world.json").read_text())
    (folder / "world.json").write_text(json.dumps(facts | {"format": 99}))
    with pytest.raises(ArtifactError, match="upgrade"):
        LatentWorldModel.load(folder)
    with pytest.raises(ArtifactError, match="holds no world model"):
        LatentWorldModel.load(tmp_path / "nowhere")


def test_a_folder_with_other_things_is_not_written_to(world, tmp_path):
    (tmp_path / "mine").write_text("")
    with pytest.raises(ArtifactError, match="no saved world model"):
        world.save(tmp_path)


def test_training_the_encoder_changes_it_and_leaves_the_given_one(points, encoder):
    before = encoder.fingerprint
    model = LatentWorldModel(encoder, {"train_encoder": True, "rollout": 2, "width": 16}, FEW).fit(points)
    assert model.encoder_.fingerprint != before == encoder.fingerprint
    assert np.isfinite(model.rollout(points.observations[0][0], points.actions[0])).all()


def test_a_trained_encoder_does_not_collapse_and_predicts(points, encoder, push):
    settings = {"train_encoder": True, "rollout": 3, "width": 32, "latent_dim": 4}
    model = LatentWorldModel(encoder, settings, {"steps": 150, "batch_size": 64, "learning_rate": 4e-3}).fit(points)
    assert model.encode(points.items).std(axis=0).min() > 0.2
    predicted, copied = errors(model, push(10, seed=5), 5)
    assert predicted < 0.2 * copied  # latents that still move are followed less closely


def test_a_seed_gives_the_same_model_again(points, encoder):
    first, again = (LatentWorldModel(encoder, None, FEW).fit(points) for _ in range(2))
    place, actions = points.observations[0][0], points.actions[0]
    np.testing.assert_array_equal(first.rollout(place, actions), again.rollout(place, actions))


def test_a_history_lets_speed_be_seen(encoder):
    """A point that coasts: from one place nothing tells where it goes, from two it is plain."""
    starts, speeds = np.random.default_rng(0).uniform(-1, 1, (2, 60, 1, 2))
    places = list((starts + 0.2 * np.arange(9)[None, :, None] * speeds).astype(np.float32))
    coasting = Trajectories(places, [np.zeros((8, 1), np.float32)] * 60)
    train = {"steps": 150, "batch_size": 64, "learning_rate": 5e-3}
    found = {}
    for history in (1, 2):
        model = LatentWorldModel(encoder, {"history": history, "rollout": 3, "width": 32}, train).fit(coasting)
        ahead = [model.rollout(one[4 - history : 4], np.zeros((3, 1))) for one in places]
        truth = [model.encode(one[4:7]) for one in places]
        found[history] = np.square(np.stack(ahead) - np.stack(truth)).mean()
    assert found[2] < 0.5 * found[1]


def test_windows_of_series_are_a_world_too(pretrain_series):
    random = np.random.default_rng(0)
    pushes = random.uniform(-1, 1, (6, 5, 1))
    windows = [random.standard_normal((6, 16, 2)) for _ in pushes]
    seen = Trajectories(windows, list(pushes))
    for settings in ({"rollout": 2}, {"rollout": 2, "train_encoder": True}):
        model = LatentWorldModel(pretrain_series, settings, FEW).fit(seen)
        assert np.isfinite(model.rollout(windows[0][0], pushes[0])).all()


@pytest.fixture(scope="module")
def pretrain_series():
    jepa = {"context_length": 12, "future_length": 4, "patch_length": 4, "dim": 8, "predictor_dim": 8}
    return pretrain(np.sin(np.arange(100.0)), config=jepa, encoder_config={"depth": 1, "heads": 2}, train={"steps": 2})


def test_an_encoder_of_another_kind_is_refused(points, pretrain_series, encoder):
    with pytest.raises(DataError, match="reads what the tokenizer 'vectors' reads"):
        LatentWorldModel(encoder, None, FEW).fit(Trajectories([np.zeros((13, 16, 5))], [np.zeros((12, 1))]))
    pictures = Trajectories([np.zeros((13, 8, 8, 1))], [np.zeros((12, 1))])
    with pytest.raises(DataError, match="The encoder reads windows of series"):
        LatentWorldModel(pretrain_series, None, FEW).fit(pictures)
    with pytest.raises(ConfigError, match="pretrained must be"):
        LatentWorldModel(3)


def test_trajectories_shorter_than_a_rollout_are_refused(encoder, push):
    with pytest.raises(DataError, match="longest trajectory has 1 steps"):
        LatentWorldModel(encoder, None, FEW).fit(push(10, steps=1))
    LatentWorldModel(encoder, {"rollout": 1}, FEW).fit(push(10, steps=1))


@pytest.mark.parametrize("actions", [np.zeros((4, 3)), np.zeros(2), np.zeros((0, 2))])
def test_actions_of_the_wrong_shape_are_refused(world, actions):
    with pytest.raises(DataError, match=r"actions must be \[horizon, 2\]"):
        world.rollout(np.zeros(2), actions)


def test_actions_with_nan_are_refused(world):
    with pytest.raises(DataError, match="NaN"):
        world.rollout(np.zeros(2), np.full((4, 2), np.nan))


@pytest.mark.parametrize("observation", [np.zeros(3), np.zeros((2, 2)), np.zeros(())])
def test_observations_of_the_wrong_shape_are_refused(world, observation):
    with pytest.raises(DataError, match=r"An observation has the shape \(2,\)"):
        world.rollout(observation, np.zeros((4, 2)))


def test_a_model_that_was_not_fitted_says_so(encoder):
    with pytest.raises(NotFittedError, match="call fit"):
        LatentWorldModel(encoder).encode(np.zeros((1, 2)))


@pytest.mark.parametrize(
    "given", [{"rollout": 0}, {"pool": "sum"}, {"validation": 1.0}, {"momentum": 2.0}, {"inverse": -1.0}]
)
def test_impossible_settings_are_refused(given):
    with pytest.raises(ConfigError, match="WorldConfig"):
        WorldConfig(**given)
    with pytest.raises(ConfigError, match="all latents become one"):
        WorldConfig(train_encoder=True, variance=0.0)


def test_an_action_that_never_changed_is_taken_to_have_no_effect(points, encoder):
    """In float32 the deviation of equal numbers is not zero."""
    fixed = [np.concatenate([one, np.full((len(one), 1), 1000.1, np.float32)], axis=1) for one in points.actions]
    model = LatentWorldModel(encoder, {"rollout": 2}, FEW).fit(Trajectories(points.observations, fixed))
    other = fixed[0] + np.array([0.0, 0.0, 1.0], np.float32)
    place = points.observations[0][0]
    np.testing.assert_array_equal(model.rollout(place, other), model.rollout(place, fixed[0]))


def test_the_units_of_actions_do_not_matter(points, encoder):
    small = Trajectories(points.observations, [np.float64(1e-9) * one for one in points.actions])
    first, second = (LatentWorldModel(encoder, {"rollout": 2}, FEW).fit(one) for one in (points, small))
    place = points.observations[0][0]
    found = second.rollout(place, small.actions[0])
    np.testing.assert_allclose(found, first.rollout(place, points.actions[0]), atol=1e-4)


def test_observations_that_do_not_differ_are_refused(encoder):
    with pytest.raises(DataError, match="the same to the encoder"):
        LatentWorldModel(encoder, None, FEW).fit(Trajectories([np.ones((13, 2))], [np.zeros((12, 1))]))


def test_a_world_that_mostly_rests_has_a_typical_distance(points, encoder):
    resting = [np.ones((13, 2), np.float32)] * 150
    seen = Trajectories([*points.observations[:2], *resting], [*points.actions[:2], *points.actions[:1] * 150])
    assert LatentWorldModel(encoder, {"rollout": 2}, FEW).fit(seen).typical_distance_ > 0.1


def test_one_trajectory_is_never_held_out(points, encoder):
    model = LatentWorldModel(encoder, {"rollout": 2, "validation": 0.9}, FEW).fit(points.take(0, 1))
    assert np.isfinite(model.rollout(points.observations[0][0], points.actions[0])).all()


@pytest.mark.parametrize("train_encoder", [False, True])
def test_a_training_is_continued_only_with_the_same_settings_and_data(points, encoder, push, tmp_path, train_encoder):
    train = FEW | {"checkpoint_dir": str(tmp_path)}
    settings = {"rollout": 2, "train_encoder": train_encoder}
    first, again = (LatentWorldModel(encoder, settings, train).fit(points) for _ in range(2))
    place, actions = points.observations[0][0], points.actions[0]
    np.testing.assert_array_equal(first.rollout(place, actions), again.rollout(place, actions))
    for changed, data in ((settings | {"rollout": 3}, points), (settings, push(60, seed=1))):
        with pytest.raises(ConfigError, match="other settings or data"):
            LatentWorldModel(encoder, changed, train).fit(data)


def test_wide_features_are_brought_to_their_principal_components():
    random = np.random.default_rng(0)
    wide = random.standard_normal((40, 3)) @ random.standard_normal((3, 5000))
    head = principal_head(wide.astype(np.float32), latent_dim=3)
    latents = head(torch.from_numpy(wide.astype(np.float32))).detach().numpy()
    assert latents.var(axis=0, ddof=1).mean() == pytest.approx(1.0, rel=1e-3)
    away, apart = (np.linalg.norm(one - one[:1], axis=1)[1:] for one in (latents, wide))
    assert (away / apart).std() < 1e-3 * (away / apart).mean()


def test_a_save_that_fails_leaves_the_older_model_whole(world, points, encoder, tmp_path, monkeypatch):
    folder = world.save(tmp_path / "world")
    other = LatentWorldModel(encoder, {"rollout": 2}, FEW).fit(points)

    def full(self, data):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ArtifactError, match="Nothing that was there before is changed"):
        other.save(folder)
    with pytest.raises(ArtifactError, match="Cannot write"):
        other.save(tmp_path / "new")
    monkeypatch.undo()
    other.save(tmp_path / "new")
    twin = LatentWorldModel.load(folder)
    place, actions = points.observations[0][0], points.actions[0]
    np.testing.assert_array_equal(twin.rollout(place, actions), world.rollout(place, actions))


def test_actions_that_cannot_be_written_to_are_read_without_a_word(world, recwarn):
    actions = np.zeros((3, 2), np.float32)
    actions.flags.writeable = False
    world.rollout(np.zeros(2), actions)
    assert not recwarn.list
