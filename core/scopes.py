"""What a reconcile may look at: the one table of scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.timestamps import DAY


@dataclass(frozen=True, slots=True)
class Scope:
    """One row.

    Attributes:
        name: as `GapDetectionEngine.run` takes it.
        setting: its value in the setting `reconcile_scope`.
        window: a scene counts that was created or updated in so many seconds; None: every scene.
        mode: the task that runs it.
        title: what it looks at, for people.
    """

    name: str
    setting: str
    window: float | None
    mode: str
    title: str

    @property
    def words(self) -> str:
        """What it looks at, within a sentence."""
        return "all scenes" if self.window is None else f"the scenes of the {self.title.lower()}"

    def since(self, now: float) -> float | None:
        """When its window begins (epoch seconds)."""
        return None if self.window is None else now - self.window

    def covers(self, other: Scope) -> bool:
        """Whether a run over this scope sees all that a run over the other does."""
        if self.window is None or other.window is None:
            return self.window is None
        return self.window >= other.window


SCOPES: tuple[Scope, ...] = (
    Scope("all", "all", None, "reconcile_all", "All"),
    Scope("recent", "24h", DAY, "reconcile_recent", "Last 24 Hours"),
    Scope("recent_7days", "7days", 7 * DAY, "reconcile_7days", "Last 7 Days"),
)
BY_NAME: Mapping[str, Scope] = {scope.name: scope for scope in SCOPES}
BY_SETTING: Mapping[str, Scope] = {scope.setting: scope for scope in SCOPES}
# The scope that a task looks at; some go on to bring what they find to Plex.
BY_MODE: Mapping[str, Scope] = {scope.mode: scope for scope in SCOPES} | {
    "sync_everything": BY_NAME["all"],
    "sync_recent": BY_NAME["recent"],
}


def scope_named(name: str) -> Scope:
    """The scope of that name. Raises ValueError: there is none; the text lists those there are."""
    if name not in BY_NAME:
        raise ValueError(f"unknown scope {name!r}; known: {', '.join(BY_NAME)}")
    return BY_NAME[name]
