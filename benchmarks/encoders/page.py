"""The page of the benchmark: tables and the plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from matplotlib.figure import Figure

from benchmarks.encoders.cost import PATCH
from benchmarks.encoders.networks import BARE, DEPTH, ENCODERS, STATED, WIDTH, Network, Networks, stated
from benchmarks.encoders.scores import HORIZON, SHARES
from benchmarks.report import Report, Table
from tjepa_estimators.commands.plots import GREY, PALETTE

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from benchmarks.encoders.results import Results

__all__ = ["RIDGE", "make_report", "plot"]

RIDGE = "ridge on the lookback"
_WEIGHTS = ("random", "JEPA")
_UNITS = {"train": "train, s", "embed": "embed, windows per s", "memory": "memory, MB"}
_SCORE_DEPTH, _SCORE_WIDTH = 2, 32
"""Of the default settings, with which the scores are made."""
_COMPARED = f"""Encoders inside the same JEPA (tokenizer for patches of {PATCH} steps, predictor of one block of width \
32), on noise: time does not depend on the values.

- *train*: seconds for 1,000 windows of whole JEPA steps: student on the 60 % of the tokens that are visible, teacher \
on all, predictor, loss, gradients, AdamW, update of the teacher.
- *embed*: windows per second of `Backbone.pooled`, without gradients.
- *memory*: what one such training step adds at its peak to network, gradients and optimiser, in a process of its own.
- *equal width and depth*: {DEPTH} blocks of width {WIDTH}. *equal parameters*: as many as the transformer of that \
size has, within 5 %: the nearest depth at which a width that is a multiple of 8 comes so close.
- *{BARE}* is the control: tokenizer, predictor and teacher with nothing between them. The predictor attends to all \
tokens, so a whole step grows faster than linearly with any encoder.
- *exponent*: of the growth of time from the second largest number of tokens to the largest; 1 is linear."""
_SCORES = f"""**Worth of the encoders** at their default sizes in the default JEPA (depth {_SCORE_DEPTH}, width \
{_SCORE_WIDTH}). *MSE*: ETTh1, {HORIZON} steps ahead, every window of the test part; pretrained on the training part \
for 300 steps and frozen; the head is solved in closed form on the default budget of rows, from all training windows \
or only the last 10 %, and always reads latents and lookback (`blocks="both"`; the default, `"auto"`, may leave the \
latents out). *AUC-PR*: the bundled electrocardiogram; pretrained on its training part, windows of 160 steps in \
patches of 8. *random* is the same encoder with random weights."""
_STATED = f"""**Samples embedded per second, beside what is stated** by the published description that the encoders \
were first asked for in: windows of 12 steps, 4 overlapping patches of 4, width {WIDTH}, {DEPTH} blocks; batches of \
1,024 on the clock, the best of the rounds. That configuration has far fewer parameters than the description states, \
so the second row of each encoder is as wide as the stated number needs. What its sample, hardware and batch were, it \
does not say."""


def make_report(results: Results, networks: dict[str, Networks], options: argparse.Namespace, batch: int) -> Report:
    """All tables. ``batch`` is the number of tokens in a step."""
    on_cpu, same = options.device == "cpu", networks["equal width and depth"]
    missing = [name for name in ENCODERS if name not in same]
    clock = "CPU seconds" if on_cpu else "seconds on the clock, after synchronising"
    notes = [
        f"A step holds {batch:,} tokens: the longer the windows, the fewer of them",
        f"Medians of {options.rounds} rounds in turn after one that does not count, {clock}",
        *([f"Not installed, so left out: {', '.join(missing)}"] if missing else []),
    ]
    costs = [
        _cost_table(results, title, rivals, measure, options.tokens)
        for title, rivals in networks.items()
        for measure in _UNITS
    ]
    return Report(
        title="Encoders",
        compared=_COMPARED,
        tables=[*costs, _stated_table(results, same), _scores_table(results, same)],
        seeds=f"0 for time and memory; {', '.join(map(str, range(options.seeds)))} for the scores (weights, batches, "
        "masks and the subset of rows)",
        notes=notes,
        packages=("torch", "numba", "numpy"),
        device="1 thread unless said otherwise, no GPU" if on_cpu else torch.cuda.get_device_name(),
    )


def _cost_table(results: Results, title: str, rivals: Networks, measure: str, tokens: Sequence[int]) -> Table:
    rows = []
    for name, one in rivals.items():
        where = {"measure": measure, "encoder": name, "size": one.size}
        found = [results.mean(**where, tokens=count) for count in tokens]
        cells = ["–" if math.isnan(value) else _short(value) for value in found]
        if measure != "memory":
            cells.append(f"{abs(math.log(found[-1] / found[-2]) / math.log(tokens[-1] / tokens[-2])):.2f}")
        rows.append([name, "–" if name == BARE else one.size, f"{one.parameters:,}", *cells])
    last = [] if measure == "memory" else ["exponent"]
    header = [_UNITS[measure], "depth × width", "parameters", *(f"{count:,} tokens" for count in tokens), *last]
    return Table(header, rows, caption=f"**{title[0].upper()}{title[1:]}: {_UNITS[measure]}**")


def _stated_table(results: Results, same: Networks) -> Table:
    rows = []
    for name, one in stated(same):
        cells = [
            _short(results.mean(measure=f"embed, threads {threads}", encoder=name, size=one.size)) for threads in (1, 2)
        ]
        parameters, rate = STATED[name]
        rows.append([name, f"{parameters:,}", str(rate), one.size, f"{one.parameters:,}", *cells])
    header = [
        "",
        "parameters stated",
        "per s stated",
        "depth × width",
        "parameters",
        "1 thread, per s",
        "2 threads, per s",
    ]
    return Table(header, rows, caption=_STATED)


def _scores_table(results: Results, same: Networks) -> Table:
    known = results.mean(measure="ap k-NN"), results.mean(measure="ap chance")
    rows = [[RIDGE, "", *(_score(results, f"mse {share}", RIDGE) for share in SHARES for _ in range(2)), "", ""]]
    rows.append(["k-NN on raw windows / chance", *[""] * 5, *[f"{known[0]:.3f} / {known[1]:.3f}"] * 2])
    for name, one in same.items():
        if name == BARE:
            continue
        size = Network(one.encoder, _SCORE_DEPTH, _SCORE_WIDTH, one.settings)
        squared = [_score(results, f"mse {share} {weights}", name) for share in SHARES for weights in _WEIGHTS]
        found = [_score(results, f"ap {weights}", name) for weights in _WEIGHTS]
        rows.append([name, f"{size.parameters:,}", *squared, *found])
    errors = [f"MSE, {share} % of windows, {weights}" for share in SHARES for weights in _WEIGHTS]
    return Table(["", "parameters", *errors, *(f"AUC-PR, {weights}" for weights in _WEIGHTS)], rows, caption=_SCORES)


def _score(results: Results, measure: str, name: str) -> str:
    return results.cell(".4f" if measure.startswith("mse") else ".3f", measure=measure, encoder=name)


def _short(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def plot(results: Results, rivals: Networks, tokens: Sequence[int], path: Path) -> None:
    """Time for 1,000 windows over tokens."""
    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    for axis, measure in zip(figure.subplots(1, 2), ("train", "embed"), strict=True):
        for colour, (name, one) in zip((GREY, *PALETTE), rivals.items(), strict=False):
            if name == BARE and measure == "embed":  # so far below the others that it would press them together
                continue
            found = [results.mean(measure=measure, encoder=name, size=one.size, tokens=count) for count in tokens]
            seconds = found if measure == "train" else [1000 / value for value in found]
            style = ":" if name == BARE else "-"
            axis.loglog(tokens, seconds, style, color=colour, marker="o", ms=3, lw=1.5, label=name)
        axis.set_xscale("log", base=2)
        axis.set_xticks(tokens, [f"{count:,}" for count in tokens])
        axis.set_title("training" if measure == "train" else "embedding", loc="left", fontsize=10)
        axis.set_xlabel("tokens of a window")
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("seconds for 1,000 windows")
    figure.axes[0].legend(loc="upper left", frameon=False, fontsize=9)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
