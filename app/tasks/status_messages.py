"""The status in words, a line for each thing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.change_words import change_line, counted, listed, scene_called
from core.models import Job
from core.run_kinds import APPLY, CONFIRM, DRAIN, PREVIEW, RECONCILE, RELEASE, UNDO
from core.scopes import BY_SETTING
from core.timestamps import in_words
from sync_queue.jobs import HeldJob

Part = Mapping[str, Any]

_LOOKS = {
    "none": "the next change or task looks at them",
    "asked for": "Sync Changes was asked for {ago} and has not begun",
    "running": "Sync Changes is at work",
    "killed": "Sync Changes was stopped at its work; the next change or task carries on",
}
_CALLED = {
    DRAIN: "sync",
    CONFIRM: "confirmed run",
    APPLY: "applied preview",
    RELEASE: "release of locks",
}
# Of a run's figures, what is worth a line.
_WRITTEN = {"items_edited": "items changed", "failed": "failed"}
_TOLD: Mapping[str, Mapping[str, str]] = {
    DRAIN: {
        "processed": "processed",
        "items_edited": "items changed",
        "unchanged": "already right",
        "retried": "to be tried again",
        "held": "held back",
        "failed": "given up on",
    },
    RECONCILE: {
        "scenes_checked": "scenes checked",
        "scenes_with_gaps": "with gaps",
        "ambiguous_count": "that fit several items",
        "enqueued_count": "scenes queued",
    },
    PREVIEW: {
        "scenes_planned": "scenes looked at",
        "scenes_changing": "would change",
        "items_changing": "items with them",
        "unchanged": "already right",
        "left_out": "left out",
    },
    APPLY: {"applied": "changes written", "already": "already there", **_WRITTEN},
    UNDO: {"restored": "changes taken back", "already": "already so", **_WRITTEN},
    RELEASE: {
        "unlocked": "locks taken off",
        "kept": "kept",
        "items": "items",
        "failed": "failed",
    },
}
NOTHING = "nothing to do"
# How a run has ended, and what leads over to that.
ENDED: Mapping[str, tuple[str, str]] = {
    "partial": ("but", "did not get to everything"),
    "failed": ("and", "failed"),
    "stopped": ("and", "was stopped by a guard: see 'Confirm Stopped Run'"),
}


def inbox_line(inbox: Part, now: float) -> str:
    """What hooks have noted."""
    if not inbox["changes"] and inbox["sync_changes"] in ("none", "killed"):
        return "inbox: empty"
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(inbox["by_kind"].items()))
    what = f"{inbox['changes']} changes noted ({kinds})" if kinds else "empty"
    looks = _LOOKS[inbox["sync_changes"]].format(ago=_ago(inbox["asked_at_epoch"], now))
    return f"inbox: {what}; {looks}"


def queue_line(status: Part) -> str:
    """What the queue holds."""
    waits = "nothing waits"
    if status["waiting"]:
        waits = f"{counted(status['waiting'], 'scene')} waiting ("
        waits += listed(((status["due"], "due"), (status["backing_off"], "to be tried later")))
        soon = status["next_due_in"]
        is_told = status["due"] or soon is None
        waits += ")" if is_told else f", the next in {in_words(soon)})"
    dead = status["dead_letters"]
    errors = ", ".join(f"{count} × {error}" for error, count in dead.items())
    rest = (
        (status["working"], "at work"),
        (status["held"], "held by a guard (see 'Confirm Stopped Run')"),
        (sum(dead.values()), f"given up on ({errors})"),
    )
    told = ", ".join(filter(None, (waits, listed(rest))))
    return f"queue: {told}; {counted(status['scenes_recorded'], 'scene')} synced so far"


def held_line(held: HeldJob) -> str:
    """One scene that the clear guard holds back."""
    title = next((each.title for each in held.losses), "")
    changes = [each.change for each in held.losses]
    scene = held.job.scene_id
    told = change_line(scene, title, *changes) if changes else scene_called(scene, title)
    return f"held by the clear guard: {told}"


def dead_letter_line(job: Job) -> str:
    return f"given up on: scene {job.scene_id} ({job.reason}): {job.error}"


def service_line(name: str, service: Part, now: float) -> str:
    """Whether a server answers, as far as is known."""
    if not service["failures"]:
        return f"{name}: no outage that is known of"
    tries = "tries" if service["failures"] != 1 else "try"
    return (
        f"{name}: away for {in_words(now - service['away_since_epoch'])}, {service['failures']} "
        f"{tries} in vain (circuit breaker {service['breaker']}): {service['error']}"
    )


def run_line(run: Part, now: float) -> str:
    """One run: when, how long, how it ended, what it did."""
    by = " (automatic)" if run["figures"].get("automatic") else ""
    head = f"last {_CALLED.get(run['kind'], run['kind'])}{by}: {_ago(run['started_at_epoch'], now)}"
    if run["status"] == "running":
        return f"{head}, not ended: it runs, or was killed"
    took = f", took {in_words(run['seconds'])}" if run["seconds"] is not None else ""
    told = figures_line(run["kind"], run["figures"])
    ended = f", {' '.join(ENDED[run['status']])}" if run["status"] in ENDED else ""
    return f"{head}{took}{ended}" + (f": {told}" if told else "")


def reconcile_line(reconcile: Part, now: float) -> str:
    """The automatic reconcile: the last one and the next."""
    if not reconcile["is_on"]:
        why = "is off" if reconcile["interval"] == "never" else "rests while nothing is synced"
        return f"automatic reconcile: {why}"
    words = BY_SETTING[reconcile["scope"]].words
    head = f"automatic reconcile: {reconcile['interval']}, over {words}"
    last = reconcile["last_run_at_epoch"]
    said = "never run so far" if last is None else f"last run {_ago(last, now)}"
    due = reconcile["next_due_in"]
    if due is None:
        after = "the first change or task decides when the next is due"
    elif due > 0:
        after = f"next due in {in_words(due)}"
    else:
        after = "due now: it runs at the next change or task"
    return "; ".join([head, said, *_trouble(reconcile, now), after])


def _trouble(reconcile: Part, now: float) -> list[str]:
    if not reconcile["tries"]:
        return []
    ago = _ago(reconcile["last_try_at_epoch"], now)
    if reconcile["is_stopped"]:
        return [f"stopped by a guard {ago}, see 'Confirm Stopped Run'"]
    return [f"tried {reconcile['tries']} × since, last {ago}, and not got through so far"]


def figures_line(kind: str, figures: Part, *, none: str = NOTHING) -> str:
    """What a run did, in words, or `none` if nothing; "" where that is not known."""
    if "why" in figures:  # stopped by a guard
        return str(figures["why"])
    told = _TOLD.get(DRAIN if kind == CONFIRM else kind, {})
    if not told.keys() & figures.keys():
        return ""
    figured = ((figures.get(name, 0), words) for name, words in told.items())
    counts = ((count, _of_one(words) if count == 1 else words) for count, words in figured)
    return listed(counts) or none


def _of_one(words: str) -> str:
    """Words for one, like "item changed" of "items changed"."""
    first, space, rest = words.partition(" ")
    return first.removesuffix("s") + space + rest


def _ago(at: float | None, now: float) -> str:
    if at is None:
        return "at some time"
    return "just now" if at > now - 1 else f"{in_words(now - at)} ago"
