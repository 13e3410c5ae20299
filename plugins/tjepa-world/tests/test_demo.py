"""The demonstration runs from beginning to end."""

from __future__ import annotations

import pytest
from tjepa_world import LatentWorldModel

from tjepa_estimators.cli import main
from tjepa_estimators.errors import ArtifactError, ConfigError

pytest.importorskip("gymnasium")

from tjepa_world.demo import demo


@pytest.mark.parametrize("world", ["maze", "pendulum"])
def test_the_demonstration_draws_and_keeps_what_it_did(world, tmp_path):
    said = []
    result = demo(world, tmp_path, fast=True, say=said.append)
    assert result.figure.stat().st_size > 5_000
    assert LatentWorldModel.load(tmp_path / "model").observation_shape_ == ((2,) if world == "maze" else (3,))
    assert said[-1].startswith("Sum of rewards")


def test_an_unknown_world_is_refused():
    with pytest.raises(ConfigError, match="'maze' or 'pendulum'"):
        demo("chess")


def test_impossible_wishes_are_refused_before_anything_is_trained(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigError, match="steps must be at least 1"):
        demo(steps=0, say=pytest.fail)
    with pytest.raises(ArtifactError, match="is a file"):
        demo(output=tmp_path / "taken", say=pytest.fail)


def test_the_command_line_shows_it(tmp_path, capsys):
    assert main(["demo", "--domain", "world", "--fast", "--output", str(tmp_path)]) == 0
    assert "planned" in capsys.readouterr().out
    assert (tmp_path / "maze.png").exists()
