"""What people are told of when it happens, word by word."""

from __future__ import annotations

import pytest

from core.notification_texts import Notice, away, gaps_found, given_up, held_back, stopped

FIGURES = {
    "scenes_with_gaps": 3,
    "enqueued_count": 2,
    "missing_count": 1,
    "drift_count": 2,
    "stale_sync_count": 0,
    "vanished_count": "some",
    "seconds": 5,
}


@pytest.mark.parametrize(
    ("notice", "text", "counts"),
    [
        (
            gaps_found(FIGURES),
            "A reconcile found 3 scenes with gaps: 1 missing in Plex, 2 different or never synced."
            " 2 were queued.",
            {"gaps": 3, "queued": 2, "missing_count": 1, "drift_count": 2, "stale_sync_count": 0},
        ),
        (
            gaps_found({"scenes_with_gaps": 1}),
            "A reconcile found 1 scene with gaps: . 0 were queued.",
            {"gaps": 1, "queued": 0},
        ),
        (
            given_up(2, 2),
            "2 scenes were given up on. Look at the dead letters, and retry them.",
            {"new": 2, "dead_letters": 2},
        ),
        (
            given_up(1, 3),
            "1 scene was given up on. There are 3 by now. Look at the dead letters, and retry"
            " them.",
            {"new": 1, "dead_letters": 3},
        ),
        (
            away("plex", 120, 2, "it refused the connection."),
            "Plex did not answer for 2 min (it refused the connection). 2 changes wait, and all is"
            " brought to Plex once it is back.",
            {"waiting": 2},
        ),
        (
            away("Plex", 30, 1, ""),
            "Plex did not answer for 30 s. 1 change waits, and all is brought to Plex once it is"
            " back.",
            {"waiting": 1},
        ),
        (
            held_back(1),
            "1 scene was held back, because too much would be taken from Plex. Look at what is"
            " held back, and run the task 'Confirm Stopped Run' if it is right.",
            {"held": 1},
        ),
        (
            stopped("Plex is empty."),
            "A run was stopped before it wrote anything: Plex is empty. If this is right, run the"
            " task 'Confirm Stopped Run'.",
            {},
        ),
    ],
)
def test_what_is_told(notice: Notice, text: str, counts: dict[str, int]) -> None:
    assert notice.text == text
    assert notice.counts == counts
