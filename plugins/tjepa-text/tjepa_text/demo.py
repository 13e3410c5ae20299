"""``tjepa demo --domain text``: learn from Hamlet, show neighbours of speeches, and check for meaning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tjepa_estimators import load_domain, pretrain
from tjepa_estimators.commands.options import build_parser, parse
from tjepa_estimators.commands.tables import say, show_table
from tjepa_text.features import JEPATextFeatures
from tjepa_text.probe.command import show_probe

__all__ = ["run"]

_EXAMPLES = """\
  tjepa demo --domain text
  tjepa demo --domain text --steps 100 --output hamlet
"""
_FAST, _SHOWN, _LONGEST = 60, 5, 90


def run(options: Sequence[str]) -> None:
    """Pretrain on Hamlet, save the encoder, show which later speeches lie next to each other, and probe it."""
    parser = build_parser("demo-text", "Learn from Hamlet, and see what of it.", _EXAMPLES)
    parser.add_argument("--output", default="demo_output", metavar="FOLDER", help="folder for the encoder")
    parser.add_argument("--steps", type=int, help=f"steps of pretraining; those of the preset, or {_FAST} if --fast")
    parser.add_argument("--seed", type=int, default=0, help="everything random follows from it")
    parser.add_argument("--fast", action="store_true", help="fewer steps")
    given = parse(parser, options)
    hamlet, steps = load_domain("hamlet"), given.steps or (_FAST if given.fast else None)
    say("Pretraining on the speeches of Hamlet ...")
    encoder = pretrain(
        hamlet.items("train"),
        config="text-tiny",
        train={"seed": given.seed, **({} if steps is None else {"steps": steps})},
    )
    folder = encoder.save(Path(given.output) / "encoder")
    later = [speech for speech in hamlet.items("test") if 30 <= len(speech) <= _LONGEST]
    features = JEPATextFeatures(pretrained=encoder, whiten=True).fit(hamlet.items("train")).transform(later)
    show_table("Later speeches and their nearest neighbours", ("speech", "nearest"), _neighbours(later, features))
    show_probe(encoder, given.seed)
    say(f"The encoder is saved in {folder}; a play is too little to learn meanings from.")


def _neighbours(speeches: Sequence[str], features: np.ndarray) -> list[tuple[str, str]]:
    """A few speeches, spread over all, with the one that is most alike."""
    rows = features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-12)
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1.0)
    shown = np.linspace(0, len(speeches) - 1, _SHOWN).astype(int)
    return [(speeches[one], speeches[likeness[one].argmax()]) for one in shown]
