"""One request of a log, and the two questions that decide what it counts for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["ASSETS", "BOTS", "Request", "is_bot", "is_page_view"]

BOTS = re.compile(
    r"(?<!cu)bot|crawl|spider|slurp|scrap|fetch|monitor|uptime|pingdom|scan|headless|phantom|preview|facebookexternalhit|"
    r"curl|wget|libwww|python|java/|okhttp|httpclient|go-http|node-fetch|axios|perl|ruby|feed",
    re.IGNORECASE,
)
"""Words that robots and programs write into their user agent; Cubot makes telephones."""

ASSETS = frozenset({
    "avif", "bmp", "css", "eot", "gif", "gz", "ico", "jpeg", "jpg", "js", "json", "map", "mjs", "mp3", "mp4", "otf",
    "pdf", "png", "rss", "svg", "tar", "ttf", "txt", "wasm", "webm", "webp", "woff", "woff2", "xml", "zip",
})  # fmt: skip
"""Endings of paths that are parts of a page, not pages."""


class Request(NamedTuple):
    """What a line of a log says; empty or 0 where the log does not say it."""

    time: float
    """Seconds since 1970, UTC."""
    visitor: str
    """Whatever tells visitors apart: address and user agent, or an id."""
    path: str = ""
    method: str = "GET"
    status: int = 200
    agent: str | None = None
    """The user agent; None where the log has no such field."""


def is_bot(request: Request) -> bool:
    """Whether a program made the request.

    It did if its user agent holds one of the words of :data:`BOTS`, if the log has a field for the user agent and it
    is empty, or if it asked for ``/robots.txt``. Robots that pretend to be a browser are not seen.

    Examples
    --------
    >>> is_bot(Request(0, "a", agent="Mozilla/5.0 (compatible; Googlebot/2.1)")), is_bot(Request(0, "a", "/shop"))
    (True, False)
    """
    if request.path.startswith("/robots.txt"):
        return True
    return request.agent is not None and _is_program(request.agent)


@lru_cache(maxsize=4096)  # the search takes longer than all else, and visitors share few user agents
def _is_program(agent: str) -> bool:
    return agent in {"", "-"} or BOTS.search(agent) is not None


def is_page_view(request: Request) -> bool:
    """Whether a page was shown: a GET that was answered (2xx, or 304) and is not for one of the :data:`ASSETS`.

    Examples
    --------
    >>> is_page_view(Request(0, "a", "/shop?id=3")), is_page_view(Request(0, "a", "/logo.png?v=2"))
    (True, False)
    """
    if request.method != "GET" or not (200 <= request.status < 300 or request.status == 304):
        return False
    name = re.split(r"[?#]", request.path, maxsplit=1)[0].rpartition("/")[2]
    return name.rpartition(".")[2].lower() not in ASSETS if "." in name else True
