"""What a reconcile says in its log: sentences, and numbers that add up."""

from __future__ import annotations

from typing import Any

import pytest

from app.schedule.messages import enqueued, summary
from reconciliation.detector import EMPTY_METADATA
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
    "orphan_count": 7,
}
COMPARED = "400 scenes compared with 380 Plex items in 5 requests."


def test_nothing_found_is_said_in_few_words() -> None:
    assert summary(GapDetectionResult(**SEEN)) == f"{COMPARED} No gaps."


@pytest.mark.parametrize(
    ("is_preview", "jobs"), [(False, "49 jobs enqueued"), (True, "49 jobs would be enqueued")]
)
def test_the_gaps_of_a_run_add_up(is_preview: bool, jobs: str) -> None:
    assert summary(GapDetectionResult(**FOUND), is_preview=is_preview) == (
        f"{COMPARED} 56 scenes with gaps: 12 empty in Plex, 30 changed since the last sync,"
        f" 16 missing in Plex (2 counted twice). {jobs}; 4 in the queue already,"
        " 2 given up on before, 1 without metadata. Scenes left alone: 1 ambiguous,"
        " 2 never synced and without metadata. 7 Plex items without a scene."
    )


def test_what_was_not_asked_for_is_not_told_among_the_gaps() -> None:
    result = GapDetectionResult(**FOUND)
    result.scenes_with_gaps = result.scenes_to_sync = 12
    result.skipped_already_queued = result.skipped_dead = 0

    told = summary(result, frozenset({EMPTY_METADATA}))

    assert "12 scenes with gaps: 12 empty in Plex. 12 jobs enqueued." in told


def test_one_is_not_many() -> None:
    result = GapDetectionResult(
        scenes_checked=1, items_listed=1, plex_requests=1, drift_count=1, scenes_with_gaps=1
    )
    result.scenes_to_sync = 1

    assert summary(result) == (
        "1 scene compared with 1 Plex item in 1 request."
        " 1 scene with gaps: 1 different or never synced. 1 job enqueued."
    )


def test_enqueued_scenes_add_up() -> None:
    assert enqueued(59, Enqueued(50, 6, 0, 3)) == (
        "59 scenes: 50 enqueued, 6 in the queue already, 3 left alone, not organized"
    )
    assert enqueued(0, Enqueued()) == "0 scenes: nothing to enqueue"
