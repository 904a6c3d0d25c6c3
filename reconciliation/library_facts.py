"""What Plex should show: what the settings say, and what Stash's library as a whole tells of it.

A reconcile asks Stash afresh, and so does who hears of a change; drains go by what was found then,
so that a scene costs no request more, and that both want the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.desired import SyncPolicy
from core.fields import PERFORMERS
from core.performer_names import Disambiguate
from core.settings import Settings
from stash.entities import disambiguations
from stash.scenes import StashApi
from storage.key_value import Key
from storage.state import State


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """What was found.

    Attributes:
        asked_for: the settings that it was asked for.
        disambiguations: see `SyncPolicy`.
    """

    asked_for: str = ""
    disambiguations: Mapping[int, str] = field(default_factory=dict)

    def renamed(self, before: LibraryFacts) -> set[int]:
        """The performers who are called otherwise now than by what was found before."""
        changed = self.disambiguations.items() ^ before.disambiguations.items()
        return {performer for performer, _ in changed}


def _from_json(body: Any) -> LibraryFacts:
    return LibraryFacts(body["for"], dict(body["disambiguations"]))


def _to_json(facts: LibraryFacts) -> object:
    return {"for": facts.asked_for, "disambiguations": sorted(facts.disambiguations.items())}


FACTS: Key[LibraryFacts] = Key(
    "library_facts",
    LibraryFacts(),
    {"for": str, "disambiguations": [(int, str)]},
    _from_json,
    _to_json,
)


class LibraryPolicy:
    """The policy of one task, with what is remembered of the library."""

    def __init__(self, stash: StashApi, settings: Settings, state: State) -> None:
        self._stash = stash
        self._settings = settings
        self._state = state
        self._policy = settings.sync_policy()
        named = PERFORMERS in self._policy.enabled
        when = settings.performer_disambiguation if named else Disambiguate.NEVER.value
        self._when = Disambiguate(when)

    def known(self) -> SyncPolicy:
        """By what was found last; Stash is asked only where that was for other settings.

        Raises:
            StashError: or its kinds; Stash does not answer.
        """
        facts = self.remembered()
        if facts.asked_for != self._when.value:
            facts = self.ask()
            self.remember(facts)
        return self.by(facts)

    def fresh(self) -> SyncPolicy:
        """By what Stash says now, which is remembered. Raises as `known`."""
        facts = self.ask()
        self.remember(facts)
        return self.by(facts)

    def by(self, facts: LibraryFacts) -> SyncPolicy:
        """By what was found."""
        return replace(self._policy, disambiguations=facts.disambiguations)

    def remembered(self) -> LibraryFacts:
        """What was found last."""
        return self._state.get_value(FACTS)

    def ask(self) -> LibraryFacts:
        """What Stash says now. Raises as `known`."""
        return LibraryFacts(self._when.value, disambiguations(self._stash, self._when))

    def remember(self, facts: LibraryFacts) -> None:
        """Let later tasks go by this."""
        if facts != self.remembered():
            self._state.set_value(FACTS, facts)
