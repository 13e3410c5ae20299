"""Measure what is not known yet, and write the page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import torch

import benchmarks.encoders
from benchmarks.data import load
from benchmarks.encoders.cost import embedding_speed, memory, speed
from benchmarks.encoders.networks import BARE, Networks, compared, stated
from benchmarks.encoders.page import RIDGE, make_report, plot
from benchmarks.encoders.results import Results
from benchmarks.encoders.scores import anomalies, forecasts, ridge
from benchmarks.report import arguments, data_folder, publish
from tjepa_estimators.jepa.config import PRESETS

TOKENS = (16, 64, 256, 1024, 4096)
STEP_TOKENS = {"cpu": 8192, "cuda": 262_144}
"""Tokens in a step."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("encoders", benchmarks.encoders.__doc__)
    parser.add_argument("--device", default="cpu", choices=list(STEP_TOKENS))
    parser.add_argument("--tokens", nargs="+", type=int, default=list(TOKENS), help="at least two; default: 16 to 4096")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of timing")
    parser.add_argument("--seeds", type=int, default=2, help="number of seeds of the scores")
    parser.add_argument("--quick", action="store_true", help="a smoke test; few tokens and steps, writes nothing")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    if options.quick:
        options.output, options.tokens, options.rounds, options.seeds = None, [16, 64], 1, 1
    results, networks = Results(options.output), compared()
    same = networks["equal width and depth"]
    _measure_costs(results, networks, options)
    _measure_stated(results, same, options)
    _measure_scores(results, dict(list(same.items())[:2]) if options.quick else same, options)
    if options.output is not None:
        plot(results, same, options.tokens, options.output.with_suffix(".svg"))
    report = make_report(results, networks, options, STEP_TOKENS[options.device])
    publish(report, options, "python -m benchmarks.encoders --data-dir PATH")


def _measure_costs(results: Results, networks: dict[str, Networks], options: argparse.Namespace) -> None:
    """Time and memory; all networks take turns."""
    every = {(name, one.size): one for rivals in networks.values() for name, one in rivals.items()}
    for tokens in options.tokens:
        batch = max(1, STEP_TOKENS[options.device] // tokens)
        new = {
            (name, size): one
            for (name, size), one in every.items()
            if not results.has(measure="memory", encoder=name, size=size, tokens=tokens)
        }
        if not new:
            continue
        times = speed(list(new.values()), tokens, batch, options.device, options.rounds)
        peaks = memory(list(new.values()), tokens, batch, options.device)
        for (name, size), (train, embed), peak in zip(new, times, peaks, strict=True):
            for measure, value in (("train", train), ("embed", embed), ("memory", peak)):
                results.record(value, measure=measure, encoder=name, size=size, tokens=tokens)


def _measure_stated(results: Results, same: Networks, options: argparse.Namespace) -> None:
    """Embedding speed in the stated configuration, on one and on two threads."""
    rivals, jepa = list(stated(same)), PRESETS["temporal-jepa"].jepa
    for threads in (1, 2):
        where = {"measure": f"embed, threads {threads}", "tokens": jepa.num_tokens}
        if all(results.has(encoder=name, size=one.size, **where) for name, one in rivals):
            continue
        torch.set_num_threads(threads)
        found = embedding_speed([one for _, one in rivals], jepa, 1024, options.device, 3 * options.rounds)
        torch.set_num_threads(1)
        for (name, one), value in zip(rivals, found, strict=True):
            results.record(value, encoder=name, size=one.size, **where)


def _measure_scores(results: Results, same: Networks, options: argparse.Namespace) -> None:
    """Forecasts and anomalies, seed by seed."""
    data, stride = load(data_folder(options), "ETTh1"), 100 if options.quick else 1
    if not results.has(measure="mse 100", encoder=RIDGE):
        for measure, value in ridge(data, stride):
            results.record(value, measure=measure, encoder=RIDGE)
    for seed, name in _wanted(results, same, options.seeds):
        one = same[name]
        train = {"seed": seed, "accelerator": "cpu" if options.device == "cpu" else "gpu"}
        train |= {"steps": 5} if options.quick else {}
        found = [
            *forecasts(data, one.encoder, one.settings, train, stride),
            *anomalies(one.encoder, one.settings, train),
        ]
        for measure, value in found:  # all or none, or a stopped benchmark would count some twice
            results.record(value, measure=measure, encoder=name, seed=seed)


def _wanted(results: Results, same: Networks, seeds: int) -> Iterator[tuple[int, str]]:
    """Seeds and encoders whose scores are not known yet."""
    for seed in range(seeds):
        for name in same:
            if name != BARE and not results.has(measure="ap JEPA", encoder=name, seed=seed):
                yield seed, name


if __name__ == "__main__":
    main()
