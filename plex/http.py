"""Requests to a Plex Media Server, and what can go wrong with them, as errors of this project.

What may pass by itself is tried again here and nowhere else. The token is sent in a header only,
because addresses end up in logs and in the texts of exceptions.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from core.errors import ConfigError
from plex.address import Address
from plex.answers import container_in, is_locked, is_starting, said, strange_body
from plex.exceptions import PlexForbidden, PlexRejected, PlexServerDown, PlexUnauthorized
from plex.turns import Turns
from plex.url_encoding import Params, encode_query
from transport.decoding import NotJson
from transport.errors import NotTrusted, Refused, TransportError
from transport.http import Answer, Http
from transport.retrying import Retrying, Transient

T = TypeVar("T")

MB = 1024 * 1024
# The most bytes of an answer, by its kind. A thousand items in a listing have 2 MB; a hundred whole
# ones with all their actors 3 MB.
LISTING, SMALL, WRITTEN = 16 * MB, 4 * MB, MB
WRITERS = 2
_LATER = "try again later"
# One of these is in every list, also in an empty one.
_LISTED = frozenset({"size", "totalSize", "Metadata", "Directory"})
# Statuses that say "not now", though not all are 5xx.
_BUSY = frozenset({408, 425, 429, 503})


class PlexHttp:
    """The way to one server. May be used by several threads at once: of requests that change
    something, `WRITERS` are under way at most, and others wait for their turn.

    Attributes:
        retrying: tries again what raises Transient.
    """

    def __init__(self, address: Address, retrying: Retrying | None = None) -> None:
        self._address = address
        self.retrying = retrying if retrying is not None else Retrying()
        if isinstance(address.verify_tls, str):
            check_authorities(address.verify_tls)
        self._http = Http(
            address.url,
            connect_timeout=address.connect_timeout,
            pause=address.read_timeout,
            verify=address.verify_tls,
            patience=self.retrying.patience,
        )
        self._headers = {
            "Accept": "application/json",
            "X-Plex-Token": address.token.strip(),
            "X-Plex-Client-Identifier": "stash2plex",
            "X-Plex-Product": "Stash2Plex",
            **address.credentials,
        }
        self._where = f"Plex at {address.shown}"
        self._writers = Turns(WRITERS)

    def __repr__(self) -> str:
        return f"PlexHttp({self._address.shown})"

    @property
    def requests_made(self) -> int:
        """Requests sent, repeated ones included."""
        return self._http.requests_made

    @property
    def base_length(self) -> int:
        """How many bytes of each address the server's own part takes."""
        return len(self._address.url.rstrip("/"))

    def close(self) -> None:
        """Closes the connection."""
        self._http.close()

    def read(self, path: str, *, thorough: bool = True) -> dict[str, Any]:
        """GETs a path and returns its MediaContainer.

        Args:
            thorough: False tries it once more only: a failure would be no surprise.

        Raises:
            PlexServerDown, PlexUnauthorized, PlexRejected: see `plex.exceptions`.
        """
        return self._tried(lambda: self._container(path, self._answer("GET", path)), thorough)

    def read_list(
        self,
        path: str,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        *,
        thorough: bool = True,
        after_costly: bool = True,
    ) -> dict[str, Any]:
        """`read`, of what lists things: an answer that says nothing of them is none.

        Args:
            after_costly: whether the same is asked for again where no whole answer came in time.

        Raises:
            PlexServerDown: also where there are neither entries nor a count of them.
        """

        def attempt() -> dict[str, Any]:
            answer = self._answer("GET", path, params, headers=headers, most=LISTING)
            container = self._container(path, answer)
            if container.keys().isdisjoint(_LISTED):
                raise self._strange("it does not say what there is")
            return container

        return self._tried(attempt, thorough, after_costly=after_costly)

    def read_if_any(self, path: str) -> dict[str, Any]:
        """`read`, of what an idle server may answer with nothing to the point: then {}."""

        def attempt() -> dict[str, Any]:
            try:
                return container_in(self._answer("GET", path))
            except NotJson:
                return {}

        return self._tried(attempt)

    def write(
        self, method: str, path: str, params: Params | str = (), *, thorough: bool = True
    ) -> None:
        """PUTs or DELETEs a path (or GETs one that does something), again until it is taken:
        only for what may be done twice.

        Args:
            params: or a query that is encoded already.
            thorough: as of `read`.

        Raises:
            PlexServerDown, PlexUnauthorized, PlexRejected: see `plex.exceptions`. After the first
            the change may or may not have been made.
        """
        self._tried(lambda: self.try_write(method, path, params), thorough)

    def _tried(
        self, attempt: Callable[[], T], thorough: bool = True, *, after_costly: bool = True
    ) -> T:
        retrying = self.retrying if thorough else self.retrying.briefly()
        return retrying.call(attempt, repeatable=True, after_costly=after_costly)

    def try_write(
        self, method: str, path: str, params: Params | str = (), body: bytes | None = None
    ) -> None:
        """`write`, of anything and once. Raises Transient: it failed in a way that may pass."""
        with self._writers:
            answer = self._answer(method, path, params, most=WRITTEN, body=body)
        came = strange_body(answer)
        if came:
            text = f"{self._where} did not take a change: {came}; {_LATER}"
            raise Transient(PlexServerDown(text, may_be_one=True))

    def _answer(
        self,
        method: str,
        path: str,
        params: Params | str = (),
        *,
        headers: Mapping[str, str] | None = None,
        most: int = SMALL,
        body: bytes | None = None,
    ) -> Answer:
        query = params if isinstance(params, str) else encode_query(params)
        target = f"{path}?{query}" if query else path
        sent = {**self._headers, **(headers or {})}
        try:
            answer = self._http.send(method, target, headers=sent, limit=most, body=body)
        except TransportError as error:
            raise self._failed(error) from None
        self._check(answer, f"{method} {path}")
        return answer

    def _container(self, path: str, answer: Answer) -> dict[str, Any]:
        try:
            return container_in(answer)
        except NotJson as error:
            raise self._strange(str(error), is_identity=path == "/identity") from None

    def _strange(self, what: str, *, is_identity: bool = False) -> Transient:
        advice = "is the setting 'Plex URL' right?" if is_identity else _LATER
        message = f"{self._where} did not answer as Plex does: {what}; {advice}"
        return Transient(PlexServerDown(message, may_be_one=True))

    def _failed(self, error: TransportError) -> Exception:
        if isinstance(error, NotTrusted):
            return PlexServerDown(
                f"{self._where} {error}; use http:// or its plex.direct address, or name the"
                " authority of its certificate in the setting 'Check certificates'"
            )
        if isinstance(error, Refused):
            down = PlexServerDown(
                f"{self._where} {error}; is it running, and is the setting 'Plex URL' right?"
            )
            return Transient(down, connected=False, done=False)
        down = PlexServerDown(
            f"{self._where} {error}; {_LATER}", may_be_one=True, is_costly=error.is_costly
        )
        return Transient(down, done=error.sent, costly=error.is_costly)

    def _check(self, answer: Answer, request: str) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status == 401:
            raise PlexUnauthorized(
                f"the Plex token was refused by {self._where}; check the setting 'Plex token'"
            )
        if status == 403:
            raise PlexForbidden(
                "the Plex token was refused for this: it must be the token of the server's owner"
                f" ({request}, HTTP 403)"
            )
        if status < 400:
            raise PlexServerDown(
                f"{self._where} answered with a redirect (HTTP {status}); is 'Plex URL' right?",
                may_be_one=True,
            )
        sentence = said(answer, self._address.token.strip())
        told = f"HTTP {status}: {sentence}" if sentence else f"HTTP {status}"
        is_waiting = status in _BUSY or is_starting(sentence) or is_locked(sentence)
        if status >= 500 or is_waiting:
            raise Transient(
                PlexServerDown(
                    f"{self._where} is starting, busy or failing ({told}); {_LATER}",
                    may_be_one=not is_waiting,
                ),
                retry_after=answer.headers.get("Retry-After", ""),
            )
        raise PlexRejected(f"Plex refused {request} ({told})", status)


def check_authorities(file: str) -> None:
    """Raises ConfigError where a file cannot serve as authorities of certificates."""
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "not PEM"
        raise ConfigError(
            f"verify_tls: {file} is no file of certificates that can be read ({why})"
        ) from None
