"""One encoder for a set, pretrained on the training parts of all its series; no label and no test part is seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from tjepa_estimators import JEPAConfig, pretrain
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution, choose_resolutions
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from tjepa_estimators import PretrainedEncoder

__all__ = ["DEFAULT", "JEPA", "STEPS", "Encoders", "default_resolutions"]

JEPA = JEPAConfig(context_length=24, future_length=8, patch_length=4)
"""What :class:`~tjepa_estimators.tasks.anomaly.AnomalyTask` takes by default."""
DEFAULT = "default"
STEPS = 800
_REPEATS = 4


def default_resolutions(lengths: Sequence[int]) -> tuple[int, ...]:
    """What our detector chooses for training parts of these lengths."""
    return choose_resolutions(lengths, JEPA.window_length, _REPEATS)


class Encoders:
    """Encoders by kind and seed, each made when it is first asked for.

    Parameters
    ----------
    parts
        Training part of each series of the set.
    steps
        Of pretraining.
    """

    def __init__(self, parts: Sequence[Float[np.ndarray, "time channels"]], steps: int = STEPS) -> None:
        self._steps = steps
        factors = default_resolutions([len(one) for one in parts])
        self._views = [at_resolution(one, factor) for factor in factors for one in parts]
        self.pretrained, self.untrained = cache(self._pretrain), cache(self._untrained)

    def _pretrain(self, seed: int, config: str = DEFAULT) -> PretrainedEncoder:
        return pretrain(
            self._views, config=self._config(config), train={"steps": self._steps, "seed": seed, "threads": 1}
        )

    def _untrained(self, seed: int, config: str = DEFAULT) -> PretrainedEncoder:
        """The weights that pretraining starts from."""
        return untrained(self._views, config=self._config(config), train={"seed": seed})

    @staticmethod
    def _config(name: str) -> str | JEPAConfig:
        return JEPA if name == DEFAULT else name
