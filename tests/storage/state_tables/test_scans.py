"""What is remembered of scans."""

from __future__ import annotations

from core.scans import ASK_AGAIN, AwaitedScan
from storage.state import State


def test_files_that_were_asked_for_are_known_for_a_day(state: State) -> None:
    state.scans.note_asked("1", ["/a/1", "/a/2"], 10.0)
    state.scans.note_asked("2", ["/a/3"], 20.0)

    assert state.scans.asked_for("1", ["/a/1", "/a/3"], 30.0) == {"/a/1"}
    assert state.scans.asked_for("1", ["/a/1"], 10.0 + ASK_AGAIN) == set()
    state.scans.note_asked("1", ["/a/1"], 15.0)
    assert state.scans.asked_for("1", ["/a/1", "/a/2"], 12.0 + ASK_AGAIN) == {"/a/1"}
    many = [f"/b/{n}" for n in range(2000)]
    state.scans.note_asked("1", many, 30.0)
    assert state.scans.asked_for("1", many, 30.0) == set(many)


def test_scans_that_jobs_wait_for(state: State) -> None:
    scan = AwaitedScan(1.5, 2.5, frozenset("ab"))
    assert state.scans.awaited(9.0) == {}

    state.scans.await_only({"1": scan, "2": AwaitedScan(0.0, 0.0)})
    state.scans.await_only({"1": scan})

    assert state.scans.awaited(9.0) == {"1": scan}


def test_what_was_noted_while_the_clock_was_ahead_holds_nothing_up(state: State) -> None:
    state.scans.note_asked("1", ["/a/1"], 9e9)
    state.scans.await_only({"1": AwaitedScan(9e9, 9e9)})

    assert state.scans.asked_for("1", ["/a/1"], 30.0) == set()
    assert state.scans.awaited(30.0) == {"1": AwaitedScan(30.0, 30.0)}
