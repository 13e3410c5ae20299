"""What a TrainConfig accepts."""

from __future__ import annotations

import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.training.config import TrainConfig


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"devices": 0}, "devices must be at least 1"),
        ({"checkpoint_every": 0}, "checkpoint_every must be at least 1"),
        ({"epochs": 0.0}, "epochs must be positive"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive"),
        ({"weight_decay": -0.1}, "weight_decay must not be negative"),
        ({"warmup": 1.0}, "warmup must lie in"),
        ({"gradient_clip": 0.0}, "gradient_clip must be positive"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"batch_size": 9, "devices": 2}, "batch_size must be a multiple of devices=2"),
    ],
)
def test_impossible_settings_are_refused_with_the_rule(settings, rule):
    with pytest.raises(ConfigError, match=rule):
        TrainConfig(**settings)


def test_epochs_replace_steps():
    assert TrainConfig(steps=7).num_steps(1000) == 7
    assert TrainConfig(steps=7, epochs=2.0, batch_size=100).num_steps(1000) == 20
    assert TrainConfig(epochs=0.001, batch_size=100).num_steps(10) == 1
