"""Single things that the page shows, each kept under a name of its own in `page.db`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.files.json_checks import Maybe
from storage.key_value import Key

# Of the last reconcile that saw everything: when it ended, how many scenes there were, how many of
# them are left alone without a word of each, and the titles of the libraries by their keys.
LAST: Key[Mapping[str, Any]] = Key(
    "last_reconcile",
    {},
    {
        "at": Maybe(float),
        "scenes": Maybe(int),
        "left_alone": Maybe(int),
        "libraries": Maybe({str: str}),
    },
)
# The settings that the page goes by, as the last task read them.
SETTINGS: Key[Mapping[str, Any]] = Key(
    "settings",
    {},
    {
        "enabled": Maybe(bool),
        "syncs": Maybe(bool),
        "reconcile_interval": Maybe(str),
        "reconcile_scope": Maybe(str),
        "obfuscate_paths": Maybe(bool),
        "page_tick": Maybe(bool),
        "public": Maybe({str: object}),
    },
)
# What a server of Plex calls itself, for links to its pages.
MACHINE: Key[str] = Key("plex_machine", "", str)
# When Plex last refused the token (epoch seconds); 0: it takes it.
REFUSED_AT: Key[float] = Key("token_refused_at", 0.0, float)
