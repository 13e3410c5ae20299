"""The scorers: evidence from latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators import pretrain
from tjepa_estimators.data.windows import WindowSource
from tjepa_estimators.tasks.anomaly_scores import NeighbourDistance, PredictionError, ScorerContext, TokenLayout

CONFIG = {
    "context_length": 24,
    "future_length": 8,
    "patch_length": 4,
    "dim": 16,
    "predictor_dim": 16,
    "momentum": (0.95, 1.0),
}
WAVE = np.sin(np.arange(300.0) / 2)[:, None]


@pytest.fixture(scope="module")
def jepa():
    encoder = pretrain(WAVE, config=CONFIG, train={"steps": 200, "batch_size": 32, "learning_rate": 1e-2})
    return encoder.build().double().eval().requires_grad_(requires_grad=False)


@pytest.fixture
def make(jepa):
    def build(kind, **given):
        layout = TokenLayout(given.pop("tokens", 8), 4, 4)
        return kind(ScorerContext(jepa, layout, **{"neighbours": 1, "max_windows": 1000, "seed": 0, **given}))

    return build


@pytest.fixture
def source():
    return WindowSource([WAVE], 32, stride=2, per_channel=False)


def _windows(source):
    index = torch.arange(len(source))
    return source.gather(index), source.origin(index)


def test_a_learned_wave_is_predicted_better_than_noise(make, source):
    scorer = make(PredictionError)
    windows, _ = _windows(source)
    noise = torch.randn(windows.shape, generator=torch.Generator().manual_seed(0), dtype=windows.dtype)
    assert scorer(windows).mean() < 0.5 * scorer(noise).mean()


def test_a_lone_token_cannot_be_predicted(make):
    assert make(PredictionError, tokens=1)(torch.zeros(3, 4, 2).double()).isnan().all()


def test_what_was_not_observed_gives_no_evidence(make, source):
    windows, _ = _windows(source)
    windows[:, :8] = torch.nan
    for kind in (PredictionError, NeighbourDistance):
        scorer = make(kind)
        scorer.fit(source)
        evidence = scorer(windows)
        assert evidence[..., :2].isnan().all()
        assert evidence[..., 2:].isfinite().all()


def test_a_remembered_window_is_at_no_distance_and_others_are(make, source):
    scorer = make(NeighbourDistance)
    scorer.fit(source)
    windows, _ = _windows(source)
    assert scorer(windows).max() == 0.0
    assert scorer(windows.flip(1) * 3).min() > 0.0


def test_training_windows_are_not_their_own_neighbours(make, source):
    scorer = make(NeighbourDistance)
    scorer.fit(source)
    windows, origin = _windows(source)
    honest = scorer(windows, origin)
    expected = []
    for window, end in zip(windows, origin.end, strict=True):
        apart = (origin.end - end).abs() >= 32
        alone = make(NeighbourDistance)
        alone.fit(source)
        alone._memory, alone._known = scorer._memory[apart], scorer._known[apart]
        expected.append(alone(window[None]))
    torch.testing.assert_close(honest, torch.cat(expected))


def test_without_other_windows_there_is_no_evidence(make):
    source = WindowSource([WAVE[:32]], 32, per_channel=False)
    scorer = make(NeighbourDistance)
    scorer.fit(source)
    windows, origin = _windows(source)
    assert scorer(windows, origin).isnan().all()
    assert scorer(windows).isfinite().all()


def test_more_neighbours_are_not_nearer(make, source):
    near, far = make(NeighbourDistance, neighbours=1), make(NeighbourDistance, neighbours=20)
    windows = torch.randn(4, 32, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for scorer in (near, far):
        scorer.fit(source)
    assert (far(windows) > near(windows)).all()


def test_memory_is_limited(make, source):
    scorer = make(NeighbourDistance, max_windows=7)
    scorer.fit(source)
    assert len(scorer._memory) == 7


def test_a_burst_of_the_same_shape_is_seen(make, source):
    scorer = make(NeighbourDistance)
    scorer.fit(source)
    windows, _ = _windows(source)
    assert scorer(windows * 5).min() > 0.5
