"""``tjepa demo``: forecasts of all bundled domains and an anomaly, judged on held-out data beside every control."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from tjepa_estimators.commands.demo.detection import detect_ecg
from tjepa_estimators.commands.demo.figures import draw_ecg, draw_embeddings, draw_errors, draw_forecasts
from tjepa_estimators.commands.demo.forecasting import JEPA, backtest_with_darts, forecast_with_sktime
from tjepa_estimators.commands.demo.protocol import Case, rmsse
from tjepa_estimators.commands.demo.report import Report, score_table, verdict
from tjepa_estimators.commands.info import show_health
from tjepa_estimators.commands.options import build_parser, parse
from tjepa_estimators.commands.tables import say
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.plugins import get_command
from tjepa_estimators.tasks.anomaly.task import SHORT_WINDOWS
from tjepa_estimators.training.run import pretrain, untrained

if TYPE_CHECKING:
    from jsonargparse import Namespace

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["run"]

T = TypeVar("T")

_EXAMPLES = """\
  tjepa demo
  tjepa demo --fast --output quick_look
  tjepa demo --domain world             (of the plugin tjepa-world)
  tjepa info demo_output/encoder        (what the demo pretrained)
"""
_FORECAST = ("stocks", "stock_returns", "crypto", "weather", "weather_hourly", "webtraffic", "ecommerce")
_FORECAST_FAST = ("crypto", "weather", "ecommerce")
_BACKTEST = ("crypto", "weather")
# chosen on the training parts, of which the shortest has 446 steps
_JEPA = JEPAConfig(context_length=128, future_length=32, patch_length=8)
_ECG_WINDOW = 512
"""Steps that the detector looks at together: more than one heartbeat, which takes about 300, as the rhythm counts."""


def run(options: Sequence[str]) -> int | None:
    """Pretrain on the training parts, forecast and detect in the held-out parts, write tables and plots."""
    parser = build_parser("demo", "Pretrain on the bundled data, forecast and detect with it, and compare.", _EXAMPLES)
    parser.add_argument("--output", default="demo_output", metavar="FOLDER", help="folder for tables and plots")
    parser.add_argument("--steps", type=int, help="steps of each pretraining; 500, or 60 if --fast")
    parser.add_argument("--seed", type=int, default=0, help="everything random follows from it")
    parser.add_argument("--fast", action="store_true", help="fewer domains, cutoffs and steps")
    parser.add_argument("--domain", default="series", help="what to show: series, or the demo of a plugin, as in text")
    given = parse(parser, options)
    if given.domain != "series":
        return _run_plugin(given)
    begun, report = time.monotonic(), Report(Path(given.output))
    names = _FORECAST_FAST if given.fast else _FORECAST
    cases = [Case.of(name, most_cutoffs=3 if given.fast else 30) for name in names]
    settings = {"steps": given.steps or (60 if given.fast else 500), "seed": given.seed}
    encoder, control = _pretrain((*names, "ecg"), _JEPA, settings)
    encoder.save(report.folder / "encoder")
    show_health(encoder)
    _forecast(report, cases, encoder, control)
    _backtest(report, [case for case in cases if case.name in _BACKTEST], encoder)
    _detect(report, *_pretrain(("ecg",), SHORT_WINDOWS, settings))
    draw_embeddings(encoder, (*names, "ecg"), report.folder / "embeddings.png")
    report.finish()
    say(f"Tables, plots and the encoder are in {report.folder} ({time.monotonic() - begun:.0f} s).")
    return None


def _run_plugin(given: Namespace) -> int | None:
    """The demo that a plugin brings, with the options of this one."""
    options = ["--output", given.output, "--seed", str(given.seed)]
    options += ["--steps", str(given.steps)] if given.steps else []
    return get_command(f"demo-{given.domain}").load()([*options, "--fast"] if given.fast else options)


def _pretrain(
    names: Sequence[str], config: JEPAConfig, settings: Mapping[str, int]
) -> tuple[PretrainedEncoder, PretrainedEncoder]:
    """An encoder, pretrained on the training parts only, and the control with random weights."""
    seen = f"windows of {config.window_length} from the training parts of {', '.join(names)}"
    say(f"Pretraining for {settings['steps']} steps on {seen} ...")
    domains = [load_domain(name) for name in names]  # of which pretraining takes the training parts
    return pretrain(domains, config=config, train=settings), untrained(domains, config=config, train=settings)


def _forecast(report: Report, cases: Sequence[Case], encoder: PretrainedEncoder, control: PretrainedEncoder) -> None:
    say(f"Forecasting {sum(len(case.cutoffs) for case in cases)} times in {len(cases)} domains with sktime ...")
    forecasts = _unless_missing(lambda: [forecast_with_sktime(case, encoder, control) for case in cases])
    if forecasts is None:
        return
    scores = score_table(forecasts)
    report.add("forecasts", "Error of forecasts of held-out tails (RMSSE, lower is better)", scores, verdict(scores))
    draw_forecasts(forecasts, report.folder / "forecasts.png")
    draw_errors(scores, report.folder / "errors.png")


def _backtest(report: Report, cases: Sequence[Case], encoder: PretrainedEncoder) -> None:
    say("Backtesting with Darts ...")
    errors = _unless_missing(lambda: {case.name: rmsse(case, backtest_with_darts(case, encoder)) for case in cases})
    if errors is not None:
        table = pd.DataFrame({f"{JEPA}, through Darts": errors}).T
        report.add("backtest", "The same cutoffs in Darts' historical_forecasts (RMSSE)", table)


def _detect(report: Report, encoder: PretrainedEncoder, control: PretrainedEncoder) -> None:
    say("Looking for the labelled stretch of the electrocardiogram with scikit-learn ...")
    detection = detect_ecg(encoder, control, _ECG_WINDOW)
    precision = pd.Series(detection.precision(), name="AUC-PR").to_frame()
    better = [name for name, value in precision["AUC-PR"].items() if value > precision.loc[JEPA, "AUC-PR"]]
    line = f"{JEPA} against the controls in the electrocardiogram: " + (
        f"NOT better than {', '.join(map(str, better))}." if better else "no control is better."
    )
    doubt = "It is one stretch of one series: another --seed can change the AUC-PR of JEPA and of random weights by .3."
    title = "Abnormal steps of the electrocardiogram (AUC-PR, higher is better)"
    report.add("detection", title, precision, [line, doubt])
    draw_ecg(detection, report.folder / "ecg.png")


def _unless_missing(work: Callable[[], T]) -> T | None:
    """The result, or None after saying what has to be installed for it."""
    try:
        return work()
    except ImportError as error:
        say(f"Skipped: {error}")
        return None
