"""What each part of the anomaly detector is worth: resolutions, kinds of score, fusion, stride, encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmarks.anomaly.datasets import DATASETS, SPLITS
from benchmarks.anomaly.detectors import OURS
from benchmarks.anomaly.encoders import DEFAULT, KINDS
from benchmarks.anomaly.ours import OursRow
from benchmarks.anomaly.page import PROTOCOL, measures_table, sets_table
from benchmarks.anomaly.results import Results
from benchmarks.anomaly.runs import run
from benchmarks.report import Report, arguments, data_folder, publish
from tjepa_estimators.tasks.anomaly import AnomalyConfig
from tjepa_estimators.tasks.anomaly.fusion import FUSIONS
from tjepa_estimators.tasks.anomaly.scorers import SCORERS

if TYPE_CHECKING:
    import argparse

SHARE = 0.25
"""Of the evaluation series of each set: the first ones of a random order."""
STRIDES = (4, 16)
COMPARED = """One setting changed at a time; all rows score the same series in the same run with the same encoder, \
unless they say otherwise. This is a look at the evaluation series after the defaults were set on others: no default \
follows from it.

- *resolutions*: the steps that are averaged before the series is looked at; the default takes 1, 4 and 16 as far as \
the training part holds four of their windows. *alone*: one of these, or the coarsest for which there is room.
- *only*, *without*: kinds of score. *fusion*: how the scores become one. *stride*: steps between windows.
- *encoder*: pretrained in another way, on the same training parts for as many steps, at the same resolutions: the \
default with MTS-JEPA's codebook (32 codes, weight 1 of their balance), with its reconstruction of visible patches, \
with both; and its preset without them (windows of 100 steps, patches of 20, a coarse view).
- *random encoder*: weights that pretraining starts from."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--sets", nargs="+", default=list(DATASETS), choices=list(DATASETS), help="default: all")
    parser.add_argument("--split", default=SPLITS[0], choices=SPLITS, help="series to score; default: evaluation")
    parser.add_argument("--share", type=float, default=SHARE, help=f"of the series of each set; default: {SHARE}")
    options = parser.parse_args(argv)
    results, rows = Results(options.output), dict(ablations())
    run(results, data_folder(options), options.sets, options.split, rows, share=options.share)
    publish(make_report(results, rows, options), options, "python -m benchmarks.anomaly_ablation --data-dir PATH")


def ablations() -> Iterator[tuple[str, OursRow]]:
    """All rows: the default, then one change at a time."""
    yield OURS, OursRow()
    for factor in (1, 4, 16):
        yield f"resolution {factor} alone", OursRow(alone=factor)
    for resolutions in ((1, 4), (1, 4, 16)):
        yield f"resolutions {', '.join(map(str, resolutions))}", _row(resolutions=resolutions)
    yield from _scores(AnomalyConfig().scores)
    for name in FUSIONS:
        if name != AnomalyConfig().fusion:
            yield f"fusion {name}", _row(fusion=name)
    for stride in STRIDES:
        yield f"stride {stride}", _row(stride=stride)
    yield "random encoder", OursRow(is_trained=False)
    yield "random encoder, only prediction", OursRow({"scores": ("prediction",)}, is_trained=False)
    yield from _encoders()


def _scores(default: tuple[str, ...]) -> Iterator[tuple[str, OursRow]]:
    for name in SCORERS:
        yield f"only {name}", _row(scores=(name,))
    for name in default:
        yield f"without {name}", _row(scores=tuple(other for other in default if other != name))
    yield "all kinds of score", _row(scores=tuple(SCORERS))


def _encoders() -> Iterator[tuple[str, OursRow]]:
    for kind in KINDS:
        if kind != DEFAULT:
            yield f"encoder {kind}", OursRow(kind=kind)


def make_report(results: Results, rows: Mapping[str, OursRow], options: argparse.Namespace) -> Report:
    """The tables."""
    table = results.complete(options.split, rows)
    counts = table.groupby("dataset")["series"].nunique()
    names = [name for name in DATASETS if name in counts.index]
    return Report(
        title="Anomaly detection: what each part is worth",
        compared=f"{COMPARED}\n\n{PROTOCOL}",
        tables=[sets_table(table, names, list(rows)), measures_table(table, list(rows))],
        notes=[f"Series ({options.split}): {', '.join(f'{name} {counts[name]}' for name in names)}"],
        packages=("torch", "numpy"),
    )


def _row(**config: Any) -> OursRow:  # noqa: ANN401 - settings of the detector
    return OursRow(config)


__all__ = ["ablations", "main"]

if __name__ == "__main__":
    main()
