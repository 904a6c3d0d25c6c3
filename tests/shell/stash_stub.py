"""A server that answers a hook's request as it is told to, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class StashStub(ThreadingHTTPServer):
    """Attributes: `asked` has (headers, decoded body) of each request, `job` is what findJob
    answers, `answer` replaces every answer, `hang` holds all of them back until it is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.job: dict[str, str] | None = None
        self.answer: tuple[int, bytes] | None = None
        self.hang: threading.Event | None = None

    @property
    def tasks(self) -> int:
        """How many tasks were asked for."""
        return sum("runPluginTask" in body["query"] for _, body in self.asked)

    def connection(self, **more: Any) -> dict[str, Any]:
        """`server_connection` of the plugin input."""
        cookie = {"Name": "session", "Value": "COOKIE-not-for-files"}
        port = self.server_address[1]
        return {"Scheme": "http", "Host": "0.0.0.0", "Port": port, "SessionCookie": cookie, **more}


class _Handler(BaseHTTPRequestHandler):
    server: StashStub

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((dict(self.headers), body))
        if self.server.hang is not None:
            self.server.hang.wait(20)
        data: dict[str, Any] = {"runPluginTask": str(40 + self.server.tasks)}
        if "jobQueue" in body["query"]:
            data = {"jobQueue": [self.server.job] if self.server.job else None}
        if "findJob" in body["query"]:
            data = {"findJob": self.server.job}
        status, content = self.server.answer or (200, json.dumps({"data": data}).encode())
        try:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)
        except OSError:  # the hook did not wait
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def stash_stub() -> Iterator[StashStub]:
    """A running one."""
    with StashStub() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
