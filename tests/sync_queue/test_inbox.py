"""The inbox: what hooks note, what tasks take, and the lease between them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_queue.inbox import (
    ACTIONS,
    INBOX_FILE,
    DamagedInbox,
)
from sync_queue.inbox_reader import Event, EventGroup, Inbox, WakeUpLease
from tests.examples import examples
from tests.stored import spoil, sql
from tests.sync_queue.hook_and_task import HookAndTask

ROOT = Path(__file__).parents[2]
NOW = 1_700_000_000.0


def test_events_are_taken_in_the_order_in_which_they_came(both: HookAndTask) -> None:
    both.note(7)
    both.now += 1
    both.note(3, "destroy", "tag", by_user=False)

    assert both.task.take() == [
        Event("scene", 7, "update", NOW, True, 1),
        Event("tag", 3, "destroy", NOW + 1, False, 2),
    ]
    assert both.task.counts() == {"scene": 1, "tag": 1}
    assert both.task.newest() == (2, NOW + 1)


def test_what_a_merge_has_destroyed_is_noted_with_it(both: HookAndTask) -> None:
    both.note(7, "merge", "tag", gone=[8, 9])

    assert {(each.id, each.action) for each in both.task.take()} == {
        (7, "merge"),
        (8, "destroy"),
        (9, "destroy"),
    }


def test_the_newest_edit_of_a_scene_is_told_from_all_else(both: HookAndTask) -> None:
    assert both.task.newest_edit() == 0
    both.note(7)
    both.note(8, by_user=False)
    both.note(9, "destroy")
    both.note(7, kind="tag")
    assert both.task.newest_edit() == 1
    assert both.task.count() == 4
    assert both.task.count(EventGroup.EDITED, EventGroup.OTHERS) == 2

    both.note(8)
    assert both.task.newest_edit() == 5
    both.task.acknowledge(both.task.take())
    assert both.task.newest_edit() == 0


def test_taking_forgets_nothing_and_settling_does(both: HookAndTask) -> None:
    both.note()

    taken = both.task.take()
    assert both.task.take() == taken
    both.task.acknowledge(taken)

    assert both.task.take() == []
    assert both.task.newest() == (1, 0.0)


def test_an_event_that_comes_while_its_predecessor_is_dealt_with_stays(both: HookAndTask) -> None:
    both.note(1)
    both.note(2)
    taken = both.task.take()
    both.note(1)

    both.task.acknowledge(taken)

    assert [(event.id, event.revision) for event in both.task.take()] == [(1, 3)]


@pytest.mark.parametrize(
    ("actions", "stays"),
    [
        (("create", "update"), "update"),
        (("update", "create"), "update"),
        (("update", "destroy"), "destroy"),
        (("destroy", "update"), "destroy"),
        (("merge", "update"), "merge"),
        (("merge", "destroy", "create"), "destroy"),
    ],
)
def test_the_weightier_action_stays(
    both: HookAndTask, actions: tuple[str, ...], stays: str
) -> None:
    for action in actions:
        both.note(1, action)

    (event,) = both.task.take()
    assert event.action == stays
    assert event.revision == len(actions)


def test_an_edit_outranks_a_scan_in_either_order(both: HookAndTask) -> None:
    for num, order in ((1, (True, False)), (2, (False, True)), (3, (False, False))):
        for by_user in order:
            both.note(num, by_user=by_user)

    assert [event.by_user for event in both.task.take()] == [True, True, False]


def test_the_latest_time_stays_though_the_clock_was_set_back(both: HookAndTask) -> None:
    both.note()
    both.now -= 3600
    both.note()

    assert [event.at for event in both.task.take()] == [NOW]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("note"), st.integers(1, 3), st.sampled_from(ACTIONS), st.booleans()),
            st.just(("take",)),
            st.just(("settle",)),
        ),
        max_size=30,
    )
)
@examples(20)
def test_nothing_is_settled_that_was_not_taken(steps: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        both = HookAndTask(Path(folder))
        unseen: dict[int, int] = {}  # id -> rank of the weightiest action since the last settle
        taken: list[Event] = []
        fresh: set[int] = set()  # noted after the last take
        for step in steps:
            if step[0] == "note":
                _, num, action, by_user = step
                assert isinstance(num, int)
                both.note(num, str(action), by_user=bool(by_user))
                unseen[num] = max(unseen.get(num, 0), ACTIONS.index(str(action)))
                fresh.add(num)
            elif step[0] == "take":
                taken, fresh = both.task.take(), set()
            else:
                both.task.acknowledge(taken)
                for event in taken:
                    if event.id not in fresh:
                        unseen.pop(event.id, None)
        left = {event.id: ACTIONS.index(event.action) for event in both.task.take()}
        both.close()
        assert left == unseen


# Rows that make no sense -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "99"),
        ("action", "-1"),
        ("id", "-5"),
        ("id", "0"),
        ("kind", "'gallery'"),
        ("kind", "x'ff'"),
        ("at", "'soon'"),
        ("by_user", "'yes'"),
    ],
)
def test_an_event_that_makes_no_sense_holds_up_no_other(
    tmp_path: Path, column: str, value: str
) -> None:
    both = HookAndTask(tmp_path)
    both.note(1)
    both.note(2)
    spoil(tmp_path / INBOX_FILE, f"events.{column}", value, "id = 1")

    both.task.newest()
    assert [event.id for event in both.task.take()] == [2]
    assert both.task.counts() == {"scene": 1}
    assert len(both.warnings) == 1
    both.close()


@pytest.mark.parametrize(
    "spoiled",
    [
        "DELETE FROM request",
        "UPDATE request SET asked_at = 'soon'",
        "UPDATE request SET begun_at = x'ff'",
        "UPDATE request SET job_id = x'ff'",
        "UPDATE request SET declines = 'many'",
    ],
)
@pytest.mark.parametrize("side", ["hook", "task"])
def test_a_request_that_makes_no_sense_is_made_anew(
    tmp_path: Path, spoiled: str, side: str
) -> None:
    both = HookAndTask(tmp_path)
    both.note(1)
    sql(tmp_path / INBOX_FILE, spoiled)

    if side == "hook":
        try:
            both.note(2)
        except DamagedInbox:
            Inbox(tmp_path, warn=both.warnings.append).close()
            assert both.note(2) is not None
    with Inbox(tmp_path, warn=both.warnings.append, clock=lambda: NOW) as task:
        task.begin()
        seen, _ = task.newest()
        assert {event.id for event in task.take()} >= {1}
        assert task.leave(seen)
        assert task.lease() == WakeUpLease(None, None, None)
    assert both.note(3) is not None
    assert len(both.warnings) <= 1
    both.close()


# The file --------------------------------------------------------------------------------
