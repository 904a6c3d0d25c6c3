"""Of a burst of hooks the first asks Stash for the task, once, with its cookie, in a second."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shell import hook
from sync_queue.inbox import ASKED_SECONDS, HookInbox
from sync_queue.inbox_reader import Inbox
from tests.shell.stash_stub import StashStub, stash_stub


@pytest.fixture
def stash() -> Iterator[StashStub]:
    with stash_stub() as server:
        yield server


class Hooks:
    """Hooks of one Stash, in this process."""

    def __init__(self, stash: StashStub, data: Path) -> None:
        self.stash = stash
        self.data = data

    def fire(self, num: int = 1, env: dict[str, str] | None = None, **connection: Any) -> str:
        return self._answer(num, env, self.stash.connection(**connection), {})

    def fire_inside(self, num: int) -> str:
        """As the hooks inside Stash do, whose own cookie lets nobody in."""
        connection = self.stash.connection()
        session = {"Name": "session", "Value": connection["SessionCookie"]["Value"]}
        connection["SessionCookie"] = {"Name": "session", "Value": "of nobody"}
        return self._answer(num, None, connection, {"quick": "yes", "session": session})

    def _answer(
        self, num: int, env: dict[str, str] | None, connection: Any, args: dict[str, Any]
    ) -> str:
        context = {"id": num, "type": "Scene.Update.Post", "input": {}}
        told = {"server_connection": connection, "args": {"hookContext": context, **args}}
        known = {"STASH_PLUGIN_DATA": str(self.data), **(env or {})}
        reply = hook.answer(json.dumps(told).encode(), known, "/nowhere")
        assert reply is not None
        output: str = json.loads(reply)["output"]
        return output

    def inbox(self, late: float = 0.0) -> Inbox:
        return Inbox(self.data, clock=lambda: time.time() - late)


@pytest.fixture
def hooks(stash: StashStub, tmp_path: Path) -> Hooks:
    return Hooks(stash, tmp_path)


def test_one_of_a_burst_asks(hooks: Hooks, stash: StashStub) -> None:
    assert hooks.fire(1) == "noted, and asked for Sync Changes"
    assert {hooks.fire(num) for num in range(2, 40)} == {"noted"}

    ((headers, body),) = stash.asked
    assert headers["Cookie"] == "session=COOKIE-not-for-files"
    assert headers["Content-Type"] == headers["Accept"] == "application/json"
    assert body["variables"] == {"plugin": "Stash2Plex", "task": "Sync Changes"}
    with hooks.inbox() as inbox:
        assert inbox.lease().job_id == "41"
        assert len(inbox.take()) == 39
    assert not [path for path in hooks.data.iterdir() if b"COOKIE" in path.read_bytes()]


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"<html>"),
        (401, b""),
        (200, b'{"errors": [{"message": "database is locked"}], "data": null}'),
        (200, b'{"data": {"runPluginTask": null}}'),
        (200, b"[]"),
        (200, b"[" * 100_000),
    ],
)
def test_the_next_event_asks_if_the_first_was_refused(
    hooks: Hooks, stash: StashStub, answer: tuple[int, bytes]
) -> None:
    stash.answer = answer
    assert hooks.fire(1) == "noted"
    stash.answer = None

    assert hooks.fire(2) == "noted, and asked for Sync Changes"
    assert hooks.fire(3) == "noted"


def test_a_server_that_is_not_there_costs_nothing(
    hooks: Hooks, capfd: pytest.CaptureFixture[str]
) -> None:
    assert hooks.fire(1, Port=1) == "noted"

    said = capfd.readouterr().err
    assert said.startswith("\x01d\x02Stash could not be asked for the task 'Sync Changes'")
    assert "COOKIE" not in said
    assert hooks.fire(2) == "noted, and asked for Sync Changes"


@pytest.mark.parametrize("host", ["x" * 300, "\u00fc..example"])
def test_a_host_that_is_no_name_does_no_harm(hooks: Hooks, host: str) -> None:
    assert hooks.fire(1, Host=host) == "noted"
    assert hooks.fire(2) == "noted, and asked for Sync Changes"


def test_a_server_that_does_not_answer_is_waited_for_once(hooks: Hooks, stash: StashStub) -> None:
    stash.hang = threading.Event()
    started = time.monotonic()

    for num in range(1, 20):
        assert hooks.fire(num) == "noted"

    assert 1 <= time.monotonic() - started < 10
    assert len(stash.asked) == 1
    stash.hang.set()


@pytest.mark.parametrize(
    ("job", "asked_again"),
    [
        ({"status": "READY", "description": "Running plugin task: Sync Changes"}, False),
        ({"status": "RUNNING", "description": "Running plugin task: Sync Changes"}, False),
        ({"status": "CANCELLED", "description": "Running plugin task: Sync Changes"}, True),
        ({"status": "RUNNING", "description": "Scanning..."}, True),  # Stash has begun anew
        (None, True),
    ],
)
def test_an_old_request_is_repeated_if_its_job_is_gone(
    hooks: Hooks,
    stash: StashStub,
    job: dict[str, str] | None,
    asked_again: bool,
) -> None:
    hooks.fire(1)
    with hooks.inbox(late=ASKED_SECONDS + 1) as inbox:
        inbox.hand_over("41")
    stash.job = job

    hooks.fire(2)
    assert hooks.fire(3) == "noted"

    assert stash.tasks == (2 if asked_again else 1)
    assert stash.asked[1][1]["variables"] == {"id": "41"}
    with hooks.inbox() as inbox:
        assert inbox.lease().job_id == ("42" if asked_again else "41")


WAITS = {"status": "READY", "description": "Running plugin task: Sync Changes"}
RUNS = {**WAITS, "status": "RUNNING"}


def test_the_hooks_inside_stash_bring_the_cookie_of_the_user(
    hooks: Hooks, stash: StashStub
) -> None:
    assert hooks.fire_inside(1) == "noted, and asked for Sync Changes"

    ((headers, _),) = stash.asked
    assert headers["Cookie"] == "session=COOKIE-not-for-files"
    assert not [path for path in hooks.data.iterdir() if b"COOKIE" in path.read_bytes()]
    with hooks.inbox() as inbox:
        assert inbox.has_quick_edits()
        assert [event.by_user for event in inbox.take()] == [True]


def test_what_they_note_while_a_task_runs_asks_for_one_that_waits_behind_it(
    hooks: Hooks, stash: StashStub
) -> None:
    hooks.fire_inside(1)
    with hooks.inbox() as inbox:
        inbox.begin()
        before = inbox.lease()
        stash.job = RUNS
        assert hooks.fire(2) == "noted"
        assert hooks.fire_inside(3) == "noted, and asked for Sync Changes"
        stash.job = WAITS
        assert hooks.fire_inside(4) == "noted"
        assert inbox.lease() == before
    assert stash.tasks == 2


def test_what_they_note_after_the_job_has_vanished_asks_at_once(
    hooks: Hooks, stash: StashStub
) -> None:
    """Stopped by the user, or lost with a restart of Stash."""
    hooks.fire_inside(1)
    assert hooks.fire(2) == "noted"
    assert hooks.fire_inside(3) == "noted, and asked for Sync Changes"


def test_a_hook_that_asks_is_not_asked_beside(hooks: Hooks, stash: StashStub) -> None:
    hook = HookInbox(str(hooks.data))
    assert hook.note("scene", 1, "update", by_user=True, now=time.time(), is_quick=True)
    hook.close()

    assert hooks.fire_inside(2) == "noted"
    assert stash.asked == []


@pytest.mark.parametrize("folder", ["", "scene_hooks"])
def test_the_small_plugins_note_where_the_tasks_look(folder: str, tmp_path: Path) -> None:
    connection = {"Port": 1, "PluginDir": str(tmp_path / folder)}
    context = {"id": 1, "type": "Scene.Update.Post", "input": None}
    told = {"server_connection": connection, "args": {"hookContext": context}}

    hook.answer(json.dumps(told).encode(), {}, "/nowhere")

    assert (tmp_path / "data" / "inbox.db").exists()


def test_a_task_that_died_is_replaced_whatever_stash_says(hooks: Hooks, stash: StashStub) -> None:
    hooks.fire(1)
    with hooks.inbox() as inbox:
        inbox.begin()
        assert hooks.fire(2) == "noted"
    stash.job = {"status": "RUNNING", "description": "Running plugin task: Sync Changes"}

    assert hooks.fire(3) == "noted, and asked for Sync Changes"
    assert stash.tasks == 2


def test_the_environment_can_name_another_address_and_a_key(hooks: Hooks, stash: StashStub) -> None:
    env = {
        "STASH_URL": f"http://127.0.0.1:{stash.server_address[1]}/stash/",
        "STASH_API_KEY": "the-key",
    }
    asked = hooks.fire(1, env, Port=1, SessionCookie=None)
    assert asked == "noted, and asked for Sync Changes"

    ((headers, _),) = stash.asked
    assert headers["ApiKey"] == "the-key"
    assert "Cookie" not in headers


def test_an_environment_that_makes_no_sense_is_told(
    hooks: Hooks, capfd: pytest.CaptureFixture[str]
) -> None:
    assert hooks.fire(1, {"STASH_URL": "ftp://somewhere"}) == "noted"
    assert "STASH_URL must look like" in capfd.readouterr().err


@pytest.mark.parametrize("cookie", [None, {}, {"Name": "session", "Value": "x\r\nEvil: 1"}])
def test_a_cookie_that_is_none_is_not_sent(
    hooks: Hooks, stash: StashStub, cookie: dict[str, str] | None
) -> None:
    hooks.fire(1, SessionCookie=cookie)

    ((headers, _),) = stash.asked
    assert not {"Cookie", "Evil"} & set(headers)


def test_an_inbox_that_is_busy_after_the_asking_does_no_harm(
    hooks: Hooks, stash: StashStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_values: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(HookInbox, "asked", busy)
    assert hooks.fire(1) == "noted"
    assert hooks.fire(2) == "noted"
    assert stash.tasks == 1
