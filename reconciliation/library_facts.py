"""What Plex should show: what the settings say, and what Stash's library as a whole tells of it.

A reconcile asks Stash afresh, and so does who hears of a change; drains go by what was found then,
so that a scene costs no request more, and that both want the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core.desired import SyncPolicy
from core.fields import PERFORMERS
from core.library_facts import GROUP, STUDIO, TAG, LibraryFacts, Used
from core.performer_names import Disambiguate
from core.settings import Settings
from core.tag_placement import Placing, PlacingRules
from stash.entities import disambiguations, used
from stash.scenes import StashApi
from storage.key_value import Key
from storage.state import State
from storage.state_tables.library_facts import Kept

PERFORMER = "performer"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Remembered:
    """Facts, and by what they are about the settings that they were asked for."""

    asked_for: Mapping[str, str] = field(default_factory=dict)
    facts: LibraryFacts = field(default_factory=LibraryFacts)


_USED = (TAG, STUDIO, GROUP)
# By what facts are about, the settings that they were asked for.
ASKED_FOR: Key[Mapping[str, str]] = Key("library_asked", {}, {str: str})


class LibraryPolicy:
    """The policy of one task, with what is remembered of the library."""

    def __init__(self, stash: StashApi, settings: Settings, state: State) -> None:
        self._stash = stash
        self._state = state
        self._policy = settings.sync_policy()
        self._rules = settings.placing_rules()
        named = PERFORMERS in self._policy.enabled
        when = settings.performer_disambiguation if named else Disambiguate.NEVER.value
        needed = {
            TAG: self._rules.needs_tags,
            STUDIO: self._rules.needs_studios,
            GROUP: self._rules.needs_groups,
        }
        # What has to be asked for, and how.
        self._needs = {
            **({PERFORMER: when} if when != Disambiguate.NEVER.value else {}),
            **{about: "used" for about, is_needed in needed.items() if is_needed},
        }

    def known(self) -> SyncPolicy:
        """By what was found last; Stash is asked only for what other settings left out.

        Raises:
            StashError: or its kinds; Stash does not answer.
        """
        known = self.remembered()
        if known.asked_for != self._needs:
            had = known.asked_for
            known = self.ask(known, [a for a, how in self._needs.items() if had.get(a) != how])
            self.remember(known)
        return self.by(known)

    def fresh(self) -> SyncPolicy:
        """By what Stash says now, which is remembered. Raises as `known`."""
        known = self.ask(Remembered(), self._needs)
        self.remember(known)
        return self.by(known)

    def by(self, known: Remembered) -> SyncPolicy:
        """By what was found."""
        placing = None if self._rules.is_plain else Placing(self._rules, known.facts)
        names = known.facts.disambiguations
        return replace(self._policy, disambiguations=names, placing=placing)

    def remembered(self) -> Remembered:
        """What was found last; single facts are looked up when they are wanted."""
        of = self._state.library.of
        names = of(PERFORMER, lambda used: used.name)
        tags, studios, groups = (of(about, lambda used: used) for about in _USED)
        asked_for = self._state.get_value(ASKED_FOR)
        return Remembered(asked_for, LibraryFacts(names, tags, studios, groups))

    def ask(self, known: Remembered, about: Collection[str]) -> Remembered:
        """What Stash says now about these, and what is known of all else that matters.

        Raises:
            StashError: or its kinds; Stash does not answer.
        """
        facts = known.facts
        names = facts.disambiguations if PERFORMER in self._needs else {}
        if PERFORMER in self._needs and PERFORMER in about:
            names = disambiguations(self._stash, Disambiguate(self._needs[PERFORMER]))
        tags, studios, groups = (self._used(each, facts, each in about) for each in _USED)
        return Remembered(dict(self._needs), LibraryFacts(names, tags, studios, groups))

    def _used(self, about: str, facts: LibraryFacts, is_asked: bool) -> Mapping[int, Used]:
        if about not in self._needs:
            return {}
        return used(self._stash, about) if is_asked else facts.of(about)

    def remember(self, known: Remembered) -> None:
        """Let later tasks go by this."""
        facts = known.facts
        named = {i: Used(name, 0) for i, name in _whole(facts.disambiguations).items()}
        told = {PERFORMER: named, **{about: _whole(facts.of(about)) for about in _USED}}
        for about, now in told.items():
            if now != self._state.library.of(about, lambda used: used).whole():
                self._state.library.replace(about, now.items())
        # At last: who comes after a task that was cut off asks again.
        self._state.set_value(ASKED_FOR, known.asked_for)


def _whole(facts: Mapping[int, T]) -> dict[int, T]:
    return facts.whole() if isinstance(facts, Kept) else dict(facts)


def moved(before: SyncPolicy, now: SyncPolicy) -> dict[str, set[int]]:
    """The performers, tags, studios and groups that show otherwise by what is known now."""
    names = now.disambiguations.items() ^ before.disambiguations.items()
    found = {PERFORMER: {each for each, _ in names}}
    placed = [each.placing.effects() if each.placing is not None else {} for each in (before, now)]
    for about, number in {each for each, _ in placed[0].items() ^ placed[1].items()}:
        found.setdefault(about, set()).add(number)
    return found


def library_of(stash: StashApi, rules: PlacingRules) -> LibraryFacts:
    """All tags, and the studios and groups that the rules are about, for a look at the whole.

    Raises:
        StashError: or its kinds; Stash does not answer.
    """
    return LibraryFacts(
        tags=used(stash, TAG),
        studios=used(stash, STUDIO) if rules.is_about_studios else {},
        groups=used(stash, GROUP) if rules.groups else {},
    )
