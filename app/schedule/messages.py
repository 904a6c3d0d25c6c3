"""What a reconcile, or a bulk enqueueing, has found and done, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable

from reconciliation.detector import DRIFT, EMPTY_METADATA, MISSING, STALE_SYNC
from reconciliation.enqueueing import Enqueued
from reconciliation.result import GapDetectionResult

Counts = Iterable[tuple[int, str]]


def summary(
    result: GapDetectionResult, only: Container[str] | None = None, *, is_preview: bool = False
) -> str:
    """A run in a few sentences whose numbers add up.

    Args:
        only: the gap types asked for; None: all.
        is_preview: nothing was to be enqueued.
    """
    compared = (
        f"{_count(result.scenes_checked, 'scene')} compared with "
        f"{_count(result.items_listed, 'Plex item')} in {_count(result.plex_requests, 'request')}."
    )
    return " ".join([compared, _gaps(result, only), *_jobs(result, is_preview), *_apart(result)])


def enqueued(scenes: int, outcome: Enqueued) -> str:
    """Scenes that were enqueued without looking at Plex."""
    counts = (
        (outcome.new, "enqueued"),
        (outcome.refreshed, "in the queue already"),
        (outcome.without_metadata, "left alone without metadata"),
        (outcome.unorganized, "left alone, not organized"),
        (outcome.ignored, "ignored"),
    )
    return f"{_count(scenes, 'scene')}: {_listed(counts) or 'nothing to enqueue'}"


def _gaps(result: GapDetectionResult, only: Container[str] | None) -> str:
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
    if not result.scenes_with_gaps:
        return "No gaps."
    double = sum(count for count, _ in counts) - result.scenes_with_gaps
    twice = f" ({double} counted twice)" if double else ""
    return f"{_count(result.scenes_with_gaps, 'scene')} with gaps: {_listed(counts)}{twice}."


def _jobs(result: GapDetectionResult, is_preview: bool) -> Iterable[str]:
    if not result.scenes_with_gaps:
        return
    skipped = (
        (result.skipped_already_queued, "in the queue already"),
        (result.skipped_dead, "given up on before"),
        (result.skipped_unmatched, "ambiguous, another scene's or outside every library"),
    )
    told = sum(count for count, _ in skipped) + result.scenes_to_sync
    bare = result.scenes_with_gaps - told, "without metadata"
    what = "would be enqueued" if is_preview else "enqueued"
    yield f"{_count(result.scenes_to_sync, 'job')} {what}{_tail(_listed([*skipped, bare]))}."


def _apart(result: GapDetectionResult) -> Iterable[str]:
    """What is no gap that a job repairs."""
    counts = (
        (result.ambiguous_count, "ambiguous"),
        (result.contested_count, "whose item belongs to another scene"),
        (result.outside_count, "outside every Plex library"),
        (result.ungated_count, "never synced and without metadata"),
        (result.skipped_unorganized, "not organized"),
        (result.undone_count, "undone"),
        (result.ignored_count, "ignored"),
        (result.refused_count, "of which Plex has not taken everything"),
    )
    if told := _listed(counts):
        yield f"Scenes left alone: {told}."
    if result.orphan_count:
        yield f"{_count(result.orphan_count, 'Plex item')} without a scene."


def _listed(counts: Counts) -> str:
    return ", ".join(f"{count} {words}" for count, words in counts if count)


def _tail(text: str) -> str:
    return f"; {text}" if text else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
