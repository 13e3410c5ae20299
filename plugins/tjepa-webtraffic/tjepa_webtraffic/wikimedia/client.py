"""Ask Wikimedia's REST API for the views of one article in one span."""

from __future__ import annotations

import os
from urllib.parse import quote

import pandas as pd
import requests

from tjepa_estimators import __version__
from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.data.remote.parts import Part
from tjepa_estimators.errors import ConfigError, DownloadError
from tjepa_webtraffic.wikimedia.config import FIRST, PageViewsConfig

__all__ = ["ADDRESS", "fetch_views", "user_agent"]

ADDRESS = "https://wikimedia.org/api/rest_v1/metrics/pageviews/per-article"

_CONTACT = "TJEPA_CONTACT"
_NOT_FOUND = 404


def user_agent(contact: str | None) -> str:
    """Who asks, in the form that Wikimedia wants: client, contact, library.

    Parameters
    ----------
    contact
        Email or web address; None takes the environment variable ``TJEPA_CONTACT``.

    Raises
    ------
    ConfigError
        If there is no contact.

    Examples
    --------
    >>> user_agent("ann@example.org").split()[1]
    '(ann@example.org)'
    """
    given = contact or os.environ.get(_CONTACT, "")
    if not ("@" in given or given.startswith(("http://", "https://"))) or not given.isprintable():
        raise ConfigError(
            f"Wikimedia asks every client for a contact, an email or web address, and blocks those without; got "
            f"{given!r}. Give yours: PageViews(contact='you@example.org'), or set the environment variable {_CONTACT}."
        )
    return f"tjepa-webtraffic/{__version__} ({given}) python-requests/{requests.__version__}"


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
