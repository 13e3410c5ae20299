"""Likeness of sentences and genres of documents, from encoders that were pretrained on text and from controls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import torch

from benchmarks.ledger import Ledger, beside
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.text.corpora import read
from benchmarks.text.measures import measure
from benchmarks.text.rows import from_nothing, from_weights

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.text.measures import Embed

__all__ = ["main"]

COMPARED = """Spearman correlation of cosines with human scores on the test pairs of STS-B, and accuracy of a linear \
probe for the 15 genres of the Brown corpus (five parts of its 500 documents; a document is the mean of its first 20 \
sentences; the largest genre has 16 %). Mean ± deviation over seeds. All networks from nothing are the same one, of \
the preset `text-tiny`, with the same vocabulary and as many steps and texts: Brown, State of the Union and inaugural \
addresses. Nothing is tuned on the test pairs; genres are not seen in pretraining, documents are."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("text", __doc__)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--steps", type=int, default=3000, help="of each training from nothing")
    parser.add_argument("--weights", help="folder of a Hugging Face model to go on from, such as MiniLM")
    parser.add_argument("--more-steps", type=int, default=200, help="of the training that goes on from it")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    corpora = read(data_folder(options))
    ledger = Ledger(beside(options.output), ["embedding", "seed"], ["stsb", "genre"])
    texts = corpora.texts
    for seed in range(options.seeds):
        more = () if options.weights is None else from_weights(options.weights, texts, options.more_steps, seed)
        for name, embed in _missing(chain(from_nothing(texts, options.steps, seed), more), ledger, seed):
            ledger.add({"embedding": name, "seed": seed, **measure(embed, corpora)})
            print(ledger.table.tail(1).to_string(header=False), flush=True)
    report = Report("Text", COMPARED, [table(ledger.table)], seeds=str(options.seeds), packages=("torch", "tokenizers"))
    weights = "" if options.weights is None else f" --weights FOLDER --more-steps {options.more_steps}"
    publish(report, options, f"python -m benchmarks.text --seeds {options.seeds} --steps {options.steps}{weights}")


def table(lines: pd.DataFrame) -> Table:
    """A row for each embedding, in the order of the lines."""
    groups = lines.groupby("embedding", sort=False)[["stsb", "genre"]]
    means, spreads = groups.mean(), groups.std().fillna(0.0)
    rows = [
        [name, *(f"{means.loc[name, one]:.3f} ± {spreads.loc[name, one]:.3f}" for one in ("stsb", "genre"))]
        for name in means.index
    ]
    return Table(["embedding", "STS-B", "genre"], rows)


def _missing(rows: Iterator[tuple[str, Embed]], ledger: Ledger, seed: int) -> Iterator[tuple[str, Embed]]:
    return ((name, embed) for name, embed in rows if not ledger.has(embedding=name, seed=seed))


if __name__ == "__main__":
    main()
