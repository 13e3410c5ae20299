"""JEPAs of several resolutions side by side, on one encoder or on one for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import nn

from tjepa_estimators.jepa.model import JEPA

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MultiResolutionJEPA"]


class MultiResolutionJEPA(JEPA):
    """A JEPA for each resolution; by itself it is that of the finest one.

    So whoever knows of one resolution only uses a multi-resolution JEPA as any other. A resolution sees windows of
    averages of ``factor`` steps, which the caller makes (:func:`~tjepa_estimators.data.blocks.last_blocks`). Parts
    that resolutions share stand once in the state dict, under the names that a JEPA of one resolution has; what a
    coarser one has of its own stands under ``coarser.<factor>``.

    Parameters
    ----------
    resolutions
        The JEPA of each factor, the finest first. Those that share its student must share its teacher.

    Notes
    -----
    Source: the objective is a sum over resolutions, each with a predictor of its own, as MTS-JEPA's pages describe it
    (arXiv 2602.04643 has two views, of which the second is one token: see :class:`~tjepa_estimators.JEPAConfig`).
    """

    coarser: nn.ModuleDict

    def __init__(self, resolutions: Mapping[int, JEPA]) -> None:
        finest = next(iter(resolutions.values()))
        super().__init__(
            finest.student,
            finest.predictor,
            normalize_targets=finest.normalize_targets,
            coarse=finest.coarse_predictor,
            decoder=finest.decoder,
            quantiles=finest.quantiles,
            expander=finest.expander,
            residual=finest.residual,
            beside=finest,
        )
        self._views = dict(resolutions)  # not registered as they are: what they share would be saved again
        shared = set(self.modules())
        self.coarser = nn.ModuleDict(
            {
                str(factor): nn.ModuleDict({name: part for name, part in jepa.named_children() if part not in shared})
                for factor, jepa in list(resolutions.items())[1:]
            }
        )

    def at(self, factor: int) -> JEPA:
        """The JEPA for windows of averages of ``factor`` steps: that of the nearest factor, by their ratio."""
        return self._views[min(self._views, key=lambda known: abs(math.log(known / factor)))]

    def update_teacher(self, momentum: float) -> None:
        """Move the teacher of each encoder, once."""
        super().update_teacher(momentum)
        for jepa in self._views.values():
            if jepa.teacher is not self.teacher:
                jepa.update_teacher(momentum)

    def train(self, mode: bool = True) -> MultiResolutionJEPA:
        """Set the training mode; no teacher ever drops anything out."""
        super().train(mode)
        for jepa in self._views.values():
            jepa.train(mode)
        return self
