"""What a reconcile, or a bulk enqueueing, has found and done, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator

from core.change_words import counted, listed
from core.finding_types import DRIFT, EMPTY_METADATA, MISSING, STALE_SYNC
from reconciliation.enqueueing import Enqueued
from reconciliation.result import GapDetectionResult
from storage.synced_libraries import unlisted_line

Lines = Iterator[str]
NEXT = "'Process Queue' brings {} to Plex"


def summary(
    result: GapDetectionResult,
    only: Container[str] | None = None,
    *,
    is_preview: bool = False,
    goes_on: bool = False,
) -> list[str]:
    """A run in a few lines whose numbers add up, with what matters most in the last.

    Args:
        only: the gap types asked for; None: all.
        is_preview: nothing was to be enqueued.
        goes_on: the task itself brings what was found to Plex.
    """
    lines = [*_compared(result), *_apart(result), *_skipped(result), *_gaps(result, only)]
    return lines if is_preview else [*lines, _headline(result, only, goes_on=goes_on)]


def enqueued(scenes: int, outcome: Enqueued) -> str:
    """Scenes that were enqueued without looking at Plex."""
    counts = (
        (outcome.new, "queued"),
        (outcome.refreshed, "in the queue already"),
        (outcome.without_metadata, "left alone without metadata"),
        (outcome.unorganized, "left alone, not organized"),
        (outcome.ignored, "ignored"),
    )
    then = f" {NEXT.format('them')}." if outcome.new else ""
    return f"{counted(scenes, 'scene')}: {listed(counts) or 'nothing to queue'}.{then}"


def _compared(result: GapDetectionResult) -> Lines:
    scenes, items = counted(result.scenes_checked, "scene"), counted(result.items_listed, "item")
    orphans = f"; {result.orphan_count} of these items without a scene"
    orphans = orphans if result.orphan_count else ""
    spared = f"; nothing has changed of {result.scenes_spared}, so these were not read again"
    spared = spared if result.scenes_spared else ""
    requests = counted(result.plex_requests, "request")
    yield f"{scenes} compared with {items} in Plex, by {requests}{orphans}{spared}."


def _gaps(result: GapDetectionResult, only: Container[str] | None) -> Lines:
    counts = [
        (count, words)
        for gap_type, count, words in (
            (EMPTY_METADATA, result.empty_metadata_count, "empty in Plex"),
            (STALE_SYNC, result.stale_sync_count, "changed since the last sync"),
            (MISSING, result.missing_count, "missing in Plex"),
            (MISSING, result.vanished_count, "gone from Plex"),
            (DRIFT, result.drift_count, "different or never synced"),
        )
        if only is None or gap_type in only
    ]
    if result.scenes_with_gaps:
        double = sum(count for count, _ in counts) - result.scenes_with_gaps
        twice = f" ({double} counted twice)" if double else ""
        yield f"{counted(result.scenes_with_gaps, 'scene')} with gaps: {listed(counts)}{twice}."


def _skipped(result: GapDetectionResult) -> Lines:
    """The gaps that get no job."""
    counts = (
        (result.skipped_already_queued, "in the queue already"),
        (result.skipped_dead, "given up on before"),
        (result.skipped_unmatched, "ambiguous, another scene's or outside every library"),
    )
    rest = result.scenes_with_gaps - result.scenes_to_sync - sum(count for count, _ in counts)
    if told := listed((*counts, (rest, "without metadata"))):
        yield f"Gaps that get no job now: {told}."


def _apart(result: GapDetectionResult) -> Lines:
    """What is no gap that a job repairs."""
    counts = (
        (result.ambiguous_count, "ambiguous"),
        (result.contested_count, "whose item belongs to another scene"),
        (result.outside_count, "outside every Plex library"),
        (sum(result.unlisted.values()), "in libraries that Plex does not list"),
        (result.ungated_count, "never synced and without metadata"),
        (result.skipped_unorganized, "not organized"),
        (result.undone_count, "undone"),
        (result.ignored_count, "ignored"),
        (result.refused_count, "of which Plex has not taken everything"),
    )
    if told := listed(counts):
        yield f"Scenes left alone: {told}."


def _headline(result: GapDetectionResult, only: Container[str] | None, *, goes_on: bool) -> str:
    alone = result.scenes_checked - result.scenes_with_gaps - result.in_order_count
    parts = [
        (result.scenes_with_gaps, "with gaps"),
        (alone, "left alone"),
        (result.in_order_count, "in order"),
    ]
    told = f": {listed(parts)}" if only is None and result.scenes_checked else ""
    seen = " Not everything could be seen, see above." if result.partial else ""
    what = f"{counted(result.scenes_checked, 'scene')} looked at{told}.{seen}"
    unlisted = "".join(f" {unlisted_line(*each)}." for each in result.unlisted.items())
    if not result.scenes_with_gaps:
        return f"{what} No gaps.{unlisted}"
    if not result.scenes_to_sync:
        return f"{what} No further scene is queued.{unlisted}"
    verb, them = ("is", "it") if result.scenes_to_sync == 1 else ("are", "them")
    queued = f"{counted(result.scenes_to_sync, 'scene')} {verb} queued"
    then = "" if goes_on else f"; {NEXT.format(them)}"
    return f"{what} {queued}{then}.{unlisted}"
