"""Settings of anomaly detection."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.anomaly.fusion import FUSIONS
from tjepa_estimators.tasks.anomaly.scorers import SCORERS, ScorerSettings
from tjepa_estimators.tasks.thresholds import Contamination, as_threshold

if TYPE_CHECKING:
    from tjepa_estimators.tasks.thresholds import ThresholdRule

__all__ = ["AnomalyConfig", "settings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyConfig:
    """What an anomaly detector looks at and how it weighs it."""

    window: int | None = None
    """Steps looked at together, at the finest resolution; None takes the window that the encoder was pretrained on,
    but at most a quarter of all training steps. Rounded up to whole patches, and at least four of them."""
    stride: int | None = None
    """Steps between windows; a quarter of the window if None."""
    resolutions: tuple[int, ...] | None = None
    """Numbers of steps that are averaged before the series is looked at; each gives a view with windows of its own,
    so that ``(1, 4, 16)`` also sees what takes sixteen windows. None takes these three as far as the training data hold
    four of their windows."""
    scores: tuple[str, ...] = ("prediction", "subspace", "level")
    """Names of the scorers: ``"prediction"``, ``"subspace"``, ``"neighbours"`` and ``"mahalanobis"`` judge latents,
    ``"level"`` what the encoder does not see. Leave it out where a new level is nothing abnormal."""
    fusion: str = "mean"
    """How the standardised scores of all resolutions and scorers become one: ``"mean"`` (of votes between 0 and 1),
    ``"max"`` (the highest), ``"rank"`` (mean rank), or ``"agreement"``, votes weighted by agreement in training."""
    lookahead: bool = True
    """Whether the score of a step is the mean over all windows that hold it, or that of the first window only, which
    ends less than a stride later."""
    neighbours: int = 5
    """Nearest training windows whose distances are averaged."""
    top_channels: int | None = None
    """Channels with the highest prediction error that count; the square root of their number if None."""
    contamination: float = 0.05
    """Share of the training steps that lies above the threshold, where ``threshold`` is None."""
    threshold: Any = None
    """What :func:`~tjepa_estimators.tasks.thresholds.as_threshold` takes, such as ``{"alarms": 1, "steps": 1440}``."""
    max_windows: int = 4000
    """Training windows to learn from; a random part where there are more."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("window", "stride", "neighbours", "top_channels", "max_windows"):
            given = getattr(self, name)
            _require(given is None or given >= 1, f"{name} must be at least 1", given)
        _require(0.0 < self.contamination <= 0.5, "contamination must lie in (0, 0.5]", self.contamination)
        _require(
            bool(self.scores) and set(self.scores) <= SCORERS.keys(),
            f"scores must be some of {sorted(SCORERS)}",
            self.scores,
        )
        factors = (1,) if self.resolutions is None else self.resolutions
        _require(
            bool(factors) and min(factors) >= 1 and len(set(factors)) == len(factors),
            "resolutions must be different numbers of steps, at least 1",
            self.resolutions,
        )
        _require(self.fusion in FUSIONS, f"fusion must be one of {sorted(FUSIONS)}", self.fusion)
        self.threshold_rule()

    def threshold_rule(self) -> ThresholdRule:
        """The rule that ``threshold`` or ``contamination`` stands for."""
        return Contamination(self.contamination) if self.threshold is None else as_threshold(self.threshold)

    def scorer_settings(self) -> ScorerSettings:
        """What concerns the scorers."""
        return ScorerSettings(self.neighbours, self.top_channels, "level" in self.scores, self.seed)


def settings_of(estimator: object, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a field
    """The fields that an estimator has as parameters of the same names; None, and what it lacks, keep the default.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> settings_of(SimpleNamespace(window=8, scores=None, verbose=True), seed=1)
    {'window': 8, 'seed': 1}
    """
    given = {field.name: getattr(estimator, field.name, None) for field in fields(AnomalyConfig)} | more
    return {name: value for name, value in given.items() if value is not None}


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"AnomalyConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
