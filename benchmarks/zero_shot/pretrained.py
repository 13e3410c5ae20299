"""Networks that were trained on other series: artifacts of ours, and fracast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.zero_shot.windows import HISTORY, LEVELS, Windows
from tjepa_estimators import ForecastTask

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators import PretrainedEncoder

__all__ = ["fracast", "fracast_rows", "ours", "zero_shot_task"]

_CHUNK = 16
"""Windows of 2,048 steps at once: more leave the cache, and each takes five times as long."""


def ours(pretrained: PretrainedEncoder, windows: Windows) -> Float[np.ndarray, "windows horizon levels"]:
    """Quantiles that an artifact decodes."""
    task = zero_shot_task(pretrained, windows.horizon)
    histories = windows.recent(task.context_length_)
    return task.predict(histories[..., None], quantiles=LEVELS)[:, :, 0]


def zero_shot_task(pretrained: PretrainedEncoder, horizon: int) -> ForecastTask:
    """A task of one channel; ``fit`` learns nothing from what it is given."""
    return ForecastTask({"horizon": horizon, "strategy": "zero_shot"}, pretrained=pretrained).fit(np.zeros(1))


def fracast(windows: Windows) -> Float[np.ndarray, "windows horizon levels"]:
    """Quantiles of fracast 0.1."""
    return fracast_rows(windows.recent(HISTORY), windows.horizon)


def fracast_rows(rows: Float[np.ndarray, "rows time"], horizon: int) -> Float[np.ndarray, "rows horizon levels"]:
    """Its full-precision weights, as its authors use them: it scales each row itself and knows which steps are missing.

    It decodes 48 steps; further ones are rolled out on its medians.
    """
    from fracast import FracastModel  # the page is made without it

    model = FracastModel.from_pretrained(weights="fp32")
    chunks = np.array_split(rows, -(-len(rows) // _CHUNK))
    with torch.inference_mode():
        return np.concatenate([model.forecast_batch(chunk, horizon=horizon) for chunk in chunks])
