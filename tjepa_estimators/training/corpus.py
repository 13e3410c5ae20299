"""What pretraining draws from, and the windows of each domain that it is measured on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tjepa_estimators.contracts import Samples
from tjepa_estimators.data.mixture import MixtureConfig, WindowMixture
from tjepa_estimators.data.windows import WindowSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.domains import DomainData

__all__ = ["Corpus", "Source", "build_corpus"]

Source = WindowSource | WindowMixture | Samples
"""What training draws from."""

_FEWEST = 4
"""A window of one of several domains must have a future and one of so many parts of a context."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What one pretraining reads."""

    source: Source
    digest: str = ""
    """A short identity of the data."""
    shares: dict[str, float] = field(default_factory=dict)
    """Share of each domain in the batches; empty for a single one."""
    held_out: dict[str, WindowSource] = field(default_factory=dict)
    """Windows of each domain that end in the part kept from training; where it is long enough, ``future_length`` steps
    or more after its beginning."""


def build_corpus(domains: Sequence[DomainData], jepa: JEPAConfig, mixture: MixtureConfig | None) -> Corpus:
    """Cut the domains into windows; a single one gives all of them to training."""
    mixture = mixture or MixtureConfig()
    if len(domains) == 1:
        values = [one.values for one in domains[0].series]
        # at the start of a series coarse windows are padded: else the fine ones would never see it
        return Corpus(WindowSource(values, jepa.reach, min_observed=jepa.window_length))
    sources, held_out = {}, {}
    for domain in domains:
        seen, kept = _cut([one.values for one in domain.series], mixture.validation, jepa)
        # domains differ in length: what is short for one window is all that another has
        observed = jepa.future_length + max(1, jepa.context_length // _FEWEST)
        sources[domain.name] = WindowSource(seen, jepa.reach, min_observed=observed)
        if kept:
            # whole windows only: one that ends earlier would ask for what training has seen
            held_out[domain.name] = WindowSource(kept, jepa.reach, min_observed=jepa.window_length)
    shares = mixture.shares({name: len(source) for name, source in sources.items()})
    return Corpus(WindowMixture(sources, shares), shares=shares, held_out=held_out)


def _cut(
    values: list[NDArray[np.floating[Any]]], validation: float, jepa: JEPAConfig
) -> tuple[list[NDArray[np.floating[Any]]], list[NDArray[np.floating[Any]]]]:
    """The older part of each series; and its latest part, with the window before it."""
    kept_steps = [min(round(len(one) * validation), len(one) - 1) for one in values]
    seen = [one[: len(one) - kept] for one, kept in zip(values, kept_steps, strict=True)]
    held = [one[-(kept + jepa.context_length) :] for one, kept in zip(values, kept_steps, strict=True) if kept]
    return seen, held
