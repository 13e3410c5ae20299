"""``tjepa forecast``: csv in, forecasts with quantiles out, the linear baseline always beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from tjepa_estimators.commands.csv_files import check_output, read_csv, write_csv
from tjepa_estimators.commands.options import add_columns, add_encoder, build_parser, parse
from tjepa_estimators.commands.tables import say, show_table
from tjepa_estimators.tasks.forecast import ForecastConfig, ForecastTask
from tjepa_estimators.training.config import TrainConfig

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float
    from jsonargparse import ArgumentParser

    from tjepa_estimators.commands.csv_files import CsvFile
    from tjepa_estimators.tasks.head import HeadReport

__all__ = ["run"]

_EXAMPLES = """\
  tjepa forecast sales.csv --pretrained encoder --horizon 28 --output forecast.csv --plot forecast.png
  tjepa forecast sales.csv --horizon 28 --output forecast.csv     (pretrains on the file first)
  tjepa forecast panel.csv.gz --time day --group shop --columns revenue,orders --horizon 14 --output forecast.csv
  tjepa forecast sales.csv --pretrained decoding --horizon 28 --forecast.strategy zero_shot --output forecast.csv
  tjepa forecast sales.csv --horizon 28 --quantiles .05 .5 .95 --forecast.blocks lookback --output linear.csv
"""


def run(options: Sequence[str]) -> None:
    """Forecast what comes after the end of each series, and show what the method is worth on its held-out tail."""
    given = parse(_parser(), options)
    check_output(given.output, given.csv)
    file = read_csv(given.csv, given)
    channels = file.series[0].channels
    file.check_names([*channels, *(_quantile(name, level) for name in channels for level in given.quantiles)])
    times = [file.future(one, given.horizon) for one in file.series]
    task = ForecastTask(
        replace(given.forecast, horizon=given.horizon),
        pretrained=given.pretrained,
        encoder=given.encoder,
        train=given.train,
    ).fit(file.series)
    contexts = [one.values for one in file.series]
    points, quantiles = task.predict(contexts), task.predict(contexts, quantiles=given.quantiles)
    if given.forecast.strategy == "zero_shot":
        say(
            "Nothing was fitted: the encoder forecasts as it is. --forecast.strategy frozen compares it with baselines."
        )
    else:
        _show(task.report_)
    write_csv(_tables(file, times, points, quantiles, given.quantiles), given.output)
    say(f"{given.horizon} steps of {len(file.series)} series are forecast in {given.output}")
    if given.plot is not None:
        from tjepa_estimators.commands.plots import plot_forecasts

        say(f"they are drawn in {plot_forecasts(file, points, quantiles, given.quantiles, given.plot)}")


def _parser() -> ArgumentParser:
    parser = build_parser("forecast", "Forecast the series of a csv file.", _EXAMPLES)
    parser.add_argument("csv", help="csv file with the history")
    parser.add_argument("--horizon", type=int, required=True, metavar="STEPS", help="steps to forecast")
    parser.add_argument("--output", required=True, metavar="CSV", help="file for the forecasts")
    parser.add_argument("--plot", metavar="PNG", help="file for a picture of them")
    parser.add_argument("--quantiles", nargs="+", type=float, default=[0.1, 0.9], metavar="LEVEL", help="between 0, 1")
    add_columns(parser)
    add_encoder(parser)
    parser.add_class_arguments(ForecastConfig, "forecast", skip={"horizon"})
    parser.add_class_arguments(TrainConfig, "train")
    return parser


def _show(report: HeadReport) -> None:
    """Errors on the held-out tail; the baseline first."""
    if not report.rows:
        say("Nothing was fitted, so how good the forecast is cannot be said; --forecast.strategy frozen measures it.")
        return
    if not report.errors:
        say("The series are too short to hold a tail out, so how good the forecast is cannot be said.")
        return
    labels = {
        "lookback": "linear baseline",
        "lookback+latents": "linear baseline + latents",
        "decoded": "decoded by the encoder, as with zero_shot",
        "decoded+lookback": "decoded, corrected from the lookback",
        "decoded+lookback+latents": "decoded, corrected from lookback and latents",
    }
    rows = [("repeat the last value", report.repeat_last, "")]
    rows += [
        (labels.get(name, name), error, "<- used" if name == report.chosen else "")
        for name, error in report.errors.items()
    ]
    show_table("Squared error on the held-out tail, in units of each series' variance", ("method", "error", ""), rows)
    if report.repeat_last < min(report.errors.values()):
        say("Repeating the last value did better there: take these forecasts with care.")


def _tables(
    file: CsvFile,
    times: Sequence[pd.Index[Any]],
    points: Float[np.ndarray, "series steps channels"],
    quantiles: Float[np.ndarray, "series steps channels quantiles"],
    levels: Sequence[float],
) -> list[pd.DataFrame]:
    """One table per series: its time, then each column followed by its quantiles."""
    tables = []
    for one, ahead, point, quantile in zip(file.series, times, points, quantiles, strict=True):
        columns = {}
        for channel, name in enumerate(one.channels):
            columns[name] = point[:, channel]
            columns |= {_quantile(name, level): quantile[:, channel, rank] for rank, level in enumerate(levels)}
        tables.append(file.label(pd.DataFrame(columns), one, ahead))
    return tables


def _quantile(name: str, level: float) -> str:
    return f"{name}_q{level:g}"
