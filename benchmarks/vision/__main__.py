"""Run what is not known yet, and write the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

import benchmarks.vision
from benchmarks.ledger import Ledger, beside
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.vision.clips import HORIZONS, WAYS, errors, read_clips, train_on_clips
from benchmarks.vision.digits import read_digits
from benchmarks.vision.probes import SHARES, score
from benchmarks.vision.rows import ROWS

if TYPE_CHECKING:
    import pandas as pd

_COMPARED = """**Digits**: accuracy on 2,000 digits of MNIST's test images, of a linear probe and of five nearest \
neighbours on frozen features, with 1 %, 10 % and all of the labels of 8,000 others (the same draws for all rows of a \
seed). All networks are the one of the preset `image-tiny` with patches of 7 pixels, trained for as many steps on the \
8,000 images without labels; features are its mean latent. Settings were chosen on 1,600 of the 8,000.

**Frames to come**: four videos of 64 x 64 grey pixels; a network of the preset `video-tiny` is trained on the first \
three quarters of each to predict the latents of eight frames from four, and tested on the last quarter. Mean squared \
error in variances of the latents of the test, by frames ahead. "Last frame" and "linear" (the straight continuation \
of the last two) use latents of the teacher, which has seen the whole clip. "Shuffled": the four frames in another \
order."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("vision", benchmarks.vision.__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--first-seed", type=int, default=0, help="to share seeds out among processes")
    parser.add_argument("--steps", type=int, default=2000, help="of each training on digits")
    parser.add_argument("--clip-steps", type=int, default=600, help="of each training on videos")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS), help="default: all")
    parser.add_argument("--development", action="store_true", help="test on digits of the training part")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    folder = data_folder(options)
    digits, (begins, ends) = read_digits(folder, is_development=options.development), read_clips(folder)
    told = Ledger(beside(options.output), ["features", "seed"])
    ahead = Ledger(beside(options.output, "_clips"), ["way", "seed"])
    for seed in range(options.first_seed, options.seeds):
        for name in options.rows:
            if not told.has(features=name, seed=seed):
                embed = ROWS[name](digits.images, options.steps, seed)
                told.add({"features": name, "seed": seed, **score(embed, digits, seed)})
                print(told.table.tail(1).to_string(header=False), flush=True)
        if not ahead.has(seed=seed):
            found = errors(train_on_clips(begins, options.clip_steps, seed), ends, seed)
            ahead.add(
                *(
                    {"way": way, "seed": seed, **{f"{h}": one for h, one in zip(HORIZONS, found[way], strict=True)}}
                    for way in WAYS
                )
            )
            print(ahead.table.tail(len(WAYS)).to_string(header=False), flush=True)
    report = Report(
        "Images and video", _COMPARED, [_digits_table(told.table), _clips_table(ahead.table)], seeds=f"{options.seeds}",
        packages=("torch", "scikit-learn", "pillow"),
    )  # fmt: skip
    command = (
        f"python -m benchmarks.vision --seeds {options.seeds} --steps {options.steps} --clip-steps {options.clip_steps}"
    )
    publish(report, options, command + (" --development" if options.development else ""))


def _digits_table(lines: pd.DataFrame) -> Table:
    columns = [f"{probe} {share}" for probe in ("linear", "k-NN") for share in SHARES]
    return Table(["features", *columns], _cells(lines, "features", columns, list(ROWS)), "Accuracy, mean ± deviation:")


def _clips_table(lines: pd.DataFrame) -> Table:
    columns = [f"{one}" for one in HORIZONS]
    return Table(["latents", *columns], _cells(lines, "way", columns, list(WAYS)), "Error by frames ahead:")


def _cells(lines: pd.DataFrame, key: str, columns: list[str], order: list[str]) -> list[list[str]]:
    groups = lines.groupby(key)[columns]
    means, spreads = groups.mean(), groups.std().fillna(0.0)
    return [
        [name, *(f"{means.loc[name, one]:.3f} ± {spreads.loc[name, one]:.3f}" for one in columns)]
        for name in order
        if name in means.index
    ]


if __name__ == "__main__":
    main()
