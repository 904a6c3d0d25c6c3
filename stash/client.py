"""Our client for Stash, GraphQL and plain downloads: one session, limits, retries, clear errors.

stashapp-tools asks for the whole schema before any work, has no timeouts and keeps a stale cookie
in front of the fresh one; this client has the two methods of its interface that we need.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import PicturesUnavailable, StashError, StashUnauthorized, StashUnreachable
from core.redaction import Redactor, secrets_in
from stash.answers import (
    EXCERPT,
    REFUSED,
    asks_to_log_in,
    check_status,
    first_error,
    is_busy,
    later,
    scenes_in,
)
from stash.connection import StashConnection
from stash.queries import find_scenes_query
from transport.decoding import NotJson, decode
from transport.errors import TooLarge, TransportError
from transport.http import Answer, Http
from transport.patience import Patience
from transport.retrying import Retrying, Transient

# All limits of what Stash may take and send. A page of 500 scenes is less than half a megabyte.
CONNECT_TIMEOUT = 5.0  # seconds
# Seconds; a whole answer may take twice that. The first is for who has not read the settings yet.
LONGEST_SILENCE, LEAST_SILENCE = 30.0, 10.0
LONGEST_SILENCE_OF_PICTURES = 15.0
MOST_OF_JSON = 8_000_000  # bytes

# Stash has one SQLite writer and waits 50 ms for it; a scan can hold it for longer than that.
_LOCKED = "database is locked"


class AnswerTooLarge(StashError):
    """An answer has more bytes than were allowed; a part of it may be asked for.

    Attributes:
        start: those that came first; none where its head says how many they are.
    """

    def __init__(self, message: str, start: bytes) -> None:
        super().__init__(message)
        self.start = start


class StashClient:
    """Talks to one Stash.

    Args:
        connect_timeout, silence: seconds; the second bounds each silence, twice that the whole. It
            may be set later, too.
        retrying: how failed queries are repeated.
    """

    def __init__(
        self,
        connection: StashConnection,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        silence: float = LONGEST_SILENCE,
        retrying: Retrying | None = None,
    ) -> None:
        self._connection = connection
        self._retrying = retrying if retrying is not None else Retrying()
        is_keyed = connection.cookie is None and connection.api_key is not None
        self._session = _Session(connection.cookie, connection.api_key, is_keyed)
        self.reads_groups = False  # whether scenes are read with the groups that they are in
        self.group_fields: str | None = None  # what is asked for then, once that is known
        self._http = Http(
            connection.base_url,
            connect_timeout=connect_timeout,
            pause=silence,
            verify=connection.verify_tls,
        )
        self._pause = min(silence, LONGEST_SILENCE_OF_PICTURES)
        self.silence = silence
        self._redactor = Redactor(filter(None, (connection.cookie, connection.api_key)))

    @property
    def base_url(self) -> str:
        """Where this Stash is reached, without a slash at the end."""
        return self._connection.base_url

    @property
    def requests_made(self) -> int:
        """Requests sent, repeated ones included."""
        return self._http.requests_made

    def with_timeout(self, silence: float) -> StashClient:
        """The same for what is asked twice at most, and given up after so many seconds without a
        byte. It shares the connections and the session."""
        other = copy.copy(self)
        other._pause = other.silence = silence
        other._retrying = self._retrying.briefly(silence)
        return other

    def patient_as(self, patience: Patience) -> StashClient:
        """The same, which waits for answers as long as this says. It shares the connections and the
        session."""
        other = copy.copy(self)
        other._retrying = self._retrying.patient_as(patience)
        return other

    def remember_api_key(self, key: str) -> None:
        """Keeps the key, in memory only, for when the session cookie is refused."""
        if key and key.isascii() and key.isprintable():
            self._session.api_key = key
            self._redactor.add([key])

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def call_GQL(self, query: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The `data` of the answer to one query or mutation.

        What may pass is tried again (see `transport.retrying`), but a mutation only where Stash
        cannot have carried it out.

        Raises:
            StashUnreachable: no answer, a broken one, one that is not Stash's, or Stash is busy.
            StashUnauthorized: Stash refused the cookie and the API key.
            AnswerTooLarge: there would be too much of it.
            StashError: Stash answered with an error; a partial answer counts as one.
        """
        body = json.dumps({"query": query, "variables": dict(variables or {})}).encode()
        repeatable = not query.lstrip().startswith("mutation")
        return self._retrying.call(lambda: self._data(body), repeatable=repeatable)

    def find_scenes(
        self,
        f: Mapping[str, object] | None = None,
        filter: Mapping[str, object] | None = None,
        fragment: str | None = None,
    ) -> list[dict[str, Any]]:
        """The scenes that fit, as JSON objects; the keywords mean what they do in stashapp-tools.

        Args:
            f: a SceneFilterType.
            filter: a FindFilterType; without one every scene is asked for at once.
            fragment: the fields of a scene to ask for, without braces.
        """
        found = {"q": "", **(filter if filter is not None else {"per_page": -1})}
        data = self.call_GQL(
            find_scenes_query(fragment), {"filter": found, "scene_filter": dict(f or {})}
        )
        return scenes_in(data.get("findScenes"))

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Answer:
        """What Stash has at a path of its own, like "/scene/5/screenshot"; follows no redirect.

        Where the session is no longer accepted, it goes on with the API key, if that is known.
        Statuses from 500 on are returned once trying again has not helped.

        Args:
            limit: the most bytes that the body may have.

        Raises:
            StashUnreachable: no connection.
            PicturesUnavailable: there was one, but no whole answer came.
            StashUnauthorized: Stash refused the cookie and the API key (401, 403).
            AnswerTooLarge: the body is larger than the limit.
        """
        # Compressed once more an image only grows, and the length of its answer says less.
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **headers}

        def download() -> Answer:
            answer = self._answer(
                "GET", path, sent, limit=limit, pause=self._pause, lost=PicturesUnavailable
            )
            if is_busy(answer):
                raise later(_Busy(answer), answer)
            return answer

        try:
            found = self._retrying.call(download, repeatable=True)
        except _Busy as busy:
            found = busy.answer
        if found.status in (401, 403):
            raise StashUnauthorized(REFUSED)
        return found

    def _data(self, body: bytes) -> dict[str, Any]:
        headers = {
            # Any other Accept changes the statuses and switches gzip off (Stash v0.29 and later).
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        answer = self._answer(
            "POST", "/graphql", headers, body, limit=MOST_OF_JSON, pause=self.silence
        )
        check_status(answer)
        told = self._decoded(answer)
        data, errors = told.get("data"), told.get("errors")
        if not errors and isinstance(data, dict):
            return data
        self._redactor.add(secrets_in(data))
        message = self._redactor.clean(first_error(errors))
        if _LOCKED in message:
            locked = "Stash's database stayed locked; try again when its scan is done"
            raise Transient(StashUnreachable(locked), done=False)
        raise StashError(f"Stash answered with an error: {message[:EXCERPT]}; see Stash's log")

    def _decoded(self, answer: Answer) -> dict[str, Any]:
        try:
            told = decode(answer.body, answer.content_type)
        except NotJson as error:
            came = self._redactor.clean(str(error))
        else:
            if isinstance(told, dict) and ("data" in told or "errors" in told):
                return told
            came = "other JSON came"
        if answer.status >= 400:
            raise StashError(
                f"{self.base_url} refused the request (HTTP {answer.status}: {came});"
                " is it Stash's address?"
            )
        raise Transient(
            StashUnreachable(
                f"{self.base_url} answered, but not as Stash does: {came}; is it Stash's address,"
                " with no login page of a proxy before it?"
            )
        )

    def _answer(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        limit: int,
        pause: float | None = None,
        lost: type[StashUnreachable] = StashUnreachable,
    ) -> Answer:
        """An answer, given to our session or else to our key, whatever its status.

        Args:
            lost: what to raise where there was a connection, but no whole answer came.
        """
        while True:
            credentials = self._credentials()
            try:
                answer = self._http.send(
                    method,
                    path,
                    headers={**headers, **credentials},
                    body=body,
                    limit=limit,
                    pause=pause,
                    patience=self._retrying.patience,
                )
            except TransportError as error:
                raise self._failed(error, lost) from None
            self._keep_newest_cookie(answer)
            refused = answer.status == 401 or asks_to_log_in(answer)
            if not refused or self._session.api_key is None or "ApiKey" in credentials:
                return answer
            self._session.key_in_use = True

    def _credentials(self) -> dict[str, str]:
        sent, session = {}, self._session
        # The cookie goes along with the key: it carries Stash's list against endless hooks.
        if session.cookie is not None:
            sent["Cookie"] = f"{self._connection.cookie_name}={session.cookie}"
        if session.key_in_use and session.api_key is not None:
            sent["ApiKey"] = session.api_key
        return sent

    def _keep_newest_cookie(self, answer: Answer) -> None:
        """Cookies of a jar would come next to ours, and Stash reads the first: the stale one."""
        if self._session.cookie is None or not (answer.status < 300 or answer.status == 304):
            return
        name = re.escape(self._connection.cookie_name)
        set_by = answer.headers.get("Set-Cookie", "")  # several of them joined by commas
        fresh = re.findall(rf"(?:^|,\s*){name}=([!-+\--:<-~]+)", set_by)
        if fresh:
            self._session.cookie = fresh[-1]
            self._redactor.add(fresh)

    def _failed(self, error: TransportError, lost: type[StashUnreachable]) -> Exception:
        text = f"Stash at {self.base_url} {error}"
        if isinstance(error, TooLarge):
            return AnswerTooLarge(f"{text}; is it Stash's address?", error.start)
        if not error.sent:
            down = StashUnreachable(f"{text}; is it running, and is that its address?")
            return Transient(down, connected=False, done=False)
        failed = lost(f"{text}; try again later")
        # Another picture tells more than another try.
        return failed if error.is_costly and lost is PicturesUnavailable else Transient(failed)


@dataclass(slots=True)
class _Session:
    """What Stash lets us in with: of one client and those made of it, used by several threads."""

    cookie: str | None
    api_key: str | None
    key_in_use: bool


class _Busy(Exception):
    """An answer that says: not now."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer
