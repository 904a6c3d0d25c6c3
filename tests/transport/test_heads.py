"""Heads of requests and of plain answers."""

from __future__ import annotations

import io
import socket
from http import client
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transport.heads import host_header, plain_head, request_head

LINES = st.one_of(
    st.sampled_from(
        [
            "Content-Length: 3",
            "content-length:0",
            "Content-Length: 3, 3",
            "Content-Length: +3",
            "Connection: Keep-Alive",
            "Connection: close",
            "Transfer-Encoding: chunked",
            "X:  two  ",
            " folded",
            "no colon",
            "Bad Name: x",
            ": none",
            "X: \x80",
            "X: \x1c",
            "",
        ]
    ),
    st.text("aZ-: \t\r\n\x0b\x85é", max_size=8),
)
STATUSES = st.one_of(
    st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.1 404 ", "HTTP/1.0 200 OK", "HTTP/1.1 204 No"]),
    st.text("HTTP/1. 20x\t", max_size=14),
)


class _Line:
    """A socket that has received some bytes and no more."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What it has received."""
        return io.BufferedReader(cast(io.RawIOBase, io.BytesIO(self._received)))


@given(
    STATUSES,
    st.lists(LINES, max_size=3).map(lambda some: ["Content-Length: 3", *some]),
    st.sampled_from([b"\r\n\r\n", b"\r\n", b"\n\n"]),
)
@example("HTTP/1.1 200 OK", ["Content-Length: 3", "X:  two  "], b"\r\n\r\n")
def test_what_is_read_of_a_plain_head_is_what_http_client_reads(
    status: str, lines: list[str], end: bytes
) -> None:
    received = "\r\n".join([status, *lines]).encode() + end + b"abc"
    head = plain_head(received)
    if head is None:
        return
    answer = client.HTTPResponse(cast(socket.socket, _Line(received)))
    answer.begin()
    assert (head.status, head.reason, head.length) == (answer.status, answer.reason, answer.length)
    assert list(head.headers.iteritems()) == answer.getheaders()
    assert not answer.chunked
    assert not answer.will_close
    assert answer.read() == received[head.size :][: head.length]


@pytest.mark.parametrize(
    ("head", "is_plain"),
    [
        ("HTTP/1.1 200 OK|Content-Length: 0|Connection: keep-alive||", True),
        ("HTTP/1.1 503 |content-length: 12||{", True),
        ("HTTP/1.1 200 OK|Content-Length: 0|", False),
        ("HTTP/1.1 200 OK||", False),
        ("HTTP/1.0 200 OK|Content-Length: 0||", False),
        ("HTTP/1.1 204 No Content|Content-Length: 0||", False),
        ("HTTP/1.1 100 Continue|Content-Length: 0||", False),
        ("HTTP/1.1 200 OK|Content-Length: 0|Connection: close||", False),
        ("HTTP/1.1 200 OK|Content-Length: 0|Transfer-Encoding: chunked||", False),
        ("HTTP/1.1 200 OK|Content-Length: 0|Content-Length: 0||", False),
        ("HTTP/1.1 200 OK|Content-Length: 0" + "|X: y" * 100 + "||", False),
    ],
)
def test_a_head_is_plain_where_nothing_of_it_is_in_doubt(head: str, is_plain: bool) -> None:
    assert (plain_head(head.replace("|", "\r\n").encode()) is not None) is is_plain


def test_a_request_that_cannot_be_put_into_words_is_not_sent() -> None:
    def head(target: str = "/a?b", **headers: str) -> bytes:
        return request_head("PUT", target, "plex:32400", tuple(headers.items()))

    assert head(Token="ß") == b"PUT /a?b HTTP/1.1\r\nHost: plex:32400\r\nToken: \xdf\r\n\r\n"
    bad: list[dict[str, Any]] = [
        *({"target": target} for target in ("/a b", "/a\r\nX: y", "/ß")),
        *({"Token": value} for value in ("a\r\nX: y", "a\n", "a\r", "a\0", "€")),
    ]
    for options in bad:
        with pytest.raises(ValueError):
            head(**options)


def test_a_request_names_its_host() -> None:
    named = [
        host_header("plex", 80, 80),
        host_header("fe80::1%eth0", 32400, 80),
        host_header("bücher.example", 443, 443),
    ]
    assert named == ["plex", "[fe80::1]:32400", "xn--bcher-kva.example"]
    with pytest.raises(ValueError):
        host_header("ü" * 70, 80, 80)
