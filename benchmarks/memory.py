"""Peak memory of pretraining on memory-mapped series of growing length."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import Report, Table, arguments, publish

COMPARED = """One child process for each length pretrains on a memory-mapped file of a random walk (float32, one \
channel) and reports its peak resident memory. The control is the same process with a thousand steps: libraries, \
network and batches. Pages of the file that the system keeps mapped count as resident, so this is an upper bound."""
LENGTHS = (1_000, 1_000_000, 10_000_000)


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--child", type=Path, help="measure this file; used by the benchmark itself")
    options = parser.parse_args(argv)
    if options.child:
        print(_pretrain(options.child, options.steps))
        return
    peaks = {length: _peak(length, options.steps) for length in LENGTHS}
    rows = [[f"{length:,}", f"{4 * length / 2**20:,.0f}", f"{peak:,.0f}"] for length, peak in peaks.items()]
    growth = peaks[10_000_000] - peaks[1_000_000]
    rows.append(["**10 million less 1 million** (target: at most 300)", "", f"**{growth:,.0f}**"])
    report = Report(
        title="Memory of pretraining",
        compared=COMPARED,
        tables=[Table(["steps of the series", "file, MB", "peak memory, MB"], rows)],
        notes=[f"{options.steps} optimiser steps, default settings"],
        packages=("torch", "numpy"),
    )
    publish(report, options, "python -m benchmarks.memory")


def _peak(length: int, steps: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "walk.npy")
        np.save(file, np.random.default_rng(0).standard_normal(length, dtype=np.float32).cumsum(dtype=np.float32))
        command = [sys.executable, "-m", "benchmarks.memory", "--child", str(file), "--steps", str(steps)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
        return float(done.stdout.split()[-1])


def _pretrain(file: Path, steps: int) -> float:
    """Peak resident memory of this process in MB after pretraining."""
    from tjepa_estimators import pretrain

    pretrain(np.load(file, mmap_mode="r"), train={"steps": steps})
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


__all__ = ["main"]

if __name__ == "__main__":
    main()
