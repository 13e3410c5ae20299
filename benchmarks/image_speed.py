"""Training steps of image JEPAs that drop three quarters of the patches before the encoder, over those that drop none.

Both predict the same latents of the same hidden patches; the one that drops none lets its student read all of them. The
teacher reads all patches in both. The aim is a ratio of 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from benchmarks.report import Report, Table, arguments, publish
from benchmarks.timing import take_turns
from tjepa_estimators.contracts import Masks
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig, TokenizerConfig
from tjepa_estimators.jepa.invariance import InvarianceConfig
from tjepa_estimators.jepa.objective import build_objective

_BATCH, _ROUNDS = 32, 9
_NETWORKS = {
    "28 x 28, patch 4, 3 layers of 64": (28, 4, 64, 32, 4, {"depth": 3, "heads": 4}),
    "96 x 96, patch 8, 6 layers of 192": (96, 8, 192, 96, 6, {"depth": 6, "heads": 6, "expansion": 4}),
}
"""Size, patch, width, width of the predictor, its heads, and the encoder's settings."""


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments("image_speed", __doc__).parse_args(argv)
    torch.set_num_threads(1)
    rows = []
    for name, (size, patch, dim, width, heads, encoder) in _NETWORKS.items():
        base = JEPAConfig(
            tokenizer=TokenizerConfig(
                kind="image-patches",
                options={"patch": patch, "size": (size, size), "channels": 1, "mean": (0.5,), "std": (0.3,)},
            ),
            masking=(MaskConfig(kind="random", options={"ratio": 0.75}),),
            dim=dim, predictor_dim=width, predictor_heads=heads,
        )  # fmt: skip
        for kind, config in (("", base), (", invariance", replace(base, invariance=InvarianceConfig()))):
            steps = {which: _step(config, encoder, size, patch, which == "all") for which in ("all", "a quarter")}
            taken = {which: timing.cpu for which, timing in take_turns(steps, _ROUNDS).items()}
            rows.append(
                [
                    f"{name}{kind}",
                    *(f"{1 / one:.2f}" for one in taken.values()),
                    f"{taken['all'] / taken['a quarter']:.2f}",
                ]
            )
            print(*rows[-1], flush=True)
    table = Table(
        ["images and network", "steps/s, student reads all", "a quarter", "ratio"],
        rows,
        f"Batches of {_BATCH}, CPU seconds, medians",
    )
    report = Report("Speed of masked images", (__doc__ or "").strip(), [table], packages=("torch",))
    publish(report, options, "python -m benchmarks.image_speed")


def _step(config: JEPAConfig, encoder: dict[str, int], size: int, patch: int, sees_all: bool) -> Callable[[], None]:
    model = build_jepa(config, "transformer", encoder)
    objective, tokens = build_objective(config), (size // patch) ** 2
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=1e-4)
    raw, generator = torch.rand(_BATCH, size, size, 1), torch.Generator().manual_seed(0)
    every = torch.arange(tokens).expand(_BATCH, -1)

    def step() -> None:
        masks = config.masker((size // patch, size // patch))(tokens, _BATCH, generator)
        loss = objective(model(raw, Masks(every, masks.targets) if sees_all else masks)).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_teacher(0.99)

    return step


if __name__ == "__main__":
    main()
