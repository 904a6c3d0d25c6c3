"""The user's account at plex.tv: signing in by a code, and the servers of the account.

By python-plexapi: here one thing is asked at a time. Sources of the rules: its `myplex` module, and
plex.tv's answers as it reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from plexapi.exceptions import PlexApiException, Unauthorized
from plexapi.myplex import MyPlexAccount, MyPlexPinLogin

from plex.exceptions import PlexServerDown, PlexUnauthorized

LINK = "https://plex.tv/link"
TIMEOUT = 10.0  # seconds for each request
EXPIRES = 900.0  # seconds; plex.tv gives a code of four characters a quarter of an hour
# plexapi has no types.
_ACCOUNT: Callable[..., Any] = MyPlexAccount
_PIN_LOGIN: Callable[..., Any] = MyPlexPinLogin
_AWAY = "plex.tv does not answer. Can the machine that Stash runs on reach the internet?"


@dataclass(frozen=True, slots=True)
class Code:
    """A code that waits for the user to enter it at `LINK`.

    Attributes:
        number: plex.tv's own number of it.
        text: the four characters.
    """

    number: str = field(repr=False)
    text: str


@dataclass(frozen=True, slots=True)
class AccountServer:
    """A Plex Media Server of the account.

    Attributes:
        addresses: those under which it may answer, the most direct first.
    """

    name: str
    addresses: Sequence[str]


class PlexAccount:
    """plex.tv, for one installation of the plugin.

    Args:
        client_id: tells this installation from others; plex.tv lists it among the user's devices.
        session: a session of requests to use.
    """

    def __init__(self, client_id: str, session: requests.Session | None = None) -> None:
        self._session = session or requests.Session()
        self._headers = {
            "X-Plex-Client-Identifier": client_id,
            "X-Plex-Product": "Stash2Plex",
            "X-Plex-Device-Name": "Stash2Plex",
        }

    def new_code(self) -> Code:
        """Ask for a code. Raises PlexServerDown: plex.tv does not answer, or gives none."""
        login = self._login()
        try:
            text = login.pin
        except (requests.RequestException, PlexApiException):
            raise PlexServerDown(_AWAY) from None
        if not text or not login._id:
            raise PlexServerDown("plex.tv gave no code to sign in with; try again")
        return Code(str(login._id), str(text))

    def token_of(self, code: Code) -> str | None:
        """The token, once the user has entered the code; "" while they have not; None if it has
        expired. Raises PlexServerDown: plex.tv does not answer."""
        login = self._login()
        login._id, login._code = code.number, code.text
        try:
            return str(login.token) if login._checkLogin() else ""
        except PlexApiException as error:
            if "(404)" in str(error):
                return None
            raise PlexServerDown(_AWAY) from None
        except requests.RequestException:
            raise PlexServerDown(_AWAY) from None

    def servers(self, token: str) -> tuple[str, list[AccountServer]]:
        """The name of the account, and the servers that it owns.

        Raises:
            PlexServerDown: plex.tv does not answer.
            PlexUnauthorized: it refuses the token.
        """
        try:
            account = _ACCOUNT(token=token, session=self._session, timeout=TIMEOUT)
            resources = account.resources()
        except Unauthorized:
            raise PlexUnauthorized("plex.tv refused the token that it has just given") from None
        except (requests.RequestException, PlexApiException):
            raise PlexServerDown(_AWAY) from None
        except (AttributeError, SyntaxError, TypeError, ValueError) as error:  # of its reader
            raise PlexServerDown(f"plex.tv's answer cannot be read ({error})") from None
        return str(account.title or account.username or "your account"), [
            AccountServer(each.name, each.preferred_connections())
            for each in resources
            if each.owned and "server" in (each.provides or "").split(",")
        ]

    def _login(self) -> Any:
        return _PIN_LOGIN(session=self._session, requestTimeout=TIMEOUT, headers=self._headers)
