"""Which Plex token counts, and where it rests.

Settings of plugins are plain text in Stash's configuration, and everybody who can log in to Stash
can read them. So a token that is typed there works at once, is moved to a file of the data folder,
and the setting says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from core.errors import StashError, StateError
from core.setting_values import BadValueError
from core.setting_values import token as parse_token
from storage.files.token_file import TokenFile

log = logging.getLogger(__name__)

SETTING = "plex_token"
# What the setting says instead of the token. No token has a blank in it.
KEPT = "kept in a file of the plugin's data folder"


def resolve_token(
    stored: Mapping[str, object],
    data_dir: Path,
    save: Callable[[Mapping[str, object]], object] | None,
) -> dict[str, object]:
    """The settings as Stash has them, with the token that counts in its place.

    A token that was typed into the setting counts before the one in the file, and goes there.

    Args:
        stored: the plugin's settings.
        save: writes some of the plugin's settings back to Stash; raises StashError. None: nothing
            is moved.
    """
    file, typed = TokenFile(data_dir), stored.get(SETTING)
    if not isinstance(typed, str) or not typed.strip() or typed.strip() == KEPT:
        kept = file.read()
        rest = {name: value for name, value in stored.items() if name != SETTING}
        return {**rest, SETTING: kept} if kept else rest
    try:
        token = parse_token(typed)
    except BadValueError:
        return dict(stored)  # whoever reads the settings says what is wrong
    if save is not None:
        _move(token, file, save)
    return {**stored, SETTING: token}


def _move(token: str, file: TokenFile, save: Callable[[Mapping[str, object]], object]) -> None:
    """From the setting to the file; where either cannot be written it stays where it is."""
    try:
        if file.read() != token:
            file.write(token)
        save({SETTING: KEPT})
    except (StateError, StashError) as error:
        log.debug("the Plex token stays in the settings: %s", error)
    else:
        log.info("The Plex token was moved from the settings to a file that only Stash can read.")
