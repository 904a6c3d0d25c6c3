"""A plex.tv that knows one account: codes to sign in with, the account, its servers.

The answers have the elements and attributes that python-plexapi reads of plex.tv's; nothing else
of it is public.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import quoteattr


@dataclass
class PlexTv:
    """What plex.tv knows, and what it was asked.

    Attributes:
        token: what an entered code gives.
        servers: name, addresses and whether the account owns it.
        entered: codes that the user has entered.
        fails: the status of every answer; 0: none fails.
    """

    token: str
    servers: Sequence[tuple[str, Sequence[str], bool]] = ()
    account: str = "somebody"
    entered: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    clients: set[str] = field(default_factory=set)
    fails: int = 0
    url: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def enter(self, code: str) -> None:
        """The user enters a code at plex.tv/link."""
        self.entered.add(code)

    def new_pin(self) -> str:
        number = str(next(self.numbers))
        self.codes[number] = f"AB{number:0>2}"
        return self.pin(number)

    def pin(self, number: str) -> str:
        code = self.codes.get(number)
        if code is None or code in self.gone:
            return ""
        token = self.token if code in self.entered else ""
        return f"<pin id='{number}' code='{code}' expiresIn='900' authToken='{token}'/>"

    def user(self) -> str:
        return (
            f"<user title={quoteattr(self.account)} username='x' authToken='{self.token}'"
            " scrobbleTypes=''><subscription active='0' status='Inactive'/><profile/>"
            "<entitlements/><roles/><services/></user>"
        )

    def resources(self) -> str:
        return f"<resources>{''.join(map(self._resource, self.servers))}</resources>"

    def _resource(self, server: tuple[str, Sequence[str], bool]) -> str:
        name, addresses, is_owned = server
        return (
            f"<resource name={quoteattr(name)} provides='server' owned='{int(is_owned)}'"
            f" clientIdentifier={quoteattr(name)} accessToken='x'>"
            f"<connections>{''.join(map(_connection, addresses))}</connections></resource>"
        )


def _connection(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition(":")
    return (
        f"<connection protocol='{scheme}' address='{host}' port='{port}' uri='{url}'"
        " local='1' relay='0' IPv6='0'/>"
    )


@contextmanager
def running(plex_tv: PlexTv) -> Iterator[PlexTv]:
    """Serve it on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Make a code."""
            self._answer(plex_tv.new_pin())

        def do_GET(self) -> None:
            """Tell of a code, the account or its servers."""
            path = self.path.partition("?")[0]
            if path.startswith("/api/v2/pins/"):
                self._answer(plex_tv.pin(path.rpartition("/")[2]))
            elif self.headers.get("X-Plex-Token") != plex_tv.token:
                self._answer("", 401)
            else:
                self._answer(plex_tv.user() if path == "/api/v2/user" else plex_tv.resources())

        def _answer(self, body: str, status: int = 200) -> None:
            plex_tv.clients.add(self.headers.get("X-Plex-Client-Identifier", ""))
            if plex_tv.fails:
                status, body = plex_tv.fails, ""
            self.send_response(status if body or status != 200 else 404)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        plex_tv.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield plex_tv
        finally:
            server.shutdown()
            thread.join()
