"""Time steps of neuralforecast's PatchTST; runs in an environment that has it and imports nothing of ours.

Reads a JSON object with ``values``, ``lookback`` and ``horizon`` from the standard input and prints the seconds of
some training steps, without those of the start, as its last line.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings

import numpy as np
import pandas as pd
import torch
from neuralforecast import NeuralForecast
from neuralforecast.models import PatchTST

FEW, MORE = 1, 4


def main() -> None:
    request = json.load(sys.stdin)
    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    frame = long_frame(np.array(request["values"]))
    few, more = (_seconds(frame, request["lookback"], request["horizon"], steps) for steps in (FEW, MORE))
    wall, cpu = more[0] - few[0], more[1] - few[1]
    print(json.dumps({"wall": wall, "cpu": cpu, "steps": MORE - FEW, "windows_per_step": more[2]}))


def long_frame(values: np.ndarray) -> pd.DataFrame:
    steps, channels = values.shape
    dates = pd.date_range("2016-07-01", periods=steps, freq="h")
    return pd.DataFrame(
        {"unique_id": np.repeat(np.arange(channels), steps), "ds": np.tile(dates, channels), "y": values.T.ravel()}
    )


def _seconds(frame: pd.DataFrame, lookback: int, horizon: int, steps: int) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds, and windows of a step."""
    model = PatchTST(
        h=horizon, input_size=lookback, max_steps=steps, accelerator="cpu", logger=False, enable_progress_bar=False,
        enable_checkpointing=False, enable_model_summary=False,
    )  # fmt: skip
    wall, cpu = time.perf_counter(), time.process_time()
    NeuralForecast(models=[model], freq="h").fit(frame)
    return time.perf_counter() - wall, time.process_time() - cpu, model.windows_batch_size


if __name__ == "__main__":
    main()
