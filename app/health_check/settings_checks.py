"""Settings that keep something from being synced, or that are unsafe. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from app.health_check.check_result import Checks
from core.fields import SWITCHES
from core.setting_words import WORDS
from core.settings import Settings


def check_settings(
    checks: Checks, settings: Settings, faults: Mapping[str, str], *, have_vanished: bool = False
) -> None:
    """What is wrong with settings, and what the others come to.

    Args:
        have_vanished: Stash handed over some before, and hands over none now.
    """
    for fault in faults.values():
        checks.problem("settings", fault, "Correct it in the settings.")
    before = len(checks.made)
    if have_vanished:
        checks.problem(
            "settings",
            "Stash hands over none of the settings that were saved for this plugin, so no task"
            " works.",
            "Start Stash again, or enter them again; if the defaults are right, press 'Confirm"
            " Stopped Run'.",
        )
    _check_main_switches(checks, settings)
    _check_what_is_left_out(checks, settings)
    _check_care(checks, settings)
    if settings.unknown_keys:
        names = ", ".join(settings.unknown_keys)
        checks.warn(
            "settings",
            f"Some settings mean nothing to this version: {names}.",
            "Look whether they are spelled right; otherwise leave them.",
        )
    if len(checks.made) == before and not faults:
        checks.ok("settings", f"The settings make sense. {_synced(settings)}")


def _check_main_switches(checks: Checks, settings: Settings) -> None:
    if not settings.enabled:
        checks.problem("enabled", "Stash2Plex is switched off.", _on("enabled"))
    if not settings.sync_master:
        checks.problem("sync_master", "Nothing is synced: all fields are off.", _on("sync_master"))
    elif not settings.synced_fields():
        advice = "Switch on in the settings what Plex is to show."
        checks.problem("fields", "Nothing is synced: each single field is off.", advice)


def _check_what_is_left_out(checks: Checks, settings: Settings) -> None:
    if settings.skip_not_found:
        checks.warn(
            "skip_not_found",
            "A scene that Plex does not have when its turn comes is dropped.",
            "Switch skip_not_found off, unless Plex is to hold only a part of Stash's files.",
        )
    if settings.organized_only:
        checks.warn(
            "organized_only",
            "Scenes that are not marked as organized in Stash are left alone.",
            "Mark scenes as organized, or switch organized_only off.",
        )
    if not settings.reconcile_missing:
        checks.warn(
            "reconcile_missing",
            "A reconcile does not queue scenes that are missing in Plex.",
            _on("reconcile_missing"),
        )
    if settings.reconcile_interval == "never":
        checks.warn(
            "reconcile_interval",
            "Nothing is compared by itself, so what Stash tells nobody of is not noticed.",
            "Choose daily in reconcile_interval, or reconcile by hand.",
        )


def _check_care(checks: Checks, settings: Settings) -> None:
    if settings.verify_tls is False and settings.plex_url.startswith("https:"):
        checks.warn(
            "verify_tls",
            "Whoever is between Stash and Plex can read the Plex token, since certificates are"
            " not checked.",
            "Name the file of the authority in verify_tls.",
        )
    if not settings.strict_matching:
        checks.warn(
            "strict_matching",
            "Of several items that fit a scene equally well, one is guessed.",
            _on("strict_matching"),
        )
    if settings.first_sync == "mirror":
        checks.warn(
            "first_sync",
            "The first sync of a scene removes from Plex what Stash does not have.",
            "Look at a preview first, or choose merge in first_sync.",
        )
    if settings.max_clear_percent == 100:
        checks.warn(
            "max_clear_percent",
            "No run is held back, however much it takes from Plex.",
            "Choose a smaller number in max_clear_percent, like 10.",
        )
    if settings.debug_logging:
        checks.warn(
            "debug_logging",
            "Every step is logged, and the log grows fast.",
            "Switch debug_logging off once the fault is found.",
        )


def _synced(settings: Settings) -> str:
    off = [
        WORDS[key].label for key, one in SWITCHES.items() if one.name not in settings.switched_on
    ]
    off += [] if settings.sync_groups else [WORDS["sync_groups"].label]
    return f"Switched off: {', '.join(map(repr, off))}." if off else "All fields are synced."


def _on(key: str) -> str:
    return f"Switch '{WORDS[key].label}' on in the settings."
