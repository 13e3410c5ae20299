"""What an encoder is good for: forecasts and anomalies, with random and with pretrained weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from benchmarks.few_windows import last_windows
from benchmarks.forecasting import LINEAR_CONTEXT, fit
from benchmarks.scoring import score, task_predictor
from tjepa_estimators import JEPAConfig, PretrainedEncoder, load_domain, pretrain
from tjepa_estimators.commands.demo.detection import detect_ecg
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from benchmarks.data import ForecastData

__all__ = ["HORIZON", "SHARES", "anomalies", "forecasts", "ridge"]

HORIZON = 96
SHARES = (100, 10)
"""Last windows of the training part that the head may use, in percent."""
_ECG = JEPAConfig(context_length=128, future_length=32, patch_length=8)
"""Windows and patches of the encoder that the demo forecasts with."""

Weights = tuple[str, PretrainedEncoder]


def ridge(data: ForecastData, stride: int) -> Iterator[tuple[str, float]]:
    """Test MSE of the linear map on the lookback, by the share of windows that it is solved on."""
    tasks = {
        f"mse {share}": fit(last_windows(data, share, LINEAR_CONTEXT, HORIZON), HORIZON, 0, max_rows=10**9)
        for share in SHARES
    }
    found = score(task_predictor(tasks), data.test(LINEAR_CONTEXT), LINEAR_CONTEXT, stride=stride)
    yield from ((name, errors.mse) for name, errors in found.items())


def forecasts(
    data: ForecastData, encoder: str, settings: Mapping[str, Any], train: Mapping[str, Any], stride: int
) -> Iterator[tuple[str, float]]:
    """Test MSE with random and with pretrained weights, by the share of windows that the head is solved on."""
    for name, weights in _weights(data.train, encoder, settings, "tiny", train):
        context = weights.context_length
        tasks = {
            f"mse {share} {name}": fit(
                last_windows(data, share, context, HORIZON), HORIZON, train["seed"], weights, blocks="both"
            )
            for share in SHARES
        }
        found = score(task_predictor(tasks), data.test(context), context, stride=stride)
        yield from ((key, errors.mse) for key, errors in found.items())


def anomalies(encoder: str, settings: Mapping[str, Any], train: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Area under the precision-recall curve in the electrocardiogram, of random and of pretrained weights."""
    weights = dict(_weights(load_domain("ecg"), encoder, settings, _ECG, train))
    precision = detect_ecg(weights["JEPA"], weights["random"]).precision()
    names = {"random encoder": "ap random", "JEPA": "ap JEPA", "k-NN on raw windows": "ap k-NN", "random": "ap chance"}
    yield from ((names[name], value) for name, value in precision.items())


def _weights(
    data: object, encoder: str, settings: Mapping[str, Any], jepa: str | JEPAConfig, train: Mapping[str, Any]
) -> Iterator[Weights]:
    builders: Mapping[str, Callable[..., PretrainedEncoder]] = {"random": untrained, "JEPA": pretrain}
    for name, build in builders.items():
        yield name, build(data, encoder=encoder, encoder_config=settings, config=jepa, train=train)
