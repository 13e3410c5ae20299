"""Ask Wikimedia's REST API for the views of one article in one span."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import quote

import pandas as pd

from tjepa_estimators import __version__
from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.errors import ConfigError, DownloadError
from tjepa_webtraffic.wikimedia.config import FIRST, PageViewsConfig

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.parts import Part
    from tjepa_estimators.data.remote.retry import Retry

__all__ = ["ADDRESS", "connect", "fetch_views"]

ADDRESS = "https://wikimedia.org/api/rest_v1/metrics/pageviews/per-article"

_CONTACT = "TJEPA_CONTACT"
_NOT_FOUND = 404


def connect(contact: str | None = None, address: str = ADDRESS, retry: Retry | None = None) -> HttpClient:
    """A client that says who asks, in the form that Wikimedia wants, and asks no faster than five times a second.

    Parameters
    ----------
    contact
        Email or web address; None takes the environment variable ``TJEPA_CONTACT``.
    address
        Of the API.
    retry
        How often and how patiently to try again.

    Raises
    ------
    ConfigError
        If there is no contact.
    """
    given = (contact or os.environ.get(_CONTACT, "")).strip()
    if not ("@" in given or given.startswith(("http://", "https://"))) or not (given.isascii() and given.isprintable()):
        raise ConfigError(
            f"Wikimedia asks every client for a contact, an email or web address, and blocks those without; got "
            f"{given!r}. Give yours: PageViews(contact='you@example.org'), or set the environment variable {_CONTACT}."
        )
    user_agent = f"tjepa-webtraffic/{__version__} ({given}) python-requests/{version('requests')}"
    return HttpClient(address, user_agent=user_agent, interval=0.2, retry=retry)


def fetch_views(client: HttpClient, config: PageViewsConfig, article: str, part: Part) -> pd.DataFrame:
    """The reported views of one article by day or month, in ascending order; none where Wikimedia has none.

    Raises
    ------
    DownloadError
        If the request fails for good, or the answer has another form.
    """
    # the last day is included; before the first one there is nothing to ask for
    days = [f"{day:%Y%m%d}00" for day in (max(part.start, FIRST), part.end - pd.Timedelta(days=1))]
    name = quote(article.strip().replace(" ", "_"), safe="")
    path = "/".join(["", config.project, config.access, config.agent, name, config.granularity, *days])
    try:
        answer = client.json(path)
    except DownloadError as error:
        if error.status != _NOT_FOUND:
            raise
        answer = {"items": []}  # how the API says that it knows of no view in this span
    try:
        views = {str(item["timestamp"])[:8]: float(item["views"]) for item in answer["items"]}
        index = pd.to_datetime(list(views), format="%Y%m%d")
    except (KeyError, TypeError, ValueError) as error:
        raise DownloadError(f"Wikimedia answered {path} in an unknown form: {str(answer)[:200]} ({error!r})") from error
    return pd.DataFrame({"views": list(views.values())}, index=pd.DatetimeIndex(index, name="time"), dtype=float)
