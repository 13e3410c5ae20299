"""Page views, web logs and shop transactions as data domains; this module describes them and imports no pandas."""

from __future__ import annotations

from tjepa_estimators.plugins import DomainSpec, hookimpl

__all__ = ["tjepa_domains"]


@hookimpl
def tjepa_domains() -> list[DomainSpec]:
    """Return the three domains; called without arguments they give their samples, and page views their articles."""
    return [
        DomainSpec(
            name="page_views",
            target="tjepa_webtraffic.wikimedia.domain:PageViews",
            summary="Views of Wikipedia articles per day or month, from the Wikimedia REST API",
        ),
        DomainSpec(
            name="web_logs",
            target="tjepa_webtraffic.logs.domain:WebLogs",
            summary="Sessions and page views per hour, from your server or analytics logs",
        ),
        DomainSpec(
            name="transactions",
            target="tjepa_webtraffic.shop.domain:Transactions",
            summary="Orders, revenue, units, customers and more per day, from your table of transactions",
        ),
    ]
