"""Servers that fail and processes that die during a drain: nothing is lost, nothing doubled."""

from __future__ import annotations

import contextlib
import random
import time
from typing import Any

import pytest

from core.errors import StashError
from core.models import Failure
from plex.exceptions import PlexServerDown
from stash.client import StashClient
from tests.acceptance.faults import (
    BUSY,
    CLOSED,
    CUT,
    HANG,
    HTML,
    NOTHING_SAID,
    REFUSED,
    RESET,
    STARTING,
    WRONG,
    Fault,
    differing,
    ends_well,
    failure,
    library,
    nothing_lost,
    plex_fails,
    readable,
    site,
    stash_fails,
)
from tests.acceptance.site import FAR, Site
from tests.acceptance.soak import chosen
from tests.stored import journal_of
from transport.retrying import POLICY
from worker.executor.edit_probe import SECTIONS

__all__ = ["library", "site"]  # fixtures
TRIES = 1 + int(POLICY.total or 0)


@pytest.mark.parametrize("fault", chosen([RESET, HANG], [STARTING]))
def test_plex_down_while_edits_are_sent_loses_nothing(site: Site, fault: Fault) -> None:
    site.reconcile()
    queued = set(site.queued())
    plex_fails(site, "PUT ", fault, after=7)
    site.reset_counters()

    assert "Plex" in failure(site.drain)
    if fault is HANG:  # each costs minutes by default, so few are waited for
        assert site.writes() <= 7 + 2 * TRIES + SECTIONS + 1
    nothing_lost(site, queued)
    ends_well(site)


@pytest.mark.parametrize(
    ("fault", "after"), chosen([(RESET, 0), (CUT, 1)], [(RESET, 1), (RESET, 2), (WRONG, 1)])
)
def test_plex_down_while_items_are_read_loses_nothing(site: Site, fault: Fault, after: int) -> None:
    site.reconcile()
    queued = set(site.queued())
    plex_fails(site, "GET /library/(metadata|sections)", fault, after=after)

    assert "Plex" in failure(site.drain)
    nothing_lost(site, queued)
    if fault is RESET:
        ends_well(site)


@pytest.mark.parametrize("fault", chosen([NOTHING_SAID], [RESET, CUT]))
@pytest.mark.parametrize("asked", ["GET /library/metadata", "GET /library/sections/"])
def test_an_outage_takes_no_scene_for_one_that_plex_lacks(
    site: Site, asked: str, fault: Fault
) -> None:
    """These would be given up on for good, and without a word."""
    site.use(first_sync="mirror", max_clear_percent=100, skip_not_found=True)
    site.reconcile()
    queued = set(site.queued())
    plex_fails(site, asked, fault)

    assert "Plex" in failure(site.drain)
    nothing_lost(site, queued)


def test_the_reply_of_a_broken_drain(site: Site) -> None:
    site.reconcile()
    plex_fails(site, "PUT ", BUSY, after=3)

    ended = site.run("process_queue")

    assert "HTTP 503: 502 Bad Gateway nginx" in readable(ended.error)
    assert ended.status == 0
    # An edit sent ahead may be the third, of a scene whose turn had not come.
    written = len(site.recorded())
    assert f": {written} changed ({written} item" in ended.log


@pytest.mark.parametrize("fault", CLOSED.values(), ids=CLOSED)
def test_a_token_refused_midway_stops_the_drain(site: Site, fault: Fault) -> None:
    site.reconcile()
    queued = set(site.queued())
    plex_fails(site, "PUT ", fault, after=5)

    assert "the Plex token was refused" in failure(site.drain)
    nothing_lost(site, queued)
    assert site.writes() < 30  # a few, twice, and one in each of a few other libraries


@pytest.mark.parametrize("status", chosen([404], [405]))
def test_a_server_that_refuses_every_edit_makes_no_dead_letters(site: Site, status: int) -> None:
    site.reconcile()
    queued = set(site.queued())
    refusal = {"action": "status", "status": status, "body": HTML.replace("502", str(status))}
    plex_fails(site, "^PUT ", refusal)

    assert "refuses every edit" in failure(site.drain)

    nothing_lost(site, queued)
    assert set(site.queued()) == queued
    ends_well(site)


@pytest.mark.parametrize("status", [400, 404])
def test_one_refused_edit_is_a_dead_letter_and_the_others_go_on(site: Site, status: int) -> None:
    scene = site.scene("empty_no_agent")
    refusal = {"action": "status", "status": status, "body": HTML.replace("502", str(status))}
    plex_fails(site, f"PUT .*[?&]id={site.key(scene)}&", refusal)
    site.reconcile()

    drained = site.drain()

    assert drained["failed"] == 1
    error = readable(site.dead()[scene])
    assert error.startswith("PlexRejected: ")
    assert f"HTTP {status}: {status} Bad Gateway" in error
    assert differing(site) == {scene}
    assert site.record(scene) is None
    assert site.reconcile()["enqueued_count"] == 0  # given up on until the user decides
    with site.queue() as queue:
        queue.retry_dead()
    ends_well(site)
    assert site.dead() == {}


def test_busy_now_and_then_is_got_over_in_the_end(site: Site) -> None:
    site.reconcile()
    site.both.plex.configure(locked_share=0.1)
    while site.queued().keys() - set(site.scenes("missing_inside")):
        sent = site.writes()
        with contextlib.suppress(PlexServerDown):
            site.drain()
        assert site.writes() > sent
    assert site.dead() == {}
    assert differing(site) == set()


@pytest.mark.parametrize("fault", [RESET, BUSY, REFUSED])
def test_stash_down_stops_the_drain_before_it_writes(site: Site, fault: Fault) -> None:
    site.reconcile()
    queued = site.queued()
    stash_fails(site, "findScene\\(", fault)

    assert "Stash" in failure(site.drain)
    assert site.queued() == queued
    assert site.writes() == 0


def test_a_scene_that_stash_cannot_give_is_charged_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.reconcile()
    bad = site.scene("drift_title")
    ask = StashClient.call_GQL

    def call_GQL(client: StashClient, query: str, variables: Any = None) -> Any:  # noqa: N802
        if f"findScene(id: {bad})" in query:
            raise StashError("Stash answered with an error: boom")
        return ask(client, query, variables)

    with monkeypatch.context() as patched:
        patched.setattr(StashClient, "call_GQL", call_GQL)
        drained = site.drain()

    assert (drained["failed"], drained["retried"]) == (0, 1 + len(site.scenes("missing_inside")))
    with site.queue() as queue:
        (job,) = (job for job in queue.due(FAR) if job.failure is Failure.SCENE_FAILED)
    assert (job.scene_id, job.attempts) == (bad, 1)
    assert "Stash could not give the scene" in job.error
    assert "boom" in job.error
    assert differing(site) != set()
    site.drain(lambda: time.time() + 600)
    assert differing(site) == set()


# Processes ---------------------------------------------------------------------------------


def _wait_for_writes(site: Site, least: int) -> None:
    deadline = time.monotonic() + 30
    while site.writes() < least:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_again_and_again_a_drain_comes_to_its_end(site: Site) -> None:
    """What was in hand is done again; nothing is done twice but the one edit that was cut off."""
    plex = site.both.plex
    original = plex.state()
    site.reconcile()
    plex.configure(latency=0.02)
    site.reset_counters()
    chance = random.Random(11)
    kills = (0, 1, 5)
    for least in kills:
        process = site.start("process_queue")
        _wait_for_writes(site, least)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.communicate(timeout=30)
        assert process.returncode != 0
    plex.configure(latency=0)

    drained = site.run("process_queue").output

    assert drained["failed"] == 0
    assert differing(site) == set()
    assert site.recorded() == site.rightful()
    edits = plex.control("GET", "writes")
    assert sum(edits.values()) - len(edits) <= len(kills)
    _journal_knows(site, original)
    with site.queue() as queue:
        assert queue.stats(time.time()).working == 0
    site.reset_counters()
    site.reconcile()
    site.drain()
    assert site.writes() == 0


def _journal_knows(site: Site, original: dict[str, Any]) -> None:
    """Before the first edit of each field the journal has what Plex showed at first."""
    first: dict[tuple[str, str], Any] = {}
    with site.state() as state:
        for run in state.runs.latest("drain", limit=100):
            for entry in journal_of(state, run.id):  # newest first
                first[entry.ref.key, entry.field] = entry.before
    names = {"tags": "genre", "performers": "actor", "date": "originallyAvailableAt"}
    final = site.both.plex.state()["items"]
    for key, was in original["items"].items():
        for field in ("title", "summary", "studio", "tags", "performers", "date"):
            name = names.get(field, field)
            if was.get(name) != final[key].get(name):
                assert (first[key, field] or None) == (_plain(was.get(name)) or None)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(each["tag"] if isinstance(each, dict) else each for each in value)
    return value


def test_two_drains_at_once(site: Site) -> None:
    site.reconcile()
    site.look()
    site.both.plex.configure(latency=0.05)
    site.reset_counters()
    first = site.start("process_queue")
    _wait_for_writes(site, 1)
    site.both.plex.configure(latency=0.2)

    second = site.run("process_queue").output
    site.both.plex.configure(latency=0)
    ended = site.finish(first)

    assert second["processed"] == 0
    assert "Another run is working through the queue" in second["note"]
    assert ended.output["failed"] == 0
    assert differing(site) == set()
    assert max(site.both.plex.control("GET", "writes").values()) == 1


def test_an_edit_made_while_its_scene_is_in_hand_is_not_lost(site: Site) -> None:
    """It reaches Plex with the next order, whether Stash or the queue tells of it."""
    site.reconcile()
    plex_fails(site, "PUT ", {"action": "delay", "seconds": 0.8}, times=1)
    site.reset_counters()
    process = site.start("process_queue")
    _wait_for_writes(site, 1)
    told, found = site.scenes("in_sync")[:2]
    for scene in (told, found):
        site.edit_scene(scene, title="Changed meanwhile")
    site.enqueue(told)
    site.finish(process)

    again = site.reconcile()
    site.drain()

    assert again["stale_sync_count"] >= 1
    shown = [site.item(site.key(scene))["title"] for scene in (told, found)]
    assert shown == ["Changed meanwhile"] * 2
    for scene in (told, found):
        original = next(s for s in site.both.seed["stash"]["scenes"] if s["id"] == scene)
        site.edit_scene(scene, title=original["title"])
