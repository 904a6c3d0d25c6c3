"""Connections that send and receive with few calls of the system, and few of Python."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from functools import cached_property
from http import client
from typing import Any

from urllib3 import (
    BaseHTTPResponse,
    HTTPConnectionPool,
    HTTPHeaderDict,
    HTTPResponse,
    HTTPSConnectionPool,
    Timeout,
)
from urllib3.connection import HTTPConnection, HTTPSConnection

from transport.heads import host_header, plain_head, request_head
from transport.pacing import SLOWEST, FramedReader, PacedReader, set_timeout
from transport.patience import STEP, Patience

SMALL = 16_384  # bytes that are sent within the timeout of the line, whichever it is
SENT = 65_536  # bytes of a large body that are sent at once
FRESH = 0.1  # seconds after an answer in which a connection that is kept counts as open
_WRITES_SOCKETS = os.name == "posix"  # as files, and such with a timeout never block
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})  # which say so where it is empty


class _Answer(client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, method: str, *, pause: float, patience: Patience
    ) -> None:
        super().__init__(sock, method=method)
        self._is_to_head = method == "HEAD"
        self.fp = self._reader = FramedReader(PacedReader(self.fp.detach(), sock, pause, patience))

    def begin(self) -> None:
        """Receive the head, of which a plain one needs no parser."""
        head = plain_head(self._reader.peek())
        if head is None or self._is_to_head:
            super().begin()
            return
        self._reader.skip(head.size)
        self.version, self.status, self.reason = 11, head.status, head.reason
        self.code, self.length = head.status, head.length
        headers: Any = head.headers
        self.headers = self.msg = headers
        self.chunked = self.will_close = False

    def _read_status(self) -> tuple[str, int, str]:
        """The status, after what a proxy says before it (102, 103). The base passes over 100."""
        told: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        while told[1] in (client.PROCESSING, client.EARLY_HINTS):
            client.parse_headers(self.fp)
            told = super()._read_status()  # type: ignore[misc]
        return told


class _Lean:
    """Sends and receives with few calls of the system, at each of which other threads may go first;
    `timeout` is that of what comes next."""

    sock: Any
    timeout: Any
    _method: str
    _answered_at = 0.0
    _is_kept = False
    _is_seen = True
    patience: Patience

    @property
    def is_connected(self) -> bool:
        """Whether the server has not closed the connection; looked at before its first reuse, and
        after a pause."""
        is_fresh = self.sock is not None and time.monotonic() - self._answered_at < FRESH
        self._is_seen = not (is_fresh and self._is_kept)
        if self._is_seen:
            self._is_kept = bool(super().is_connected)  # type: ignore[misc]
        return self._is_kept

    def close_if_unasked(self) -> None:
        """Leave a connection on which the server has said more than it was asked for, which would
        be taken for the next answer, if that was not seen by now."""
        if not self._is_seen and not super().is_connected:  # type: ignore[misc]
            super().close()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        """Send, large bodies in the time that they need."""
        if self.sock is None or not isinstance(data, bytes) or len(data) <= SMALL:
            if not self._is_sent(data):
                super().send(data)  # type: ignore[misc]
            return
        began, left = time.monotonic(), memoryview(data)
        end = began + self.timeout + len(data) / SLOWEST
        set_timeout(self.sock, STEP)
        while left:
            with suppress(TimeoutError):
                left = left[self.sock.send(left[:SENT]) :]
            if left and time.monotonic() >= end:
                raise TimeoutError
            self.patience.wait(time.monotonic() - began)

    def _is_sent(self, data: bytes) -> bool:
        """Whether there was room for some bytes, which a socket with a timeout asks first."""
        if (
            not _WRITES_SOCKETS
            or type(self.sock) is not socket.socket
            or not self.sock.gettimeout()
        ):
            return False
        try:
            sent = os.write(self.sock.fileno(), data)
        except BlockingIOError:
            return False
        if sent < len(data):
            self.sock.sendall(data[sent:])
        return True

    def request(self, method: str, url: str, *_: Any, **options: Any) -> None:
        """Send a request. Raises ValueError: it cannot be put into words."""
        self._method, body = method, options["body"]
        named = list(options["headers"].items())
        if body is not None or method in _WITH_BODY:
            named.append(("Content-Length", str(len(body or b""))))
        self.send(request_head(method, url, self._host, tuple(named)))
        if body:
            self.send(body)

    @cached_property
    def _host(self) -> str:
        connection: Any = self
        return host_header(connection.host, connection.port, connection.default_port)

    def getresponse(self) -> Any:
        """Receive the head of the answer; what reads it sets the timeout."""
        connection: Any = self
        answer = _Answer(self.sock, self._method, pause=self.timeout, patience=self.patience)
        try:
            answer.begin()
        except BaseException:
            answer.close()
            raise
        self._answered_at = time.monotonic()
        if answer.will_close:
            connection.close()  # once the answer is read
        return HTTPResponse(
            answer,
            _unfolded(answer.msg),
            answer.status,
            preload_content=False,
            original_response=answer,
            request_method=self._method,
        )


def _unfolded(headers: Message | HTTPHeaderDict) -> HTTPHeaderDict:
    if isinstance(headers, HTTPHeaderDict):
        return headers
    return HTTPHeaderDict((n, str(v).replace("\r\n", " ")) for n, v in headers.items())


class _Connection(_Lean, HTTPConnection):
    pass


class _TlsConnection(_Lean, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    """Connections that are kept for later. May be used by several threads at once."""

    def begin(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: Timeout,
        patience: Patience,
    ) -> BaseHTTPResponse:
        """Send a request, and receive the head of its answer.

        `urlopen` would look at each letter of the target, to encode what is encoded already.

        Args:
            target: path and query, encoded.

        Raises:
            HTTPError, HTTPException, OSError, ValueError: no usable answer came.
            what `patience` raises.
        """
        connection: Any = self._get_conn()
        connection.patience = patience
        if method != "PUT":  # what became of an edit is read back, whatever is answered
            connection.close_if_unasked()
        try:
            return self._make_request(
                connection,
                method,
                target,
                body=body,
                headers=headers,
                timeout=timeout,
                response_conn=connection,
                preload_content=False,
            )
        except BaseException:
            connection.close()
            self._put_conn(None)
            raise


class Pool(_Pool):
    """Connections over plain HTTP."""

    ConnectionCls = _Connection


class TlsPool(_Pool, HTTPSConnectionPool):
    """Connections over TLS."""

    ConnectionCls = _TlsConnection
