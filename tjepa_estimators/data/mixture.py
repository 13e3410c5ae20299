"""Windows of several domains, so many from each in every batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.data.windows import WindowSource

__all__ = ["MixtureConfig", "WindowMixture"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureConfig:
    """How several domains share the batches of one pretraining."""

    temperature: float = 2.0
    """A domain's share is proportional to its windows to the power of 1 / temperature: 1 takes all windows alike, 2 the
    square root, infinity gives every domain the same."""
    weights: dict[str, float] | None = None
    """Shares by name instead, relative to each other; 0 leaves a domain out of training and only watches it."""
    validation: float = 0.1
    """Latest share of each series that is kept from training, to measure every domain on; 0 keeps nothing."""

    def __post_init__(self) -> None:
        if not self.temperature >= 1.0:
            msg = f"temperature={self.temperature} must be at least 1."
            raise ConfigError(msg)
        if not 0.0 <= self.validation < 1.0:
            msg = f"validation={self.validation} must lie in [0, 1)."
            raise ConfigError(msg)
        given = list((self.weights or {"": 1.0}).values())
        if not (min(given, default=0.0) >= 0.0 and 0.0 < sum(given) < float("inf")):
            msg = f"weights={self.weights} must be finite, not negative, and not all zero."
            raise ConfigError(msg)

    def shares(self, windows: Mapping[str, int]) -> dict[str, float]:
        """The share of each domain, from its number of windows.

        Raises
        ------
        ConfigError
            ``weights`` names other domains than there are.

        Examples
        --------
        >>> MixtureConfig(temperature=2.0).shares({"stocks": 100, "weather": 900})
        {'stocks': 0.25, 'weather': 0.75}
        """
        if self.weights is not None and self.weights.keys() != windows.keys():
            msg = f"weights are given for {sorted(self.weights)}, but the domains are {sorted(windows)}; name these."
            raise ConfigError(msg)
        raw = self.weights or {name: count ** (1.0 / self.temperature) for name, count in windows.items()}
        total = sum(raw.values())
        return {name: raw[name] / total for name in windows}


class WindowMixture:
    """The windows of several sources under one numbering, drawn by given shares.

    Every batch holds each source's share to within one window; which windows of it is drawn with replacement. Both
    follow from the seed and the step alone, so that a stopped training goes on as it would have.

    Parameters
    ----------
    sources
        Windows of each domain, all of one length.
    shares
        Share of each, adding up to 1.

    Examples
    --------
    >>> from tjepa_estimators.data.windows import WindowSource
    >>> sources = {name: WindowSource([np.zeros((50, 1))], 10) for name in ("stocks", "weather")}
    >>> mixture = WindowMixture(sources, {"stocks": 0.25, "weather": 0.75})
    >>> int((mixture.draw(step=0, batch_size=8, seed=0) < len(sources["stocks"])).sum())
    2
    """

    def __init__(self, sources: Mapping[str, WindowSource], shares: Mapping[str, float]) -> None:
        self._sources = list(sources.values())
        edges = np.cumsum([0.0, *(shares[name] for name in sources)])
        self._edges = edges / edges[-1]  # rounding must not add a window to a batch or take one off
        self._starts = np.concatenate([[0], np.cumsum([len(source) for source in self._sources])])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, " batch"]:
        """Numbers of the windows of training step ``step``."""
        random = np.random.default_rng([seed % 2**64, step])
        # one random offset for all edges: each count is its share rounded up or down, right on average
        counts = np.diff(np.floor(self._edges * batch_size + random.random()).astype(np.int64))
        numbers = [
            start + random.integers(0, len(source), count)
            for start, source, count in zip(self._starts[:-1], self._sources, counts, strict=True)
        ]
        return torch.from_numpy(random.permutation(np.concatenate(numbers)))

    def gather(self, index: Int[Tensor, " batch"]) -> Float[Tensor, "batch time"]:
        """Read the windows numbered ``index``, as :meth:`WindowSource.gather` does; single precision."""
        owner = torch.from_numpy(np.searchsorted(self._starts, index.numpy(), side="right") - 1)
        windows = torch.empty(len(index), self._sources[0].length)
        for number in owner.unique().tolist():
            rows = owner == number
            windows[rows] = self._sources[number].gather(index[rows] - int(self._starts[number])).float()
        return windows
