"""Requests to a Plex Media Server, and what can go wrong with them, told in our own words.

Plex answers errors in HTML whatever was asked for, so the status is read before the body. The token
travels in a header only, because addresses end up in logs and in the texts of exceptions.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from core.errors import ConfigError
from plex.exceptions import PlexRejected, PlexServerDown, PlexUnauthorized
from plex.url_encoding import Params, encode_query

_EXCERPT = 160
_LATER = "try again later"
_IS_IT_UP = "is it running, and is plex_url right?"
_MARKUP = re.compile(r"<(?:style|script|title)\b.*?</[^>]*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
# One of these is in every list, also in an empty one.
_LISTED = frozenset({"size", "totalSize", "Metadata", "Directory"})
# Statuses that say "not now", though they are not 5xx.
_BUSY = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Address:
    """Where Plex is and how long to wait for it, in seconds. `repr` has no token."""

    url: str
    token: str = field(repr=False)
    connect_timeout: float = 5
    read_timeout: float = 30

    def __post_init__(self) -> None:
        """Raises ConfigError for an address or token that can never work."""
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment:
            raise ConfigError("plex_url must look like http://192.168.1.5:32400")
        if not self.token.isascii() or not self.token.isprintable():
            raise ConfigError("plex_token has characters that no Plex token has; copy it again")

    @property
    def shown(self) -> str:
        """The address for people: without path, user name or password."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
        return f"{parts.scheme}://{host}{'' if parts.port is None else f':{parts.port}'}"


class PlexHttp:
    """One connection to one server. Not for use by several threads at once.

    Attributes:
        requests_made: requests sent, repeated ones included.
        writes_made: those of them that were to change something.
    """

    def __init__(self, address: Address, session: requests.Session | None = None) -> None:
        self._address = address
        self._base = address.url.rstrip("/")
        self._session = session if session is not None else requests.Session()
        # A proxy of the environment is for the internet, not for a server of one's own.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._headers = {
            "Accept": "application/json",
            "X-Plex-Token": address.token.strip(),
            "X-Plex-Client-Identifier": "stash2plex",
            "X-Plex-Product": "Stash2Plex",
        }
        self._kept_alive = False
        self.requests_made = 0
        self.writes_made = 0

    def __repr__(self) -> str:
        return f"PlexHttp({self._address.shown})"

    @property
    def base_length(self) -> int:
        """How many bytes of each address the server's own part takes."""
        return len(self._base)

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def read(
        self, path: str, params: Params = (), headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """GETs a path and returns its MediaContainer.

        A kept connection that turns out to be broken is replaced once, without a pause: servers
        close idle connections, and that is no failure.

        Raises:
            PlexServerDown, PlexUnauthorized, PlexRejected: see `plex.exceptions`.
        """
        return self._container(self._get(path, params, headers))

    def read_list(
        self, path: str, params: Params = (), headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """`read`, of what lists things: an answer that says nothing of them is none.

        Raises:
            PlexServerDown: also where there are neither entries nor a count of them.
        """
        container = self.read(path, params, headers)
        if container.keys().isdisjoint(_LISTED):
            raise PlexServerDown(
                f"Plex at {self._address.shown} answered without saying what there is; {_LATER}"
            )
        return container

    def fetch(self, path: str) -> bytes:
        """GETs a path whose answer may be empty, and returns the answer's body; else as `read`."""
        return self._get(path, (), None).content

    def _get(
        self, path: str, params: Params, headers: Mapping[str, str] | None
    ) -> requests.Response:
        url = self._url(path, params)
        reused = self._kept_alive
        try:
            response = self._send("GET", url, headers)
        except requests.RequestException as error:
            if not (reused and _broke_before_answer(error)):
                raise self._down(error) from None
            response = self._send_or_down("GET", url, headers)
        self._check(response, f"GET {path}")
        return response

    def write(
        self,
        method: str,
        path: str,
        params: Params = (),
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """PUTs, POSTs or DELETEs a path, exactly once, and returns the answer's body.

        Raises:
            PlexServerDown, PlexUnauthorized, PlexRejected: see `plex.exceptions`. After the first
            the change may or may not have been made.
        """
        self.writes_made += 1
        response = self._send_or_down(method, self._url(path, params), headers, body)
        self._check(response, f"{method} {path}")
        return response.content

    def _url(self, path: str, params: Params) -> str:
        query = encode_query(params)
        return f"{self._base}{path}?{query}" if query else f"{self._base}{path}"

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        self._kept_alive = False
        self.requests_made += 1
        response = self._session.request(
            method,
            url,
            data=body,
            headers={**self._headers, **(headers or {})},
            timeout=(self._address.connect_timeout, self._address.read_timeout),
            allow_redirects=False,
        )
        self._kept_alive = response.headers.get("Connection", "").lower() != "close"
        return response

    def _send_or_down(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        try:
            return self._send(method, url, headers, body)
        except requests.RequestException as error:
            # Not chained: what requests raises quotes the address, and sometimes headers.
            raise self._down(error) from None

    def _down(self, error: requests.RequestException) -> PlexServerDown:
        where = f"Plex at {self._address.shown}"
        if isinstance(error, requests.exceptions.SSLError):
            return PlexServerDown(
                f"{where}: no trusted https connection; use http:// or its plex.direct address"
            )
        if isinstance(error, requests.ConnectTimeout):
            waited = self._address.connect_timeout
            return PlexServerDown(f"{where} could not be reached within {waited:g} s; {_IS_IT_UP}")
        if isinstance(error, requests.Timeout) or _caused_by(error, ReadTimeoutError):
            waited = self._address.read_timeout
            return PlexServerDown(f"{where} did not answer within {waited:g} s; {_LATER}")
        if isinstance(error, requests.ConnectionError):
            if _broke_before_answer(error):
                return PlexServerDown(f"{where} dropped the connection; {_LATER}")
            return PlexServerDown(
                f"{where} refused the connection, or there is no such host; {_IS_IT_UP}"
            )
        if isinstance(
            error,
            (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError),
        ):
            return PlexServerDown(f"{where} broke off in the middle of its answer; {_LATER}")
        return PlexServerDown(f"{where} could not be asked ({type(error).__name__}); {_IS_IT_UP}")

    def _check(self, response: requests.Response, request: str) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        where = f"Plex at {self._address.shown}"
        if status == 401:
            raise PlexUnauthorized(f"the Plex token was refused by {where}; check plex_token")
        if status == 403:
            raise PlexUnauthorized(
                "the Plex token was refused for this: it must be the token of the server's owner"
                f" ({request}, HTTP 403)"
            )
        said = self._excerpt(response)
        if status >= 500 or status in _BUSY:
            raise PlexServerDown(
                f"{where} is starting, busy or failing (HTTP {status}{said}); {_LATER}"
            )
        if status < 400:
            raise PlexServerDown(
                f"{where} answered with a redirect (HTTP {status}); is plex_url right?"
            )
        raise PlexRejected(f"Plex refused {request} (HTTP {status}{said})", status)

    def _excerpt(self, response: requests.Response) -> str:
        text = response.content[:4096].decode("utf-8", "replace")
        try:
            answer = json.loads(text)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and isinstance(answer.get("status"), str):
            text = answer["status"]
        text = " ".join(html.unescape(_MARKUP.sub(" ", text)).split())
        if self._address.token:
            text = text.replace(self._address.token, "…")
        return f": {text[:_EXCERPT]}" if text else ""

    def _container(self, response: requests.Response) -> dict[str, Any]:
        try:
            answer = json.loads(response.content)
        except ValueError:
            answer = None
        container = answer.get("MediaContainer") if isinstance(answer, dict) else None
        if isinstance(container, dict):
            return container
        kind = response.headers.get("Content-Type", "no content type").split(";")[0]
        raise PlexServerDown(
            f"{self._address.shown} answered, but not as Plex does ({kind}); is plex_url right?"
        )


def _broke_before_answer(error: requests.RequestException) -> bool:
    """Whether the connection was lost before the first byte of an answer came."""
    return isinstance(error, requests.ConnectionError) and _caused_by(error, ProtocolError)


def _caused_by(error: requests.RequestException, kind: type[HTTPError]) -> bool:
    # requests keeps what it translates as the first argument.
    return any(isinstance(cause, kind) for cause in error.args)
