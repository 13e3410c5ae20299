"""The demonstration runs from the command line."""

from __future__ import annotations

from PIL import Image

from tjepa_estimators import PretrainedEncoder
from tjepa_estimators.cli import main


def test_the_demo_compares_features_draws_masks_and_saves_the_encoder(tmp_path, capsys):
    assert main(["demo", "--domain", "vision", "--steps", "2", "--output", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("raw pixels", "random weights", "JEPA"))
    with Image.open(tmp_path / "masks.png") as figure:
        assert figure.size[0] > 500
    assert PretrainedEncoder.load(tmp_path / "encoder").dim == 64
