"""Whole items come in answers that are no HTTP, or damaged: worker, undo and preview stand them.

What stands between the plugin and Plex (a proxy, a bad line) may do anything to an answer. Nobody
is blamed for it, nothing wrong is written, and once it is over all goes on.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.sync_changes.process_queue import process_queue
from app.tasks.preview import apply_preview, preview_every_scene
from app.tasks.undo import undo_last_run
from core.errors import SyncError
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.faults import differing, readable
from tests.acceptance.site import FAR, Site, Task
from tests.acceptance.soak import IS_SOAK
from tests.acceptance.synced_library import shows

CASES = ("empty_no_agent", "extra_genre")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TASKS: dict[str, Task] = {
    "drain": process_queue,
    "undo": undo_last_run,
    "preview": preview_every_scene,
}
Spoil = Callable[[bytes, bytes], bytes]  # from the head, without its end, and the body


def packed(body: bytes, damage: Callable[[bytes], bytes]) -> bytes:
    raw = damage(gzip.compress(body))
    return b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(raw), raw)


def measured(head: bytes, length: object, body: bytes) -> bytes:
    return b"%sContent-Length: %s\r\n\r\n%s" % (head, str(length).encode(), body)


def chunks(body: bytes) -> bytes:
    return b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)


SPOILT: dict[str, Spoil] = {
    "nothing": lambda _head, _body: b"",
    "half a head": lambda head, _body: head[:30],
    "half a body": lambda head, body: measured(head, len(body), body[: len(body) // 2]),
    "a length that is too long": lambda head, body: measured(head, len(body) + 9, body),
    "a length that is too short": lambda head, body: measured(head, len(body) // 2, body),
    "two lengths": lambda head, body: measured(head + b"Content-Length: 7\r\n", len(body), body),
    "no end of the chunks": lambda head, body: head + chunks(body),
    "half a chunk": lambda head, body: head + chunks(body)[: len(body) // 2],
    "chunks without numbers": lambda head, _body: head + chunks(b"")[:-3] + b"zz\r\n{}\r\n",
    "chunks and a length": lambda head, body: head + b"Content-Length: 3\r\n" + chunks(body),
    "a gzip with another sum": lambda h, b: h + packed(b, lambda raw: raw[:-8] + bytes(8)),
    "half a gzip": lambda head, body: head + packed(body, lambda raw: raw[: len(raw) // 2]),
    "a gzip in a gzip": lambda head, body: head + packed(body, gzip.compress),
    "continue for ever": lambda _head, _body: CONTINUE * 2_000,
    "continue, and nothing": lambda _head, _body: CONTINUE,
    "another protocol": lambda _head, body: b"\x16\x03\x01" + body,
    "no head": lambda _head, body: body,
    "a line without end": lambda head, _body: head + b"X: " + b"y" * 100_000,
    "headers without end": lambda head, _body: head + b"X: y\r\n" * 5_000,
    "no status": lambda head, body: measured(head.replace(b" 200 ", b" OK ", 1), len(body), body),
    "a part": lambda h, b: measured(
        h.replace(b" 200 ", b" 206 ", 1), len(b) // 2, b[: len(b) // 2]
    ),
    "a redirect to itself": lambda head, _body: measured(
        head.replace(b" 200 ", b" 301 ", 1) + b"Location: /library/metadata/1\r\n", 0, b""
    ),
    "a redirect to nowhere": lambda head, _body: measured(
        head.replace(b" 200 ", b" 307 ", 1) + b"Location: http://[::/\xff\r\n", 0, b""
    ),
    "nulls": lambda head, body: measured(head, len(body), bytes(len(body))),
}
HARMLESS: dict[str, Spoil] = {
    "205": lambda head, body: measured(head.replace(b" 200 ", b" 205 ", 1), len(body), body),
    "an unknown packing": lambda h, b: measured(h + b"Content-Encoding: br\r\n", len(b), b),
    "a negative length": lambda head, body: measured(head, -1, body),
    "a length that is no number": lambda head, body: measured(head, "many", body),
    "continue first": lambda head, body: CONTINUE + measured(head, len(body), body),
    "types twice": lambda h, b: measured(h + b"Content-Type: text/html\r\n", len(b), b),
    "the same length twice": lambda head, body: measured(
        head + b"Content-Length: %d\r\n" % len(body), len(body), body
    ),
}
EITHER = {**SPOILT, **HARMLESS}
ALL = [(name, what) for name in EITHER for what in TASKS]
CHOSEN = ALL if IS_SOAK else ALL[::14]  # of each task some


class Line(socketserver.ThreadingTCPServer):
    """The way to Plex, which spoils answers about whole items."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.to = url.removeprefix("http://")
        self.spoil: Spoil | None = None
        self.spoilt = 0


class _Relay(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Line)
        while first := self.rfile.readline():
            method, path, _ = first.decode().split(" ", 2)
            headers = http.client.parse_headers(self.rfile)
            sent = self.rfile.read(int(headers.get("Content-Length", 0)))
            with contextlib.closing(http.client.HTTPConnection(server.to)) as plex:
                plain = {k: v for k, v in headers.items() if k.lower() != "accept-encoding"}
                plex.request(method, path, sent or None, plain)
                answer = plex.getresponse()
                body = answer.read()
            kept = "".join(
                f"{n}: {answer.headers[n]}\r\n" for n in ("Content-Type",) if answer.headers[n]
            )
            head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n{kept}".encode()
            if server.spoil is not None and method == "GET" and "/library/metadata/" in path:
                server.spoilt += 1
                with contextlib.suppress(OSError):
                    self.wfile.write(server.spoil(head, body))
                return
            self.wfile.write(measured(head, len(body), body))


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    return open_site(generate(2, seed=21, only=CASES))


@pytest.fixture(scope="module")
def line(library: Site) -> Iterator[Line]:
    with Line(library.both.plex.url) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def site(library: Site, line: Line, data: Path) -> Site:
    library.forget(data)
    library.both.plex.load(library.both.seed)
    url = f"http://127.0.0.1:{line.server_address[1]}"
    rules = {"first_sync": "mirror", "max_clear_percent": 100, "read_timeout": 2}
    library.use(plex_url=url, **rules)
    return library


def shown(site: Site) -> dict[int, dict[str, object]]:
    return {i: shows(site, site.key(i)) for case in CASES for i in site.scenes(case)}


def attempt(site: Site, task: Task) -> str:
    """What a task says if it does not come to its end."""
    try:
        found = site.do(task)
    except SyncError as error:
        return readable(str(error))
    return "; ".join([*found.get("errors", []), *found.get("failures", [])])


@pytest.mark.parametrize(("name", "what"), CHOSEN)
def test_a_spoilt_answer_is_stood_and_heals(site: Site, line: Line, name: str, what: str) -> None:
    first = shown(site)
    site.reconcile()
    if what == "undo":
        site.drain()
        assert differing(site) == set()
    before, line.spoil, line.spoilt = shown(site), EITHER[name], 0

    says = attempt(site, TASKS[what])

    line.spoil = None
    assert line.spoilt
    assert bool(says) == (name in SPOILT)
    if says:
        assert shown(site) == before
        assert site.dead() == {}
        with site.queue() as queue:
            assert all(job.attempts == 0 for job in queue.due(FAR))
        assert attempt(site, TASKS[what]) == ""
    if what == "preview":
        assert attempt(site, apply_preview) == ""
    if what == "undo":
        assert shown(site) == first
    else:
        assert differing(site) == set()
