"""Seconds to import the package and to list plugins in a fresh process, and what that must not load."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.timing import Timing

HEAVY = ("torch", "pytorch_lightning", "lightning", "sktime", "darts", "sklearn", "pandas", "numpy")
COMPARED = f"""Fresh processes of the same interpreter. `python -c pass` is what Python itself takes. None of these \
may be loaded: {", ".join(HEAVY)}."""
WORK = {
    "`python -c pass`": "pass",
    "`import tjepa_estimators`": "import tjepa_estimators",
    "`tjepa plugins`": "from tjepa_estimators.cli import main; main(['plugins'])",
    "for comparison: `import torch`": "import torch",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    times: dict[str, list[Timing]] = {name: [] for name in WORK}
    for _ in range(options.rounds + 1):  # the first fills the caches of the file system and is dropped
        for name, code in WORK.items():
            times[name].append(_process(code))
    rows = [
        [
            name,
            f"{statistics.median(one.wall for one in found[1:]):.2f}",
            f"{statistics.median(one.cpu for one in found[1:]):.2f}",
            "–" if "torch" in name else (", ".join(_loaded(WORK[name])) or "nothing"),
        ]
        for name, found in times.items()
    ]
    report = Report(
        title="Time to import",
        compared=COMPARED,
        tables=[Table(["", "wall s", "CPU s (target: under 0.3)", "heavy modules loaded"], rows)],
        notes=[f"Medians of {options.rounds} processes, in turn"],
        packages=("torch", "sktime", "darts"),
        seeds="none",
    )
    publish(report, options, "python -m benchmarks.import_time")


def _process(code: str) -> Timing:
    before, begin = _children(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own code
    return Timing(time.perf_counter() - begin, _children() - before)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _loaded(code: str) -> list[str]:
    probe = f"{code}\nimport sys; print('loaded:', *[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.splitlines()[-1].split()[1:]


__all__ = ["main"]

if __name__ == "__main__":
    main()
