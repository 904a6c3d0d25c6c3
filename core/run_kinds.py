"""The kinds of runs: the one table of them, as the history names them."""

from __future__ import annotations

from collections.abc import Mapping

from core.scopes import BY_NAME

RECONCILE, PREVIEW = "reconcile", "preview"
DRAIN, CONFIRM, APPLY, UNDO, RELEASE = "drain", "confirm", "apply_preview", "undo", "release"
# Those that change Plex and can be taken back.
UNDOABLE = (DRAIN, CONFIRM, APPLY, UNDO)
# Those that bring scenes to Plex.
SYNCING = (DRAIN, CONFIRM, APPLY)
_TITLES: Mapping[str, str] = {
    DRAIN: "Sync to Plex",
    CONFIRM: "Confirm Stopped Run",
    PREVIEW: "Preview",
    APPLY: "Apply Preview",
    UNDO: "Undo",
    RELEASE: "Release Locks",
    "settings": "Check of the settings",
}


def title_of(kind: str, figures: Mapping[str, object]) -> str:
    """What a run is called, for people."""
    if kind != RECONCILE:
        return _TITLES.get(kind, kind.replace("_", " ").capitalize())
    scope = figures.get("scope")
    named = f" ({BY_NAME[scope].title})" if isinstance(scope, str) and scope in BY_NAME else ""
    by = ", by itself" if figures.get("automatic") else ""
    return f"Reconcile Library{named}{by}"
