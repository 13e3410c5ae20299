"""``tjepa demo --domain vision``: masks over digits, and what an encoder of them is worth with few labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tjepa_estimators import load_domain, pretrain
from tjepa_estimators.commands.options import build_parser, parse
from tjepa_estimators.commands.tables import say, show_table
from tjepa_estimators.training.run import untrained
from tjepa_vision.masks.blocks import ImageBlockMasker

__all__ = ["run"]

_EXAMPLES = """\
  tjepa demo --domain vision
  tjepa demo --domain vision --steps 100 --output digits
"""
_FAST, _DRAWS, _LABELS = 40, 5, (20, 100, 500)


def run(options: Sequence[str]) -> None:
    """Pretrain on written digits, draw masks, and compare features with few labels."""
    parser = build_parser("demo-vision", "Learn from written digits, and see what it is worth.", _EXAMPLES)
    parser.add_argument("--output", default="demo_output", metavar="FOLDER", help="folder for encoder and figure")
    parser.add_argument("--steps", type=int, help=f"steps of pretraining; those of the preset, or {_FAST} if --fast")
    parser.add_argument("--seed", type=int, default=0, help="everything random follows from it")
    parser.add_argument("--fast", action="store_true", help="fewer steps")
    given = parse(parser, options)
    digits, steps = load_domain("digits"), given.steps or (_FAST if given.fast else None)
    images, new = (np.stack(digits.items(split)) for split in ("train", "test"))
    say("Pretraining on written digits, without their labels ...")
    train = {"seed": given.seed, **({} if steps is None else {"steps": steps})}
    encoder = pretrain(images, config="image-tiny", train=train)
    control = untrained(images, config="image-tiny", train=train)
    folder = encoder.save(Path(given.output) / "encoder").parent
    features = {
        "raw pixels": (images.reshape(len(images), -1), new.reshape(len(new), -1)),
        "random weights": (control.embed(images), control.embed(new)),
        "JEPA": (encoder.embed(images), encoder.embed(new)),
    }
    show_table(
        f"New digits that a logistic regression tells, by labelled ones (mean of {_DRAWS} draws)",
        ("features", *map(str, _LABELS)),
        _scores(features, digits.labels("train"), digits.labels("test"), given.seed),
        ".3f",
    )
    say(f"The encoder and a figure of masks are in {folder}: {_draw(images, folder / 'masks.png').name}")


def _scores(
    features: Mapping[str, tuple[np.ndarray, np.ndarray]], known: np.ndarray, truth: np.ndarray, seed: int
) -> list[tuple[object, ...]]:
    """A row for each kind of feature: shares of the new digits that are told."""
    random = np.random.default_rng(seed)
    draws = [[random.permutation(len(known))[:labels] for _ in range(_DRAWS)] for labels in _LABELS]
    rows: list[tuple[object, ...]] = []
    for name, (old, new) in features.items():
        told = [np.mean([_probe(old[some], known[some]).score(new, truth) for some in chosen]) for chosen in draws]
        rows.append((name, *map(float, told)))
    return rows


def _probe(features: np.ndarray, labels: np.ndarray) -> LogisticRegression:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(features, labels)


def _draw(images: np.ndarray, path: Path) -> Path:
    """Digits, and what is hidden of them: rectangles, each in a shade of its own."""
    shown = images[:6]
    masker = ImageBlockMasker().on(shown.shape[1:3])
    masks = masker(shown[0].size, len(shown), torch.Generator().manual_seed(0))
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for column, (image, targets) in enumerate(zip(shown, masks.targets, strict=True)):
        hidden = np.full(image.size, np.nan)
        for shade, block in enumerate(targets):
            hidden[block] = shade
        for row, overlay in enumerate((None, hidden.reshape(image.shape[:2]))):
            axes = figure.add_subplot(2, len(shown), row * len(shown) + column + 1)
            axes.imshow(image.squeeze(), cmap="gray")
            if overlay is not None:
                axes.imshow(overlay, cmap="autumn", vmin=0, vmax=5)
            axes.set_axis_off()
    figure.savefig(path, dpi=120)
    return path
