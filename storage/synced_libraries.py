"""The libraries of Plex that were synced, so that one which Plex no longer lists has a name."""

from __future__ import annotations

from collections.abc import Mapping

from core.change_words import counted
from storage.key_value import Key

# Titles by the key of the library, as the last full reconcile left them.
KNOWN: Key[Mapping[str, str]] = Key("known_libraries", {}, {str: str})
# Titles of those that Plex did not list then, each with the number of scenes that have their item
# there and nowhere else.
UNLISTED: Key[Mapping[str, int]] = Key("unlisted_libraries", {}, {str: int})


def unlisted_line(title: str, scenes: int) -> str:
    """What is to be said of such a library."""
    return (
        f"Plex does not list library {title!r} any more; its {counted(scenes, 'scene')} in Plex"
        " are left as they are, and go on with the first reconcile after it is back"
    )
