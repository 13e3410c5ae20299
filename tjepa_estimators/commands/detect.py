"""``tjepa detect``: csv in, a score for how abnormal each step is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tjepa_estimators.commands.csv_files import check_output, read_csv, write_csv
from tjepa_estimators.commands.options import add_columns, add_encoder, build_parser, parse
from tjepa_estimators.commands.tables import say, show_table
from tjepa_estimators.tasks.alarms import find_alarms
from tjepa_estimators.tasks.anomaly import AnomalyConfig, AnomalyTask
from tjepa_estimators.training.config import TrainConfig

if TYPE_CHECKING:
    from jaxtyping import Float
    from jsonargparse import ArgumentParser

    from tjepa_estimators.commands.csv_files import CsvFile

__all__ = ["run"]

_EXAMPLES = """\
  tjepa detect sensor.csv --pretrained encoder --output scores.csv --plot scores.png
  tjepa detect today.csv --fit last_month.csv --contamination 0.001 --output scores.csv
  tjepa detect today.csv --fit last_month.csv --output scores.csv --explain why.png
  tjepa detect machines.csv --group machine --detect.window 96 --output scores.csv
"""
_SHOWN = 10


def run(options: Sequence[str]) -> None:
    """Learn what is normal from the file, or from another one, and score each step."""
    given = parse(_parser(), options)
    check_output(given.output, given.csv, given.fit)
    file = read_csv(given.csv, given)
    file.check_names(["score", "is_anomaly"])
    normal = file if given.fit is None else read_csv(given.fit, given).matched(file.series[0].channels)
    task = AnomalyTask(
        replace(given.detect, contamination=given.contamination),
        pretrained=given.pretrained,
        encoder=given.encoder,
        train=given.train,
    ).fit(normal.series)
    scores = [task.score(one.values) for one in file.series]
    flags = [score > task.threshold_ for score in scores]
    tables = [
        file.label(pd.DataFrame({"score": score, "is_anomaly": flag.astype(int)}), one, file.stamps(one))
        for one, score, flag in zip(file.series, scores, flags, strict=True)
    ]
    write_csv(tables, given.output)
    _show([one.name for one in file.series], tables, file.time, task.threshold_)
    say(f"{sum(map(np.sum, flags))} of {sum(map(len, flags))} steps lie above {task.threshold_:.4g}: {given.output}")
    if given.plot is not None:
        from tjepa_estimators.commands.plots import plot_scores

        say(f"they are drawn in {plot_scores(file, scores, flags, task.threshold_, given.plot)}")
    if given.explain is not None:
        _explain(task, file, scores, Path(given.explain))


def _explain(task: AnomalyTask, file: CsvFile, scores: Sequence[Float[np.ndarray, "time"]], path: Path) -> None:
    """Write what made the scores of all series, and draw it for the series with the highest one."""
    from tjepa_estimators.commands.explanations import explanation_table, plot_explanation

    told = [replace(task.explain(one.values), scores=score) for one, score in zip(file.series, scores, strict=True)]
    tables = [
        file.label(explanation_table(why, one.channels), one, file.stamps(one))
        for one, why in zip(file.series, told, strict=True)
    ]
    write_csv(tables, str(path.with_suffix(".csv")))
    top = max(range(len(told)), key=lambda number: float(scores[number].max()))
    shown = file.series[top]
    times, channels = file.stamps(shown), shown.channels
    plot_explanation(shown.values, told[top], task.threshold_, path, times=times, channels=channels)
    say(f"what made them: {path.with_suffix('.csv')}, drawn in {path}")


def _parser() -> ArgumentParser:
    parser = build_parser("detect", "Score how abnormal each step of the series of a csv file is.", _EXAMPLES)
    parser.add_argument("csv", help="csv file to score")
    parser.add_argument("--fit", metavar="CSV", help="csv file to learn from what is normal; the same one by default")
    parser.add_argument("--contamination", type=float, default=0.01, help="share of the steps learned from to mark")
    parser.add_argument("--output", required=True, metavar="CSV", help="file for the scores")
    parser.add_argument("--plot", metavar="PNG", help="file for a picture of them")
    parser.add_argument(
        "--explain",
        metavar="PNG",
        help="file for a picture of the resolutions, scorers and channels that made the scores (of the series with the "
        "highest one); a csv file beside it holds their numbers; what was learned from is explained as if it were new",
    )
    add_columns(parser)
    add_encoder(parser)
    parser.add_class_arguments(AnomalyConfig, "detect", skip={"contamination"})
    parser.add_class_arguments(TrainConfig, "train")
    return parser


def _show(names: Sequence[object], tables: Sequence[pd.DataFrame], time: str, threshold: float) -> None:
    """Stretches of steps above the threshold, highest first."""
    stretches = []
    for name, table in zip(names, tables, strict=True):
        stamps = table[time].tolist()
        stretches += [
            (str(name), stamps[one.start], stamps[one.stop - 1], one.stop - one.start, one.score)
            for one in find_alarms(table["score"].to_numpy(), threshold)
        ]
    stretches.sort(key=lambda stretch: -stretch[-1])
    show_table("Most abnormal stretches", ("series", "from", "to", "steps", "highest score"), stretches[:_SHOWN])
