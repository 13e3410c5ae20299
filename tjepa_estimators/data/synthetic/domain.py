"""The data domain of synthetic series: unlimited, computed, free of any licence."""

from __future__ import annotations

from dataclasses import dataclass, field

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.series import Series
from tjepa_estimators.data.synthetic.config import SyntheticConfig
from tjepa_estimators.data.synthetic.generate import synthetic_series
from tjepa_estimators.errors import DataError

__all__ = ["SyntheticDomain", "synthetic"]

_INFO = DomainInfo(
    name="synthetic",
    title="Synthetic series: seasons, Gaussian processes, stochastic processes, counts, dynamical systems",
    licence="CC0 1.0",
    source="computed by tjepa_estimators",
    frequency="",
    season=1,
    sha256="",
)
_TRAIN_FRACTION = 0.8
_SAMPLE = SyntheticConfig(count=16, length=512)


@dataclass(frozen=True, slots=True)
class SyntheticDomain:
    """Series that are computed when asked for, the same each time.

    Parameters
    ----------
    config
        How many, how long, of which kinds; :func:`write_synthetic` is for more than memory holds.

    Examples
    --------
    >>> domain = SyntheticDomain(SyntheticConfig(count=4, length=100))
    >>> [len(series) for series in domain.series("train")]
    [80, 80, 80, 80]
    """

    config: SyntheticConfig = field(default_factory=SyntheticConfig)
    info: DomainInfo = field(default=_INFO, init=False)

    def series(self, split: str = "all") -> list[Series]:
        """Compute the series of one split: ``"train"`` is the first 80 % of the steps of each, ``"test"`` the rest.

        Raises
        ------
        DataError
            If the split is unknown.
        """
        cut = round(self.config.length * _TRAIN_FRACTION)
        splits = {"all": slice(None), "train": slice(cut), "test": slice(cut, None)}
        if split not in splits:
            raise DataError(f"Unknown split {split!r} of the domain 'synthetic'; choose one of {tuple(splits)}")
        return _named(self.config, splits[split])

    def sample(self) -> list[Series]:
        """Compute 16 series of 512 steps, of the default kinds."""
        return _named(_SAMPLE, slice(None))


def synthetic() -> SyntheticDomain:
    """1,000 series of 1,024 steps of the default kinds."""
    return SyntheticDomain()


def _named(config: SyntheticConfig, steps: slice) -> list[Series]:
    return [Series(row[steps], name=f"synthetic_{number}") for number, row in enumerate(synthetic_series(config))]
