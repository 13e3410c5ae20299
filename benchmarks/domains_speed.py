"""Pretraining on several domains: throughput beside one domain's, and a corpus far larger than the memory allowed."""

from __future__ import annotations

import functools
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.timing import take_turns
from tjepa_estimators import pretrain

__all__ = ["main"]

ONE = "weather_hourly"
FOUR = ("stocks", "weather_hourly", "webtraffic", "ecommerce")
COMPARED = """*Throughput*: `pretrain` on one bundled domain and on four, same settings and steps, in turn in one \
process; medians of CPU seconds. Four domains are also measured one by one, which is in the time.

*Memory*: one child process pretrains on two memory-mapped domains, a random walk in a file of the given size and the \
bundled hourly weather. The operating system refuses the process more private memory (`RLIMIT_DATA`) than given; pages \
of the mapped file do not count, and the system drops them as it likes. *Private* is the highest that the process \
held. The control is a file of a hundredth of the size."""
_CHUNK = 1 << 24


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=12.0, help="size of the large corpus")
    parser.add_argument("--limit", type=float, default=1.2, help="gigabytes of private memory that are allowed")
    parser.add_argument("--child", type=Path, help="pretrain on this file; used by the benchmark itself")
    options = parser.parse_args(argv)
    if options.child:
        print(_private_peak(options.child, options.steps, options.limit))
        return
    torch.set_num_threads(1)
    work = {"one domain": ONE, "four domains": list(FOUR)}
    turns = {
        name: functools.partial(pretrain, data, train={"steps": options.steps, "progress": False})
        for name, data in work.items()
    }
    times = take_turns(turns, options.rounds)
    ratio = times["four domains"].cpu / times["one domain"].cpu
    windows = options.steps * 128
    speed = [[name, f"{time.cpu:.2f}", f"{windows / time.cpu:,.0f}"] for name, time in times.items()]
    speed.append(["**ratio** (target: at most 1.1)", f"**{ratio:.2f}**", ""])
    sizes = (options.gigabytes / 100, options.gigabytes)
    memory = [[f"{size:.2f}", f"{options.limit:.1f}", f"{_peak(size, options):,.0f}"] for size in sizes]
    report = Report(
        title="Pretraining on several domains",
        compared=COMPARED,
        tables=[
            Table(["data", "CPU s", "windows a second"], speed),
            Table(["corpus, GB", "private memory allowed, GB", "private, MB"], memory),
        ],
        notes=[f"{options.steps} optimiser steps of 128 windows, default settings"],
        packages=("torch", "numpy"),
    )
    publish(report, options, "python -m benchmarks.domains_speed")


def _peak(gigabytes: float, options: object) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "walk.npy")
        _write_walk(file, int(gigabytes * 1e9 / 4))
        command = [sys.executable, "-m", "benchmarks.domains_speed", "--child", str(file)]
        command += ["--steps", str(options.steps), "--limit", str(options.limit)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
        return float(done.stdout.split()[-1])


def _write_walk(file: Path, steps: int) -> None:
    walk = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(steps,))
    random, level = np.random.default_rng(0), 0.0
    for begin in range(0, steps, _CHUNK):
        part = walk[begin : begin + _CHUNK]
        part[:] = level + random.standard_normal(len(part), dtype=np.float32).cumsum(dtype=np.float64)
        level = float(part[-1])
    walk.flush()


def _private_peak(file: Path, steps: int, limit: float) -> float:
    """Highest private memory of this process in MB: what it holds beside pages of files."""
    resource.setrlimit(resource.RLIMIT_DATA, (int(limit * 2**30),) * 2)
    peak = 0.0

    def look(*_: object) -> None:
        nonlocal peak
        facts = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
        peak = max(peak, float(facts["RssAnon"].split()[0]) / 1024)

    walk = np.load(file, mmap_mode="r")
    pretrain({"walk": walk, ONE: ONE}, train={"steps": steps, "progress": False}, on_diagnostics=look)
    look()
    return peak


if __name__ == "__main__":
    main()
