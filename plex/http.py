"""Requests to a Plex Media Server, and what can go wrong with them, told in our own words.

What may pass by itself is tried again here and nowhere else. The token travels in a header only,
because addresses end up in logs and in the texts of exceptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from plex.address import Address
from plex.answers import container_in, is_locked, is_starting, said, strange_body
from plex.exceptions import PlexRejected, PlexServerDown, PlexUnauthorized
from plex.url_encoding import Params, encode_query
from transport.retrying import TRIES, Retrier, TryAgain, retry_after
from transport.session import MB, Answer, Failure, HttpSession, TransportError

# Bytes of an answer, by its kind. A thousand items in a listing have 2 MB; a hundred whole ones
# with all their actors 3 MB.
LISTING, SMALL, WRITTEN = 16 * MB, 4 * MB, MB
_LATER = "try again later"
_IS_IT_UP = "is it running, and is plex_url right?"
# One of these is in every list, also in an empty one.
_LISTED = frozenset({"size", "totalSize", "Metadata", "Directory"})
# Statuses that say "not now", though not all are 5xx.
_BUSY = frozenset({408, 425, 429, 503})
# Where no connection came about, nothing was sent, and more tries than these mean a long wait.
_NOBODY_THERE: Mapping[Failure, int] = {
    Failure.REFUSED: 3,
    Failure.NO_HOST: 2,
    Failure.UNREACHABLE: 2,
}
_LASTING = frozenset({Failure.UNTRUSTED, Failure.OTHER})
_WORDS: Mapping[Failure, str] = {
    Failure.REFUSED: f"refused the connection; {_IS_IT_UP}",
    Failure.NO_HOST: f"cannot be found: there is no such host; {_IS_IT_UP}",
    Failure.UNREACHABLE: f"could not be reached within {{connect}}; {_IS_IT_UP}",
    Failure.UNTRUSTED: "has no trusted https connection; use http:// or its plex.direct address,"
    " or name its certificate authority in verify_tls",
    Failure.SILENT: f"did not answer within {{pause}}; {_LATER}",
    Failure.TOO_SLOW: f"did not answer as a whole within {{pause}}; {_LATER}",
    Failure.DROPPED: f"dropped the connection; {_LATER}",
    Failure.BROKE_OFF: f"broke off in the middle of its answer; {_LATER}",
    Failure.TOO_LARGE: f"sent more than any answer should have; {_LATER}",
    Failure.OTHER: f"could not be asked ({{detail}}); {_IS_IT_UP}",
}


class PlexHttp:
    """One connection to one server. Not for use by several threads at once.

    Attributes:
        writes_made: requests that were to change something, repeated ones included.
        retrier: tries again what raises TryAgain.
    """

    def __init__(self, address: Address, retrier: Retrier | None = None) -> None:
        self._address = address
        self._base = address.url.rstrip("/")
        self._session = HttpSession(
            address.connect_timeout, address.read_timeout, address.verify_tls
        )
        self._headers = {
            "Accept": "application/json",
            "X-Plex-Token": address.token.strip(),
            "X-Plex-Client-Identifier": "stash2plex",
            "X-Plex-Product": "Stash2Plex",
        }
        self._where = f"Plex at {address.shown}"
        self.retrier = retrier if retrier is not None else Retrier()
        self.writes_made = 0

    def __repr__(self) -> str:
        return f"PlexHttp({self._address.shown})"

    @property
    def requests_made(self) -> int:
        """Requests sent, repeated ones included."""
        return self._session.requests_made

    @property
    def base_length(self) -> int:
        """How many bytes of each address the server's own part takes."""
        return len(self._base)

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def read(
        self,
        path: str,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        *,
        most: int = SMALL,
        tries: int = TRIES,
    ) -> dict[str, Any]:
        """GETs a path and returns its MediaContainer.

        Args:
            most: bytes that the answer may have.
            tries: fewer, where a failure is no surprise.

        Raises:
            PlexServerDown, PlexUnauthorized, PlexRejected: see `plex.exceptions`.
        """
        get = partial(self._get, path, list(params), headers, most)
        return self.retrier.call(lambda: self._container(path, get()), tries)

    def read_list(
        self,
        path: str,
        params: Params = (),
        headers: Mapping[str, str] | None = None,
        *,
        tries: int = TRIES,
    ) -> dict[str, Any]:
        """`read`, of what lists things: an answer that says nothing of them is none.

        Raises:
            PlexServerDown: also where there are neither entries nor a count of them.
        """
        get = partial(self._get, path, list(params), headers, LISTING)

        def attempt() -> dict[str, Any]:
            container = self._container(path, get())
            if container.keys().isdisjoint(_LISTED):
                raise self._strange("without saying what there is")
            return container

        return self.retrier.call(attempt, tries)

    def read_if_any(self, path: str) -> dict[str, Any]:
        """`read`, of what an idle server may answer with nothing at all: then {}."""

        def attempt() -> dict[str, Any]:
            answer = self._get(path, (), None, SMALL)
            return self._container(path, answer) if answer.body.strip() else {}

        return self.retrier.call(attempt)

    def write(self, method: str, path: str, params: Params = ()) -> None:
        """PUTs or DELETEs a path (or GETs one that does something), again until it is taken:
        only for what may be done twice.

        Raises:
            PlexServerDown, PlexUnauthorized, PlexRejected: see `plex.exceptions`. After the first
            the change may or may not have been made.
        """
        self.retrier.call(partial(self.try_write, method, path, list(params)))

    def try_write(
        self, method: str, path: str, params: Params = (), body: bytes | None = None
    ) -> None:
        """`write`, of anything and once.

        Raises:
            TryAgain: it failed in a way that may pass.
        """
        self.writes_made += 1
        answer = self._answer(method, path, params, None, WRITTEN, body)
        came = strange_body(answer)
        if came:
            raise TryAgain(
                PlexServerDown(
                    f"{self._where} answered a change with {came}, so it was not made; {_LATER}"
                )
            )

    def _get(
        self, path: str, params: Params, headers: Mapping[str, str] | None, most: int
    ) -> Answer:
        return self._answer("GET", path, params, headers, most)

    def _answer(
        self,
        method: str,
        path: str,
        params: Params,
        headers: Mapping[str, str] | None,
        most: int,
        body: bytes | None = None,
    ) -> Answer:
        query = encode_query(params)
        url = f"{self._base}{path}?{query}" if query else f"{self._base}{path}"
        all_headers = {**self._headers, **(headers or {})}
        try:
            answer = self._session.send(method, url, all_headers, body, most=most)
        except TransportError as error:
            raise self._failed(error) from None
        self._check(answer, f"{method} {path}")
        return answer

    def _container(self, path: str, answer: Answer) -> dict[str, Any]:
        try:
            return container_in(answer)
        except ValueError as error:
            advice = "is plex_url right?" if path == "/identity" else _LATER
            raise self._strange(f"with {error}", advice) from None

    def _strange(self, how: str, advice: str = _LATER) -> TryAgain:
        down = PlexServerDown(f"{self._where} answered {how}; {advice}", may_be_one=True)
        return TryAgain(down)

    def _failed(self, error: TransportError) -> Exception:
        down = PlexServerDown(
            f"{self._where} {self._words(error)}",
            may_be_one=error.failure not in _NOBODY_THERE and error.failure not in _LASTING,
            is_slow=error.failure in (Failure.SILENT, Failure.TOO_SLOW),
        )
        if error.failure in _LASTING:
            return down
        # Servers close idle connections, and that is no failure.
        after = 0.0 if error.was_kept and error.failure is Failure.DROPPED else None
        return TryAgain(down, after, _NOBODY_THERE.get(error.failure, TRIES))

    def _words(self, error: TransportError) -> str:
        return _WORDS[error.failure].format(
            connect=f"{self._address.connect_timeout:g} s",
            pause=f"{self._address.read_timeout:g} s",
            detail=error,
        )

    def _check(self, answer: Answer, request: str) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status == 401:
            raise PlexUnauthorized(f"the Plex token was refused by {self._where}; check plex_token")
        if status == 403:
            raise PlexUnauthorized(
                "the Plex token was refused for this: it must be the token of the server's owner"
                f" ({request}, HTTP 403)"
            )
        if status < 400:
            raise PlexServerDown(
                f"{self._where} answered with a redirect (HTTP {status}); is plex_url right?"
            )
        sentence = said(answer, self._address.token.strip())
        told = f"HTTP {status}: {sentence}" if sentence else f"HTTP {status}"
        is_waiting = status in _BUSY or is_starting(sentence) or is_locked(sentence)
        if status >= 500 or is_waiting:
            raise TryAgain(
                PlexServerDown(
                    f"{self._where} is starting, busy or failing ({told}); {_LATER}",
                    may_be_one=not is_waiting,
                ),
                retry_after(answer.headers.get("Retry-After")),
            )
        raise PlexRejected(f"Plex refused {request} ({told})", status)
