"""Sequences per second of JEPA training on text, over those of masked words: the same network, batch and optimiser.

Rivals take turns. Masked words name 15 % of the pieces out of the whole vocabulary; JEPA encodes the visible pieces
with the student and all of them with the teacher. Sequences are full. The aim is a ratio of at least 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.text.masked_words import WordGuesser
from benchmarks.timing import take_turns
from tjepa_estimators.contracts import Masks
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig, TokenizerConfig, as_preset
from tjepa_estimators.jepa.objective import build_objective

_ROUNDS = 9
if TYPE_CHECKING:
    from tjepa_estimators.jepa.model import JEPA

Loss = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("text_speed", __doc__)
    parser.add_argument("--presets", nargs="+", default=["text-tiny", "t-jepa"])
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--device", default="cpu", help="such as cuda")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"], help="of autocast")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = [_row(name, options) for name in options.presets]
    device = "CPU seconds" if options.device == "cpu" else f"seconds on {torch.cuda.get_device_name()}"
    table = Table(
        ["network and sequences", "JEPA, sequences/s", "masked words", "ratio"],
        rows,
        f"Batches of {options.batch_size}, {options.precision}, {device}, medians",
    )
    report = Report("Speed on text", (__doc__ or "").strip(), [table], packages=("torch",))
    given = f"--device {options.device} --precision {options.precision} --batch-size {options.batch_size}"
    publish(report, options, f"python -m benchmarks.text_speed {given}")


def _row(name: str, options: argparse.Namespace) -> list[str]:
    preset = as_preset(name)
    settings = preset.jepa.tokenizer.options
    length, pieces = settings["length"], settings["vocabulary_size"]
    vocabulary = [*_SPECIAL, *(f"w{number}" for number in range(pieces - len(_SPECIAL)))]
    jepa = replace(
        preset.jepa, tokenizer=TokenizerConfig(kind="wordpiece", options=settings | {"vocabulary": vocabulary})
    )
    model = build_jepa(jepa, "transformer", preset.encoder)
    guesser = WordGuesser(build_jepa(jepa, "transformer", preset.encoder).student)
    raw = torch.randint(len(_SPECIAL), pieces, (options.batch_size, length))
    steps = {
        "JEPA": _step(model, _jepa_loss(jepa, model), raw, options, after=lambda: model.update_teacher(0.99)),
        "masked words": _step(guesser, guesser, raw, options),
    }
    taken = take_turns(steps, _ROUNDS).values()
    speeds = [options.batch_size / (one.cpu if options.device == "cpu" else one.wall) for one in taken]
    row = [f"{name}, {length} of {pieces} pieces", *(f"{one:.1f}" for one in speeds), f"{speeds[0] / speeds[1]:.2f}"]
    print(*row, flush=True)
    return row


def _jepa_loss(jepa: JEPAConfig, model: JEPA) -> Loss:
    objective = build_objective(jepa)

    def loss(raw: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        masks = jepa.masker()(raw.shape[1], len(raw), generator)
        return objective(model(raw, Masks(masks.context.to(raw.device), masks.targets.to(raw.device)))).total

    return loss


def _step(
    network: nn.Module,
    loss: Loss,
    raw: torch.Tensor,
    options: argparse.Namespace,
    after: Callable[[], None] = lambda: None,
) -> Callable[[], None]:
    network.to(options.device).train()
    raw, generator = raw.to(options.device), torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW([one for one in network.parameters() if one.requires_grad], lr=1e-4)

    def step() -> None:
        with torch.autocast(raw.device.type, torch.bfloat16, enabled=options.precision == "bfloat16"):
            value = loss(raw, generator)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        after()
        if raw.is_cuda:
            torch.cuda.synchronize()

    return step


if __name__ == "__main__":
    main()
