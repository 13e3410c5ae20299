"""A local HTTP server that replays recorded answers and faults, for tests of domains that fetch their data."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self, TypeAlias
from urllib.parse import parse_qsl, urlsplit

__all__ = ["ReplayServer", "Reply", "Request", "Route"]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked: ``path`` without the query, ``query`` and ``headers`` as dicts."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, sound or faulty.

    Parameters
    ----------
    body
        Bytes and text are sent as they are, anything else as JSON.
    status
        HTTP status.
    headers
        Sent beside ``Content-Type`` and ``Content-Length``.
    cut
        Bytes of the body that are held back although they were announced.
    delay
        Seconds of silence before the answer; give the client a shorter timeout.
    """

    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    delay: float = 0.0

    @classmethod
    def too_many_requests(cls, seconds: float = 0) -> Self:
        """429, with the wait that is asked for."""
        return cls("Too Many Requests", 429, {"Retry-After": str(seconds)})

    @classmethod
    def server_error(cls, status: int = 500) -> Self:
        """500 or another fault of the server."""
        return cls("fault", status)

    def truncated(self, num_bytes: int = 1) -> Self:
        """The same answer without its last bytes."""
        return replace(self, cut=num_bytes)

    def late(self, seconds: float) -> Self:
        """The same answer after a silence."""
        return replace(self, delay=seconds)

    @property
    def packed(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Route: TypeAlias = Reply | Sequence[Reply] | Callable[[Request], Reply]
"""An answer; answers one after the other, of which the last is repeated; or a function of the request."""


class ReplayServer:
    """Answers on 127.0.0.1 while the ``with`` block lasts; no pytest, no network.

    Parameters
    ----------
    routes
        What is answered at which path; any other path gets a 404 that lists them.

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> with ReplayServer({"/x": Reply({"a": 1})}) as server, urlopen(server.address + "/x?y=2") as answer:
    ...     answer.read(), server.requests[0].query
    (b'{"a": 1}', {'y': '2'})
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.routes = dict(routes)
        self.requests: list[Request] = []
        """All that was asked, in order."""
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"replay": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens, such as ``http://127.0.0.1:40123``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: Request) -> Reply:
        """Note a request, and find the answer to it."""
        with self._lock:
            self.requests.append(request)
            count = self._counts.get(request.path, 0)
            self._counts[request.path] = count + 1
        route = self.routes.get(request.path)
        if route is None:
            return Reply(f"nothing at {request.path}; there is {sorted(self.routes)}", 404)
        if callable(route):
            return route(request)
        return route if isinstance(route, Reply) else route[min(count, len(route) - 1)]

    def pause(self, seconds: float) -> None:
        """Keep silent, but not beyond the end of the ``with`` block."""
        self._closing.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    replay: ClassVar[ReplayServer]
    timeout = 5  # a client that keeps its connection does not keep the thread

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        reply = self.replay.answer(Request(parts.path, dict(parse_qsl(parts.query)), dict(self.headers)))
        if reply.delay:
            self.replay.pause(reply.delay)
        try:
            self._send(reply)
        except ConnectionError:
            self.close_connection = True  # the client did not wait, which is what the test is about

    do_POST = do_GET  # noqa: N815 - the name in the base class

    def _send(self, reply: Reply) -> None:
        body = reply.packed
        kind = "text/plain" if isinstance(reply.body, str | bytes) else "application/json"
        self.send_response(reply.status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - reply.cut])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Say nothing; ``requests`` holds what was asked."""
