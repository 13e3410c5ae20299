"""Speed and memory of anomaly detection: recorded series of many channels, and streams."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.timing import measure
from tjepa_estimators.tasks.anomaly import AnomalyTask

if TYPE_CHECKING:
    from jaxtyping import Float

COMPARED = """A season of 50 steps with noise in each channel, so that no channel stands still (one that does costs \
nothing). `AnomalyTask` with its defaults, three resolutions, pretrained for 50 steps on the 4,000 steps that it is \
fitted on; more pretraining would change no time here.

- *Recorded*: `score` on a series of 38 channels in memory, with one and with two threads in turn; medians of three.
- *Stream*: `score_next` on single steps. Windows are read every eighth step, so most steps cost next to nothing and \
some cost a window of all channels; the mean is what a machine must keep up with, the 99 % quantile what one step may \
have to wait.
- *Memory*: one child process for each length streams a series of one channel, made as it is needed, in pieces of 100 \
steps, and reports its peak resident memory. The control is the shortest one: libraries, network and batches."""
CHANNELS, TRAIN = 38, 4000
LENGTHS = (10_000, 100_000, 1_000_000)
_PIECE, _ROUNDS, _STEPS, _FIRST = 100, 3, 2000, 500


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--steps", type=int, default=100_000, help="of the recorded series")
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, help="of the streams")
    parser.add_argument("--child", type=int, help="stream so many steps; used by the benchmark itself")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    if options.child:
        print(_stream_memory(options.child))
        return
    task = _fitted(CHANNELS)
    report = Report(
        title="Speed of anomaly detection",
        compared=COMPARED,
        tables=[_recorded_table(task, options.steps), _stream_table(task), _memory_table(options.lengths)],
        packages=("torch", "numpy", "scikit-learn"),
        device="no GPU",
    )
    publish(report, options, "python -m benchmarks.anomaly_speed")


def _recorded_table(task: AnomalyTask, steps: int) -> Table:
    series = np.concatenate([*_pieces(CHANNELS, steps)])
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(_ROUNDS):
        for threads, timings in found.items():
            torch.set_num_threads(threads)
            timing = measure(lambda: task.score(series))
            timings.append((timing.wall, timing.cpu))
    torch.set_num_threads(1)
    rows = [
        [f"{threads}", *(f"{statistics.median(column):.1f}" for column in zip(*timings, strict=True))]
        for threads, timings in found.items()
    ]
    caption = f"**Recorded**: {steps:,} steps of {CHANNELS} channels (target: 20 s on two cores)."
    return Table(["threads", "seconds", "CPU seconds"], rows, caption=caption)


def _stream_table(task: AnomalyTask) -> Table:
    rows = []
    for channels, fitted in ((1, _fitted(1)), (CHANNELS, task)):
        stream, waits = fitted.stream(), []
        for step in np.concatenate([*_pieces(channels, _STEPS)]):
            begin = time.perf_counter()
            stream.score_next(step if channels > 1 else step[0])
            waits.append(1e3 * (time.perf_counter() - begin))
        steady = waits[_FIRST:]  # nothing is read before the first whole windows
        rows.append([f"{channels}", *(f"{one:.2f}" for one in (np.mean(steady), *np.quantile(steady, [0.5, 0.99])))])
    caption = f"**Stream**: milliseconds for a step, over {_STEPS:,} steps (target: 5 in the mean)."
    return Table(["channels", "mean", "median", "99 %"], rows, caption=caption)


def _memory_table(lengths: Sequence[int]) -> Table:
    rows = []
    for length in lengths:
        command = [sys.executable, "-m", "benchmarks.anomaly_speed", "--child", str(length)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
        peak, rate = map(float, done.stdout.split()[-2:])
        rows.append([f"{length:,}", f"{peak:,.0f}", f"{rate:.2f}"])
    return Table(["steps of the stream", "peak memory, MB", "ms for a step"], rows, caption="**Memory** of a stream.")


def _stream_memory(steps: int) -> str:
    """Peak resident memory of this process in MB, and milliseconds for a step."""
    stream, given = _fitted(1).stream(), 0

    def work() -> None:
        nonlocal given
        for piece in _pieces(1, steps):
            given += len(stream.score_next(piece))
        given += len(stream.finish())

    timing = measure(work)
    if given != steps:
        sys.exit(f"{given} scores for {steps} steps")
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024} {1e3 * timing.wall / steps}"


def _fitted(channels: int) -> AnomalyTask:
    train = np.concatenate([*_pieces(channels, TRAIN)])
    return AnomalyTask(train={"steps": 50, "threads": 1}).fit(train)


def _pieces(channels: int, steps: int) -> Iterator[Float[np.ndarray, "piece channels"]]:
    """The same series whatever the number of steps, piece by piece."""
    rng = np.random.default_rng(0)
    phase = 2 * np.pi * rng.random(channels)
    for low in range(0, steps, _PIECE):
        time_of = np.arange(low, min(low + _PIECE, steps))[:, None]
        yield np.sin(2 * np.pi * time_of / 50 + phase) + 0.3 * rng.normal(size=(len(time_of), channels))


__all__ = ["main"]

if __name__ == "__main__":
    main()
