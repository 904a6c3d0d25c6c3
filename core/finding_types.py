"""What a reconcile may find of a scene: the one table of types, as files, settings and texts name
them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MISSING, EMPTY_METADATA, STALE_SYNC, DRIFT = "missing", "empty_metadata", "stale_sync", "drift"
AMBIGUOUS = "ambiguous"
OUTSIDE, CONTESTED, REFUSED, IGNORED = "outside", "contested", "refused", "ignored"
# The types that a job can repair, and the one that waits for a word of the user.
GAPS = (MISSING, EMPTY_METADATA, STALE_SYNC, DRIFT, AMBIGUOUS)
# What is left alone, and why.
LEFT_ALONE = (OUTSIDE, CONTESTED, REFUSED, IGNORED)
TITLES: Mapping[str, str] = MappingProxyType(
    {
        MISSING: "Not in Plex",
        EMPTY_METADATA: "Empty in Plex",
        STALE_SYNC: "Changed in Stash",
        DRIFT: "Differs in Plex",
        AMBIGUOUS: "Several items fit",
        OUTSIDE: "Outside the libraries",
        CONTESTED: "Two scenes, one item",
        REFUSED: "Refused by Plex",
        IGNORED: "Ignored",
    }
)
