"""Who is told of what, once, and what is sent over the wire."""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from app.notifications import sending
from app.notifications.events import LASTING
from app.notifications.notify import notify
from app.notifications.sending import NotSent, send
from app.notifications.trial_message import try_notification
from app.wiring import Context
from core.errors import ConfigError
from core.models import Failure
from core.notification_texts import KINDS, Notice
from core.settings import Settings
from simulators.library.generate import generate
from stash.client import StashClient
from stash.connection import StashConnection
from tests.acceptance.site import Site
from tests.pool import Pool

NOW = 1_760_000_000.0
NOTICE = Notice("gaps", "A title", "A text. Ünïcode.", {"gaps": 2})


class Hook(ThreadingHTTPServer):
    """A webhook that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.got: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def messages(self) -> list[dict[str, Any]]:
        got, self.got = self.got, []
        return [each["body"] for each in got]


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hook = cast(Hook, self.server)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        hook.got.append(
            {
                "path": self.path,
                "headers": {name.title(): value for name, value in self.headers.items()},
                "body": body,
            }
        )
        self.send_response(hook.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Desk:
    """A data folder in which things happen, and who is told."""

    def __init__(self, data: Path) -> None:
        self.now = NOW
        self.sent: list[Notice] = []
        self.problem = ""
        self.context = Context(
            StashClient(StashConnection("http", "127.0.0.1", 9)),  # which nobody asks
            Settings(notify_url=("https://one", "https://two")),
            data,
            {},
            lambda _share: None,
            lambda: self.now,
        )

    def wish(self, *kinds: str, urls: tuple[str, ...] = ("https://one",)) -> None:
        settings = Settings(notify_url=urls, notify_on=kinds)
        self.context = dataclasses.replace(self.context, settings=settings)

    def told(self) -> list[Notice]:
        def note(notice: Notice, address: str) -> None:
            if self.problem:
                raise NotSent(self.problem)
            if address == self.context.settings.notify_url[0]:
                self.sent.append(notice)

        notify(self.context, note)
        sent, self.sent = self.sent, []
        return sent

    def kinds(self) -> list[str]:
        return [notice.kind for notice in self.told()]

    def reconcile(self, gaps: int, status: Any = "done") -> None:
        figures: dict[str, Any] = {
            "scenes_with_gaps": gaps,
            "enqueued_count": gaps,
            "missing_count": gaps,
        }
        with self.context.open_state() as state:
            run = state.runs.start("reconcile", NOW)
            guard = "empty_side" if status == "stopped" else ""
            figures |= {"why": "0 scenes are left"} if guard else {}
            state.runs.finish(run, status, figures, NOW, guard=guard)

    def give_up(self, *scene_ids: int, hold: bool = False) -> None:
        with self.context.open_queue() as queue:
            queue.put_many([{"scene_id": each} for each in scene_ids])
            for job in queue.claim(len(scene_ids), 4e9):
                if hold:
                    queue.hold([(job, [])])
                else:
                    queue.park(job, Failure.NOT_FOUND, "it is gone")

    def fail(self, service: str = "plex") -> None:
        with self.context.open_state() as state:
            state.outages.failed(service, self.now, 0.0, "no route to host")

    def recover(self) -> None:
        with self.context.open_state() as state:
            state.outages.succeeded("plex", self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "data")


# What is told ----------------------------------------------------------------------------------


def test_a_reconcile_with_gaps_is_told_once(desk: Desk) -> None:
    desk.reconcile(0)
    assert desk.told() == []
    desk.reconcile(3)
    (notice,) = desk.told()
    assert notice.kind == "gaps"
    assert notice.text == (
        "A reconcile found 3 scenes with gaps: 3 missing in Plex. 3 were queued."
    )
    assert notice.counts == {"gaps": 3, "queued": 3, "missing_count": 3}
    assert desk.told() == []
    desk.reconcile(1, "failed")
    assert desk.told() == []
    desk.reconcile(1, "partial")
    assert desk.kinds() == ["gaps"]


def test_dead_letters_are_told_as_they_come(desk: Desk) -> None:
    desk.give_up(1, 2)
    (notice,) = desk.told()
    assert notice.text.startswith("2 scenes were given up on. Look at")
    assert notice.counts == {"new": 2, "dead_letters": 2}
    assert desk.told() == []
    desk.give_up(3)
    (notice,) = desk.told()
    assert notice.text.startswith("1 scene was given up on. There are 3 by now.")
    with desk.context.open_queue() as queue:
        queue.clear_dead()
    assert desk.told() == []
    desk.give_up(4)
    assert desk.kinds() == ["dead_letter"]


def test_what_a_guard_holds_back_or_stops_is_told_once(desk: Desk) -> None:
    desk.give_up(1, 2, hold=True)
    (notice,) = desk.told()
    assert (notice.kind, notice.counts) == ("guard", {"held": 2})
    assert "“A”" not in notice.text
    desk.reconcile(0, "stopped")
    (notice,) = desk.told()
    assert notice.text.startswith("A run was stopped before it wrote anything: 0 scenes are left.")
    assert desk.told() == []


def test_an_outage_is_told_once_when_it_lasts(desk: Desk) -> None:
    desk.fail()
    assert desk.told() == []
    desk.now += LASTING
    with desk.context.open_queue() as queue:
        queue.put({"scene_id": 9})
    (notice,) = desk.told()
    assert notice.kind == "outage"
    assert notice.title == "Stash2Plex: Plex cannot be reached"
    assert notice.text.startswith(
        "Plex did not answer for 2 min (no route to host). 1 change waits"
    )
    desk.now += 9000
    assert desk.told() == []
    desk.recover()
    assert desk.told() == []
    desk.fail()
    desk.now += LASTING
    desk.fail("pictures")
    assert desk.kinds() == ["outage"]


def test_only_what_is_wished_is_told_and_the_rest_counts_as_told(desk: Desk) -> None:
    desk.wish("dead_letter", "outage")
    desk.reconcile(5)
    desk.give_up(1)
    assert desk.kinds() == ["dead_letter"]
    desk.wish(*KINDS)
    assert desk.told() == []
    desk.wish(urls=())
    desk.reconcile(7)
    assert desk.told() == []


def test_what_cannot_be_sent_is_tried_three_times(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.reconcile(2)
    desk.problem = "the notification to host was not sent"
    for _ in range(2):
        assert desk.told() == []
    desk.problem = ""
    assert desk.kinds() == ["gaps"]
    desk.problem = "the notification to host was not sent"
    desk.reconcile(2)
    for _ in range(4):
        assert desk.told() == []
    desk.problem = ""
    assert desk.told() == []
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 2 * (2 + 3)  # two addresses


# What is sent ----------------------------------------------------------------------------------


def test_a_webhook_gets_json(hook: Hook) -> None:
    send(NOTICE, f"{hook.url}/path/token-1?key=token-2")
    (got,) = hook.got
    assert got["path"] == "/path/token-1?key=token-2"
    assert got["headers"]["Content-Type"] == "application/json"
    assert "Authorization" not in got["headers"]
    assert got["body"] == {
        "kind": "gaps",
        "title": "A title",
        "text": "A text. Ünïcode.",
        "counts": {"gaps": 2},
    }


def test_credentials_in_an_address_go_into_a_header(hook: Hook) -> None:
    send(NOTICE, hook.url.replace("//", "//me:p%40ss@"))
    (got,) = hook.got
    assert got["headers"]["Authorization"] == f"Basic {base64.b64encode(b'me:p@ss').decode()}"
    assert got["path"] == "/"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:9/secret-1?x=secret-2", "127.0.0.1:9 was not sent: it refused the conn"),
        ("http://me:secret-3@127.0.0.1:9/", "127.0.0.1:9 was not sent"),
        ("http://[::1/secret-4", "its address is none"),
        ("ntfy://secret-5", "ntfy:// needs Apprise in Stash's Python"),
    ],
)
def test_what_does_not_arrive_is_said_without_the_address(address: str, said: str) -> None:
    with pytest.raises(NotSent) as caught:
        send(NOTICE, address, lambda: None)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_webhook_that_refuses_or_is_slow(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    hook.status = 403
    with pytest.raises(NotSent, match=r"was not taken \(HTTP 403\)"):
        send(NOTICE, hook.url)
    hook.status = 302
    with pytest.raises(NotSent, match="HTTP 302"):
        send(NOTICE, hook.url)


class Apprise:
    """As much of the library as is used."""

    notified: list[tuple[str, str, str]]
    works = True

    def __init__(self) -> None:
        self._address = ""

    @staticmethod
    def instantiate(address: str) -> object:
        return None if address.startswith("http") else object()

    def add(self, address: str) -> None:
        self._address = address

    def notify(self, *, title: str, body: str) -> bool:
        self.notified.append((self._address, title, body))
        return self.works


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    monkeypatch.setattr(Apprise, "notified", [], raising=False)
    return lambda: type("module", (), {"Apprise": Apprise})


def test_apprise_sends_what_it_knows(
    hook: Hook, load: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(NOTICE, "ntfy://topic", load)
    assert Apprise.notified == [("ntfy://topic", "A title", "A text. Ünïcode.")]
    send(NOTICE, hook.url, load)
    assert len(hook.got) == 1
    monkeypatch.setattr(Apprise, "works", False)
    with pytest.raises(NotSent, match="Apprise could not send a notification to ntfy://"):
        send(NOTICE, "ntfy://topic", load)


def test_apprise_is_looked_for() -> None:
    assert sending.load_apprise() is None or sending.load_apprise().Apprise


def test_a_message_can_be_sent_to_see_whether_it_arrives(desk: Desk, hook: Hook) -> None:
    asked = dataclasses.replace(desk.context, args={"notify_url": f"{hook.url}/SECRET"})
    assert try_notification(asked) == {"ok": True, "text": "A message was sent."}
    assert [each["kind"] for each in hook.messages()] == ["test"]
    hook.status = 404
    desk.wish(urls=(hook.url, "ntfy://topic"))
    told = try_notification(desk.context)
    assert not told["ok"]
    assert "was not taken (HTTP 404). A notification to ntfy:// needs Apprise" in told["text"]
    desk.wish(urls=())
    with pytest.raises(ConfigError, match="Enter an address first"):
        try_notification(desk.context)
    with pytest.raises(ConfigError, match="addresses with commas between them"):
        try_notification(dataclasses.replace(desk.context, args={"notify_url": "SECRET"}))


# From tasks ------------------------------------------------------------------------------------


def test_tasks_tell_and_go_on_whatever_becomes_of_it(
    pool: Pool, tmp_path: Path, hook: Hook
) -> None:
    with pool.both(generate(12, 3)) as both:
        site = Site(both, tmp_path / "data")
        site.use(notify_url=f"{hook.url}/WEBHOOK-TOKEN, http://127.0.0.1:9/OTHER-TOKEN")
        ended = site.run("reconcile_all")
        (message,) = hook.messages()
        assert message["kind"] == "gaps"
        assert message["counts"]["gaps"] == ended.output["scenes_with_gaps"]
        assert "the notification to 127.0.0.1:9 was not sent: it refused" in ended.log
        assert "TOKEN" not in ended.log + ended.stdout.decode()
        site.run("queue_status")
        site.run("clear_queue")
        assert hook.messages() == []
        hook.status = 500
        site.use(notify_url=hook.url)
        assert site.run("reconcile_all").output["scenes_checked"] == 12
        shown = site.run("health_check")
        assert "TOKEN" not in shown.stdout.decode()
