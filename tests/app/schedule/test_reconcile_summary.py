"""What a reconcile says in its log: sentences, and numbers that add up."""

from __future__ import annotations

from typing import Any

from app.schedule.reconcile_summary import enqueued, summary
from core.finding_types import EMPTY_METADATA
from reconciliation.enqueueing import Enqueued
from reconciliation.result import GapDetectionResult

SEEN: dict[str, Any] = {"scenes_checked": 400, "items_listed": 380, "plex_requests": 5}
FOUND: dict[str, Any] = {
    **SEEN,
    "empty_metadata_count": 12,
    "stale_sync_count": 30,
    "missing_count": 16,
    "scenes_with_gaps": 56,
    "scenes_to_sync": 49,
    "skipped_already_queued": 4,
    "skipped_dead": 2,
    "skipped_no_metadata": 3,
    "ungated_count": 2,
    "ambiguous_count": 1,
    "in_order_count": 341,
    "orphan_count": 7,
}
COMPARED = "400 scenes compared with 380 items in Plex, by 5 requests"


def test_nothing_found_is_said_in_few_words() -> None:
    told = summary(GapDetectionResult(**SEEN, in_order_count=400))

    assert told == [f"{COMPARED}.", "400 scenes looked at: 400 in order. No gaps."]


def test_the_numbers_of_a_run_add_up() -> None:
    lines = [
        f"{COMPARED}; 7 of these items without a scene.",
        "Scenes left alone: 1 ambiguous, 2 never synced and without metadata.",
        "Gaps that get no job now: 4 in the queue already, 2 given up on before,"
        " 1 without metadata.",
        "56 scenes with gaps: 12 empty in Plex, 30 changed since the last sync,"
        " 16 missing in Plex (2 counted twice).",
        "400 scenes looked at: 56 with gaps, 3 left alone, 341 in order."
        " 49 scenes are queued; 'Process Queue' brings them to Plex.",
    ]

    assert summary(GapDetectionResult(**FOUND)) == lines
    assert summary(GapDetectionResult(**FOUND), is_preview=True) == lines[:-1]


def test_what_was_not_asked_for_is_not_told_among_the_gaps() -> None:
    result = GapDetectionResult(**FOUND)
    result.scenes_with_gaps = result.scenes_to_sync = 12
    result.skipped_already_queued = result.skipped_dead = 0

    told = summary(result, frozenset({EMPTY_METADATA}))

    assert "12 scenes with gaps: 12 empty in Plex." in told
    assert told[-1].startswith("400 scenes looked at. 12 scenes are queued; ")


def test_scenes_that_were_not_read_again_are_told() -> None:
    told = summary(GapDetectionResult(**SEEN, scenes_spared=390, in_order_count=400))

    assert f"{COMPARED}; nothing has changed of 390, so these were not read again." in told


def test_one_is_not_many() -> None:
    result = GapDetectionResult(
        scenes_checked=1, items_listed=1, plex_requests=1, drift_count=1, scenes_with_gaps=1
    )
    result.scenes_to_sync = 1

    assert summary(result) == [
        "1 scene compared with 1 item in Plex, by 1 request.",
        "1 scene with gaps: 1 different or never synced.",
        "1 scene looked at: 1 with gaps. 1 scene is queued; 'Process Queue' brings it to Plex.",
    ]


def test_what_was_not_seen_is_not_passed_over() -> None:
    told = summary(GapDetectionResult(**SEEN, partial=True, in_order_count=400))

    assert "Not everything could be seen, see above. No gaps" in told[-1]


def test_enqueued_scenes_add_up() -> None:
    assert enqueued(59, Enqueued(50, 6, 0, 3)) == (
        "59 scenes: 50 queued, 6 in the queue already, 3 left alone, not organized."
        " 'Process Queue' brings them to Plex."
    )
    assert enqueued(0, Enqueued()) == "0 scenes: nothing to queue."
