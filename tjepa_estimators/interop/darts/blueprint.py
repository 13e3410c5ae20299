"""All that is needed to build the network again, as plain data that a checkpoint can hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from tjepa_estimators.interop.darts.covariates import CovariateInputs
from tjepa_estimators.jepa.build import build_forecaster, build_jepa
from tjepa_estimators.jepa.config import JEPAConfig  # noqa: TC001 - cattrs reads the annotations
from tjepa_estimators.tasks.network import ForecastNetwork
from tjepa_estimators.tasks.quantiles import DecodedQuantiles

if TYPE_CHECKING:
    from tjepa_estimators.nn.backbone import Backbone
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
    """None: there is no encoder in the network, as nothing of it is read."""
    encoder_config: dict[str, Any] = field(default_factory=dict)
    jepa: JEPAConfig | None = None
    latents: bool = False
    """Whether the head reads latents."""
    decoded: int = 0
    """Steps that the encoder decodes, which the head corrects; 0 for none."""
    spread: float = 0.0
    """Factor of the decoded spread, with which forecasts begin; 0 where they begin with that of the residuals."""

    @classmethod
    def of(cls, task: ForecastTask, scale: CovariateScale) -> Blueprint:
        """The blueprint of a fitted task that reads the covariates of ``scale``."""
        columns = {
            kind: 0 if standard is None else len(standard.mean)
            for kind, standard in (("known", scale.known), ("past", scale.past), ("static", scale.static))
        }
        plan = cls(context_length=task.context_length_, covariate_lookback=scale.lookback, covariates=columns)
        reads_latents, decodes = "latents" in task.report_.strengths, task.report_.centre == "decoded"
        if task.pretrained_ is None or not (reads_latents or decodes):
            return plan
        info, quantiles = task.pretrained_.info, task.quantiles_
        return replace(
            plan,
            encoder=info.encoder,
            encoder_config=dict(info.encoder_config),
            jepa=info.jepa,
            latents=reads_latents,
            decoded=task.config.horizon if decodes else 0,
            spread=quantiles.factor if isinstance(quantiles, DecodedQuantiles) else 0.0,
        )

    def build_network(self, outputs: int, horizon: int) -> ForecastNetwork:
        """A network with untrained weights and ``outputs`` outputs for ``horizon`` steps."""
        backbone = decoder = None
        if self.encoder is not None and self.jepa is not None:
            made = build_jepa(self.jepa, self.encoder, self.encoder_config).at(1)
            backbone = cast("Backbone", made.teacher.module) if self.latents else None
            decoder = build_forecaster(made, self.jepa) if self.decoded else None
        features = self._num_features(horizon)
        return ForecastNetwork(backbone, self.context_length, self.decoded or horizon, features, decoder, outputs)

    def build_covariates(self) -> CovariateInputs:
        """What makes features of the covariates in a batch."""
        return CovariateInputs(self.covariate_lookback, self.covariates)

    def _num_features(self, horizon: int) -> int:
        spans = {"known": self.covariate_lookback + horizon, "past": self.covariate_lookback, "static": 1}
        return sum(span * self.covariates[kind] for kind, span in spans.items())
