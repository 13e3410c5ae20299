"""Run what is not known yet, and write the page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

import torch

import benchmarks.vision
from benchmarks.ledger import Ledger, beside
from benchmarks.report import Report, Table, arguments, data_folder, publish, spread
from benchmarks.training import FULL, PRECISIONS, add_training_options, train_config
from benchmarks.vision.clips import HORIZONS, WAYS, errors, read_clips, train_on_clips
from benchmarks.vision.digits import read_digits
from benchmarks.vision.probes import SHARES, score
from benchmarks.vision.rows import ROWS, TRAINED

if TYPE_CHECKING:
    import pandas as pd

_COMPARED = """**Digits**: accuracy on 2,000 digits of MNIST's test images, of a linear probe and of five nearest \
neighbours on frozen features, with 1 %, 10 % and all of the labels of 8,000 others (the same draws for all rows of a \
seed). All networks are the one of the preset `image-tiny` with patches of 7 pixels, trained for as many steps on the \
8,000 images without labels; features are its mean latent. Settings were chosen on 1,600 of the 8,000.

**Frames to come**: four videos of 64 x 64 grey pixels; a network of the preset `video-tiny` is trained on the first \
three quarters of each to predict the latents of eight frames from four, and tested on the last quarter. Mean squared \
error in variances of the latents of the test, by frames ahead. "Last frame" and "linear" (the straight continuation \
of the last two) use latents of the teacher, which has seen the whole clip. A latent also tells its place in the clip; \
"last frame and mean change" adds what the parts trained on change by, on average. "Shuffled": the four frames in \
another order. Rows with bf16 were trained in mixed precision."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("vision", benchmarks.vision.__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="of each training on digits")
    parser.add_argument("--clip-steps", type=int, default=600, help="of each training on videos")
    parser.add_argument("--rows", nargs="+", choices=list(ROWS), help="some of those of digits; default: all")
    parser.add_argument("--parts", nargs="+", default=["digits", "clips"], choices=["digits", "clips"])
    add_training_options(parser)
    parser.add_argument("--development", action="store_true", help="test on digits of the training part")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    told = Ledger(beside(options.output), ["features", "precision", "seed"])
    ahead = Ledger(beside(options.output, "_clips"), ["way", "precision", "seed"])
    for seed in options.seeds:
        if "digits" in options.parts:
            _add_digits(told, options, seed)
        if "clips" in options.parts:
            _add_clips(ahead, options, seed)
    ledgers = {digits_table: told, clips_table: ahead}
    report = Report(
        "Images and video", _COMPARED, [make(one.table) for make, one in ledgers.items() if not one.table.empty],
        seeds=", ".join(map(str, sorted({*told.table["seed"], *ahead.table["seed"]}))),
        packages=("torch", "scikit-learn", "pillow"),
    )  # fmt: skip
    command = f"python -m benchmarks.vision --steps {options.steps} --clip-steps {options.clip_steps}"
    development = " --development" if options.development else ""
    publish(report, options, f"{command}{development}, then with --precision bf16-mixed")


def _add_digits(told: Ledger, options: argparse.Namespace, seed: int) -> None:
    """Lines of a seed that are not known yet."""
    here = {"precision": options.precision, "seed": seed}
    rows = ROWS if options.precision == FULL else TRAINED
    digits = read_digits(data_folder(options), is_development=options.development)
    for name in options.rows or rows:
        if not told.has(features=name, **here):
            embed = rows[name](digits.images, train_config("image-tiny", options, steps=options.steps, seed=seed))
            told.add({"features": name, **here, **score(embed, digits, seed)})
            print(told.table.tail(1).to_string(header=False), flush=True)


def _add_clips(ahead: Ledger, options: argparse.Namespace, seed: int) -> None:
    """Lines of a seed, unless they are known."""
    here = {"precision": options.precision, "seed": seed}
    if ahead.has(**here):
        return
    begins, ends = read_clips(data_folder(options))
    train = train_config("video-tiny", options, steps=options.clip_steps, seed=seed)
    found = errors(train_on_clips(begins, train), ends, begins, seed)
    ways = WAYS if options.precision == FULL else WAYS[:1]
    ahead.add(*({"way": way, **here, **dict(zip(map(str, HORIZONS), found[way], strict=True))} for way in ways))
    print(ahead.table.tail(len(ways)).to_string(header=False), flush=True)


def digits_table(lines: pd.DataFrame) -> Table:
    """A row for each kind of features and precision that there are lines of."""
    columns = [f"{probe} {share}" for probe in ("linear", "k-NN") for share in SHARES]
    return Table(["features", *columns], _cells(lines, "features", columns, list(ROWS)), "Accuracy, mean ± deviation:")


def clips_table(lines: pd.DataFrame) -> Table:
    """A row for each way to foretell latents."""
    columns = [f"{one}" for one in HORIZONS]
    return Table(["latents", *columns], _cells(lines, "way", columns, list(WAYS)), "Error by frames ahead:")


def _cells(lines: pd.DataFrame, key: str, columns: list[str], order: list[str]) -> list[list[str]]:
    groups = dict(iter(lines.groupby([key, "precision"])))
    return [
        [f"{name}, bf16" if precision != FULL else name, *(spread(groups[name, precision][one]) for one in columns)]
        for name, precision in product(order, PRECISIONS)
        if (name, precision) in groups
    ]


if __name__ == "__main__":
    main()
