"""The settings on the page: shown as they are, and saved once they make sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.setup.context import SetupContext
from app.setup.settings_rows import KnownSettings, told
from app.setup.token import KEPT, SETTING, resolve_token
from core.change_words import counted
from core.digests import digest_of
from core.errors import ConfigError
from core.settings import DEFAULTS, SECRET, read_settings, same_key
from shell import logs
from stash.plugin_settings import change_plugin_settings
from stash.scenes import plugin_settings
from storage.files.token_file import TokenFile
from storage.key_value import Key

# Whose token rests in the file: the account's name, and a digest of the token.
CONNECTED_AS: Key[tuple[str, str]] = Key("connected_as", ("", ""), (str, str), tuple, list)


def page_settings(context: SetupContext) -> dict[str, Any]:
    """All settings in groups, with what is wrong with them; no secret is among the values.

    Raises:
        StashError: Stash does not answer.
    """
    token = TokenFile(context.data_dir).read()
    with context.open_stash() as stash:
        stored, api_key = plugin_settings(stash, context.plugin_id)
    logs.configure(debug=False, secrets=[api_key, token, str(stored.get(SETTING, ""))])
    in_force = resolve_token(stored, context.data_dir, None)
    read = read_settings(in_force, context.env)
    name = ""
    if token and in_force.get(SETTING) == token:
        with context.open_state() as state:
            account, of = state.get_value(CONNECTED_AS)
        name = account if of == _digest(token) else ""
    return {
        "groups": KnownSettings(stored, context.env, bool(token), read).groups(),
        "problems": told(read.faults),
        "connected_as": name or None,
    }


def remember_account(context: SetupContext, name: str, token: str) -> None:
    """Note whose token it is that rests in the file."""
    with context.open_state() as state:
        state.set_value(CONNECTED_AS, (name, _digest(token)))


def save_settings(context: SetupContext) -> dict[str, Any]:
    """Save those of the settings `values` that make sense, and say what is wrong with the others.

    A value of null means the default. A token goes to its file; an empty one changes nothing.

    Raises:
        ConfigError: `values` names no settings.
        StashError: Stash does not answer, or does not take it. StateError: the token's file.
    """
    values = context.args.get("values")
    if not isinstance(values, Mapping) or not values:
        raise ConfigError("Nothing was saved: the argument 'values' has no settings in it.")
    given = {key: v for key, v in values.items() if not (key in SECRET and v == "")}
    with context.open_stash() as stash:
        stored, api_key = plugin_settings(stash, context.plugin_id)
        logs.configure(debug=False, secrets=[api_key, *_secrets(given)])
        faults = _faults(given, stored, context)
        good = {key: value for key, value in given.items() if key not in faults}
        changes = dict(good)
        if SETTING in good:
            changes[SETTING] = _keep(good[SETTING], TokenFile(context.data_dir))
        for key in [key for key, value in changes.items() if value is None]:
            changes.update((other, None) for other in stored if same_key(other, key))
        if changes:
            change_plugin_settings(stash, context.plugin_id, changes)
    return {"saved": sorted(good), "problems": told(faults), "text": _said(len(good), len(faults))}


def _faults(
    given: Mapping[str, object], stored: Mapping[str, object], context: SetupContext
) -> dict[str, str]:
    """What is wrong with the settings that are given, as far as they are."""
    unknown = {key: f"There is no setting {key!r}." for key in given if key not in DEFAULTS}
    in_force = resolve_token(stored, context.data_dir, None)
    kept = {
        other: value
        for other, value in in_force.items()
        if not any(same_key(other, key) for key in given)
    }
    wanted = {**kept, **{key: value for key, value in given.items() if value is not None}}
    read = read_settings(wanted, context.env)
    found, trusted = dict(read.faults), read.settings.verify_tls
    if isinstance(trusted, str):
        from plex.http import check_authorities  # which hardly anybody needs

        try:
            check_authorities(trusted)
        except ConfigError as error:
            found["verify_tls"] = str(error)
    taken_out = {SETTING} if given.get(SETTING, "") is None else set[str]()  # signing out is fine
    wrong = {key: found[key] for key in found if key in given and key not in taken_out}
    return {**unknown, **wrong}


def _keep(token: object, file: TokenFile) -> object:
    """Put a token into its file, or forget it; what the setting says then."""
    if token is None:
        file.forget()
        return None
    file.write(str(token).strip())
    return KEPT


def _secrets(given: Mapping[str, object]) -> list[str]:
    return [value for key in SECRET if isinstance(value := given.get(key), str)]


def _said(saved: int, wrong: int) -> str:
    if not wrong:
        return f"{counted(saved, 'setting was', 'settings were')} saved."
    kept = f"{saved} saved; " if saved else "Nothing was saved: "
    return f"{kept}{counted(wrong, 'setting needs', 'settings need')} correction."


def _digest(token: str) -> str:
    return digest_of([token]).hex()
