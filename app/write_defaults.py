"""Writes the defaults into the plugin's settings, so that Stash's own page of them tells the truth.

Stash knows no defaults for the settings of plugins: what nobody has set looks off, 0 or empty
there. A default that is written means the same as none; what the user has set stays as it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.directories import PLUGIN_ID
from app.wiring import Context
from core.change_words import counted
from core.errors import StashError
from core.settings import DEFAULTS, REQUIRED, stored_value
from shell.logs import headline
from stash.plugin_settings import fill_plugin_settings
from storage.key_value import Key

log = logging.getLogger(__name__)

# The defaults that were written last, by name, as JSON.
WRITTEN: Key[Mapping[str, str]] = Key(
    "written_defaults", MappingProxyType({}), {str: str}, encode=dict
)


def as_stored(name: str) -> object:
    """A default as Stash stores it; None where it is nothing, and where there is none."""
    value = DEFAULTS[name]
    if name in REQUIRED or value in ("", ()):
        return None
    if name == "verify_tls":
        return str(value).lower()  # it can be the path of a file, so it is a text
    return int(value) if isinstance(value, float) and value.is_integer() else value


SHOWN: Mapping[str, object] = MappingProxyType(
    {name: value for name in DEFAULTS if (value := as_stored(name)) is not None}
)


def keep_defaults(context: Context) -> None:
    """Write the defaults that are new, or that another page of settings has swept away.

    A default that was written and is another by now is replaced, unless the user has changed it.
    Where Stash does not take it, the next task tries again.
    """
    told = {name: json.dumps(value) for name, value in SHOWN.items()}
    with context.open_state() as state:
        before = state.get_value(WRITTEN)
    lost = {name for name in SHOWN if stored_value(context.stored, name, absent=True) is None}
    if before == told and not lost:
        return

    def missing(stored: Mapping[str, object]) -> dict[str, object]:
        return {
            name: value
            for name, value in SHOWN.items()
            if _may_be_written(stored, name, before, is_new=before.get(name) != told[name])
        }

    try:
        written = fill_plugin_settings(context.stash, PLUGIN_ID, missing)
    except StashError as error:
        log.debug("the defaults could not be written into the settings: %s", error)
        return
    with context.open_state() as state:
        state.set_value(WRITTEN, told)
    log.debug("%s that nobody has set show the default in Stash", counted(len(written), "setting"))


def _may_be_written(
    stored: Mapping[str, object], name: str, before: Mapping[str, str], *, is_new: bool
) -> bool:
    """Whether a setting has no value of the user's."""
    if stored_value(stored, name, absent=True) is None:
        return True
    value = stored_value(stored, name)
    return is_new and (value is None or json.dumps(value) == before.get(name))


def write_defaults(context: Context) -> dict[str, Any]:
    """Write the default of every setting that is not set, be it that the user has emptied it.

    Raises:
        StashError: Stash does not answer, or does not take it.
    """

    def unset(stored: Mapping[str, object]) -> dict[str, object]:
        return {name: value for name, value in SHOWN.items() if stored_value(stored, name) is None}

    written = sorted(fill_plugin_settings(context.stash, PLUGIN_ID, unset))
    headline(log, f"{counted(len(written), 'setting')} got the default.")
    return {"written": written}
