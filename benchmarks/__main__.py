"""List the benchmarks, or run some or all of them and write their pages."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

BENCHMARKS = (
    "import_time",
    "scan_speed",
    "memory",
    "pretrain_speed",
    "panel_speed",
    "fit_speed",
    "darts_speed",
    "encoders",
    "few_windows",
    "forecasting",
    "attributes",
    "domains_speed",
    "zero_shot",
    "anomaly",
    "anomaly_ablation",
    "anomaly_prediction",
    "anomaly_speed",
    "injected",
    "transfer",
)
PAGES = Path("docs/reference/benchmarks")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run; all of them if none is named")
    parser.add_argument("--data-dir", default=os.environ.get("TJEPA_DATA_DIR"), help="default: TJEPA_DATA_DIR")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    options = parser.parse_args()
    if options.list or options.data_dir is None:
        for name in BENCHMARKS:
            print(f"{name:18} {(import_module(f'benchmarks.{name}').__doc__ or '').splitlines()[0]}")
        print("\nThey read public data: pass --data-dir PATH or set TJEPA_DATA_DIR to run them.")
        return
    for name in options.names or BENCHMARKS:
        page = PAGES / f"{name}.md"
        command = [sys.executable, "-m", f"benchmarks.{name}", "--data-dir", options.data_dir, "--output", str(page)]
        subprocess.run(command, check=True)  # noqa: S603 - our own modules; a process each keeps timings apart


if __name__ == "__main__":
    main()
