"""What people read of a task that fails: whole sentences, each of them once."""

from __future__ import annotations

import pytest

from app.health_check.check_result import Checks
from app.sync_changes.drain_messages import NOTHING_WAITS, left_waiting

DOWN = "Plex dropped the connection; try again later"


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (DOWN, f"{DOWN}. "),
        ("a redirect came; is 'Plex URL' right?", "a redirect came; is 'Plex URL' right? "),
    ],
)
def test_an_error_keeps_its_mark_before_what_waits(error: str, begins: str) -> None:
    assert left_waiting(error, 2).startswith(f"{begins}2 changes wait for Plex; the next change")
    assert left_waiting(error, 0) == f"{begins}{NOTHING_WAITS}"


def test_an_advice_that_the_error_gives_itself_is_not_given_twice() -> None:
    checks = Checks()
    checks.problem("libraries", DOWN, "Try again later.")
    checks.problem("libraries", "Plex is busy", "Try again later.")
    checks.ok("plex", "Plex answers")
    assert [check.sentences for check in checks.made] == [
        f"{DOWN}.",
        "Plex is busy. Try again later.",
        "Plex answers.",
    ]
