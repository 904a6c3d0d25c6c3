"""The health check as a task, and once by itself after the settings have changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from app.health_check.check_result import OK, PROBLEM, WARN, Checks
from app.health_check.local_checks import LocalState, Machine, check_files, check_machine
from app.health_check.path_checks import add_folders_check
from app.health_check.server_checks import (
    TIMEOUTS,
    PlexFound,
    StashFound,
    SyncedLibrary,
    can_ask_plex,
    check_libraries,
    check_owner,
    check_plex,
    check_stash,
)
from app.health_check.settings_checks import check_settings
from app.settings_guard import have_vanished
from app.wiring import Context
from core.change_words import counted
from core.digests import digest_of
from core.errors import ConfigError, StateError
from storage.key_value import Key
from storage.page.page_facts import REFUSED_AT

log = logging.getLogger(__name__)
# A digest of the settings that were looked at last.
LOOKED_AT: Key[str] = Key("health_checked_settings", "", str)
_WAITING = frozenset({"held", "dead_letters"})  # for somebody to act
_LEVELS = {OK: logging.INFO, WARN: logging.WARNING, PROBLEM: logging.ERROR}


@dataclass(slots=True)
class HealthFindings:
    """All that one look has found."""

    checks: Checks = field(default_factory=Checks)
    stash: StashFound = field(default_factory=StashFound)
    plex: PlexFound = field(default_factory=PlexFound)
    libraries: Sequence[SyncedLibrary] = ()
    kept: LocalState = field(default_factory=LocalState)

    @property
    def problems(self) -> list[str]:
        return [check.sentences for check in self.checks.of(PROBLEM)]

    @property
    def next_step(self) -> str:
        """The one thing to do now."""
        waiting = [each for each in self.checks.of(WARN) if each.name in _WAITING]
        for check in (*self.checks.of(PROBLEM), *waiting):
            return check.advice
        stats = self.kept.stats
        if not self.kept.has_compared:
            return "Press 'Preview' to see what a sync would change."
        if stats is not None and stats.waiting:
            return "Press 'Process Queue' to bring to Plex what waits."
        return "Nothing has to be done."

    @property
    def headline(self) -> str:
        problems, warnings = len(self.problems), len(self.checks.of(WARN))
        if problems:
            found = counted(problems, "problem")
        elif warnings:
            found = f"no problem, and {counted(warnings, 'thing')} to know of"
        else:
            found = "all is well"
        return f"Health check: {found}. Next step: {self.next_step}"


def health_check(context: Context, machine: Machine | None = None) -> dict[str, Any]:
    """Look at the settings, our own files and both servers. Changes nothing."""
    found = look(context, machine or Machine())
    for check in found.checks.made:
        log.log(_LEVELS[check.state], "%s", check.sentences)
    log.info("%s", found.headline)
    _note_token(context, found.plex)
    stats = found.kept.stats
    return {
        "checks": [asdict(check) for check in found.checks.made],
        "problems": found.problems,
        "next_step": found.next_step,
        "stash_version": found.stash.version,
        "scenes": found.stash.scenes,
        "plex_version": found.plex.version or "",
        "libraries": [library.section.title for library in found.libraries],
        "waiting": stats.waiting if stats else 0,
        "dead_letters": sum(stats.dead.values()) if stats else 0,
        "settings": context.settings.public(),
    }


def _note_token(context: Context, plex: PlexFound) -> None:
    """For the page, which asks people to sign in while Plex refuses the token."""
    if plex.version is None and not plex.refuses_token:
        return
    with suppress(StateError), context.open_page() as page:
        if plex.refuses_token or page.get_value(REFUSED_AT):
            page.set_value(REFUSED_AT, context.clock() if plex.refuses_token else 0.0)


def look(context: Context, machine: Machine, *, samples_files: bool = True) -> HealthFindings:
    """Make all checks that can be made.

    Args:
        samples_files: Plex is asked for the files of some scenes, which takes dozens of requests.
    """
    found = HealthFindings()
    own, checks = Checks(), found.checks
    found.kept = check_files(own, context)  # before others open them, who would mend them
    vanished = False
    with suppress(StateError):  # which is among the checks of our own files
        vanished = have_vanished(context)
    check_settings(checks, context.settings, context.faults, have_vanished=vanished)
    found.stash = check_stash(checks, context)
    if can_ask_plex(context):
        try:
            _look_at_plex(found, context, samples_files=samples_files)
        except ConfigError as error:  # a file of certificates that cannot be read
            checks.problem("plex", str(error), "Correct it in the settings.")
    checks.made += own.made
    check_machine(checks, context, machine)
    return found


def _look_at_plex(found: HealthFindings, context: Context, *, samples_files: bool) -> None:
    checks = found.checks
    with context.open_plex(TIMEOUTS) as plex:
        found.plex = check_plex(checks, plex)
        if found.plex.version is None:
            return
        check_owner(checks, plex)
        names, known = context.settings.plex_library, found.kept.libraries
        found.libraries = check_libraries(checks, plex, names, known)
        if not samples_files:
            return
        has_items = any(library.items for library in found.libraries)
        if has_items and found.stash.scenes and found.kept.stats is not None:
            add_folders_check(checks, context, plex, found.libraries, found.stash.scenes)


def look_after_change(context: Context) -> None:
    """Once after each change of the settings: tells of problems, and one line.

    Nothing is said while Plex is known to be away, nor counted as looked at while it does not
    answer. How folders line up is left to the next reconcile, which looks at all files anyway.
    """
    digest = _digest(context)
    with context.open_state() as state:
        plex = state.outages.breaker("plex", context.clock())
        if plex.failures or state.get_value(LOOKED_AT) == digest:
            return
    found = look(context, Machine(), samples_files=False)
    for problem in found.problems:
        log.error("%s", problem)
    log.info("The settings are new. %s", found.headline)
    if found.plex.version is not None:
        with context.open_state() as state:
            state.set_value(LOOKED_AT, digest)


def _digest(context: Context) -> str:
    """Of all settings; that of the token tells nothing of it."""
    settings = context.settings
    told: Mapping[str, object] = {**settings.public(), "token": settings.plex_token}
    return digest_of([sorted((name, repr(value)) for name, value in told.items())]).hex()
