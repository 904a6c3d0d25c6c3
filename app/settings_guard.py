"""Stops a task before it works by defaults: Stash has been seen to lose all settings of a plugin
until it was started again, and address and token may come from the environment."""

from __future__ import annotations

from app.wiring import Context
from core.change_words import some_of
from core.errors import GuardStopped
from core.settings import DEFAULTS, stored_value
from storage.key_value import Key
from storage.state import State

GUARD = "settings"
KIND = "settings"
# The names of the settings that were the user's own when a task last began.
SAVED: Key[frozenset[str]] = Key("saved_settings", frozenset(), [str], frozenset, sorted)
_NAMED = 8


def check_settings(context: Context) -> None:
    """Compare what Stash hands over with what it did before, and remember it.

    Raises:
        GuardStopped: there were settings, and now there are none.
    """
    own = own_settings(context)
    with context.open_state() as state:
        before = state.get_value(SAVED)
        if context.saved or not before:
            state.runs.overtake(GUARD)
        elif not state.runs.take_confirmation(GUARD, lambda said: said.get("names") == len(before)):
            _stop(context, state, before)
        state.set_value(SAVED, own)


def own_settings(context: Context) -> frozenset[str]:
    """The settings that the user has set to something else than the default."""
    settings = context.settings
    return frozenset(
        name
        for name, default in DEFAULTS.items()
        if stored_value(context.stored, name) is not None and settings.value(name) != default
    )


def have_vanished(context: Context) -> bool:
    """Whether there were settings, and now there are none."""
    with context.open_state() as state:
        return not context.saved and bool(state.get_value(SAVED))


def _stop(context: Context, state: State, before: frozenset[str]) -> None:
    latest = state.runs.newest(KIND)
    if latest is None or latest.confirmation == "taken":
        figures = {"names": len(before), "why": f"none of {len(before)} settings is left in Stash"}
        state.runs.stopped(KIND, GUARD, figures, context.clock())
    raise GuardStopped(
        f"Stopped before anything was done: Stash hands over none of the {len(before)} settings "
        f"that were saved for this plugin ({some_of(sorted(before), _NAMED)}), so that all would "
        "be at their defaults. Start Stash again, or enter them again. If the defaults are right, "
        "run the task 'Confirm Stopped Run' and then this one again."
    )
