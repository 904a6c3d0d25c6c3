"""Sign in to Plex: a code for the user to enter at plex.tv, then the token and where Plex answers.

Two processes take part: one asks for the code, others ask whether it was entered. In between the
code rests in the state, which only the owner of the data folder can read.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from types import MappingProxyType
from typing import Any

from app.setup.context import SetupContext
from app.setup.settings_page import remember_account
from core.errors import SyncError
from plex.client import PlexClient
from shell import logs
from storage.files.json_checks import Maybe
from storage.files.token_file import TokenFile
from storage.key_value import Key
from storage.state import State
from transport.retrying import Retrying

CLIENT_ID: Key[str] = Key("plex_client_id", "", str)
# Number, text and end (epoch seconds) of the code that waits; empty: none.
PENDING: Key[Mapping[str, Any]] = Key(
    "plex_sign_in",
    MappingProxyType({}),
    {"number": Maybe(str), "text": Maybe(str), "expires_at": Maybe(float)},
    encode=dict,
)
CONNECT, SILENCE = 3.0, 5.0  # seconds that an address may take
AT_ONCE = 8  # addresses tried at the same time
Probe = Callable[[str, str], str]


def discover(_context: SetupContext) -> dict[str, Any]:
    """The Plex servers in the network that Stash's machine is in, before there is an address."""
    from plex import discovery

    found = discovery.discover()
    return {"servers": [{"name": server.name, "url": server.url} for server in found]}


def sign_in(context: SetupContext) -> dict[str, Any]:
    """Ask plex.tv for a code. Raises PlexServerDown: plex.tv does not answer."""
    from plex.account import EXPIRES, LINK

    with context.open_state() as state:
        code = context.account(_client_id(state)).new_code()
        expires_at = context.clock() + EXPIRES
        state.set_value(
            PENDING, {"number": code.number, "text": code.text, "expires_at": expires_at}
        )
    return {"code": code.text, "link": LINK, "id": code.text, "expires_at": expires_at}


def sign_in_check(context: SetupContext, probe: Probe | None = None) -> dict[str, Any]:
    """Whether the code was entered; once it was, the token is kept and addresses are tried.

    Raises:
        PlexServerDown: plex.tv does not answer.
        StateError: the token cannot be kept.
    """
    from plex.account import Code

    with context.open_state() as state:
        pending = state.get_value(PENDING)
        wanted = str(context.args.get("id") or pending.get("text", ""))
        if not pending or pending["text"] != wanted or pending["expires_at"] < context.clock():
            return _told("expired")
        account = context.account(_client_id(state))
        token = account.token_of(Code(pending["number"], pending["text"]))
        if not token:
            return _told("waiting" if token == "" else "expired")
        logs.configure(debug=False, secrets=[token])
        TokenFile(context.data_dir).write(token)
        state.set_value(PENDING, {})
    context.use_token()
    name, servers = account.servers(token)
    remember_account(context, name, token)
    urls = list(dict.fromkeys(url for server in servers for url in server.addresses))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        problems = pool.map(lambda url: (probe or answers)(url, token), urls)
        why_not = dict(zip(urls, problems, strict=True))
    return {
        **_told("done"),
        "connected_as": name,
        "servers": [
            {
                "name": server.name,
                "addresses": [_tried(url, why_not[url]) for url in server.addresses],
                "best": next((url for url in server.addresses if not why_not[url]), ""),
            }
            for server in servers
        ],
    }


def _tried(url: str, problem: str) -> dict[str, Any]:
    text = problem or "answers, and takes the token"
    return {"url": url, "ok": not problem, "text": text}


def answers(url: str, token: str) -> str:
    """Why no Plex that takes the token answers there; "" if one does."""
    made = partial(PlexClient, connect_timeout=CONNECT, read_timeout=SILENCE)
    try:
        with closing(made(url, token, retrying=Retrying().briefly(SILENCE))) as client:
            client.control_read()
    except SyncError as error:
        return str(error)
    return ""


def _client_id(state: State) -> str:
    known = state.get_value(CLIENT_ID)
    if not known:
        known = uuid.uuid4().hex
        state.set_value(CLIENT_ID, known)
    return known


def _told(state: str) -> dict[str, Any]:
    return {"state": state, "servers": [], "connected_as": None}
