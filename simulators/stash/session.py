"""Sessions and authentication (Stash's pkg/session and internal/api/authentication.go).

A cookie is a signed, timestamped text that carries the user and the (plugin, hook) pairs that led
to it; the latter is how Stash ends hook loops.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import posixpath
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from simulators.stash.schema import version_key

COOKIE = "session"
KEY = b"simulated session key"
LOOP_LIMIT = 10
GO_1_23 = (0, 29)  # from here on, cookies have two more keys
UNAUTHORIZED_KEY = (0, 26)  # before, a wrong API key was an internal error
Visit = tuple[str, str]  # plugin id, hook trigger


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: the user ("" if none) and the hooks that it comes from."""

    user: str = ""
    visited: tuple[Visit, ...] = ()

    def through(self, visit: Visit) -> Caller:
        return replace(self, visited=(*self.visited, visit))

    def loops(self, visit: Visit, never_twice: bool) -> bool:
        """Whether the hook is not to run again.

        Args:
            never_twice: the rule before v0.25: a plugin that was on the way here stays out.
        """
        if never_twice:
            return any(plugin == visit[0] for plugin, _hook in self.visited)
        return self.visited.count(visit) >= LOOP_LIMIT


class Sessions:
    """Signs and reads cookies, and decides who may do what.

    Args:
        switches: `max_session_age` in seconds.
    """

    def __init__(
        self, switches: Mapping[str, Any], username: str, password: str, api_key: str
    ) -> None:
        self._switches = switches
        self._username = username
        self._password = password
        self.api_key = api_key

    def sign(self, caller: Caller) -> str:
        content = {"user": caller.user, "visited": caller.visited, "at": int(time.time())}
        body = base64.urlsafe_b64encode(json.dumps(content).encode())
        return base64.urlsafe_b64encode(body + b"|" + self._mac(body)).decode()

    def read(self, value: str) -> Caller | None:
        """The caller that a cookie stands for; None: forged, damaged or too old."""
        try:
            body, mac = base64.urlsafe_b64decode(value).rsplit(b"|", 1)
            if not hmac.compare_digest(mac, self._mac(body)):
                return None
            content = json.loads(base64.urlsafe_b64decode(body))
        except (binascii.Error, ValueError):
            return None
        if time.time() - content["at"] > self._switches["max_session_age"]:
            return None
        return Caller(content["user"], tuple((plugin, hook) for plugin, hook in content["visited"]))

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(KEY, body, hashlib.sha256).hexdigest().encode()

    def plugin_cookie(self, caller: Caller) -> dict[str, Any]:
        """The cookie as a plugin finds it on stdin: Go's http.Cookie as JSON."""
        newer = version_key(self._switches["version"]) >= GO_1_23
        return {
            "Name": COOKIE,
            "Value": self.sign(caller),
            **({"Quoted": False} if newer else {}),
            "Path": "",
            "Domain": "",
            "Expires": "0001-01-01T00:00:00Z",
            "RawExpires": "",
            "MaxAge": 0,
            "Secure": False,
            "HttpOnly": False,
            "SameSite": 0,
            **({"Partitioned": False} if newer else {}),
            "Raw": "",
            "Unparsed": None,
        }

    def set_cookie(self, caller: Caller) -> str:
        age = self._switches["max_session_age"]
        expires = formatdate(time.time() + age, usegmt=True)
        value = self.sign(caller)
        return f"{COOKIE}={value}; Path=/; Expires={expires}; Max-Age={age}; SameSite=Lax"

    def login(self, username: str, password: str) -> Caller | None:
        right = (username, password) == (self._username, self._password)
        return Caller(username) if right and self._password else None

    def authenticate(self, request: web.Request) -> tuple[Caller, str | None] | web.Response:
        """The caller and the fresh Set-Cookie, if any; or the refusal."""
        key = request.headers.get("ApiKey") or request.query.get("apikey")
        known = self.read(first_cookie(request.headers.get("Cookie", "")))
        fresh = None
        if key:
            if key != self.api_key:
                older = version_key(self._switches["version"]) < UNAUTHORIZED_KEY
                return (
                    web.Response(status=500, text="invalid API key") if older else _unauthorized()
                )
            # The key says who it is; a cookie beside it still says on the way from which hooks.
            caller = Caller(self._username, known.visited if known is not None else ())
        else:
            caller = known or Caller()
            fresh = None if known is None else self.set_cookie(known)
        if self._password and not caller.user and not _open_to_all(request.path):
            extension = posixpath.splitext(request.path)[1]
            if request.path == "/graphql" or extension not in ("", ".html"):
                return _unauthorized()
            return _to_login(request)
        return caller, fresh


def first_cookie(header: str) -> str:
    """The first session cookie of the header: Go takes that one when a client sends two."""
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value.strip('"')
    return ""


def _open_to_all(path: str) -> bool:
    return path.startswith(("/login", "/assets")) or path in ("/logout", "/css", "/healthz")


def _to_login(request: web.Request) -> web.Response:
    prefix = request.headers.get("X-Forwarded-Prefix", "")
    target = urlencode({"returnURL": prefix + request.raw_path})
    location = f"{prefix}/login?{target}"
    if request.method not in ("GET", "HEAD"):
        return web.Response(status=302, headers={"Location": location})
    return web.Response(
        status=302,
        body=f'<a href="{location}">Found</a>.\n\n'.encode(),
        headers={"Location": location, "Content-Type": "text/html; charset=utf-8"},
    )


def _unauthorized() -> web.Response:
    return web.Response(status=401, headers={"WWW-Authenticate": "FormBased"})
