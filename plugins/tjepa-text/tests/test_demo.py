"""The demonstration runs from the command line."""

from __future__ import annotations

import pytest

from tjepa_estimators import PretrainedEncoder
from tjepa_estimators.cli import main


@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.CollapseWarning")
def test_the_demo_shows_neighbours_and_controls_and_saves_the_encoder(tmp_path, capsys):
    assert main(["demo", "--domain", "text", "--steps", "2", "--fast", "--output", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "nearest" in shown
    assert "with random weights" in shown
    assert PretrainedEncoder.load(tmp_path / "encoder").embed(["To be"]).shape == (1, 64)
