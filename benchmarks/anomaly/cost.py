"""Time and memory of each detector on 10,000 steps of one machine, in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmarks.anomaly.datasets import load
from benchmarks.anomaly.detectors import DETECTORS
from benchmarks.anomaly.encoders import Encoders
from benchmarks.timing import measure

__all__ = ["CHANNELS", "measure_costs"]

_SET, _TRAIN, _TEST, _WARM = "ASD", 6_000, 4_000, 600
CHANNELS = 19


def measure_costs(folder: Path, page: Path | None, rows: Iterable[str]) -> Mapping[str, tuple[float, float]]:
    """CPU seconds and MB of these detectors; those that stand beside the page are not measured again."""
    file = None if page is None else page.with_name(f"{page.stem}_cost.csv")
    known = pd.read_csv(file, index_col="detector") if file is not None and file.exists() else pd.DataFrame()
    costs = {str(name): (line["seconds"], line["memory"]) for name, line in known.iterrows()}
    for name in rows:
        if name not in costs:
            command = [sys.executable, "-m", "benchmarks.anomaly.cost", "--data-dir", str(folder), "--detector", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
            seconds, memory = done.stdout.split()[-2:]
            costs[name] = float(seconds), float(memory)
    if file is not None:
        table = pd.DataFrame.from_dict(costs, orient="index", columns=["seconds", "memory"])
        table.rename_axis("detector").to_csv(file, float_format="%.4g")
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--detector", choices=list(DETECTORS), required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    series = load(options.data_dir, _SET, "evaluation")[0]
    train, test = series.train[-_TRAIN:], series.test[:_TEST]
    encoders, row = Encoders([train], steps=10), DETECTORS[options.detector]  # what it has learnt costs nothing
    encoders.pretrained(0)
    row.fit(train[:_WARM], 0, encoders)(test[:_WARM])  # imports, compiled kernels and what they hold do not count
    Path("/proc/self/clear_refs").write_text("5")  # the peak is measured from here, not from the pretraining
    before = _memory("VmRSS")
    timing = measure(lambda: row.fit(train, 0, encoders)(np.copy(test)))
    print(timing.cpu, _memory("VmHWM") - before)


def _memory(name: str) -> float:
    """What Linux says that this process holds (VmRSS), or has held at most (VmHWM), in MB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(lines[name].split()[0]) / 1024


if __name__ == "__main__":
    main()
