"""All scorers at one resolution: series in, scores of their steps out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tjepa_estimators.data.windows import WindowSource
from tjepa_estimators.tasks.anomaly_scores import SCORERS, ScorerContext, TokenLayout
from tjepa_estimators.tasks.anomaly_steps import StepScorer
from tjepa_estimators.tasks.resolutions import at_resolution, at_steps

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from tjepa_estimators.jepa.model import JEPA
    from tjepa_estimators.tasks.anomaly import AnomalyConfig

__all__ = ["ViewScorer"]


class ViewScorer:
    """Scorers that look at series through averages of ``factor`` steps.

    Parameters
    ----------
    jepa
        The network, in double precision and evaluation mode.
    layout
        Which (averaged) steps the tokens of a window cover.
    stride
        Averaged steps between windows.
    factor
        Steps that are averaged; 1 takes the series as it is.
    config
        Which scorers there are, and their settings.
    """

    def __init__(self, jepa: JEPA, layout: TokenLayout, stride: int, factor: int, config: AnomalyConfig) -> None:
        context = ScorerContext(jepa, layout, config.neighbours, config.max_windows, config.seed)
        self._scorers = [StepScorer(SCORERS[name](context), layout, config.top_channels) for name in config.scores]
        self._window, self._stride, self._factor = layout.window, stride, factor

    def fit(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> list[list[Float[np.ndarray, "time"]]]:
        """Learn what is normal; for each scorer the scores of the training series."""
        source, lengths = self._view(values)
        return [self._steps(scorer.fit(source, lengths), values) for scorer in self._scorers]

    def __call__(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> list[list[Float[np.ndarray, "time"]]]:
        """For each scorer the scores of the series; NaN where there is no evidence."""
        source, lengths = self._view(values)
        return [self._steps(scorer(source, lengths), values) for scorer in self._scorers]

    def _view(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> tuple[WindowSource, list[int]]:
        """Windows that cover every step: the first one may be padded by less than a stride."""
        coarse = [at_resolution(one, self._factor) for one in values]
        least = max(1, self._window - self._stride + 1)
        source = WindowSource(coarse, self._window, stride=self._stride, min_observed=least, per_channel=False)
        return source, [len(one) for one in coarse]

    def _steps(
        self, blocks: Sequence[Float[np.ndarray, "blocks"]], values: Sequence[Float[np.ndarray, "time channels"]]
    ) -> list[Float[np.ndarray, "time"]]:
        return [at_steps(one, self._factor, len(series)) for one, series in zip(blocks, values, strict=True)]
