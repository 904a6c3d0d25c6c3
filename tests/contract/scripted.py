"""A real HTTP server that plays a script: for answers that no well-behaved simulator gives.

It keeps what it was asked, to the byte, and can break connections at chosen moments.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One answer. `fault`: "reset" (no answer), "truncate" (half of it), "hang" (none in time)."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    return Reply(
        status,
        json.dumps(value).encode(),
        {
            "Content-Type": "application/json",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        },
    )


def as_html(status: int, title: str, **headers: str) -> Reply:
    page = f"<html><head><title>{title}</title></head><body><h1>{status} {title}</h1></body></html>"
    more = {k.replace("_", "-"): v for k, v in headers.items()}
    told = {"Content-Type": "text/html", "X-Plex-Protocol": "1.0", **more}
    return Reply(status, page.encode(), told)


@dataclass(frozen=True)
class Asked:
    """One request as it came in; `path` is raw, `peer` tells connections apart."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: int


class Scripted:
    """The script and the record of one server. The last reply is repeated for ever."""

    def __init__(
        self, url: str, replies: Sequence[Reply], by: Callable[[Asked], Reply] | None = None
    ) -> None:
        self.url = url
        self.replies = list(replies)
        self.by = by
        self.asked: list[Asked] = []
        self.closing = threading.Event()

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.by is not None:
            return self.by(asked)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Scripted

    def _play(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body, self.client_address[1])
        self._give(self.script.reply_to(asked))

    def _give(self, reply: Reply) -> None:
        if reply.fault == "hang":
            self.script.closing.wait(20)
        if reply.fault in ("hang", "reset"):
            # A zero linger makes the close a reset instead of a polite end.
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.fault == "truncate":
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
            return
        self.wfile.write(reply.body)

    do_GET = do_PUT = do_POST = do_DELETE = _play  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Says nothing: pytest shows what matters."""


@contextlib.contextmanager
def scripted(
    *replies: Reply,
    by: Callable[[Asked], Reply] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Scripted]:
    """A server on loopback that gives these replies in turn, or to each request what `by` says."""

    class Handler(_Handler):
        """Bound to this script."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    script = Scripted(f"{scheme}://127.0.0.1:{server.server_address[1]}", replies, by)
    Handler.script = script
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        script.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def patience(replies: Sequence[Reply], short: float) -> float:
    """How long to wait for these, in seconds: `short` where one never comes, else so long that no
    other process keeps an answer back for as long."""
    return short if any(each.fault == "hang" for each in replies) else 20


def refused_url() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
