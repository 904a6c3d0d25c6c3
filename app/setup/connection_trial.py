"""Tries an address and a token of Plex before they are saved."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from app.setup.context import SetupContext
from app.setup.token import SETTING, resolve_token
from core.change_words import closed, counted
from core.errors import ConfigError
from core.setting_words import by_label
from core.settings import read_settings
from plex.client import VIDEO_TYPES, PlexClient
from plex.exceptions import PlexError
from shell import logs
from stash.scenes import plugin_settings
from transport.retrying import Retrying

CONNECT, SILENCE = 3.0, 5.0  # seconds
_ASKED = ("plex_url", SETTING, "verify_tls")


def try_connection(context: SetupContext) -> dict[str, Any]:
    """Whether a Plex answers at `plex_url` and takes `plex_token`; which libraries it has.

    What is not given is taken from the settings. Nothing is saved.

    Raises:
        StashError: Stash does not answer.
    """
    with context.open_stash() as stash:
        stored, api_key = plugin_settings(stash, context.plugin_id)
    in_force = resolve_token(stored, context.data_dir, None)
    given = {key: context.args[key] for key in _ASKED if context.args.get(key)}
    wanted = {**in_force, **given}
    logs.configure(debug=False, secrets=[api_key, str(wanted.get(SETTING, ""))])
    read = read_settings(wanted, context.env)
    wrong = [read.faults[key] for key in _ASKED if key in read.faults]
    if wrong:
        return _failed(by_label(" ".join(f"{each}." for each in wrong)))
    try:
        brief = replace(read.settings, connect_timeout=CONNECT, read_timeout=SILENCE)
        with contextlib.closing(PlexClient.by(brief, Retrying().briefly())) as plex:
            return _looked_at(plex)
    except (PlexError, ConfigError) as error:
        text = by_label(str(error))
        return _failed(closed(f"{text[:1].upper()}{text[1:]}"))


def _looked_at(plex: PlexClient) -> dict[str, Any]:
    version, name = plex.identity().version, ""
    sections = [each for each in plex.control_read() if each.type in VIDEO_TYPES]
    with contextlib.suppress(PlexError):
        name = plex.name()
    libraries = [
        {
            "key": section.key,
            "title": section.title,
            "type": section.type,
            "agent": section.agent,
            "items": plex.count_items(section),
        }
        for section in sections
    ]
    # None: it does not say, and then the first edit will.
    owner = plex.is_owners_token() is not False
    return {
        "ok": True,
        "text": _said(name, version, len(libraries), owner=owner),
        "server_name": name,
        "version": version,
        "owner": owner,
        "libraries": libraries,
    }


def _said(name: str, version: str, libraries: int, *, owner: bool) -> str:
    who = f"Plex {version} ({name})" if name else f"Plex {version}"
    if not owner:
        return (
            f"{who} answers, but the token is not that of the account that owns the server, so"
            " Plex will take no changes. Sign in with the owner's account."
        )
    if not libraries:
        return f"{who} answers, and shows no movie or show library to this token."
    return f"{who} answers, with {counted(libraries, 'video library', 'video libraries')}."


def _failed(text: str) -> dict[str, Any]:
    nothing = {"server_name": "", "version": "", "owner": False, "libraries": []}
    return {"ok": False, "text": text, **nothing}
