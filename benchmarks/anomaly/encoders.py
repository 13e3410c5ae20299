"""One encoder for a set, pretrained on the training parts of all its series; no label and no test part is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tjepa_estimators import JEPAConfig, pretrain
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution, choose_resolutions
from tjepa_estimators.tasks.anomaly.task import SHORT_WINDOWS
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from tjepa_estimators import PretrainedEncoder

__all__ = ["DEFAULT", "KINDS", "STEPS", "Encoders", "default_resolutions"]

DEFAULT = "default"
_CODES = CodebookConfig(codes=32, batch_entropy=1.0)
"""As many as a latent has numbers; with the paper's weight of .01 they collapse to a few."""
KINDS: Mapping[str, str | JEPAConfig] = {
    DEFAULT: SHORT_WINDOWS,
    "with reconstruction": replace(SHORT_WINDOWS, reconstruction=(0.5, 0.1)),
    "with codebook": replace(SHORT_WINDOWS, codebook=_CODES, normalize_targets=False),
    "with codebook and reconstruction": replace(
        SHORT_WINDOWS, codebook=_CODES, normalize_targets=False, reconstruction=(0.5, 0.1)
    ),
    "mts-jepa-latent": "mts-jepa-latent",
}
"""What can be pretrained: the default, the default with parts of MTS-JEPA, and its preset without them."""
STEPS = 800
_REPEATS = 4


def default_resolutions(lengths: Sequence[int]) -> tuple[int, ...]:
    """What our detector chooses for training parts of these lengths."""
    return choose_resolutions(lengths, SHORT_WINDOWS.window_length, _REPEATS)


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

    def _pretrain(self, seed: int, kind: str = DEFAULT) -> PretrainedEncoder:
        return pretrain(self._views, config=KINDS[kind], train={"steps": self._steps, "seed": seed, "threads": 1})

    def _untrained(self, seed: int, kind: str = DEFAULT) -> PretrainedEncoder:
        """The weights that pretraining starts from."""
        return untrained(self._views, config=KINDS[kind], train={"seed": seed})
