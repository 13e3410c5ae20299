"""The data domain ``page_views``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tjepa_estimators import Series, load_domain
from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.cache import FrameCache, cache_folder
from tjepa_estimators.data.remote.frames import FrameDomain
from tjepa_estimators.data.remote.parts import PartStore, parts_of
from tjepa_estimators.data.remote.quality import QualityReport, tidy, warn_of
from tjepa_estimators.data.remote.rules import at_least
from tjepa_estimators.data.splits import check_split
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_webtraffic.wikimedia.client import connect, fetch_views
from tjepa_webtraffic.wikimedia.config import ARTICLES, PageViewsConfig

if TYPE_CHECKING:
    import pandas as pd

    from tjepa_estimators.data.remote.http import HttpClient

__all__ = ["PageViews"]


class PageViews:
    """Views of articles of a wiki per day or month, one series for each article.

    They are fetched from Wikimedia's REST API in yearly parts when :meth:`series` is called first, and kept on this
    machine: what has arrived is not asked for again. A day that the API does not report is NaN, not zero, because it
    leaves out days without views and days that it has not counted alike.

    Parameters
    ----------
    articles
        Titles as the wiki writes them, capitals included; redirects are counted apart.
    config
        Which wiki, which views, which span.
    contact
        Email or web address for the User-Agent, which Wikimedia requires; None takes the environment variable
        ``TJEPA_CONTACT``. Not needed for what has been fetched before.
    cache
        Folder for what was fetched; None takes that of :func:`~tjepa_estimators.data.remote.cache.cache_folder`.
    client
        Asks the API in place of the usual one, and brings its own User-Agent; see
        :func:`tjepa_webtraffic.wikimedia.client.connect`.

    Examples
    --------
    >>> PageViews(["Statistics"]).sample()[0].channels
    ('views',)
    """

    def __init__(
        self,
        articles: Sequence[str] = ARTICLES,
        config: PageViewsConfig | None = None,
        *,
        contact: str | None = None,
        cache: str | Path | None = None,
        client: HttpClient | None = None,
    ) -> None:
        if isinstance(articles, str) or not articles or len(set(articles)) < len(articles):
            raise ConfigError(f"articles must be a list of different titles; got {articles!r}.")
        self.articles = tuple(articles)
        self.config = config or PageViewsConfig()
        self.contact = contact
        self.cache = cache
        self.client = client
        self.info = DomainInfo(
            name="page_views",
            title=f"Page views of {len(self.articles)} articles of {self.config.project}",
            licence="CC0 1.0",
            source="Wikimedia Analytics API, wikimedia.org/api/rest_v1",
            frequency=self.config.frequency,
            season=self.config.season,
            sha256="",
        )
        self._fetched: FrameDomain | None = None

    def series(self, split: str = "all") -> list[Series]:
        """Return the series of one split: ``"train"``, ``"test"`` (the last fifth of the time) or ``"all"``.

        Raises
        ------
        ConfigError
            If something must be fetched and there is no contact.
        DownloadError
            If it cannot be fetched.
        DataError
            If an article has no view in the whole span, or the split is unknown.
        """
        check_split(split, self.info.name)
        if self._fetched is None:
            found = {article: self._views(article) for article in self.articles}
            warn_of((report for _, report in found.values()), self.info.name)
            self._fetched = FrameDomain(
                info=self.info, frames={article: frame for article, (frame, _) in found.items()}
            )
        return self._fetched.series(split)

    def sample(self) -> list[Series]:
        """Return views per day of one article, bundled with the core as ``webtraffic``: small, needs no network."""
        return [replace(one, name="Peyton Manning") for one in load_domain("webtraffic").sample()]

    def _views(self, article: str) -> tuple[pd.DataFrame, QualityReport]:
        start, end = self.config.span
        key = {
            "provider": "wikimedia",
            "article": article,
            "project": self.config.project,
            "access": self.config.access,
            "agent": self.config.agent,
            "granularity": self.config.granularity,
        }
        store = PartStore(cache=FrameCache(cache_folder(self.cache) / "page_views"), licence=self.info.licence)
        whole = store.collect(
            key, parts_of(start, end), lambda part: fetch_views(self._connection(), self.config, article, part)
        )
        frame = whole[(whole.index >= start) & (whole.index < end)]
        if not len(frame):
            raise DataError(
                f"Wikimedia knows of no view of {article!r} in {self.config.project} from {start:%Y-%m-%d} to "
                f"{end:%Y-%m-%d}: the article never existed then, or its title is written otherwise (capitals count), "
                "or the wiki is. Take the title from the address of the article."
            )
        return tidy(frame, name=article, frequency=self.config.frequency, rules=[at_least(["views"])])

    def _connection(self) -> HttpClient:
        if self.client is None:
            self.client = connect(self.contact)
        return self.client
