"""Our client for Stash, GraphQL and plain downloads: one connection, one cookie, clear errors.

stashapp-tools asks for the whole schema before any work, has no timeouts and keeps a stale cookie
in front of the fresh one; this client has the two methods of its interface that we need.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3

from core.errors import StashError, StashUnauthorized, StashUnreachable
from stash.connection import StashConnection
from stash.queries import find_scenes_query

# Stash has one SQLite writer and waits 50 ms for it; a scan can hold it for longer than that.
_LOCKED = "database is locked"
_LOCKED_PAUSES = (0.1, 0.5, 1.0, 2.0)
_REFUSED = "Stash refused our session and API key; log in to Stash again or set STASH_API_KEY"
_REDIRECTS = range(300, 400)
_EXCERPT = 300
_CHUNK = 64 * 1024


class DownloadFailed(StashError):
    """Stash began to answer a download, but what came cannot be used."""


@dataclass(frozen=True, slots=True)
class Download:
    """The answer to a plain GET.

    Attributes:
        headers: looked up without regard to case.
        asks_to_log_in: it leads to Stash's login page: neither session nor key was accepted.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    asks_to_log_in: bool


class StashClient:
    """Talks to one Stash. Not for use by several threads at once.

    Args:
        connect_timeout, read_timeout: seconds; the second bounds each silence, not the whole.
        session: an own `requests.Session`, which `close` closes too.
        sleep: waits between attempts on a locked database.
    """

    def __init__(
        self,
        connection: StashConnection,
        *,
        connect_timeout: float = 5,
        read_timeout: float = 60,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._timeout = (connect_timeout, read_timeout)
        self._sleep = sleep
        self._cookie = connection.cookie
        self._api_key = connection.api_key
        self._key_in_use = connection.cookie is None and connection.api_key is not None
        self._session = session if session is not None else requests.Session()
        # Proxies and .netrc of the environment are for Stash's scrapers, not for Stash itself.
        self._session.trust_env = False
        self._session.verify = connection.verify_tls
        # Cookies of the jar would come next to ours, and Stash reads the first: the stale one.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if not connection.verify_tls:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._kept_alive = False
        self.requests_made = 0

    def __repr__(self) -> str:
        return f"StashClient({self._connection.base_url})"

    @property
    def base_url(self) -> str:
        """Where this Stash is reached, without a slash at the end."""
        return self._connection.base_url

    def remember_api_key(self, key: str) -> None:
        """Keeps the key, in memory only, for when the session cookie is refused."""
        if key and key.isascii() and key.isprintable():
            self._api_key = key

    def close(self) -> None:
        """Closes the connection."""
        self._session.close()

    def call_GQL(self, query: str, variables: Mapping[str, object] | None = None) -> dict[str, Any]:
        """The `data` of the answer to one query or mutation.

        Raises:
            StashUnreachable: no answer, a broken one, one that is not Stash's, or Stash is busy.
            StashUnauthorized: Stash refused the cookie and the API key.
            StashError: Stash answered with an error; a partial answer counts as one.
        """
        body = json.dumps({"query": query, "variables": dict(variables or {})}).encode()
        repeatable = not query.lstrip().startswith("mutation")
        for pause in (*_LOCKED_PAUSES, None):
            answer = self._answer_to(body, repeatable)
            errors = answer.get("errors")
            data = answer.get("data")
            if not errors and isinstance(data, dict):
                return data
            message = _first_error(errors)
            if _LOCKED not in message:
                raise StashError(f"Stash answered with an error: {message}; see Stash's log")
            if pause is not None:
                self._sleep(pause)
        raise StashUnreachable("Stash's database stayed locked; try again when its scan is done")

    def find_scenes(
        self,
        f: Mapping[str, object] | None = None,
        filter: Mapping[str, object] | None = None,
        fragment: str | None = None,
        q: str = "",
    ) -> list[dict[str, Any]]:
        """The scenes that fit, as JSON objects; the keywords mean what they do in stashapp-tools.

        Args:
            f: a SceneFilterType.
            filter: a FindFilterType; without one every scene is asked for at once.
            fragment: the fields of a scene to ask for, without braces.
            q: words to search for.
        """
        found = {**(filter if filter is not None else {"per_page": -1}), "q": q}
        data = self.call_GQL(
            find_scenes_query(fragment), {"filter": found, "scene_filter": dict(f or {})}
        )
        scenes = (data.get("findScenes") or {}).get("scenes")
        if not isinstance(scenes, list):
            raise StashError("Stash answered without a list of scenes")
        return scenes

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Download:
        """What Stash has at a path of its own, like "/scene/5/screenshot"; follows no redirect.

        Where the session is no longer accepted, it goes on with the API key, if that is known.

        Args:
            limit: the most bytes that the body may have.

        Raises:
            StashUnreachable: no answer.
            StashUnauthorized: Stash refused the cookie and the API key (401, 403).
            DownloadFailed: the body is larger than the limit, or broke off.
        """
        answer = self._download(path, headers, limit)
        if (answer.asks_to_log_in or answer.status == 401) and self._has_unused_key():
            self._key_in_use = True
            answer = self._download(path, headers, limit)
        if answer.status in (401, 403):
            raise StashUnauthorized(_REFUSED)
        return answer

    def _download(self, path: str, headers: Mapping[str, str], limit: int) -> Download:
        # Compressed once more an image only grows, and the length of its answer says less.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **headers}
        with self._send("GET", path, headers, stream=True) as response:
            # Read to its end whatever it is, or the connection could not be used again.
            body = self._body_within(response, limit)
            status, target = response.status_code, response.headers.get("Location", "")
            to_login = status in _REDIRECTS and target.partition("?")[0].endswith("/login")
            return Download(status, response.headers, body, to_login)

    def _body_within(self, response: requests.Response, limit: int) -> bytes:
        told = response.headers.get("Content-Length", "")
        received = bytearray()
        try:
            if told.isdecimal() and int(told) > limit:
                raise DownloadFailed(f"it is larger than {limit / 1e6:.3g} MB")
            for chunk in response.iter_content(_CHUNK):
                received += chunk
                if len(received) > limit:
                    raise DownloadFailed(f"it is larger than {limit / 1e6:.3g} MB")
        except requests.RequestException:
            raise DownloadFailed("the connection broke off in the middle of it") from None
        return bytes(received)

    def _has_unused_key(self) -> bool:
        return self._api_key is not None and not self._key_in_use

    def _answer_to(self, body: bytes, repeatable: bool) -> dict[str, Any]:
        response = self._post(body, repeatable)
        if response.status_code == 401 and self._has_unused_key():
            self._key_in_use = True
            response = self._post(body, repeatable)
        _check_status(response)
        try:
            answer = json.loads(response.content)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and ("data" in answer or "errors" in answer):
            return answer
        if response.status_code >= 400:
            raise StashError(
                f"{self.base_url} refused the request (HTTP {response.status_code});"
                " is it Stash's address?"
            )
        kind = response.headers.get("Content-Type", "no content type").split(";")[0]
        raise StashUnreachable(
            f"{self.base_url} answered, but not as Stash does ({kind}); is it Stash's address?"
        )

    def _post(self, body: bytes, repeatable: bool) -> requests.Response:
        headers = {
            # Any other Accept changes the statuses and switches gzip off (Stash v0.29 and later).
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        return self._send("POST", "/graphql", headers, body, repeatable=repeatable)

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        repeatable: bool = True,
        stream: bool = False,
    ) -> requests.Response:
        headers = dict(headers)
        # The cookie goes along with the key: it carries Stash's list against endless hooks.
        if self._cookie is not None:
            headers["Cookie"] = f"{self._connection.cookie_name}={self._cookie}"
        if self._key_in_use and self._api_key is not None:
            headers["ApiKey"] = self._api_key
        reused, self._kept_alive = self._kept_alive, False
        self.requests_made += 1
        try:
            response = self._session.request(
                method,
                f"{self.base_url}{path}",
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=stream,
            )
        except requests.RequestException as error:
            # Idle connections are closed by servers and proxies, and that is no failure.
            if reused and repeatable and _broke_before_answer(error):
                return self._send(method, path, headers, body, stream=stream)
            # Not chained: what requests raises may quote headers.
            raise StashUnreachable(self._why(error)) from None
        self._kept_alive = True
        self._keep_newest_cookie(response)
        return response

    def _keep_newest_cookie(self, response: requests.Response) -> None:
        fresh = response.cookies.get(self._connection.cookie_name)
        answered = response.status_code < 300 or response.status_code == 304
        if self._cookie is not None and fresh and answered:
            self._cookie = fresh

    def _why(self, error: requests.RequestException) -> str:
        where = self.base_url
        if isinstance(error, requests.exceptions.SSLError):
            return f"Stash at {where}: its certificate is not trusted, or it does not speak https"
        if isinstance(error, requests.ConnectTimeout):
            waited = self._timeout[0]
            return f"Stash at {where} could not be reached within {waited:g} s; is it running?"
        if isinstance(error, requests.Timeout) or any(
            isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in error.args
        ):
            return f"Stash at {where} did not answer within {self._timeout[1]:g} s; try again later"
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return f"Stash at {where} broke off in the middle of its answer; try again later"
        if isinstance(error, requests.ConnectionError):
            return f"Stash at {where} refused or dropped the connection; is it running?"
        return f"Stash at {where} could not be asked ({type(error).__name__}); is that its address?"


def _broke_before_answer(error: requests.RequestException) -> bool:
    """Whether the connection was lost before the first byte of an answer came."""
    return isinstance(error, requests.ConnectionError) and any(
        isinstance(cause, urllib3.exceptions.ProtocolError) for cause in error.args
    )


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status in (401, 403):
        raise StashUnauthorized(_REFUSED)
    if status in _REDIRECTS:
        raise StashUnreachable("Stash answered with a redirect; STASH_URL must name Stash itself")
    if status >= 500 or status in (408, 429):
        raise StashUnreachable(f"Stash is not ready to answer (HTTP {status}); try again later")


def _first_error(errors: object) -> str:
    """Message and path of the first error. Validation errors name the field in their message."""
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return "no data and no reason given"
    message = str(errors[0].get("message") or "no reason given")[:_EXCERPT]
    path = errors[0].get("path")
    where = ".".join(str(step) for step in path) if isinstance(path, list) else ""
    return f"{message} (at {where})" if where else message
