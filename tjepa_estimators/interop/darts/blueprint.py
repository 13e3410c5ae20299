"""All that is needed to build the network again, as plain data that a checkpoint can hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tjepa_estimators.interop.darts.covariates import CovariateInputs
from tjepa_estimators.jepa.build import build_backbone
from tjepa_estimators.jepa.config import JEPAConfig  # noqa: TC001 - cattrs reads the annotations
from tjepa_estimators.tasks.network import ForecastNetwork

if TYPE_CHECKING:
    from tjepa_estimators.tasks.covariates import CovariateScale
    from tjepa_estimators.tasks.forecast import ForecastTask

__all__ = ["Blueprint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """Shapes of a network and the encoder in it."""

    context_length: int
    covariate_lookback: int
    covariates: dict[str, int]
    """Columns of each kind of covariate."""
    encoder: str | None = None
    """None: the head does not read latents, so there is no encoder in the network."""
    encoder_config: dict[str, Any] = field(default_factory=dict)
    jepa: JEPAConfig | None = None

    @classmethod
    def of(cls, task: ForecastTask, scale: CovariateScale) -> Blueprint:
        """The blueprint of a fitted task that reads the covariates of ``scale``."""
        columns = {
            kind: 0 if standard is None else len(standard.mean)
            for kind, standard in (("known", scale.known), ("past", scale.past), ("static", scale.static))
        }
        plan = cls(context_length=task.context_length_, covariate_lookback=scale.lookback, covariates=columns)
        if task.pretrained_ is None or "latents" not in task.report_.strengths:
            return plan
        info = task.pretrained_.info
        return replace(plan, encoder=info.encoder, encoder_config=dict(info.encoder_config), jepa=info.jepa)

    def build_network(self, outputs: int, horizon: int) -> ForecastNetwork:
        """A network with untrained weights and ``outputs`` outputs for ``horizon`` steps."""
        backbone = None
        if self.encoder is not None and self.jepa is not None:
            backbone = build_backbone(self.jepa, self.encoder, self.encoder_config)
        return ForecastNetwork(backbone, self.context_length, outputs, self._num_features(horizon))

    def build_covariates(self) -> CovariateInputs:
        """What makes features of the covariates in a batch."""
        return CovariateInputs(self.covariate_lookback, self.covariates)

    def _num_features(self, horizon: int) -> int:
        spans = {"known": self.covariate_lookback + horizon, "past": self.covariate_lookback, "static": 1}
        return sum(span * self.covariates[kind] for kind, span in spans.items())
