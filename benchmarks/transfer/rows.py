"""The rows of the tables: what each one knows of the source and of the target, and how it forecasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import torch

from benchmarks.controls import repeat_last
from benchmarks.transfer.domain import CONTEXT, HORIZON, history
from benchmarks.transfer.encoders import BATCH
from tjepa_estimators import ForecastTask
from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.tasks.network import ForecastNetwork, decoding_network

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from benchmarks.transfer.domain import Domain
    from benchmarks.transfer.encoders import Encoders
    from benchmarks.transfer.held import Held
    from tjepa_estimators import PretrainedEncoder
    from tjepa_estimators.jepa.forecaster import PatchForecaster

__all__ = ["CARRIED", "HEAD", "OURS", "RIDGE", "ROWS", "SCRATCH", "Case", "Row", "tuning_steps"]

RIDGE, CARRIED, SCRATCH, OURS, HEAD = "ridge", "ridge of the source", "scratch", "JEPA, finetune", " + head"
_FEWEST, _MOST, _PASSES = 40, 120, 8
"""Steps of fine-tuning: so many passes over the target's windows, within limits; the same from any start."""
_SCRATCH_RATES, _RATES = (4e-3, 1.0), (1e-3, 1.0)
"""Learning rate, and the encoder's as a share of it, from random and from pretrained weights."""
_ROWS = 4096
"""Windows that a head is solved on, at most."""


@dataclass(frozen=True)
class Case:
    """What a row is run on."""

    source: Domain
    target: Domain
    share: int
    """Per cent of the target's windows."""
    seed: int
    encoders: Encoders

    @property
    def histories(self) -> list[Float[np.ndarray, "steps"]]:
        """What is known of the target."""
        return [history(one, self.share) for one in self.target.targets]


Forecast = Callable[["Held"], "Float[np.ndarray, 'windows horizon']"]
Start = Callable[[Case], "PretrainedEncoder"]


@dataclass(frozen=True)
class Row:
    """How to forecast; what it depends on says which runs are the same."""

    fit: Callable[[Case], Forecast]
    needs_source: bool = False
    needs_windows: bool = True
    """Whether it is fitted on windows of the target."""
    is_drawn: bool = True


def tuning_steps(windows: int) -> int:
    """Steps of fine-tuning on so many windows."""
    return min(_MOST, max(_FEWEST, round(_PASSES * windows / BATCH)))


@lru_cache(maxsize=2)
def _tuned(case: Case, start: Start, rate: float, encoder_rate: float) -> ForecastTask:
    """All of the network trained on the target's windows; two rows of the table share it."""
    windows = sum(len(one) - CONTEXT - HORIZON + 1 for one in case.histories)
    train = {"steps": tuning_steps(windows), "batch_size": BATCH, "learning_rate": rate, "seed": case.seed}
    settings = {"strategy": "finetune", "encoder_rate": encoder_rate, "patience": None}
    return _fitted(case, case.histories, settings, pretrained=start(case), train=train)


def tune(start: Start, rate: float, encoder_rate: float) -> Callable[[Case], Forecast]:
    """What the tuned network decodes by itself."""

    def fit(case: Case) -> Forecast:
        task = _tuned(case, start, rate, encoder_rate)
        decoder = cast("PatchForecaster", task.network_.decoder)
        network = decoding_network(decoder, CONTEXT, HORIZON)
        return lambda held: _decoded(network, held)

    return fit


def tune_and_solve(start: Start, rate: float, encoder_rate: float) -> Callable[[Case], Forecast]:
    """The same, with the closed-form head that the product solves in the end."""
    return lambda case: _forecast(_tuned(case, start, rate, encoder_rate))


def freeze(start: Start) -> Callable[[Case], Forecast]:
    """Solve a head on the target's windows."""
    return lambda case: _task(case, case.histories, {"strategy": "frozen"}, pretrained=start(case))


def _ridge(case: Case) -> Forecast:
    return _task(case, case.histories, {"blocks": "lookback", "context_length": CONTEXT})


def _carried_ridge(case: Case) -> Forecast:
    return _task(case, case.source.sources, {"blocks": "lookback", "context_length": CONTEXT})


def _zero_shot(case: Case) -> Forecast:
    return _task(case, case.histories, {"strategy": "zero_shot"}, pretrained=_jepa(case))


def _jepa(case: Case) -> PretrainedEncoder:
    return case.encoders.pretrained("JEPA", case.source.name, case.seed)


def _reconstruction(case: Case) -> PretrainedEncoder:
    return case.encoders.pretrained("reconstruction", case.source.name, case.seed)


def _random(case: Case) -> PretrainedEncoder:
    return case.encoders.random(case.target.name, case.seed)


def _task(case: Case, values: list[np.ndarray], settings: Mapping[str, Any], **parts: Any) -> Forecast:  # noqa: ANN401
    return _forecast(_fitted(case, values, settings, **parts))


def _fitted(
    case: Case,
    values: list[np.ndarray],
    settings: Mapping[str, Any],
    **parts: Any,  # noqa: ANN401
) -> ForecastTask:
    return ForecastTask({"horizon": HORIZON, "max_rows": _ROWS, "seed": case.seed, **settings}, **parts).fit(values)


def _forecast(task: ForecastTask) -> Forecast:
    return lambda held: task.predict(held.contexts[:, :, None])[:, :, 0]


def _decoded(network: ForecastNetwork, held: Held) -> Float[np.ndarray, "windows horizon"]:
    with torch.inference_mode():
        forecast, stats = network(torch.from_numpy(held.contexts).double())
        return denormalize(forecast.double(), stats).numpy()


ROWS: Mapping[str, Row] = {
    "repeat-last": Row(lambda _: lambda held: repeat_last(held.contexts, HORIZON), needs_windows=False, is_drawn=False),
    "seasonal naive": Row(lambda _: lambda held: held.season, needs_windows=False, is_drawn=False),
    RIDGE: Row(_ridge, is_drawn=False),
    CARRIED: Row(_carried_ridge, needs_source=True, needs_windows=False, is_drawn=False),
    "random encoder": Row(freeze(_random)),
    SCRATCH: Row(tune(_random, *_SCRATCH_RATES)),
    SCRATCH + HEAD: Row(tune_and_solve(_random, *_SCRATCH_RATES)),
    "JEPA, zero-shot": Row(_zero_shot, needs_source=True, needs_windows=False),
    "JEPA, frozen": Row(freeze(_jepa), needs_source=True),
    OURS: Row(tune(_jepa, *_RATES), needs_source=True),
    OURS + HEAD: Row(tune_and_solve(_jepa, *_RATES), needs_source=True),
    "reconstruction, finetune": Row(tune(_reconstruction, *_RATES), needs_source=True),
}
