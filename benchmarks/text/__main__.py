"""Likeness of sentences and genres of documents, from encoders that were pretrained on text and from controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from benchmarks.ledger import Ledger, beside
from benchmarks.report import Report, Table, arguments, data_folder, publish, spread
from benchmarks.text.corpora import read
from benchmarks.text.measures import measure
from benchmarks.text.rows import ROWS, TRAINED, WEIGHTS, from_weights
from benchmarks.training import FULL, PRECISIONS, add_training_options, train_config

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["main"]

COMPARED = """Spearman correlation of cosines with human scores on the test pairs of STS-B, and accuracy of a linear \
probe for the 15 genres of the Brown corpus (five parts of its 500 documents; a document is the mean of its first 20 \
sentences; the largest genre has 16 %). Mean ± deviation over seeds. All networks from nothing are the same one, of \
the preset `text-tiny`, with the same vocabulary and as many steps and texts: Brown, State of the Union and inaugural \
addresses. "JEPA + covariance" is the preset as it is. Rates, masks and weights of terms were chosen on the \
development pairs with seed 0: some thirty trainings for JEPA, two rates for masked words. Nothing is tuned on the \
test pairs; genres are not seen in pretraining, documents are."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("text", __doc__)
    parser.add_argument("--steps", type=int, default=3000, help="of each training from nothing")
    parser.add_argument("--weights", help="folder of a Hugging Face model to go on from, such as MiniLM")
    parser.add_argument("--more-steps", type=int, default=200, help="of the training that goes on from it")
    parser.add_argument("--rows", nargs="+", help="some of them; default: all")
    add_training_options(parser)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    corpora = read(data_folder(options))
    rows = dict(ROWS if options.precision == FULL else TRAINED)
    if options.weights is not None:
        rows |= from_weights(options.weights, options.more_steps)
    if unknown := sorted(set(options.rows or ()) - set(rows)):
        parser.error(f"no such rows with these options: {unknown}; there are {sorted(rows)}")
    ledger = Ledger(beside(options.output), ["embedding", "precision", "seed"], ["stsb", "genre"])
    for seed in options.seeds:
        here = {"precision": options.precision, "seed": seed}
        train = train_config("text-tiny", options, steps=options.steps, seed=seed)
        for name in options.rows or rows:
            if not ledger.has(embedding=name, **here):
                ledger.add({"embedding": name, **here, **measure(rows[name](corpora.texts, train), corpora)})
                print(ledger.table.tail(1).to_string(header=False), flush=True)
    seeds = sorted(set(ledger.table["seed"]))
    report = Report(
        "Text", COMPARED, [table(ledger.table)], seeds=", ".join(map(str, seeds)), packages=("torch", "tokenizers")
    )
    command = f"python -m benchmarks.text --steps {options.steps} --weights FOLDER --more-steps {options.more_steps}"
    publish(
        report,
        options,
        f"{command}, then with --precision bf16-mixed in place of --weights; more seeds of a row by --rows and --seeds",
    )


def table(lines: pd.DataFrame) -> Table:
    """A row for each embedding, those from nothing first; trainings in bf16 stand beside those in full precision."""
    names = sorted(set(lines["embedding"]), key=[*ROWS, *WEIGHTS].index)
    rows = [
        [
            name,
            *(_spread(lines, name, precision, one) for precision in PRECISIONS for one in ("stsb", "genre")),
            str(lines.loc[lines["embedding"] == name, "seed"].nunique()),
        ]
        for name in names
    ]
    return Table(["embedding", "STS-B", "genre", "STS-B, bf16", "genre, bf16", "seeds"], rows)


def _spread(lines: pd.DataFrame, name: str, precision: str, measure: str) -> str:
    return spread(lines.loc[(lines["embedding"] == name) & (lines["precision"] == precision), measure])


if __name__ == "__main__":
    main()
