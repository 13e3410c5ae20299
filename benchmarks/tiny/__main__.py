"""Make the weights ``tjepa-tiny`` from nothing: hours on one thread; stopped and called again, it goes on."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from benchmarks.tiny.corpus import Source, real_sources
from benchmarks.tiny.mixed import mixed_series
from tjepa_estimators import Series, pretrain
from tjepa_estimators.data.synthetic import SyntheticConfig, write_synthetic

__all__ = ["main"]

SHARES = {
    "stocks": 0.02,
    "crypto": 0.01,
    "weather": 0.02,
    "weather_hourly": 0.05,
    "beijing": 0.08,
    "webtraffic": 0.03,
    "ecommerce": 0.03,
    "ecg": 0.01,
    "synthetic": 0.60,
    "mixed": 0.15,
}
"""Share of each domain in the batches; ``docs/decisions/0012`` says how they were chosen."""
JEPA = {
    "context_length": 512,
    "future_length": 192,
    "patch_length": 16,
    "dim": 64,
    "embedding": "mlp",
    "predictor_dim": 64,
    "predictor_depth": 2,
    "quantiles": {},
    "masking": [{"kind": "future", "options": {"low": 12 / 44, "high": 12 / 44, "forget": 0.3}}],
    "momentum": [0.996, 0.996],
}
_LENGTH = 1024
_BLENDED = ("weather", "weather_hourly", "beijing", "webtraffic", "ecommerce", "crypto")
_VALIDATION = 0.1


def main() -> None:
    """Read the options, prepare the series, train, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiny", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("TJEPA_DATA_DIR"), help="public data")
    parser.add_argument("--work", type=Path, required=True, help="folder for computed series and checkpoints")
    parser.add_argument("--output", type=Path, required=True, help="folder for the artifact")
    parser.add_argument("--steps", type=int, default=16_000)
    parser.add_argument("--latent", type=float, default=1.0, help="weight of the JEPA term; 0 leaves it out")
    parser.add_argument("--synthetic", type=int, default=100_000, help="computed series")
    parser.add_argument("--mixed", type=int, default=40_000, help="blends of real series")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    sources = real_sources(options.data_dir)
    sources += [_synthetic(options.work, options.synthetic), _mixed(options.work, options.mixed, sources)]
    train = {
        "steps": options.steps, "batch_size": 128, "learning_rate": 2e-3, "checkpoint_every": 500,
        "checkpoint_dir": str(options.work / f"run-{options.steps}-{options.latent:g}"),
    }  # fmt: skip
    artifact = pretrain(
        sources,
        encoder_config={"depth": 2},
        config=JEPA | {"latent": options.latent},
        mixture={"weights": SHARES, "validation": _VALIDATION},
        train=train,
    )
    artifact.save(options.output)


def _synthetic(work: Path, count: int) -> Source:
    path = work / f"synthetic-{count}.npy"
    if not path.exists():
        write_synthetic(path, SyntheticConfig(count=count, length=_LENGTH, seed=0))
    return Source.of("synthetic", "CC0 1.0", "computed", _mapped(path))


def _mixed(work: Path, count: int, sources: list[Source]) -> Source:
    """Blends of what is trained on; nothing of the parts that domains are measured on."""
    path = work / f"mixed-{count}.npy"
    if not path.exists():
        chosen = [source for source in sources if source.info.name in _BLENDED]
        seen = {one.info.name: [part.split(1.0 - _VALIDATION)[0] for part in one.parts] for one in chosen}
        np.save(path, mixed_series(seen, count, _LENGTH, seed=0))
    return Source.of("mixed", "CC BY 4.0", "blends of the real series above", _mapped(path))


def _mapped(path: Path) -> list[Series]:
    return [Series(row[:, None]) for row in np.load(path, mmap_mode="r")]


if __name__ == "__main__":
    main()
