"""Pretrain an encoder once on unlabelled series; forecast, detect anomalies and embed with it.

The public names are imported on first use, so ``import tjepa_estimators`` stays cheap: it loads neither
torch nor any of the libraries that are wrapped.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.data.domains import load_domain
    from tjepa_estimators.data.mixture import MixtureConfig
    from tjepa_estimators.data.series import Series
    from tjepa_estimators.interop.darts import JEPAModel, JEPAScorer
    from tjepa_estimators.interop.pyod import JEPAOD
    from tjepa_estimators.interop.sklearn import (
        JEPAAnomalyPredictor,
        JEPAClassifier,
        JEPAFeatures,
        JEPAOutlierDetector,
        JEPAWindowOutlierDetector,
    )
    from tjepa_estimators.interop.sktime import JEPADetector, JEPAEmbedder, JEPAForecaster
    from tjepa_estimators.interop.tsb_ad import run_JEPA
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.jepa.quantiles import QuantileConfig
    from tjepa_estimators.plugins.catalog import list_plugins
    from tjepa_estimators.tasks.anomaly import AnomalyTask
    from tjepa_estimators.tasks.export import export_forecaster
    from tjepa_estimators.tasks.forecast import ForecastTask
    from tjepa_estimators.tasks.next_window import next_window_rows
    from tjepa_estimators.training.config import TrainConfig
    from tjepa_estimators.training.run import pretrain, untrained

__all__ = [
    "JEPAOD",
    "AnomalyTask",
    "ForecastTask",
    "JEPAAnomalyPredictor",
    "JEPAClassifier",
    "JEPAConfig",
    "JEPADetector",
    "JEPAEmbedder",
    "JEPAFeatures",
    "JEPAForecaster",
    "JEPAModel",
    "JEPAOutlierDetector",
    "JEPAScorer",
    "JEPAWindowOutlierDetector",
    "MixtureConfig",
    "PretrainedEncoder",
    "QuantileConfig",
    "Series",
    "TrainConfig",
    "export_forecaster",
    "list_plugins",
    "load_domain",
    "next_window_rows",
    "pretrain",
    "run_JEPA",
    "untrained",
]

__version__ = "0.1.0"

_TARGETS = {
    "JEPAOD": "tjepa_estimators.interop.pyod:JEPAOD",
    "AnomalyTask": "tjepa_estimators.tasks.anomaly:AnomalyTask",
    "ForecastTask": "tjepa_estimators.tasks.forecast:ForecastTask",
    "JEPAAnomalyPredictor": "tjepa_estimators.interop.sklearn:JEPAAnomalyPredictor",
    "JEPAClassifier": "tjepa_estimators.interop.sklearn:JEPAClassifier",
    "JEPAConfig": "tjepa_estimators.jepa.config:JEPAConfig",
    "JEPADetector": "tjepa_estimators.interop.sktime:JEPADetector",
    "JEPAEmbedder": "tjepa_estimators.interop.sktime:JEPAEmbedder",
    "JEPAFeatures": "tjepa_estimators.interop.sklearn:JEPAFeatures",
    "JEPAForecaster": "tjepa_estimators.interop.sktime:JEPAForecaster",
    "JEPAModel": "tjepa_estimators.interop.darts:JEPAModel",
    "JEPAOutlierDetector": "tjepa_estimators.interop.sklearn:JEPAOutlierDetector",
    "JEPAScorer": "tjepa_estimators.interop.darts:JEPAScorer",
    "JEPAWindowOutlierDetector": "tjepa_estimators.interop.sklearn:JEPAWindowOutlierDetector",
    "MixtureConfig": "tjepa_estimators.data.mixture:MixtureConfig",
    "PretrainedEncoder": "tjepa_estimators.artifact:PretrainedEncoder",
    "QuantileConfig": "tjepa_estimators.jepa.quantiles:QuantileConfig",
    "Series": "tjepa_estimators.data.series:Series",
    "TrainConfig": "tjepa_estimators.training.config:TrainConfig",
    "export_forecaster": "tjepa_estimators.tasks.export:export_forecaster",
    "list_plugins": "tjepa_estimators.plugins.catalog:list_plugins",
    "load_domain": "tjepa_estimators.data.domains:load_domain",
    "next_window_rows": "tjepa_estimators.tasks.next_window:next_window_rows",
    "pretrain": "tjepa_estimators.training.run:pretrain",
    "run_JEPA": "tjepa_estimators.interop.tsb_ad:run_JEPA",
    "untrained": "tjepa_estimators.training.run:untrained",
}

_EXTRAS = {"sktime": "sktime", "skbase": "sktime", "skpro": "sktime", "darts": "darts", "pyod": "pyod"}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    target = _TARGETS.get(name)
    if target is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module, attribute = target.split(":")
    try:
        value: object = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        message = f'{name} needs {error.name}, which is not installed; pip install "tjepa-estimators[{extra}]"'
        raise ImportError(message, name=error.name) from error
    globals()[name] = value  # the next access is a plain attribute
    return value


def __dir__() -> list[str]:
    """Public names, imported or not."""
    return sorted({*globals(), *__all__})
