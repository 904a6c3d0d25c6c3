"""One request to one server and its whole answer, within limits.

No redirect is followed, no cookie kept and no proxy of the environment used: what stands there is
for the internet, not for a server of one's own.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, RemoteDisconnected
from urllib.parse import urlsplit

import urllib3
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from transport.connections import Pool, TlsPool
from transport.errors import BrokeOff, NoAnswer, NotTrusted, Refused, TooLarge, TransportError
from transport.pacing import TooSlow
from transport.patience import Patience

# Within one machine, packing and unpacking take longer than what they spare.
_OWN_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
# Bytes that are read at once. What is packed may unpack to a thousand times as many.
_PACKED, _PLAIN = 64 * 1024, 1024 * 1024
_CONNECTIONS = 8  # kept for later, for as many threads


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `headers` are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """Without parameters, in lower case; "" where none was sent."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()[:60]


class Http:
    """The way to one server. May be used by several threads at once.

    Args:
        base: "https://host:port/prefix"; scheme and host have to be there.
        connect_timeout: seconds until a connection stands.
        pause: seconds without a byte; an answer may take twice that, and more while it keeps
            coming (see `transport.pacing`).
        verify: of https: True for the authorities that everybody trusts, a file of others, or
            False for no verification.
        patience: whether answers are waited for any longer.

    Attributes:
        requests_made: requests that were sent, or tried to.
    """

    def __init__(
        self,
        base: str,
        *,
        connect_timeout: float,
        pause: float,
        verify: bool | str = True,
        patience: Patience | None = None,
    ) -> None:
        parts = urlsplit(base)
        self._prefix = parts.path.rstrip("/")
        self._timeout = Timeout(connect=connect_timeout, read=pause)
        host = str(parts.hostname)
        coding = "identity" if host in _OWN_MACHINE else "gzip"
        self._headers = {"User-Agent": "Stash2Plex", "Accept-Encoding": coding}
        try:
            self._pool: Pool | TlsPool | None = _pool(parts.scheme, host, parts.port, verify)
        except LocationValueError:  # a host that no network can have: told to who asks
            self._pool = None
        self._patience = patience if patience is not None else Patience()
        self._counting = threading.Lock()
        self.requests_made = 0

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        limit: int,
        body: bytes | None = None,
        pause: float | None = None,
        patience: Patience | None = None,
    ) -> Answer:
        """Send one request, once, and receive its answer.

        Args:
            target: path and query, encoded.
            limit: the most bytes that the unpacked body may have.
            pause, patience: instead of those of the constructor.

        Raises:
            TransportError: or its kinds; no usable answer came.
            what `patience` raises.
        """
        began = time.monotonic()
        with self._counting:
            self.requests_made += 1
        timeout = self._timeout
        if pause is not None:
            timeout = Timeout(connect=timeout.connect_timeout, read=pause)
        patience = patience or self._patience
        with closing(self._begun(method, target, headers, body, timeout, patience)) as response:
            try:
                received = _body_within(response, limit)
            except (HTTPError, OSError, ValueError) as error:
                raise _broke_off(error, timeout) from None
            response.release_conn()  # else closed with the response, at errors and large bodies
        patience.answered(time.monotonic() - began)
        return Answer(response.status, response.headers, received)

    def _begun(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout: Timeout,
        patience: Patience,
    ) -> BaseHTTPResponse:
        """The answer, of which no body is read yet."""
        if self._pool is None:
            raise Refused("has no address that can be asked")
        try:
            return self._pool.begin(
                method, self._prefix + target, {**self._headers, **headers}, body, timeout, patience
            )
        # ValueError: a host that is no name, a header that cannot be sent.
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            # Not chained: what libraries raise may quote addresses and headers.
            raise _no_answer(error, timeout) from None


def _no_answer(error: Exception, timeout: Timeout) -> TransportError:
    if isinstance(error, NameResolutionError):
        return Refused("cannot be reached: there is no such host")
    if isinstance(error, NewConnectionError):
        return Refused("refused the connection, or there is no such host")
    if isinstance(error, ConnectTimeoutError):
        return Refused(f"could not be reached within {timeout.connect_timeout:g} s")
    if isinstance(error, (SSLError, ssl.SSLError)):
        return NotTrusted("has no certificate that is trusted, or does not speak https")
    if isinstance(error, ReadTimeoutError):
        return NoAnswer(_slow(error, timeout), is_costly=True)
    if isinstance(error, ValueError):
        return Refused(f"has no address that can be asked ({type(error).__name__})")
    if isinstance(error, HTTPException) and not isinstance(error, RemoteDisconnected):
        return NoAnswer("gave an answer that is no HTTP")
    return NoAnswer("dropped the connection")


def _broke_off(error: Exception, timeout: Timeout) -> TransportError:
    if isinstance(error, ReadTimeoutError):
        return BrokeOff(_slow(error, timeout), is_costly=True)
    if isinstance(error, DecodeError):
        return BrokeOff("sent an answer that cannot be unpacked")
    return BrokeOff("broke off in the middle of its answer")


def _slow(error: Exception, timeout: Timeout) -> str:
    if isinstance(error.__cause__ or error.__context__, TooSlow):
        return "answered too slowly to be waited for"
    return f"did not answer within {timeout.read_timeout:g} s"


def _pool(scheme: str, host: str, port: int | None, verify: bool | str) -> Pool | TlsPool:
    if ":" in host and "%25" not in host:
        host = host.replace("%", "%25")  # the network interface of an address of IPv6
    if scheme != "https":
        return Pool(host, port, maxsize=_CONNECTIONS)
    if verify is False:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return TlsPool(host, port, maxsize=_CONNECTIONS, cert_reqs="CERT_NONE")
    import certifi  # with much that nobody needs who asks by http

    authorities = certifi.where() if verify is True else verify
    return TlsPool(
        host, port, maxsize=_CONNECTIONS, cert_reqs="CERT_REQUIRED", ca_certs=authorities
    )


def _body_within(response: BaseHTTPResponse, limit: int) -> bytes:
    told = response.headers.get("Content-Length", "")
    if told == "0" and "Transfer-Encoding" not in response.headers:
        return b""  # as most answers to edits
    if told.isascii() and told.isdecimal() and int(told[:20]) > limit:
        raise TooLarge(f"sent more than {limit / 1e6:.3g} MB", b"")
    received: list[bytes] = []
    left = limit
    size = _PACKED if "Content-Encoding" in response.headers else _PLAIN
    for chunk in response.stream(size, decode_content=True):
        received.append(chunk)
        left -= len(chunk)
        if left < 0:
            raise TooLarge(f"sent more than {limit / 1e6:.3g} MB", received[0])
    return b"".join(received)
