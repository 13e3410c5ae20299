"""What both domains are once their rows are fetched: series, a sample, reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tjepa_estimators.data.splits import check_split
from tjepa_weather.sample import bundled_sample
from tjepa_weather.variables import choose_variables

if TYPE_CHECKING:
    from tjepa_estimators.contracts import DomainInfo
    from tjepa_estimators.data.remote.frames import FrameDomain
    from tjepa_estimators.data.remote.quality import QualityReport
    from tjepa_estimators.data.series import Series

__all__ = ["FetchedWeather"]


class FetchedWeather(ABC):
    """A domain that fetches when its series are asked for, once."""

    info: DomainInfo
    frequency: str
    variables: Sequence[str] | None

    @abstractmethod
    def _fetch(self) -> tuple[FrameDomain, dict[str, QualityReport]]:
        """Fetch what the cache does not have, and tidy it."""

    @cached_property
    def _fetched(self) -> tuple[FrameDomain, dict[str, QualityReport]]:
        return self._fetch()

    def series(self, split: str = "all") -> list[Series]:
        """Return the series of one split, fetching what the cache does not have.

        Raises
        ------
        DataError
            If the split is unknown, or a station or place has no value at all.
        DownloadError
            If a part is not in the cache and cannot be fetched.
        """
        check_split(split, self.info.name)
        return self._fetched[0].series(split)

    def sample(self) -> list[Series]:
        """Return weather that the core bundles, offline: see :func:`~tjepa_weather.sample.bundled_sample`."""
        return bundled_sample(self.frequency, [*choose_variables(self.frequency, self.variables)])

    @property
    def reports(self) -> dict[str, QualityReport]:
        """What was wrong with each series, by name; fetches as :meth:`series` does."""
        return self._fetched[1]
