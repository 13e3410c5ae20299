"""Windows per second of ``pretrain`` beside the same training written as a plain torch loop."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from benchmarks.data import load
from benchmarks.report import Report, Table, arguments, data_folder, publish
from benchmarks.timing import take_turns
from tjepa_estimators import JEPAConfig, TrainConfig, pretrain
from tjepa_estimators.data.windows import WindowSource, batch_indices
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.training.schedules import cosine_between, mix_seed, warmup_cosine

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from tjepa_estimators.jepa.model import JEPA

COMPARED = """`pretrain` (Lightning, collapse watch, provenance, artifact) against a bare loop over the same network, \
windows, batches, masks, AdamW, clipping, schedule and teacher update, in turn in one process; medians. Both end in \
the same weights: the largest difference is given."""


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments(__file__, __doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    values, train = load(data_folder(options), "ETTh1").train, TrainConfig(steps=options.steps)
    ours = functools.partial(pretrain, values, train=train)
    plain = functools.partial(plain_loop, values, train)
    difference = _largest_difference(ours().module, plain())
    found = take_turns({"pretrain": ours, "plain loop": plain}, options.rounds)
    windows = train.steps * train.batch_size
    rows = [[name, f"{windows / t.cpu:,.0f}", f"{windows / t.wall:,.0f}"] for name, t in found.items()]
    ratio = [found["plain loop"].cpu / found["pretrain"].cpu, found["plain loop"].wall / found["pretrain"].wall]
    rows.append(["**ratio** (target: at least 0.8)", *(f"**{value:.2f}**" for value in ratio)])
    report = Report(
        title="Speed of pretraining",
        compared=COMPARED,
        tables=[Table(["windows per second", "of CPU time", "of wall time"], rows)],
        notes=[
            f"{train.steps} steps of {train.batch_size} windows of ETTh1, default settings; {options.rounds} rounds",
            f"Largest difference between the weights of the two: {difference:.1e}",
        ],
        packages=("torch", "pytorch-lightning", "numpy"),
    )
    publish(report, options, "python -m benchmarks.pretrain_speed --data-dir PATH")


def plain_loop(values: Float[np.ndarray, "time channels"], train: TrainConfig) -> JEPA:
    """Pretrain with nothing but torch."""
    config = JEPAConfig()
    model = build_jepa(config, "transformer", seed=train.seed).train()
    source, masker, objective = WindowSource([values], config.window_length), config.masker(), build_objective(config)
    matrices = [p for p in model.parameters() if p.requires_grad and p.dim() > 1]
    vectors = [p for p in model.parameters() if p.requires_grad and p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": train.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=train.learning_rate,
        betas=(0.9, 0.99),
    )
    for step in range(train.steps):
        for group in optimizer.param_groups:
            group["lr"] = train.learning_rate * warmup_cosine(step, train.steps, train.warmup)
        index = batch_indices(len(source), train.batch_size, step, train.seed)
        generator = torch.Generator().manual_seed(mix_seed(train.seed, step, 0))
        masks = masker(config.num_tokens, len(index), generator)
        optimizer.zero_grad()
        objective(model(source.gather(index), masks)).total.backward()
        torch.nn.utils.clip_grad_norm_([*matrices, *vectors], train.gradient_clip)
        optimizer.step()
        model.update_teacher(cosine_between(*config.momentum, step, train.steps))
    return model


def _largest_difference(one: JEPA, other: JEPA) -> float:
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return max(float((a.detach() - b.detach()).abs().max()) for a, b in pairs)


__all__ = ["main", "plain_loop"]

if __name__ == "__main__":
    main()
