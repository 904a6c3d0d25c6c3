"""What users get wrong: one clear message each (what, which, what to do), and nothing is lost."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from app.sync_changes.process_queue import process_queue
from app.task_runner import MODES
from app.tasks.reconcile import reconcile_all
from core.errors import SyncError
from core.setting_words import WORDS
from simulators.library.generate import generate
from tests.acceptance.conftest import Open
from tests.acceptance.entry import Ended
from tests.acceptance.faults import failure, readable
from tests.acceptance.site import Site, Task
from tests.pool import TOKEN

BUG = "This is a bug in Stash2Plex"


@pytest.fixture(scope="module")
def library(open_site: Open) -> Site:
    found = open_site(generate(40, seed=6))
    found.reconcile()
    return found


@pytest.fixture
def site(library: Site) -> Site:
    """A library with a full queue, and settings as they should be."""
    library.use()
    library.both.plex.faults([])
    return library


def _refused(site: Site, ended: Ended) -> str:
    """The error of a run that lost nothing, changed nothing and ended as Stash expects."""
    assert ended.status == 0
    assert BUG not in ended.error
    assert "Traceback" not in ended.log
    assert len(site.queued()) > 20
    return ended.error


@pytest.mark.parametrize("stdin", [b"", b"{", b"null"])
def test_input_that_stash_would_never_write(site: Site, stdin: bytes) -> None:
    error = _refused(site, site.run_input(stdin))

    assert "The plugin input on stdin cannot be used" in error
    assert "use Settings > Tasks in Stash" in error


@pytest.mark.parametrize(
    "connection",
    [{"Port": "many"}, {"Scheme": "ftp"}, {"Port": 1}],
)
def test_a_connection_that_leads_nowhere(site: Site, connection: dict[str, Any]) -> None:
    stdin = {"server_connection": connection, "args": {"mode": "reconcile_all"}}

    error = _refused(site, site.run_input(json.dumps(stdin).encode()))

    assert "Stash" in error


@pytest.mark.parametrize("mode", ["reconcile_al", None, "x" * 10_000])
def test_an_unknown_mode_is_answered_with_those_there_are(site: Site, mode: Any) -> None:
    error = _refused(site, site.run(mode))

    assert len(error) < 1000
    for known in ("reconcile_all", "process_queue", "queue_status", "retry_dlq"):
        assert known in error


def test_settings_that_were_never_made(site: Site) -> None:
    site.save({})

    error = _refused(site, site.run("reconcile_all"))

    assert "'Plex URL' is not set; enter the address of Plex" in error
    assert "'Plex token' is not set; enter the token" in error
    assert "Settings > Plugins" in error


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("plex_token", "with a blank", "without blanks"),
        ("max_retries", "often", "from 1 to 100"),
        ("path_map", "/data -> /mnt", "/left=>/right"),
        ("tag_blocklist", {"a": 1}, "names, with commas"),
    ],
)
def test_an_absurd_setting_is_named(site: Site, name: str, value: Any, allowed: str) -> None:
    site.use(**{name: value})

    error = _refused(site, site.run("process_queue"))

    assert allowed in error
    shown = "***" if name == "plex_token" else repr(value)
    assert f"'{WORDS[name].label}' is {shown}" in error


def test_all_absurd_settings_are_named_at_once(site: Site) -> None:
    site.use(max_retries=-1, first_sync="both", sync_title="oui")

    error = _refused(site, site.run("reconcile_all"))

    assert all(name in error for name in ("Retries", "First sync", "Sync title"))


def test_a_wrong_token_is_said(site: Site) -> None:
    site.use(plex_token=f"{TOKEN}x")

    error = _refused(site, site.run("process_queue"))

    assert "the Plex token was refused" in error
    assert "Plex token" in error
    assert "the Plex token was refused" in failure(partial(site.do, reconcile_all))


def test_a_wrong_library_name_is_answered_with_those_there_are(site: Site) -> None:
    site.use(plex_library="Clips, Flims, Music")

    error = _refused(site, site.run("reconcile_all"))

    assert "'Flims', 'Music'" in error
    assert "Its libraries: 'Clips' (number 1), 'Films' (number 2), " in error
    assert "'Flims', 'Music'" in failure(partial(site.do, process_queue))


def test_a_plex_without_libraries_is_said(site: Site) -> None:
    answer = {"MediaContainer": {"size": 0, "allowSync": False}}
    fault = {"match": "GET /library/sections ", "times": -1, "action": "status", "status": 200}
    told = {"body": json.dumps(answer), "content_type": "application/json"}
    site.both.plex.faults([{**fault, **told}])

    error = _refused(site, site.run("reconcile_all"))

    assert "Plex shows no movie or show library to this token" in error


def test_another_server_in_plexs_place_is_said(site: Site) -> None:
    site.use(plex_url=site.both.stash.url)

    error = _refused(site, site.run("reconcile_all"))

    assert "'Plex URL' leads to a server, but to none that is Plex; correct its host" in error


def test_what_stash_answers_with_is_passed_on(site: Site) -> None:
    body = '{"errors": [{"message": "the disk is full", "path": ["configuration"]}]}'
    answer = {"action": "status", "status": 200, "body": body, "content_type": "application/json"}
    site.both.stash.faults([{"match": "", "times": -1, **answer}])

    ended = site.run("reconcile_all")

    site.both.stash.faults([])
    assert "Stash answered with an error: the disk is full" in _refused(site, ended)


@pytest.mark.parametrize("days", ["soon", -1, 1e9, "nan"])
def test_days_that_are_no_number(site: Site, days: object) -> None:
    with site.context(days=days) as context:
        error = failure(partial(MODES["purge_dlq"].task, context))

    assert "'days'" in error
    assert "a number from 0 to 36500" in error


@pytest.mark.parametrize("mode", ["clear_dlq", "clear_queue", "purge_dlq", "release", "unpin"])
def test_what_takes_away_refuses_arguments_that_it_does_not_know(site: Site, mode: str) -> None:
    """They would mean less, and not all."""
    ended = site.run(mode, scene_id=5, scene=7)

    assert "is unknown; " in _refused(site, ended)


def _outcome(site: Site, task: Task) -> str:
    """What a task without arguments replies with, or the sentence that says what it lacks."""
    try:
        return json.dumps(site.do(task), allow_nan=False)
    except SyncError as error:
        return readable(str(error))


@pytest.mark.parametrize("mode", sorted(MODES.keys() - {"clear_queue", "process_queue"}))
def test_every_task_replies_or_says_what_it_lacks(site: Site, mode: str) -> None:
    assert len(_outcome(site, MODES[mode].task)) > 10


def test_a_plugin_that_is_switched_off_does_nothing(site: Site) -> None:
    site.use(enabled=False)
    queued = site.queued()

    assert "switched off" in site.run("clear_queue").output["note"]
    assert site.queued() == queued
    assert site.run("queue_status").output["waiting"] == len(queued)


def test_nothing_is_drained_while_every_field_is_switched_off(site: Site) -> None:
    site.use(sync_master=False)
    queued = site.queued()

    assert "all fields are switched off" in site.drain()["note"]
    assert site.queued() == queued
