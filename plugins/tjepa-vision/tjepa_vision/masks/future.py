"""Future frames: the end of a clip is hidden."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_vision.masks.blocks import check_grid

__all__ = ["FutureFramesMasker"]


@dataclass(frozen=True, slots=True)
class FutureFramesMasker:
    """Hide the last steps of a clip, a step being a tubelet; everything before is context.

    Parameters
    ----------
    predict_horizon
        Most steps to predict; of short clips all but one.
    shortest
        Fewest steps to predict; how many is drawn for each batch. None always predicts the most.

    Raises
    ------
    ConfigError
        A number is impossible.

    Examples
    --------
    >>> masker = FutureFramesMasker(predict_horizon=1).on((3, 1, 2))
    >>> masker(tokens=6, batch=1, generator=torch.Generator()).targets.tolist()
    [[[4, 5]]]
    """

    predict_horizon: float = 1
    shortest: float | None = None

    def __post_init__(self) -> None:
        least = self.predict_horizon if self.shortest is None else self.shortest
        if not 1 <= least <= self.predict_horizon or self.predict_horizon % 1 or least % 1:
            msg = (
                f"predict_horizon={self.predict_horizon} and shortest={self.shortest} must be whole numbers from 1, "
                "the shortest no larger than the other."
            )
            raise ConfigError(msg)

    def on(self, grid: tuple[int, ...]) -> _FutureSteps:
        """The masker of clips of ``grid`` steps, rows and columns of tokens."""
        check_grid(grid, 3, "future-frames")
        if grid[0] < 2:
            msg = f"A future needs clips of 2 steps or more, but the grid is {grid}; take more frames."
            raise ConfigError(msg)
        most = min(int(self.predict_horizon), grid[0] - 1)
        fewest = most if self.shortest is None else min(int(self.shortest), most)
        return _FutureSteps(fewest, most, grid[1] * grid[2], grid[0])


@dataclass(frozen=True, slots=True)
class _FutureSteps:
    fewest: int
    most: int
    plane: int
    steps: int

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        if tokens != self.plane * self.steps:
            raise ConfigError(f"{tokens} tokens do not lie in {self.steps} steps of {self.plane}.")
        device = generator.device
        hidden = int(torch.randint(self.fewest, self.most + 1, (), generator=generator, device=device))
        rows = torch.arange(tokens, device=device).repeat(batch, 1)
        cut = tokens - hidden * self.plane
        return Masks(context=rows[:, :cut], targets=rows[:, cut:].unsqueeze(1))
