"""What the tasks are called in Stash, by their modes."""

from __future__ import annotations

from collections.abc import Mapping

_TITLES: Mapping[str, str] = {
    "all": "Sync All Scenes",
    "recent": "Sync Recent Scenes",
    "sync_recent": "Sync Everything (Last 24 Hours)",
    "reconcile_all": "Reconcile Library (All)",
    "reconcile_recent": "Reconcile Library (Last 24 Hours)",
    "reconcile_7days": "Reconcile Library (Last 7 Days)",
    "reconcile_preview": "Preview",
    "release": "Release Locks",
    "retry_dlq": "Retry Dead Letters",
    "clear_dlq": "Clear Dead Letters",
    "purge_dlq": "Purge Old Dead Letters",
}


def title_of_mode(mode: str) -> str:
    """The name of a task, for people."""
    return _TITLES.get(mode, mode.replace("_", " ").title())
