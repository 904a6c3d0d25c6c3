"""One exchange over real sockets, with servers that keep no rule."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from urllib3.connection import HTTPConnection

from tests.contract.scripted import Reply, as_json, patience, refused_url, scripted
from tests.transport.raw import HEAD, bomb, drinking, dripping, saying
from transport import connections
from transport.connections import SMALL, Pool
from transport.errors import BrokeOff, NoAnswer, NotTrusted, Refused, TooLarge, TransportError
from transport.http import Answer, Http

LIMIT = 1_000_000
PAUSE = 0.2


@contextmanager
def http_to(url: str, pause: float = 20, **options: Any) -> Iterator[Http]:
    made = Http(url, connect_timeout=5, pause=pause, **options)
    yield made
    made.close()


def get(url: str, pause: float = 20) -> Answer:
    with http_to(url, pause) as http:
        return http.send("GET", "/a?b=c%20d", headers={"X-Mine": "1"}, limit=LIMIT)


def test_an_answer_comes_whole_over_one_connection() -> None:
    with scripted(as_json({"a": 1}), Reply(404, b""), Reply(204)) as server:
        with http_to(f"{server.url}/prefix/") as http:
            answers = [
                http.send(method, "/a?b=c%20d", headers={"X-Mine": "1"}, limit=LIMIT, body=body)
                for method, body in (("GET", None), ("PUT", b"sent"), ("DELETE", None))
            ]
            assert http.requests_made == 3
        asked = server.asked
    assert [(one.status, one.body) for one in answers] == [
        (200, b'{"a": 1}'),
        (404, b""),
        (204, b""),
    ]
    assert answers[0].content_type == "application/json"
    assert [(one.method, one.path, one.body) for one in asked] == [
        ("GET", "/prefix/a?b=c%20d", b""),
        ("PUT", "/prefix/a?b=c%20d", b"sent"),
        ("DELETE", "/prefix/a?b=c%20d", b""),
    ]
    assert asked[0].headers["x-mine"] == "1"
    assert len({one.peer for one in asked}) == 1


def test_redirects_are_answers() -> None:
    with scripted(Reply(302, b"", {"Location": "/login"})) as server:
        assert get(server.url).headers["location"] == "/login"
        assert len(server.asked) == 1


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 O", HEAD + b"X: ", HEAD + b"\r\n[1,"])
def test_what_drips_ends_at_a_deadline(start: bytes) -> None:
    """Whether it is the status, the headers or the body: no silence is ever too long."""
    began = time.monotonic()
    late = pytest.raises((NoAnswer, BrokeOff), match="too slowly")
    with saying(lambda: dripping(start), pause=0.02) as url, late:
        get(url, PAUSE)
    assert 1.5 * PAUSE < time.monotonic() - began < 10 * PAUSE


def test_what_keeps_coming_may_take_longer_than_a_drip() -> None:
    piece = bytes(5_000)
    whole = HEAD + b"Content-Length: 150000\r\n\r\n"
    with saying(lambda: itertools.chain([whole], [piece] * 30), pause=0.02) as url:
        assert len(get(url, PAUSE).body) == 150_000


def test_a_body_that_is_taken_in_sips_ends_at_a_deadline() -> None:
    """Also where each sip makes room for more at once."""
    body, taken = bytes(30_000), list[bytes]()
    options = HTTPConnection.default_socket_options
    options.append((socket.SOL_SOCKET, socket.SO_SNDBUF, 4096))
    try:
        with (
            drinking(taken, 1024, pause=0.05) as url,
            closing(Http(url, connect_timeout=0.05, pause=PAUSE)) as http,
            pytest.raises(NoAnswer),
        ):
            http.send("POST", "/", headers={}, limit=LIMIT, body=body)
    finally:
        options.pop()
    assert sum(map(len, taken)) < len(body)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(fault="reset"), NoAnswer, "dropped"),
        (Reply(fault="hang"), NoAnswer, "did not answer within 0.2 s"),
        (Reply(body=b"x" * 100, fault="truncate"), BrokeOff, "broke off"),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), BrokeOff, "unpacked"),
        (Reply(body=bytes(LIMIT + 1)), TooLarge, "more than 1 MB"),
    ],
)
def test_faults(reply: Reply, kind: type[TransportError], words: str) -> None:
    with scripted(reply) as server, pytest.raises(kind, match=words) as caught:
        get(server.url, patience([reply], PAUSE))
    assert caught.value.sent
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/3.9 what\r\n\r\n",
        b"\xff\xfe\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Length: 5, 6\r\n\r\nhello",
        HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"".join([HEAD, *[b"X: y\r\n"] * 200, b"\r\n"]),
    ],
)
def test_what_is_no_http(answer: bytes) -> None:
    with saying(lambda: [answer]) as url, pytest.raises(TransportError):
        get(url)


def test_a_body_without_end_is_cut_off() -> None:
    pieces = itertools.chain([HEAD + b"\r\n"], itertools.repeat(bytes(50_000)))
    with saying(lambda: pieces) as url, pytest.raises(TooLarge):
        get(url)


def test_answers_are_packed_on_their_way_between_machines_alone() -> None:
    packed = Reply(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
    with scripted(packed, as_json({})) as server:
        other = server.url.replace("127.0.0.1", "127.1")  # the same, by a name that nobody uses
        assert [get(url).body for url in (other, server.url)] == [b"{}", b"{}"]
        asked = [one.headers["accept-encoding"] for one in server.asked]
    assert (other != server.url, asked) == (True, ["gzip", "identity"])


def test_a_gzip_that_unpacks_to_very_much_needs_no_memory() -> None:
    packed = Reply(body=bomb(200_000_000), headers={"Content-Encoding": "gzip"})
    with scripted(packed) as server:
        tracemalloc.start()
        with pytest.raises(TooLarge):
            get(server.url)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 20_000_000


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


HINTS = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


def test_what_is_said_before_the_answer_is_not_the_answer() -> None:
    with saying(lambda: [HINTS, CHUNKED, b"0\r\n\r\n"]) as url:
        assert (get(url).status, get(url).body) == (200, b"{}")


def test_a_body_in_chunks_has_the_length_that_these_have() -> None:
    told = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n", 1)
    with saying(lambda: [told, b"0\r\n\r\n"]) as url:
        assert get(url).body == b"{}"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", HINTS),
        (HEAD + b"X: ", b"y" * 1000),
        (CHUNKED + b"0\r\n", b"X: y\r\n" * 100),
        (CHUNKED + b"2;", b"y" * 1000),
        (CHUNKED + b"-5\r\n", b"y" * 1000),
        (CHUNKED, b"1\r\n \r\n" * 100),
    ],
    ids=["interim", "hints", "header", "trailer", "extension", "negative", "tiny"],
)
def test_what_frames_a_body_comes_to_an_end(start: bytes, piece: bytes) -> None:
    """Also where it comes too fast for the deadline, and before it takes any memory."""
    received = itertools.count()
    pieces = itertools.chain([start], (piece for _ in received))
    with saying(lambda: pieces) as url, pytest.raises((NoAnswer, BrokeOff)):
        get(url, PAUSE)
    assert next(received) * len(piece) < 50_000_000


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/3.9 what\r\n\r\n", b"".join([HEAD, *[b"X: y\r\n"] * 200, b"\r\n"])],
)
def test_an_answer_that_is_no_http_is_no_connection_that_was_dropped(answer: bytes) -> None:
    with saying(lambda: [answer]) as url, pytest.raises(NoAnswer, match="is no HTTP"):
        get(url)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (refused_url(), Refused),
        ("http://no-such-host.invalid:1", Refused),
        (f"http://{'x' * 70}.invalid", Refused),
        ("http://\N{FULLWIDTH LATIN SMALL LETTER H}:1", Refused),
        ("http://[fe80::1%no-such-interface]:1", Refused),
        (refused_url().replace("http:", "https:"), Refused),
    ],
    ids=["http", "no host", "no name", "no letter of names", "no interface", "https"],
)
def test_no_connection_means_that_nothing_was_sent(url: str, kind: type[TransportError]) -> None:
    with pytest.raises(kind) as caught:
        get(url)
    assert not caught.value.sent


def test_https_where_there_is_none() -> None:
    with scripted(as_json({})) as server, pytest.raises(NotTrusted) as caught:
        get(server.url.replace("http:", "https:"))
    assert not caught.value.sent


def test_a_connection_that_is_closed_without_a_word_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is looked at before its first reuse however soon that is, and after a pause."""
    closed = threading.Semaphore(0)

    def serve() -> None:
        for answers in (1, 2, 1):
            with listener.accept()[0] as line:
                for _ in range(answers):
                    line.recv(65536)
                    line.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
            closed.release()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        with http_to(f"http://127.0.0.1:{listener.getsockname()[1]}") as http:
            for fresh, requests in (1000.0, 1), (1000.0, 2), (0.0, 1):
                monkeypatch.setattr(connections, "FRESH", fresh)
                for _ in range(requests):
                    assert http.send("POST", "/", headers={}, limit=LIMIT).body == b"{}"
                assert closed.acquire(timeout=20)
        thread.join()


def test_what_the_server_says_unasked_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "FRESH", 1000.0)
    answered, said = threading.Event(), threading.Event()
    answer = HEAD + b"Content-Length: 2\r\n\r\n{}"

    def serve() -> None:
        with listener.accept()[0] as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(3):
                line.recv(65536)
                line.sendall(answer)
            assert answered.wait(20)
            line.sendall(answer.replace(b"{}", b"[]"))
            said.set()
            with listener.accept()[0] as other:
                other.recv(65536)
                other.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        with http_to(f"http://127.0.0.1:{listener.getsockname()[1]}") as http:
            for _ in range(3):
                http.send("PUT", "/", headers={}, limit=LIMIT)
            answered.set()
            assert said.wait(20)
            assert http.send("GET", "/", headers={}, limit=LIMIT).body == b"{}"
        thread.join()


def test_what_finds_no_room_at_once_is_sent_in_parts() -> None:
    ours, theirs = socket.socketpair()
    with theirs, closing(Pool.ConnectionCls("localhost", timeout=20)) as connection:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        ours.settimeout(20)
        connection.sock = ours
        sent = bytes(range(256)) * (SMALL // 256)
        thread = threading.Thread(target=connection.send, args=(sent,))
        thread.start()
        received = b""
        while len(received) < len(sent) and (some := theirs.recv(4096)):
            received += some
        thread.join()
    assert received == sent
